/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes colours away for networks and gives them back for viewers; apart because the dataset and the pictures of samples know
 * three channels only. */
#include "channels.h"

#include <math.h>
#include <string.h>

/* The level of a value. */
static int
get_level (float value)
{
  return (int)lround (((double)value + 1.0) * 127.5);
}

int
cg_channels_get_luma (int r, int g, int b)
{
  /* 0.299, 0.587 and 0.114 of 2^16, rounded, as Pillow has them: ties fall alike. */
  return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
}

void
cg_channels_take (const float *rgb, gsize n_pixels, int channels, float *values)
{
  if (channels == 3)
    {
      if (values != rgb)
        memcpy (values, rgb, n_pixels * 3 * sizeof (float));
      return;
    }
  for (gsize i = 0; i < n_pixels; i++)
    {
      int luma = cg_channels_get_luma (get_level (rgb[3 * i]), get_level (rgb[3 * i + 1]), get_level (rgb[3 * i + 2]));

      values[i] = (float)(luma / 127.5 - 1.0);
    }
}

void
cg_channels_show (const float *values, gsize n_pixels, int channels, float *rgb)
{
  for (gsize i = 0; i < n_pixels; i++)
    for (int k = 0; k < 3; k++)
      rgb[3 * i + k] = channels == 3 ? values[3 * i + k] : values[i];
}
