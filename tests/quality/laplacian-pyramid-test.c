/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sizes of levels, and images of which every level is known. */
#include "quality/laplacian-pyramid.h"

#include <glib.h>
#include <math.h>

static void
test_sizes (void)
{
  int h, w;

  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (16, 16), ==, 1);
  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (30, 64), ==, 1);
  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (31, 64), ==, 2);
  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (64, 64), ==, 3);
  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (256, 256), ==, 5);
  g_assert_cmpint (cg_laplacian_pyramid_get_n_levels (7, 900), ==, 1);
  cg_laplacian_pyramid_get_size (2, 65, 131, &h, &w);
  g_assert_cmpint (h, ==, 17);
  g_assert_cmpint (w, ==, 33);
  g_assert_cmpuint (cg_laplacian_pyramid_get_n_floats (65, 131, 3), ==, 3 * (65 * 131 + 33 * 66 + 17 * 33));
}

/* Of an image of one colour only the coarsest level is left, whatever the size: no border shows. */
static void
test_constant (void)
{
  static const int sizes[][2] = { { 64, 64 }, { 37, 33 }, { 33, 70 } };

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      int h = sizes[s][0], w = sizes[s][1], coarse_h, coarse_w;
      size_t n = (size_t)h * (size_t)w, n_all = cg_laplacian_pyramid_get_n_floats (h, w, 1);
      g_autofree float *image = g_new (float, n);
      g_autofree float *levels = g_new (float, n_all);
      g_autofree float *scratch = g_new (float, cg_laplacian_pyramid_get_scratch_floats (h, w, 1));

      for (size_t i = 0; i < n; i++)
        image[i] = 0.75f;
      cg_laplacian_pyramid_compute (image, h, w, 1, levels, scratch);
      cg_laplacian_pyramid_get_size (cg_laplacian_pyramid_get_n_levels (h, w) - 1, h, w, &coarse_h, &coarse_w);
      for (size_t i = 0; i < n_all; i++)
        {
          float expected = i < n_all - (size_t)coarse_h * (size_t)coarse_w ? 0.0f : 0.75f;

          g_assert_cmpfloat_with_epsilon (levels[i], expected, 1e-6f);
        }
    }
}

/* A single bright pixel at an even place: the coarse level holds the filter's even taps around it. */
static void
test_impulse (void)
{
  const int n = 32, at = 16;
  g_autofree float *image = g_new0 (float, n *n);
  g_autofree float *levels = g_new (float, cg_laplacian_pyramid_get_n_floats (n, n, 1));
  g_autofree float *scratch = g_new (float, cg_laplacian_pyramid_get_scratch_floats (n, n, 1));
  const float *coarse;
  double sum = 0.0;

  image[at * n + at] = 1.0f;
  cg_laplacian_pyramid_compute (image, n, n, 1, levels, scratch);
  coarse = levels + n * n;
  g_assert_cmpfloat_with_epsilon (coarse[8 * 16 + 8], 36.0f / 256.0f, 1e-7f);
  g_assert_cmpfloat_with_epsilon (coarse[8 * 16 + 7], 6.0f / 256.0f, 1e-7f);
  g_assert_cmpfloat_with_epsilon (coarse[9 * 16 + 9], 1.0f / 256.0f, 1e-7f);
  g_assert_cmpfloat (coarse[8 * 16 + 5], ==, 0.0f);
  /* Doubling keeps the sum times four, so the difference's sum is 1 - 4 * sum of the coarse level = 1 - 4 * (8/16)^2. */
  for (int i = 0; i < n * n; i++)
    sum += levels[i];
  g_assert_cmpfloat_with_epsilon (sum, 0.0, 1e-6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quality/laplacian-pyramid/sizes", test_sizes);
  g_test_add_func ("/quality/laplacian-pyramid/constant", test_constant);
  g_test_add_func ("/quality/laplacian-pyramid/impulse", test_impulse);
  return g_test_run ();
}
