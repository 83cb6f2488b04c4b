/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Conversions of file formats against their definition: every 16-bit pattern, every boundary between two of them. */
#include "model/dtype.h"

#include <math.h>
#include <string.h>

static float
decode16 (CgDtype dtype, guint pattern)
{
  const guint8 bytes[2] = { (guint8)pattern, (guint8)(pattern >> 8) };
  float value;

  cg_dtype_decode (dtype, bytes, 1, &value);
  return value;
}

static guint
encode16 (CgDtype dtype, float value)
{
  guint8 bytes[2];

  cg_dtype_encode (dtype, &value, 1, bytes);
  return bytes[0] | (guint)bytes[1] << 8;
}

/* The value of a pattern by the formula of IEEE 754, in double. */
static double
define16 (CgDtype dtype, guint pattern)
{
  const int mantissa_bits = dtype == CG_DTYPE_F16 ? 10 : 7, bias = dtype == CG_DTYPE_F16 ? 15 : 127;
  const int exponent = (int)(pattern & 0x7fff) >> mantissa_bits;
  const int mantissa = (int)pattern & ((1 << mantissa_bits) - 1);
  const double magnitude = exponent == 0 ? ldexp (mantissa, 1 - bias - mantissa_bits)
                                         : ldexp (mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);

  return pattern & 0x8000 ? -magnitude : magnitude;
}

static void
test_all_patterns (gconstpointer data)
{
  const CgDtype dtype = (CgDtype)GPOINTER_TO_INT (data);
  const guint infinity = dtype == CG_DTYPE_F16 ? 0x7c00 : 0x7f80;

  for (guint pattern = 0; pattern < 0x10000; pattern++)
    {
      const float value = decode16 (dtype, pattern);

      if ((pattern & 0x7fff) < infinity)
        g_assert_cmpfloat (value, ==, define16 (dtype, pattern));
      else if ((pattern & 0x7fff) == infinity)
        g_assert_true (isinf (value) && !signbit (value) == !(pattern & 0x8000));
      else
        {
          g_assert_true (isnan (value) && isnan (decode16 (dtype, encode16 (dtype, value))));
          continue;
        }
      g_assert_cmphex (encode16 (dtype, value), ==, pattern);
    }
}

/* Half-way between two neighbours goes to the even one, the floats next to it to the nearer; beyond the last, to
 * infinity. */
static void
test_rounding (gconstpointer data)
{
  const CgDtype dtype = (CgDtype)GPOINTER_TO_INT (data);
  const guint infinity = dtype == CG_DTYPE_F16 ? 0x7c00 : 0x7f80;

  for (guint pattern = 0; pattern < infinity; pattern++)
    {
      const double middle = (define16 (dtype, pattern) + define16 (dtype, pattern + 1)) / 2;
      const float value = (float)middle;

      g_assert_cmpfloat (value, ==, middle);
      g_assert_cmphex (encode16 (dtype, value), ==, pattern + (pattern & 1));
      g_assert_cmphex (encode16 (dtype, nextafterf (value, 0)), ==, pattern);
      g_assert_cmphex (encode16 (dtype, nextafterf (value, INFINITY)), ==, pattern + 1);
      g_assert_cmphex (encode16 (dtype, -value), ==, 0x8000 + pattern + (pattern & 1));
    }
  g_assert_cmphex (encode16 (dtype, INFINITY), ==, infinity);
  g_assert_cmphex (encode16 (dtype, -INFINITY), ==, 0x8000 | infinity);
  g_assert_cmphex (encode16 (dtype, G_MAXFLOAT), ==, infinity);
}

static void
test_f32_is_little_endian (void)
{
  const float values[2] = { 1.0f, -0x1.abcdeep-130f };
  const guint8 expected[8] = { 0, 0, 0x80, 0x3f, 0xde, 0xbc, 0x1a, 0x80 };
  guint8 bytes[9];
  float back[2];

  g_assert_cmpuint (cg_dtype_encode (CG_DTYPE_F32, values, 2, bytes + 1), ==, 2);
  g_assert_cmpuint (bytes[3], ==, 0x80);
  g_assert_cmpuint (bytes[4], ==, 0x3f);
  g_assert_cmpuint (cg_dtype_decode (CG_DTYPE_F32, bytes + 1, 2, back), ==, 2);
  g_assert_cmpmem (back, sizeof back, values, sizeof values);
  g_assert_cmpmem (bytes + 1, 4, expected, 4);
}

static void
test_first_non_finite (void)
{
  const float values[4] = { 1.0f, -70000.0f, NAN, INFINITY };
  guint8 bytes[16];
  float back[4];

  g_assert_cmpuint (cg_dtype_encode (CG_DTYPE_F32, values, 4, bytes), ==, 2);
  g_assert_cmpuint (cg_dtype_decode (CG_DTYPE_F32, bytes, 4, back), ==, 2);
  g_assert_cmpuint (cg_dtype_encode (CG_DTYPE_BF16, values, 4, bytes), ==, 2);
  g_assert_cmpuint (cg_dtype_decode (CG_DTYPE_BF16, bytes, 4, back), ==, 2);
  g_assert_cmpuint (cg_dtype_encode (CG_DTYPE_F16, values, 4, bytes), ==, 1);
  g_assert_cmpuint (cg_dtype_decode (CG_DTYPE_F16, bytes, 4, back), ==, 1);
  g_assert_cmpuint (cg_dtype_decode (CG_DTYPE_F16, bytes, 1, back), ==, 1);
}

static void
test_names (void)
{
  CgDtype dtype;

  for (CgDtype i = CG_DTYPE_F32; i <= CG_DTYPE_BF16; i++)
    {
      g_assert_true (cg_dtype_from_name (cg_dtype_get_name (i), &dtype));
      g_assert_cmpint (dtype, ==, i);
      g_assert_cmpuint (cg_dtype_get_size (i), ==, i == CG_DTYPE_F32 ? 4 : 2);
    }
  g_assert_false (cg_dtype_from_name ("F64", &dtype));
  g_assert_false (cg_dtype_from_name ("f32", &dtype));
  g_assert_false (cg_dtype_from_name ("", &dtype));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/model/dtype/all-patterns/f16", GINT_TO_POINTER (CG_DTYPE_F16), test_all_patterns);
  g_test_add_data_func ("/model/dtype/all-patterns/bf16", GINT_TO_POINTER (CG_DTYPE_BF16), test_all_patterns);
  g_test_add_data_func ("/model/dtype/rounding/f16", GINT_TO_POINTER (CG_DTYPE_F16), test_rounding);
  g_test_add_data_func ("/model/dtype/rounding/bf16", GINT_TO_POINTER (CG_DTYPE_BF16), test_rounding);
  g_test_add_func ("/model/dtype/f32-is-little-endian", test_f32_is_little_endian);
  g_test_add_func ("/model/dtype/first-non-finite", test_first_non_finite);
  g_test_add_func ("/model/dtype/names", test_names);
  return g_test_run ();
}
