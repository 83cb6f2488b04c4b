/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Distances of two images, pixel by pixel or window by window; apart because they need pairs, unlike the distance of sets. */
#include "quality/image-distance.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"

#define WINDOW CG_DISTANCE_SSIM_WINDOW
#define WINDOW_DEVIATION 1.5
#define K1 0.01
#define K2 0.03

/* Window means of a, b, a^2, b^2 and a*b. */
#define N_MOMENTS 5

double
cg_distance_l1 (const float *a, const float *b, size_t n)
{
  double sum = 0.0;

  for (size_t i = 0; i < n; i++)
    sum += fabs ((double)a[i] - (double)b[i]);
  return n > 0 ? sum / (double)n : 0.0;
}

double
cg_distance_psnr (const float *a, const float *b, size_t n, double peak)
{
  double sum = 0.0, psnr;

  for (size_t i = 0; i < n; i++)
    {
      double difference = (double)a[i] - (double)b[i];

      sum += difference * difference;
    }
  if (sum == 0.0)
    return CG_DISTANCE_MAX_PSNR;
  psnr = 10.0 * log10 (peak * peak * (double)n / sum);
  return MIN (psnr, CG_DISTANCE_MAX_PSNR);
}

/* The window is separable: its weights along one axis, with sum 1. */
static void
make_window (double window[WINDOW])
{
  double sum = 0.0;

  for (int i = 0; i < WINDOW; i++)
    {
      double x = (i - WINDOW / 2) / WINDOW_DEVIATION;

      window[i] = exp (-0.5 * x * x);
      sum += window[i];
    }
  for (int i = 0; i < WINDOW; i++)
    window[i] /= sum;
}

/* Moments of row @y of one channel, along the row: rows[m][x], x < w - WINDOW + 1. */
static void
blur_row (const float *a, const float *b, int y, int w, int c, const double window[WINDOW], double *rows)
{
  int n = w - WINDOW + 1;
  size_t start = (size_t)y * (size_t)w * (size_t)c;

  for (int x = 0; x < n; x++)
    {
      double moments[N_MOMENTS] = { 0.0 };

      for (int t = 0; t < WINDOW; t++)
        {
          size_t i = start + (size_t)(x + t) * (size_t)c;
          double va = a[i], vb = b[i];
          const double products[N_MOMENTS] = { va, vb, va * va, vb * vb, va * vb };

          for (int m = 0; m < N_MOMENTS; m++)
            moments[m] += window[t] * products[m];
        }
      for (int m = 0; m < N_MOMENTS; m++)
        rows[(size_t)m * (size_t)n + (size_t)x] = moments[m];
    }
}

/* Equation 13 of Wang et al. 2004:
 *
 *     SSIM = (2 mu_a mu_b + C1) (2 cov_ab + C2) / ((mu_a^2 + mu_b^2 + C1) (var_a + var_b + C2))
 */
static double
combine (const double moments[N_MOMENTS], double c1, double c2)
{
  double mean_a = moments[0], mean_b = moments[1];
  double var_a = moments[2] - mean_a * mean_a, var_b = moments[3] - mean_b * mean_b;
  double covariance = moments[4] - mean_a * mean_b;

  return (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
         / ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

/* The sum over all positions of one channel; @rows: [h][N_MOMENTS][w - WINDOW + 1]. */
static double
sum_channel (const float *a, const float *b, int h, int w, int c, double c1, double c2, double *rows)
{
  double window[WINDOW], sum = 0.0;
  int n = w - WINDOW + 1;
  size_t row_length = (size_t)N_MOMENTS * (size_t)n;

  make_window (window);
  for (int y = 0; y < h; y++)
    blur_row (a, b, y, w, c, window, rows + (size_t)y * row_length);
  for (int y = 0; y + WINDOW <= h; y++)
    for (int x = 0; x < n; x++)
      {
        double moments[N_MOMENTS] = { 0.0 };

        for (int m = 0; m < N_MOMENTS; m++)
          for (int t = 0; t < WINDOW; t++)
            moments[m] += window[t] * rows[(size_t)(y + t) * row_length + (size_t)m * (size_t)n + (size_t)x];
        sum += combine (moments, c1, c2);
      }
  return sum;
}

gboolean
cg_distance_ssim (const float *a, const float *b, int h, int w, int c, double peak, double *ssim, GError **error)
{
  double c1 = K1 * peak * K1 * peak, c2 = K2 * peak * K2 * peak, sum = 0.0;
  g_autofree double *rows = NULL;

  if (h < WINDOW || w < WINDOW)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("SSIM needs images of at least %d x %d pixels, not %d x %d"),
                   WINDOW, WINDOW, w, h);
      return FALSE;
    }
  rows = g_try_malloc_n ((gsize)h * (gsize)(w - WINDOW + 1), N_MOMENTS * sizeof *rows);
  if (!rows)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %d x %d pixels"), w, h);
      return FALSE;
    }
  for (int channel = 0; channel < c; channel++)
    sum += sum_channel (a + channel, b + channel, h, w, c, c1, c2, rows);
  *ssim = sum / ((double)(h - WINDOW + 1) * (double)(w - WINDOW + 1) * (double)c);
  return TRUE;
}
