/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Antialiased bicubic resize on 8-bit R'G'B' values, as Pillow's BICUBIC computes it (golden within 1 level). */
#include "resize.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"

/* Weights are fixed-point numbers with 22 bits after the point: 8 for the value and 2 for overshoot remain of 32. */
#define WEIGHT_BITS 22

/* Which input pixels make an output pixel, along one axis. */
typedef struct
{
  int first, n;
} Span;

typedef struct
{
  int n_out, max_weights;
  Span *spans;     /* [n_out] */
  gint32 *weights; /* [n_out][max_weights] */
} Filter;

static void
filter_clear (Filter *filter)
{
  g_free (filter->spans);
  g_free (filter->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Filter, filter_clear)

/* Keys 1981, equation 15 with a = -1/2:
 *   k(t) = (a+2)|t|^3 - (a+3)|t|^2 + 1      for |t| < 1
 *          a|t|^3 - 5a|t|^2 + 8a|t| - 4a    for 1 <= |t| < 2, else 0 */
static double
kernel (double t)
{
  const double a = -0.5;

  t = fabs (t);
  if (t < 1.0)
    return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  return t < 2.0 ? (((t - 5.0) * t + 8.0) * t - 4.0) * a : 0.0;
}

/* When shrinking, the kernel is stretched by s = n_in / n_out, so that it is a low-pass at the output's rate:
 *   w_j = k ((j + 1/2 - c) / s),  c = (i + 1/2) n_in / n_out,  sum of w = 1 over the pixels inside the image. */
static void
filter_fill (Filter *filter, int n_in, double *scratch)
{
  double scale = (double)n_in / filter->n_out;
  double stretch = MAX (scale, 1.0);
  double reach = 2.0 * stretch;

  for (int i = 0; i < filter->n_out; i++)
    {
      double centre = (i + 0.5) * scale, sum = 0.0;
      int first = MAX ((int)(centre - reach + 0.5), 0);
      int n = MIN ((int)(centre + reach + 0.5), n_in) - first;

      for (int j = 0; j < n; j++)
        {
          scratch[j] = kernel ((j + first - centre + 0.5) * (1.0 / stretch));
          sum += scratch[j];
        }
      for (int j = 0; j < n; j++)
        {
          double weight = scratch[j] / sum * (1 << WEIGHT_BITS);

          filter->weights[(gsize)i * filter->max_weights + j] = (gint32)(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
      filter->spans[i] = (Span){ first, n };
    }
}

static gboolean
filter_init (Filter *filter, int n_in, int n_out, GError **error)
{
  g_autofree double *scratch = NULL;

  filter->n_out = n_out;
  filter->max_weights = (int)ceil (2.0 * MAX ((double)n_in / n_out, 1.0)) * 2 + 1;
  filter->spans = g_try_new (Span, n_out);
  filter->weights = g_try_new (gint32, (gsize)n_out * filter->max_weights);
  scratch = g_try_new (double, filter->max_weights);
  if (!filter->spans || !filter->weights || !scratch)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory to resize %d to %d pixels"), n_in, n_out);
      return FALSE;
    }
  filter_fill (filter, n_in, scratch);
  return TRUE;
}

static inline guint8
round_and_clip (gint32 sum)
{
  return (guint8)CLAMP (sum >> WEIGHT_BITS, 0, 255);
}

static void
resize_rows (const CgImage *in, const Filter *filter, CgImage *out)
{
  for (int y = 0; y < out->height; y++)
    {
      const guint8 *row = in->pixels + (gsize)y * in->width * 3;
      guint8 *pixel = out->pixels + (gsize)y * out->width * 3;

      for (int x = 0; x < out->width; x++, pixel += 3)
        {
          const gint32 *weights = filter->weights + (gsize)x * filter->max_weights;
          const guint8 *from = row + (gsize)filter->spans[x].first * 3;
          gint32 sum[3] = { 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1) };

          for (int j = 0; j < filter->spans[x].n; j++, from += 3)
            for (int c = 0; c < 3; c++)
              sum[c] += from[c] * weights[j];
          for (int c = 0; c < 3; c++)
            pixel[c] = round_and_clip (sum[c]);
        }
    }
}

static void
resize_columns (const CgImage *in, const Filter *filter, gint32 *sums, CgImage *out)
{
  gsize n = (gsize)in->width * 3;

  for (int y = 0; y < out->height; y++)
    {
      const gint32 *weights = filter->weights + (gsize)y * filter->max_weights;
      const guint8 *from = in->pixels + (gsize)filter->spans[y].first * n;
      guint8 *row = out->pixels + (gsize)y * n;

      for (gsize i = 0; i < n; i++)
        sums[i] = 1 << (WEIGHT_BITS - 1);
      for (int j = 0; j < filter->spans[y].n; j++, from += n)
        for (gsize i = 0; i < n; i++)
          sums[i] += from[i] * weights[j];
      for (gsize i = 0; i < n; i++)
        row[i] = round_and_clip (sums[i]);
    }
}

static CgImage *
resize_width (const CgImage *image, int width, GError **error)
{
  g_auto (Filter) filter = { 0 };
  CgImage *out = cg_image_new (width, image->height, error);

  if (out && !filter_init (&filter, image->width, width, error))
    g_clear_pointer (&out, cg_image_free);
  if (out)
    resize_rows (image, &filter, out);
  return out;
}

static CgImage *
resize_height (const CgImage *image, int height, GError **error)
{
  g_auto (Filter) filter = { 0 };
  g_autofree gint32 *sums = g_try_new (gint32, (gsize)image->width * 3);
  CgImage *out = cg_image_new (image->width, height, error);

  if (out && !sums)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory to resize %d to %d pixels"), image->height, height);
      g_clear_pointer (&out, cg_image_free);
    }
  if (out && !filter_init (&filter, image->height, height, error))
    g_clear_pointer (&out, cg_image_free);
  if (out)
    resize_columns (image, &filter, sums, out);
  return out;
}

/* Two passes, each rounding to 8 bits, the horizontal one first: the order shows in the last bit. */
CgImage *
cg_image_resize (const CgImage *image, int width, int height, GError **error)
{
  g_autoptr (CgImage) between = resize_width (image, width, error);

  return between ? resize_height (between, height, error) : NULL;
}
