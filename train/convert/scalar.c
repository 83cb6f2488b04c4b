/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversion of stored elements; the three float formats that models use are the core library's. */
#include "convert/scalar.h"

#include <math.h>
#include <string.h>

#include "model/dtype.h"

static const struct
{
  const char *name;
  size_t size;
} scalars[] = {
  [CG_SCALAR_F32] = { "F32", 4 },   [CG_SCALAR_F16] = { "F16", 2 }, [CG_SCALAR_BF16] = { "BF16", 2 },
  [CG_SCALAR_F64] = { "F64", 8 },   [CG_SCALAR_I64] = { "I64", 8 }, [CG_SCALAR_I32] = { "I32", 4 },
  [CG_SCALAR_I16] = { "I16", 2 },   [CG_SCALAR_I8] = { "I8", 1 },   [CG_SCALAR_U8] = { "U8", 1 },
  [CG_SCALAR_BOOL] = { "BOOL", 1 },
};

const char *
cg_scalar_get_name (CgScalar scalar)
{
  return scalars[scalar].name;
}

size_t
cg_scalar_get_size (CgScalar scalar)
{
  return scalars[scalar].size;
}

static double
decode_f64 (guint64 bits)
{
  double value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
decode_one (CgScalar scalar, const guint8 *bytes)
{
  guint64 bits = 0;

  for (size_t i = 0; i < scalars[scalar].size; i++)
    bits |= (guint64)bytes[i] << (8 * i);
  switch (scalar)
    {
    case CG_SCALAR_F64:
      {
        const double value = decode_f64 (bits);

        /* Beyond the largest float32 the conversion itself would be undefined. */
        return fabs (value) <= (double)G_MAXFLOAT ? (float)value : INFINITY;
      }
    case CG_SCALAR_I64:
      return (float)(gint64)bits;
    case CG_SCALAR_I32:
      return (float)(gint32)bits;
    case CG_SCALAR_I16:
      return (float)(gint16)bits;
    case CG_SCALAR_I8:
      return (float)(gint8)bits;
    case CG_SCALAR_BOOL:
      return bits != 0;
    case CG_SCALAR_U8:
    case CG_SCALAR_F32:
    case CG_SCALAR_F16:
    case CG_SCALAR_BF16:
    default:
      return (float)bits;
    }
}

size_t
cg_scalar_decode (CgScalar scalar, const guint8 *bytes, size_t n, float *values)
{
  size_t bad = n;

  switch (scalar)
    {
    case CG_SCALAR_F32:
      return cg_dtype_decode (CG_DTYPE_F32, bytes, n, values);
    case CG_SCALAR_F16:
      return cg_dtype_decode (CG_DTYPE_F16, bytes, n, values);
    case CG_SCALAR_BF16:
      return cg_dtype_decode (CG_DTYPE_BF16, bytes, n, values);
    case CG_SCALAR_F64:
    case CG_SCALAR_I64:
    case CG_SCALAR_I32:
    case CG_SCALAR_I16:
    case CG_SCALAR_I8:
    case CG_SCALAR_U8:
    case CG_SCALAR_BOOL:
    default:
      for (size_t i = 0; i < n; i++)
        {
          values[i] = decode_one (scalar, bytes + i * scalars[scalar].size);
          if (bad == n && !isfinite (values[i]))
            bad = i;
        }
      return bad;
    }
}
