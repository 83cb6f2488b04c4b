/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslationView: photo and network pixels cut out and made smaller once, so that carrying the one to the other takes an instant. */
#include "translation-view.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Network pixels around the part: the windows of the transfer, and what enlarging reaches. */
#define SURROUNDINGS 12

/* Photo and network larger than this, against what is shown, are made smaller before they are put together. */
#define LARGEST_SCALE 1.5

/**
 * CgTranslationView:
 * @photo: [photo_height][photo_width][3], of the part and its surroundings
 * @pixels: [network_height][network_width][3], of the same; NULL where nothing is visible
 * @x, @y: of the part in the photo as it is shown, whose scale is @scale times that of @photo
 */
struct _CgTranslationView
{
  int width, height;
  float *photo;
  int photo_width, photo_height;
  float *pixels;
  int network_width, network_height;
  int x, y;
  double scale_x, scale_y;
};

static float *
try_new_rgb (int width, int height, GError **error)
{
  gsize n = (gsize)width * (gsize)height * 3 * sizeof (float); /* no more than pixels that are there already */
  float *memory = g_try_malloc (n);

  if (!memory)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return memory;
}

/* @part of a picture [?][full_width][3], @width x @height pixels large. The mean of what each pixel covers. */
static float *
cut (const float *rgb, int full_width, const GeglRectangle *part, int width, int height, GError **error)
{
  float *result = try_new_rgb (width, height, error);

  for (int y = 0; result && y < height; y++)
    {
      int y0 = part->y + (int)((gint64)y * part->height / height);
      int y1 = MAX (y0 + 1, part->y + (int)((gint64)(y + 1) * part->height / height));

      for (int x = 0; x < width; x++)
        {
          int x0 = part->x + (int)((gint64)x * part->width / width);
          int x1 = MAX (x0 + 1, part->x + (int)((gint64)(x + 1) * part->width / width));
          float sums[3] = { 0.0f, 0.0f, 0.0f };
          float n = (float)(x1 - x0) * (float)(y1 - y0);

          for (int v = y0; v < y1; v++)
            for (int u = x0; u < x1; u++)
              for (int c = 0; c < 3; c++)
                sums[c] += rgb[3 * ((gsize)v * (gsize)full_width + (gsize)u) + (gsize)c];
          for (int c = 0; c < 3; c++)
            result[3 * ((gsize)y * (gsize)width + (gsize)x) + (gsize)c] = sums[c] / n;
        }
    }
  return result;
}

/* One axis: borders of the part that lie on borders of network pixels. Lengths in pixels of the photo and of the network. */
static void
snap (int begin, int length, int full, int network_full, int *first, int *n, int *network_first, int *network_n)
{
  double scale = (double)network_full / full;
  int network_begin = MAX (0, (int)floor (begin * scale) - SURROUNDINGS);
  int network_end = MIN (network_full, (int)ceil ((begin + length) * scale) + SURROUNDINGS);
  int end = MIN (full, (int)lround (network_end / scale));

  *first = MAX (0, (int)lround (network_begin / scale));
  *n = end - *first;
  *network_first = network_begin;
  *network_n = network_end - network_begin;
}

/* Of a length at a scale of 1: not more than what is shown needs, nor less than what there is to show. */
static int
reduce (int length, double scale)
{
  return CLAMP ((int)lround (length * MIN (1.0, LARGEST_SCALE * scale)), 1, length);
}

