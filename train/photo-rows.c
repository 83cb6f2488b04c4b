/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversion between a file's colours and sRGB floats; where files are deep and have profiles, this is the largest work beside the network. */
#include "photo-rows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Rows in one go: some for every thread, few enough to stay in the caches. */
#define BAND 32

/* Some rows, for the threads that convert them: into @rgb or from @translated. */
typedef struct
{
  CgPhotoRows *rows;
  int first, n;
  float *rgb;
  const float *translated;
} Band;

typedef void (*ConvertFunc) (const Band *band, int begin, int n);

typedef struct
{
  const Band *band;
  ConvertFunc convert;
} Work;

static void
convert_part (int part, int n_parts, gpointer data)
{
  const Work *work = data;
  int begin = (int)((gint64)work->band->n * part / n_parts), end = (int)((gint64)work->band->n * (part + 1) / n_parts);

  if (end > begin)
    work->convert (work->band, begin, end - begin);
}

static void
convert (const Band *band, ConvertFunc function)
{
  Work work = { band, function };
  int most = band->rows->n_threads > 0 ? MIN (band->rows->n_threads, band->n) : band->n;

  gegl_parallel_distribute (most, convert_part, &work);
}

static float *
try_new_rows (const CgPhotoRows *rows, int channels, const char *path, GError **error)
{
  float *floats = g_try_new (float, (gsize)rows->width *(gsize)(BAND * channels));

  if (!floats)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for rows of %d pixels"), path, rows->width);
  return floats;
}

gboolean
cg_photo_rows_init (CgPhotoRows *rows, GeglBuffer *input, GeglBuffer *output, int n_threads, const char *path,
                    GError **error)
{
  *rows = (CgPhotoRows){ .input = input,
                         .output = output,
                         .width = gegl_buffer_get_width (input),
                         .height = gegl_buffer_get_height (input),
                         .n_threads = n_threads,
                         .has_alpha = babl_format_has_alpha (gegl_buffer_get_format (input)),
                         .keeps_alpha = babl_format_has_alpha (gegl_buffer_get_format (output)) };
  if (!rows->has_alpha)
    return TRUE;
  rows->pixels = try_new_rows (rows, 4, path, error);
  rows->rgb = rows->pixels ? try_new_rows (rows, 3, path, error) : NULL;
  rows->alpha = rows->rgb ? try_new_rows (rows, 1, path, error) : NULL;
  return rows->alpha != NULL;
}

void
cg_photo_rows_clear (CgPhotoRows *rows)
{
  g_free (rows->pixels);
  g_free (rows->rgb);
  g_free (rows->alpha);
}

/* The input's pixels with their alpha, at the same place of @pixels. */
static float *
get_pixels (const Band *band, int begin, int n)
{
  const CgPhotoRows *rows = band->rows;
  float *pixels = rows->pixels + (gsize)begin * (gsize)rows->width * 4;

  gegl_buffer_get (rows->input, GEGL_RECTANGLE (0, band->first + begin, rows->width, n), 1.0,
                   babl_format ("R'G'B'A float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  return pixels;
}

static void
read_opaque (const Band *band, int begin, int n)
{
  const CgPhotoRows *rows = band->rows;

  gegl_buffer_get (rows->input, GEGL_RECTANGLE (0, band->first + begin, rows->width, n), 1.0,
                   babl_format ("R'G'B' float"), band->rgb + (gsize)begin * (gsize)rows->width * 3, GEGL_AUTO_ROWSTRIDE,
                   GEGL_ABYSS_NONE);
}

static void
split (const Band *band, int begin, int n)
{
  const CgPhotoRows *rows = band->rows;
  const float *pixels = get_pixels (band, begin, n);
  gsize first = (gsize)begin * (gsize)rows->width;
  float *rgb = band->rgb + 3 * first, *alpha = rows->alpha + first;

  for (gsize i = 0; i < (gsize)n * (gsize)rows->width; i++)
    {
      memcpy (rgb + 3 * i, pixels + 4 * i, 3 * sizeof (float));
      alpha[i] = pixels[4 * i + 3];
    }
}

static void
read_visible (const Band *band, int begin, int n)
{
  const CgPhotoRows *rows = band->rows;
  gsize first = (gsize)begin * (gsize)rows->width;

  split (band, begin, n);
  cg_visible_mean_fill (&rows->mean, band->rgb + 3 * first, rows->alpha + first, (gsize)n * (gsize)rows->width);
}

gboolean
cg_photo_rows_look (CgPhotoRows *rows)
{
  if (!rows->has_alpha)
    return TRUE;
  for (int y = 0; y < rows->height; y += BAND)
    {
      Band band = { .rows = rows, .first = y, .n = MIN (BAND, rows->height - y), .rgb = rows->rgb };

      convert (&band, split);
      for (int i = 0; i < band.n; i++)
        cg_visible_mean_add (&rows->mean, rows->rgb + (gsize)i * (gsize)rows->width * 3,
                             rows->alpha + (gsize)i * (gsize)rows->width, (gsize)rows->width);
    }
  return rows->mean.weight > 0.0;
}

void
cg_photo_rows_read (CgPhotoRows *rows, int first, int n, float *rgb)
{
  for (int y = 0; y < n; y += BAND)
    {
      Band band = {
        .rows = rows, .first = first + y, .n = MIN (BAND, n - y), .rgb = rgb + (gsize)y * (gsize)rows->width * 3
      };

      convert (&band, rows->has_alpha ? read_visible : read_opaque);
    }
}

static void
set_pixels (const Band *band, int begin, int n, const char *format, const float *pixels)
{
  gegl_buffer_set (band->rows->output, GEGL_RECTANGLE (0, band->first + begin, band->rows->width, n), 0,
                   babl_format (format), pixels, GEGL_AUTO_ROWSTRIDE);
}

static void
write_opaque (const Band *band, int begin, int n)
{
  set_pixels (band, begin, n, "R'G'B' float", band->translated + (gsize)begin * (gsize)band->rows->width * 3);
}

static void
write_visible (const Band *band, int begin, int n)
{
  const CgPhotoRows *rows = band->rows;
  const float *rgb = band->translated + (gsize)begin * (gsize)rows->width * 3;
  float *pixels = get_pixels (band, begin, n);

  for (gsize i = 0; i < (gsize)n * (gsize)rows->width; i++)
    {
      float *pixel = pixels + 4 * i;

      if (pixel[3] > 0.0f)
        memcpy (pixel, rgb + 3 * i, 3 * sizeof (float));
      if (!rows->keeps_alpha)
        {
          for (int c = 0; c < 3; c++)
            pixel[c] = pixel[3] * pixel[c] + (1.0f - pixel[3]);
          pixel[3] = 1.0f;
        }
    }
  set_pixels (band, begin, n, "R'G'B'A float", pixels);
}

void
cg_photo_rows_write (CgPhotoRows *rows, int first, int n, const float *rgb)
{
  for (int y = 0; y < n; y += BAND)
    {
      Band band = {
        .rows = rows, .first = first + y, .n = MIN (BAND, n - y), .translated = rgb + (gsize)y * (gsize)rows->width * 3
      };

      convert (&band, rows->has_alpha ? write_visible : write_opaque);
    }
}

void
cg_photo_rows_copy (CgPhotoRows *rows)
{
  /* Where nothing is visible no colour is taken from what is given. */
  for (int y = 0; y < rows->height; y += BAND)
    cg_photo_rows_write (rows, y, MIN (BAND, rows->height - y), rows->pixels);
}
