/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The mean of what is visible, put where nothing is visible; shared by everything that has an alpha channel to keep. */
#include "infer/hidden-pixels.h"

#include "infer/resize-axis.h"

void
cg_visible_mean_add (CgVisibleMean *mean, const float *rgb, const float *alpha, size_t width)
{
  for (size_t x = 0; x < width; x++)
    {
      double a = cg_clean_sample (alpha[x]);

      mean->weight += a;
      for (size_t c = 0; c < 3; c++)
        mean->sum[c] += a * cg_clean_sample (rgb[3 * x + c]);
    }
}

void
cg_visible_mean_fill (const CgVisibleMean *mean, float *rgb, const float *alpha, size_t width)
{
  float colour[3];

  g_return_if_fail (mean->weight > 0.0);
  for (size_t c = 0; c < 3; c++)
    colour[c] = (float)(mean->sum[c] / mean->weight);
  for (size_t x = 0; x < width; x++)
    if (!(alpha[x] > 0.0f)) /* NaN is not visible either */
      for (size_t c = 0; c < 3; c++)
        rgb[3 * x + c] = colour[c];
}

gboolean
cg_fill_hidden_pixels (float *rgb, size_t rgb_stride, const float *alpha, size_t alpha_stride, int width, int height)
{
  CgVisibleMean mean = { .weight = 0.0 };

  for (int y = 0; y < height; y++)
    cg_visible_mean_add (&mean, rgb + (size_t)y * rgb_stride, alpha + (size_t)y * alpha_stride, (size_t)width);
  if (mean.weight <= 0.0)
    return FALSE;
  for (int y = 0; y < height; y++)
    cg_visible_mean_fill (&mean, rgb + (size_t)y * rgb_stride, alpha + (size_t)y * alpha_stride, (size_t)width);
  return TRUE;
}