CgTranslationView *
cg_translation_view_new (const CgTranslation *translation, const GeglRectangle *part, int width, int height,
                         GError **error)
{
  g_autoptr (CgTranslationView) view = g_new0 (CgTranslationView, 1);
  CgTranslationPixels all;
  GeglRectangle photo, network;
  double scale_x = (double)width / part->width, scale_y = (double)height / part->height;

  cg_translation_get_pixels (translation, &all);
  view->width = width;
  view->height = height;
  if (!all.pixels)
    {
      photo = (GeglRectangle){ part->x - all.area.x, part->y - all.area.y, part->width, part->height };
      view->photo_width = width;
      view->photo_height = height;
    }
  else
    {
      snap (part->x - all.area.x, part->width, all.area.width, all.width, &photo.x, &photo.width, &network.x,
            &network.width);
      snap (part->y - all.area.y, part->height, all.area.height, all.height, &photo.y, &photo.height, &network.y,
            &network.height);
      view->photo_width = reduce (photo.width, scale_x);
      view->photo_height = reduce (photo.height, scale_y);
      /* Where every pixel was asked for, the network's are the photo's, and stay so. */
      view->network_width = MIN (network.width, view->photo_width);
      view->network_height = MIN (network.height, view->photo_height);
      view->pixels = cut (all.pixels, all.width, &network, view->network_width, view->network_height, error);
      if (!view->pixels)
        return NULL;
    }
  view->photo = cut (all.photo, all.area.width, &photo, view->photo_width, view->photo_height, error);
  if (!view->photo)
    return NULL;
  view->scale_x = scale_x * photo.width / view->photo_width;
  view->scale_y = scale_y * photo.height / view->photo_height;
  view->x = (int)lround ((part->x - all.area.x - photo.x) * scale_x);
  view->y = (int)lround ((part->y - all.area.y - photo.y) * scale_y);
  return g_steal_pointer (&view);
}

void
cg_translation_view_free (CgTranslationView *view)
{
  g_free (view->photo);
  g_free (view->pixels);
  g_free (view);
}

/* The finished floats, as large as they are shown, in bytes. */
static void
show (const CgTranslationView *view, const float *finished, guchar *rgb, int stride)
{
  for (int y = 0; y < view->height; y++)
    {
      int y0 = (int)((y + view->y) / view->scale_y), y1 = (int)((y + view->y + 1) / view->scale_y);

      y0 = CLAMP (y0, 0, view->photo_height - 1);
      y1 = CLAMP (y1, y0 + 1, view->photo_height);
      for (int x = 0; x < view->width; x++)
        {
          int x0 = (int)((x + view->x) / view->scale_x), x1 = (int)((x + view->x + 1) / view->scale_x);
          float sums[3] = { 0.0f, 0.0f, 0.0f };

          x0 = CLAMP (x0, 0, view->photo_width - 1);
          x1 = CLAMP (x1, x0 + 1, view->photo_width);
          for (int v = y0; v < y1; v++)
            for (int u = x0; u < x1; u++)
              for (int c = 0; c < 3; c++)
                sums[c] += finished[3 * ((gsize)v * (gsize)view->photo_width + (gsize)u) + (gsize)c];
          for (int c = 0; c < 3; c++)
            {
              float mean = sums[c] / ((float)(x1 - x0) * (float)(y1 - y0));

              rgb[(gsize)y * (gsize)stride + (gsize)(3 * x + c)] = (guchar)lroundf (CLAMP (mean, 0.0f, 1.0f) * 255.0f);
            }
        }
    }
}

gboolean
cg_translation_view_render (const CgTranslationView *view, const CgSettings *settings, guchar *rgb, int stride,
                            GError **error)
{
  gsize row = 3 * (gsize)view->photo_width;
  CgTranslateOptions options;
  g_autofree float *finished = NULL;

  cg_settings_get_options (settings, &options);
  if (!view->pixels || options.strength <= 0.0)
    {
      show (view, view->photo, rgb, stride);
      return TRUE;
    }
  finished = try_new_rgb (view->photo_width, view->photo_height, error);
  if (!finished
      || !cg_translate_carry (&options, view->photo_width, view->photo_height, view->photo, row, view->network_width,
                              view->network_height, view->pixels, finished, row, error))
    return FALSE;
  show (view, finished, rgb, stride);
  return TRUE;
}
