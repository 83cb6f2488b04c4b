/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blurs, halves and doubles one image; apart because the distance above it only wants patches of the result. */
#include "quality/laplacian-pyramid.h"

#include <string.h>

#define TAPS 5

/* The binomial filter of Burt & Adelson 1983 with a = 3/8. */
static const float filter[TAPS] = { 1.0f / 16.0f, 4.0f / 16.0f, 6.0f / 16.0f, 4.0f / 16.0f, 1.0f / 16.0f };

static int
half (int n)
{
  return (n + 1) / 2;
}

int
cg_laplacian_pyramid_get_n_levels (int h, int w)
{
  int n = 1;

  for (; half (h) >= CG_LAPLACIAN_PYRAMID_MIN_SIZE && half (w) >= CG_LAPLACIAN_PYRAMID_MIN_SIZE; n++)
    {
      h = half (h);
      w = half (w);
    }
  return n;
}

void
cg_laplacian_pyramid_get_size (int level, int h, int w, int *level_h, int *level_w)
{
  for (; level > 0; level--)
    {
      h = half (h);
      w = half (w);
    }
  *level_h = h;
  *level_w = w;
}

size_t
cg_laplacian_pyramid_get_n_floats (int h, int w, int c)
{
  size_t n = 0;

  for (int level = cg_laplacian_pyramid_get_n_levels (h, w); level > 0; level--)
    {
      n += (size_t)h * (size_t)w * (size_t)c;
      h = half (h);
      w = half (w);
    }
  return n;
}

size_t
cg_laplacian_pyramid_get_scratch_floats (int h, int w, int c)
{
  return 2 * (size_t)h * (size_t)w * (size_t)c;
}

/* Mirrored at the outermost pixels, which are not repeated; -2 <= i < n + 2, n >= 3. */
static int
mirror (int i, int n)
{
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

/* out[i] = gain * sum_t filter[t] * in[mirror (i + t - 2)] along the axis of @n points, of which each is a run of @run floats;
 * only every @step-th point is computed. */
static void
blur_axis (const float *in, float *out, int n, size_t run, int step, float gain)
{
  for (int i = 0; i < n; i += step, out += run)
    for (size_t k = 0; k < run; k++)
      {
        float sum = 0.0f;

        for (int t = 0; t < TAPS; t++)
          sum += filter[t] * in[(size_t)mirror (i + t - TAPS / 2, n) * run + k];
        out[k] = gain * sum;
      }
}

/* [h][w][c] -> [h/2][w/2][c], rounded up; @scratch: [h/2][w][c]. */
static void
reduce (const float *in, int h, int w, int c, float *out, float *scratch)
{
  blur_axis (in, scratch, h, (size_t)w * (size_t)c, 2, 1.0f);
  for (int y = 0; y < half (h); y++)
    blur_axis (scratch + (size_t)y * (size_t)w * (size_t)c, out + (size_t)y * (size_t)half (w) * (size_t)c, w,
               (size_t)c, 2, 1.0f);
}

/* [h/2][w/2][c], rounded up -> [h][w][c]: zeros between the pixels, blurred, with the gain that makes up for them.
 * @scratch: [h][w][c]. */
static void
expand (const float *in, int h, int w, int c, float *out, float *scratch)
{
  size_t run = (size_t)c;

  memset (out, 0, (size_t)h * (size_t)w * run * sizeof *out);
  for (int y = 0; y < half (h); y++)
    for (int x = 0; x < half (w); x++)
      memcpy (out + ((size_t)(2 * y) * (size_t)w + (size_t)(2 * x)) * run,
              in + ((size_t)y * (size_t)half (w) + (size_t)x) * run, run * sizeof *out);
  blur_axis (out, scratch, h, (size_t)w * run, 1, 2.0f);
  for (int y = 0; y < h; y++)
    blur_axis (scratch + (size_t)y * (size_t)w * run, out + (size_t)y * (size_t)w * run, w, run, 1, 2.0f);
}

void
cg_laplacian_pyramid_compute (const float *image, int h, int w, int c, float *levels, float *scratch)
{
  int n_levels = cg_laplacian_pyramid_get_n_levels (h, w);

  memcpy (levels, image, (size_t)h * (size_t)w * (size_t)c * sizeof *levels);
  for (int level = 0; level + 1 < n_levels; level++)
    {
      size_t n = (size_t)h * (size_t)w * (size_t)c;

      reduce (levels, h, w, c, levels + n, scratch);
      expand (levels + n, h, w, c, scratch, scratch + n);
      for (size_t i = 0; i < n; i++)
        levels[i] -= scratch[i];
      levels += n;
      h = half (h);
      w = half (w);
    }
}
