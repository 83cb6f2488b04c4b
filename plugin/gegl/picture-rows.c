/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows of GEGL's buffers for both halves of the operation: the same pixels for the network and for what its colours are carried to. */
#include "picture-rows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Not by g_malloc(), which would take the host application down. */
float *
cg_picture_rows_new (int width, int height, int channels, GError **error)
{
  gsize n;
  float *memory = NULL;

  if (g_size_checked_mul (&n, (gsize)width, (gsize)height)
      && g_size_checked_mul (&n, n, (gsize)channels * sizeof (float)))
    memory = g_try_malloc (n);
  if (!memory)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return memory;
}

GeglRectangle
cg_picture_rows_get_bounds (GeglOperation *operation, const char *pad)
{
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, pad);

  if (!bounds || bounds->width < 1 || bounds->height < 1 || gegl_rectangle_is_infinite_plane (bounds))
    return (GeglRectangle){ 0, 0, 0, 0 };
  return *bounds;
}

/* A row in sRGB; its alpha is then in the row for that. */
static void
split_row (CgPictureRows *rows, int y, float *rgb)
{
  const GeglRectangle *bounds = &rows->bounds;

  gegl_buffer_get (rows->input, GEGL_RECTANGLE (bounds->x, bounds->y + y, bounds->width, 1), 1.0,
                   babl_format ("R'G'B'A float"), rows->pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int x = 0; x < bounds->width; x++)
    {
      memcpy (rgb + 3 * x, rows->pixels + 4 * x, 3 * sizeof (float));
      rows->alpha[x] = rows->pixels[4 * x + 3];
    }
}

gboolean
cg_picture_rows_begin (CgPictureRows *rows, GeglBuffer *input, const GeglRectangle *bounds, GError **error)
{
  g_autofree float *rgb = NULL;

  *rows = (CgPictureRows){ .input = input,
                           .bounds = *bounds,
                           .has_alpha = babl_format_has_alpha (gegl_buffer_get_format (input)) };
  if (!rows->has_alpha)
    return TRUE;
  rgb = cg_picture_rows_new (bounds->width, 1, 3, error);
  rows->alpha = rgb ? cg_picture_rows_new (bounds->width, 1, 1, error) : NULL;
  rows->pixels = rows->alpha ? cg_picture_rows_new (bounds->width, 1, 4, error) : NULL;
  if (!rows->pixels)
    return FALSE;
  for (int y = 0; y < bounds->height; y++)
    {
      split_row (rows, y, rgb);
      cg_visible_mean_add (&rows->mean, rgb, rows->alpha, (gsize)bounds->width);
    }
  return rows->mean.weight > 0.0;
}

void
cg_picture_rows_end (CgPictureRows *rows)
{
  g_clear_pointer (&rows->pixels, g_free);
  g_clear_pointer (&rows->alpha, g_free);
}

void
cg_picture_rows_read (CgPictureRows *rows, int first, int n, float *rgb)
{
  const GeglRectangle *bounds = &rows->bounds;

  if (!rows->has_alpha)
    {
      gegl_buffer_get (rows->input, GEGL_RECTANGLE (bounds->x, bounds->y + first, bounds->width, n), 1.0,
                       babl_format ("R'G'B' float"), rgb, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      return;
    }
  for (int y = first; y < first + n; y++, rgb += 3 * (gsize)bounds->width)
    {
      split_row (rows, y, rgb);
      cg_visible_mean_fill (&rows->mean, rgb, rows->alpha, (gsize)bounds->width);
    }
}
