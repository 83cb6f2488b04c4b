/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgResizeAxis: rows on demand, so that a photo is scaled into the network and out again without a copy of itself. */
#include "infer/resize-axis.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "base/size.h"

/* Keys 1981, eq. 4 with a = -1/2 (Catmull-Rom): the interpolating cubic that is exact for quadratics. */
static double
cubic (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0)
    return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a;
  return 0.0;
}

gboolean
cg_resize_axis_init (CgResizeAxis *axis, int n_in, int n_out, GError **error)
{
  double scale = (double)n_in / n_out;
  /* Making smaller widens the kernel by the same factor, which is what keeps fine texture from aliasing. */
  double width = MAX (scale, 1.0);
  double support = 2.0 * width;
  size_t max_taps = (size_t)ceil (support) * 2 + 1;
  size_t n_weights;

  *axis = (CgResizeAxis){ .n_in = n_in, .n_out = n_out, .max_taps = (int)max_taps };
  if (cg_size_mul (max_taps, (size_t)n_out, &n_weights))
    {
      axis->first = g_try_new (int, n_out);
      axis->n_taps = g_try_new (int, n_out);
      axis->weights = g_try_new0 (float, n_weights);
    }
  if (!axis->first || !axis->n_taps || !axis->weights)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory to resize %d to %d pixels"), n_in, n_out);
      return FALSE;
    }

  /* out(j) = sum_i k((i + 1/2 - centre) / width) in(i), centre = (j + 1/2) scale, the weights normalised to 1. */
  for (int j = 0; j < n_out; j++)
    {
      double centre = (j + 0.5) * scale;
      int first = MAX (0, (int)floor (centre - support + 0.5));
      int last = MIN (n_in, (int)floor (centre + support + 0.5));
      float *weights = axis->weights + (size_t)j * max_taps;
      double sum = 0.0;

      for (int i = first; i < last; i++)
        sum += cubic ((i + 0.5 - centre) / width);
      for (int i = first; i < last; i++)
        weights[i - first] = (float)(cubic ((i + 0.5 - centre) / width) / sum);
      axis->first[j] = first;
      axis->n_taps[j] = last - first;
    }
  return TRUE;
}

void
cg_resize_axis_clear (CgResizeAxis *axis)
{
  g_clear_pointer (&axis->first, g_free);
  g_clear_pointer (&axis->n_taps, g_free);
  g_clear_pointer (&axis->weights, g_free);
}

/* Inlined with constant channels, so that the compiler unrolls the pixel. */
static inline void
gather (const CgResizeAxis *axis, int channels, const float *restrict in, float *restrict out)
{
  for (int j = 0; j < axis->n_out; j++)
    {
      const float *weights = axis->weights + (size_t)j * (size_t)axis->max_taps;
      const float *from = in + (size_t)axis->first[j] * (size_t)channels;
      float sum[3] = { 0.0f, 0.0f, 0.0f };

      for (int t = 0; t < axis->n_taps[j]; t++)
        for (int c = 0; c < channels; c++)
          sum[c] += weights[t] * from[t * channels + c];
      for (int c = 0; c < channels; c++)
        out[(size_t)j * (size_t)channels + (size_t)c] = sum[c];
    }
}

void
cg_resize_row (const CgResizeAxis *across, const CgResizeAxis *down, int channels, const float *in, int in_first,
               size_t in_stride, bool clean, int y, float *scratch, float *out)
{
  size_t n = (size_t)across->n_in * (size_t)channels;
  const float *weights = down->weights + (size_t)y * (size_t)down->max_taps;

  /* Vertical first: one row of sums is all the memory it takes. */
  for (size_t i = 0; i < n; i++)
    scratch[i] = 0.0f;
  for (int t = 0; t < down->n_taps[y]; t++)
    {
      const float *row = in + (size_t)(down->first[y] - in_first + t) * in_stride;

      if (clean)
        for (size_t i = 0; i < n; i++)
          scratch[i] += weights[t] * cg_clean_sample (row[i]);
      else
        for (size_t i = 0; i < n; i++)
          scratch[i] += weights[t] * row[i];
    }
  if (channels == 1)
    gather (across, 1, scratch, out);
  else
    gather (across, 3, scratch, out);
}
