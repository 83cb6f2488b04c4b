/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Conversion between float32 and the formats of a file, in integers, so that it is the same on every processor. */
#include "model/dtype.h"

#include <string.h>

#define F16_EXPONENT 0x7c00u
#define BF16_EXPONENT 0x7f80u
#define F32_EXPONENT 0x7f800000u

static const struct
{
  const char *name;
  size_t size;
} dtypes[] = {
  [CG_DTYPE_F32] = { "F32", 4 }, [CG_DTYPE_F16] = { "F16", 2 }, [CG_DTYPE_BF16] = { "BF16", 2 },
  [CG_DTYPE_F64] = { "F64", 8 }, [CG_DTYPE_I64] = { "I64", 8 },
};

const char *
cg_dtype_get_name (CgDtype dtype)
{
  g_return_val_if_fail ((gsize)dtype < G_N_ELEMENTS (dtypes), NULL);
  return dtypes[dtype].name;
}

gboolean
cg_dtype_from_name (const char *name, CgDtype *dtype)
{
  for (gsize i = 0; i <= CG_DTYPE_BF16; i++)
    if (strcmp (dtypes[i].name, name) == 0)
      {
        *dtype = (CgDtype)i;
        return TRUE;
      }
  return FALSE;
}

size_t
cg_dtype_get_size (CgDtype dtype)
{
  return dtypes[dtype].size;
}

/* binary16 -> binary32. Subnormals: value = mantissa * 2^-24, exact in float32. */
static guint32
half_to_float_bits (guint16 half)
{
  const guint32 sign = (guint32)(half & 0x8000u) << 16;
  const guint32 exponent = half & F16_EXPONENT;
  const guint32 mantissa = half & 0x3ffu;

  if (exponent == F16_EXPONENT)
    return sign | F32_EXPONENT | mantissa << 13;
  if (exponent == 0)
    {
      const float value = (float)mantissa * 0x1p-24f;
      guint32 bits;

      memcpy (&bits, &value, sizeof bits);
      return sign | bits;
    }
  return sign | (((guint32)(half & 0x7fffu) << 13) + ((127u - 15u) << 23));
}

/* binary32 -> binary16, round to nearest even: adding "half minus one, plus the last kept bit" carries just when
 * rounding up. */
static guint16
float_bits_to_half (guint32 bits)
{
  const guint16 sign = (guint16)(bits >> 16 & 0x8000u);
  const guint32 x = bits & 0x7fffffffu;

  if (x > F32_EXPONENT)
    return sign | F16_EXPONENT | 0x200u;
  if (x >= 143u << 23) /* 2^16 and up, infinity included */
    return sign | F16_EXPONENT;
  if (x >= 113u << 23) /* 2^-14 and up: normal; the carry may reach infinity, as it should from 65520 */
    return sign | (guint16)((x - (112u << 23) + 0xfffu + (x >> 13 & 1u)) >> 13);
  if (x < 102u << 23) /* below 2^-25, half of the smallest subnormal */
    return sign;

  /* Subnormal: value = m * 2^(e-150) = (m >> (126-e)) * 2^-24. */
  const guint32 m = (x & 0x7fffffu) | 0x800000u;
  const guint32 shift = 126u - (x >> 23);
  const guint32 round = (1u << (shift - 1)) - 1u + (m >> shift & 1u);

  return sign | (guint16)((m + round) >> shift);
}

/* binary32 -> bfloat16, the upper half of the bits, rounded likewise. */
static guint16
float_bits_to_bfloat (guint32 bits)
{
  if ((bits & 0x7fffffffu) > F32_EXPONENT)
    return (guint16)(bits >> 16) | 0x40u;
  return (guint16)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

size_t
cg_dtype_decode (CgDtype dtype, const guint8 *bytes, size_t n, float *values)
{
  size_t first = n;

  g_return_val_if_fail (dtype <= CG_DTYPE_BF16, 0);
  for (size_t i = 0; i < n; i++)
    {
      guint32 bits;

      if (dtype == CG_DTYPE_F32)
        {
          memcpy (&bits, bytes + 4 * i, sizeof bits);
          bits = GUINT32_FROM_LE (bits);
        }
      else
        {
          guint16 element;

          memcpy (&element, bytes + 2 * i, sizeof element);
          element = GUINT16_FROM_LE (element);
          bits = dtype == CG_DTYPE_F16 ? half_to_float_bits (element) : (guint32)element << 16;
        }
      if ((bits & F32_EXPONENT) == F32_EXPONENT && first == n)
        first = i;
      memcpy (values + i, &bits, sizeof bits);
    }
  return first;
}

size_t
cg_dtype_encode (CgDtype dtype, const float *values, size_t n, guint8 *bytes)
{
  const guint16 exponent = dtype == CG_DTYPE_F16 ? F16_EXPONENT : BF16_EXPONENT;
  size_t first = n;

  g_return_val_if_fail (dtype <= CG_DTYPE_BF16, 0);
  for (size_t i = 0; i < n; i++)
    {
      gboolean finite;
      guint32 bits;

      memcpy (&bits, values + i, sizeof bits);
      if (dtype == CG_DTYPE_F32)
        {
          finite = (bits & F32_EXPONENT) != F32_EXPONENT;
          bits = GUINT32_TO_LE (bits);
          memcpy (bytes + 4 * i, &bits, sizeof bits);
        }
      else
        {
          guint16 element = dtype == CG_DTYPE_F16 ? float_bits_to_half (bits) : float_bits_to_bfloat (bits);

          finite = (element & exponent) != exponent;
          element = GUINT16_TO_LE (element);
          memcpy (bytes + 2 * i, &element, sizeof element);
        }
      if (!finite && first == n)
        first = i;
    }
  return first;
}
