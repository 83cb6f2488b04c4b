/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows of GEGL's buffers for both halves of the operation: the same pixels for the network and for what its colours are carried to. */
#include "picture-rows.h"

#include <cyclegan.h>
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

gboolean
cg_picture_rows_read (GeglBuffer *input, const GeglRectangle *bounds, float *rgb, GError **error)
{
  gsize width = (gsize)bounds->width;
  g_autofree float *alpha = NULL;
  g_autofree float *pixels = NULL;

  if (!babl_format_has_alpha (gegl_buffer_get_format (input)))
    {
      gegl_buffer_get (input, bounds, 1.0, babl_format ("R'G'B' float"), rgb, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      return TRUE;
    }
  alpha = cg_picture_rows_new (bounds->width, bounds->height, 1, error);
  pixels = alpha ? cg_picture_rows_new (bounds->width, 1, 4, error) : NULL;
  if (!pixels)
    return FALSE;
  for (int y = 0; y < bounds->height; y++)
    {
      gegl_buffer_get (input, GEGL_RECTANGLE (bounds->x, bounds->y + y, bounds->width, 1), 1.0,
                       babl_format ("R'G'B'A float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (gsize x = 0; x < width; x++)
        {
          memcpy (rgb + 3 * ((gsize)y * width + x), pixels + 4 * x, 3 * sizeof (float));
          alpha[(gsize)y * width + x] = pixels[4 * x + 3];
        }
    }
  return cg_fill_hidden_pixels (rgb, 3 * width, alpha, width, bounds->width, bounds->height);
}
