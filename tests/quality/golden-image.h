/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The images of tests/golden/generate_quality.py, by the same formula. */
#pragma once

#include <glib.h>

/* Dense [h][w][c] in [-1,1]; (transfer full). */
static inline float *
golden_image_new (int number, int h, int w, int c)
{
  float *values = g_new (float, (gsize)h *w *c), *to = values;

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int k = 0; k < c; k++)
        *to++ = (float)((x * (3 + number) + y * (5 + number / 2) + x * y * (1 + k) + number * number) % 61) / 30.0f
                - 1.0f;
  return values;
}
