/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The mean of what is visible, put where nothing is visible; shared by everything that has an alpha channel to keep. */
#include "infer/hidden-pixels.h"

#include "infer/resize-axis.h"

gboolean
cg_fill_hidden_pixels (float *rgb, size_t rgb_stride, const float *alpha, size_t alpha_stride, int width, int height)
{
  double sum[3] = { 0.0, 0.0, 0.0 };
  double weight = 0.0;
  float mean[3];

  for (int y = 0; y < height; y++)
    {
      const float *colour = rgb + (size_t)y * rgb_stride;
      const float *opacity = alpha + (size_t)y * alpha_stride;

      for (int x = 0; x < width; x++)
        {
          double a = cg_clean_sample (opacity[x]);

          weight += a;
          for (int c = 0; c < 3; c++)
            sum[c] += a * cg_clean_sample (colour[3 * x + c]);
        }
    }
  if (weight <= 0.0)
    return FALSE;
  for (int c = 0; c < 3; c++)
    mean[c] = (float)(sum[c] / weight);

  for (int y = 0; y < height; y++)
    {
      float *colour = rgb + (size_t)y * rgb_stride;
      const float *opacity = alpha + (size_t)y * alpha_stride;

      for (int x = 0; x < width; x++)
        if (!(opacity[x] > 0.0f)) /* NaN is not visible either */
          for (int c = 0; c < 3; c++)
            colour[3 * x + c] = mean[c];
    }
  return TRUE;
}
