/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* L1, PSNR and SSIM against numpy, and what each is for images that are equal or as different as can be. */
#include "quality/image-distance.h"

#include "../golden-file.h"
#include "base/error.h"
#include "golden-image.h"

#define H 23
#define W 17
#define C 3
#define N ((gsize)H * W * C)

static void
test_golden (void)
{
  g_autoptr (CgSafetensors) golden = golden_open ("quality");
  g_autofree float *a = golden_image_new (0, H, W, C);
  g_autofree float *b = golden_image_new (1, H, W, C);
  g_autoptr (GError) error = NULL;
  double ssim;

  for (gsize i = 0; i < N; i++)
    b[i] = 0.6f * a[i] + 0.4f * b[i];
  g_assert_true (cg_distance_ssim (a, b, H, W, C, 2.0, &ssim, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat_with_epsilon (ssim, golden_get_number (golden, "ssim"), 1e-6);
  g_assert_cmpfloat_with_epsilon (cg_distance_l1 (a, b, N), golden_get_number (golden, "l1"), 1e-6);
  g_assert_cmpfloat_with_epsilon (cg_distance_psnr (a, b, N, 2.0), golden_get_number (golden, "psnr"), 1e-5);
}

static void
test_equal (void)
{
  g_autofree float *a = golden_image_new (2, H, W, C);
  double ssim;

  g_assert_true (cg_distance_ssim (a, a, H, W, C, 2.0, &ssim, NULL));
  g_assert_cmpfloat_with_epsilon (ssim, 1.0, 1e-12);
  g_assert_cmpfloat (cg_distance_l1 (a, a, N), ==, 0.0);
  g_assert_cmpfloat (cg_distance_psnr (a, a, N, 2.0), ==, CG_DISTANCE_MAX_PSNR);
}

/* Black against white: the farthest there is; and a step of one level of 8 bits, whose PSNR is known by heart. */
static void
test_known (void)
{
  g_autofree float *black = g_new (float, N);
  g_autofree float *other = g_new (float, N);
  double ssim;

  for (gsize i = 0; i < N; i++)
    {
      black[i] = -1.0f;
      other[i] = 1.0f;
    }
  g_assert_cmpfloat (cg_distance_l1 (black, other, N), ==, 2.0);
  g_assert_cmpfloat (cg_distance_psnr (black, other, N, 2.0), ==, 0.0);
  for (gsize i = 0; i < N; i++)
    other[i] = -1.0f + 2.0f / 255.0f;
  g_assert_cmpfloat_with_epsilon (cg_distance_psnr (black, other, N, 2.0), 48.1308, 1e-3);

  /* Images without any structure: only the means count, (2 ab + C1) / (a^2 + b^2 + C1) with C1 = 0.0004. */
  for (gsize i = 0; i < N; i++)
    other[i] = 0.5f;
  g_assert_true (cg_distance_ssim (black, other, H, W, C, 2.0, &ssim, NULL));
  g_assert_cmpfloat_with_epsilon (ssim, (-1.0 + 0.0004) / (1.25 + 0.0004), 1e-6);
}

static void
test_small (void)
{
  float a[CG_DISTANCE_SSIM_WINDOW * (CG_DISTANCE_SSIM_WINDOW - 1)] = { 0.0f };
  g_autoptr (GError) error = NULL;
  double ssim;

  g_assert_false (cg_distance_ssim (a, a, CG_DISTANCE_SSIM_WINDOW, CG_DISTANCE_SSIM_WINDOW - 1, 1, 2.0, &ssim, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quality/image-distance/golden", test_golden);
  g_test_add_func ("/quality/image-distance/equal", test_equal);
  g_test_add_func ("/quality/image-distance/known", test_known);
  g_test_add_func ("/quality/image-distance/small", test_small);
  return g_test_run ();
}
