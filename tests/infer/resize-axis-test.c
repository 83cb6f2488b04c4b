/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Properties that the bicubic filter has by construction, asked of its rows. */
#include <math.h>

#include "infer/reflect.h"
#include "infer/resize-axis.h"

/* A whole picture, one row at a time. */
static void
resize (const float *in, int w_in, int h_in, float *out, int w_out, int h_out, int channels, bool clean)
{
  g_autofree float *scratch = g_new (float, w_in *channels);
  CgResizeAxis across, down;

  g_assert_true (cg_resize_axis_init (&across, w_in, w_out, NULL));
  g_assert_true (cg_resize_axis_init (&down, h_in, h_out, NULL));
  for (int y = 0; y < h_out; y++)
    cg_resize_row (&across, &down, channels, in, 0, (size_t)(w_in * channels), clean, y, scratch,
                   out + y * w_out * channels);
  cg_resize_axis_clear (&across);
  cg_resize_axis_clear (&down);
}

static void
test_same_size (void)
{
  float in[5 * 7 * 3], out[5 * 7 * 3];

  for (int i = 0; i < 105; i++)
    in[i] = (float)sin (i);
  resize (in, 5, 7, out, 5, 7, 3, false);
  for (int i = 0; i < 105; i++)
    g_assert_cmpfloat_with_epsilon (out[i], in[i], 1e-7f);
}

/* Weights sum to 1, at the borders too, and every channel stays its own. */
static void
test_constant (void)
{
  const int sizes[] = { 1, 2, 3, 7, 40, 101 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint o = 0; o < G_N_ELEMENTS (sizes); o++)
      {
        g_autofree float *in = g_new (float, sizes[i] * 4 * 3);
        g_autofree float *out = g_new (float, sizes[o] * 9 * 3);

        for (int p = 0; p < sizes[i] * 4 * 3; p++)
          in[p] = 0.25f * (float)(p % 3 + 1);
        resize (in, sizes[i], 4, out, sizes[o], 9, 3, false);
        for (int p = 0; p < sizes[o] * 9 * 3; p++)
          g_assert_cmpfloat_with_epsilon (out[p], 0.25f * (float)(p % 3 + 1), 1e-6f);
      }
}

/* Keys' cubic with a = -1/2 interpolates quadratics exactly, wherever its four samples lie inside. */
static void
test_enlarge_quadratic (void)
{
  float in[12 * 10], out[36 * 40];

  for (int y = 0; y < 10; y++)
    for (int x = 0; x < 12; x++)
      in[y * 12 + x] = (float)(0.01 * x * x - 0.02 * x * y + 0.005 * y * y + 0.1);
  resize (in, 12, 10, out, 36, 40, 1, false);
  for (int y = 8; y < 32; y++)
    for (int x = 6; x < 30; x++)
      {
        double u = (x + 0.5) / 3.0 - 0.5, v = (y + 0.5) / 4.0 - 0.5;

        g_assert_cmpfloat_with_epsilon (out[y * 36 + x], 0.01 * u * u - 0.02 * u * v + 0.005 * v * v + 0.1, 1e-5);
      }
}

/* A checkerboard finer than the result is grey there, not an alias: the kernel was widened. */
static void
test_reduce_antialiased (void)
{
  float in[64 * 64], out[16 * 16];

  for (int i = 0; i < 64 * 64; i++)
    in[i] = (float)((i / 64 + i) % 2);
  resize (in, 64, 64, out, 16, 16, 1, false);
  for (int y = 2; y < 14; y++)
    for (int x = 2; x < 14; x++)
      g_assert_cmpfloat_with_epsilon (out[y * 16 + x], 0.5f, 1e-3f);
}

static void
test_clean (void)
{
  const float in[4] = { NAN, -3.0f, 2.0f, INFINITY };
  const float expected[4] = { 0.0f, 0.0f, 1.0f, 1.0f };
  float out[4];

  resize (in, 4, 1, out, 4, 1, 1, true);
  for (int i = 0; i < 4; i++)
    g_assert_cmpfloat (out[i], ==, expected[i]);
}

static void
test_reflect (void)
{
  const int three[] = { 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0 };

  for (int i = -6; i <= 4; i++)
    g_assert_cmpint (cg_reflect_index (i, 3), ==, three[i + 6]);
  for (int i = -5; i <= 5; i++)
    g_assert_cmpint (cg_reflect_index (i, 1), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resize-axis/same-size", test_same_size);
  g_test_add_func ("/resize-axis/constant", test_constant);
  g_test_add_func ("/resize-axis/enlarge-quadratic", test_enlarge_quadratic);
  g_test_add_func ("/resize-axis/reduce-antialiased", test_reduce_antialiased);
  g_test_add_func ("/resize-axis/clean", test_clean);
  g_test_add_func ("/resize-axis/reflect", test_reflect);
  return g_test_run ();
}
