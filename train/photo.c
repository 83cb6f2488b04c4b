/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to buffers without losing depth, space or the right way up; image-io.c is the 8-bit road for training. */
#include "photo.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "image-io.h"
#include "image-orientation.h"

/* Where upright pixel (x, y) lies in the stored w x h picture: rows are stored from the side, columns from the end that the
 * orientation names (Exif 2.3, table of tag 274). */
static void
find_stored (int orientation, int w, int h, int x, int y, int *stored_x, int *stored_y)
{
  gboolean sideways = cg_image_orientation_swaps (orientation);
  int u = sideways ? y : x;
  int v = sideways ? x : y;

  *stored_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8 ? w - 1 - u : u;
  *stored_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7 ? h - 1 - v : v;
}

static GeglBuffer *
turn_upright (GeglBuffer *buffer, int orientation, GError **error)
{
  const Babl *format = gegl_buffer_get_format (buffer);
  gsize pixel = (gsize)babl_format_get_bytes_per_pixel (format);
  int w = gegl_buffer_get_width (buffer), h = gegl_buffer_get_height (buffer);
  int upright_w = cg_image_orientation_swaps (orientation) ? h : w;
  int upright_h = cg_image_orientation_swaps (orientation) ? w : h;
  g_autofree guint8 *stored = NULL;
  g_autofree guint8 *row = NULL;
  GeglBuffer *upright;
  gsize n;

  if (orientation == 1)
    return g_object_ref (buffer);
  if (g_size_checked_mul (&n, (gsize)w, (gsize)h) && g_size_checked_mul (&n, n, pixel))
    stored = g_try_malloc (n);
  row = g_try_malloc_n ((gsize)upright_w, pixel);
  if (!stored || !row)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory to turn a picture of %d x %d pixels"), w, h);
      return NULL;
    }

  gegl_buffer_get (buffer, NULL, 1.0, format, stored, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  upright = gegl_buffer_new (GEGL_RECTANGLE (0, 0, upright_w, upright_h), format);
  for (int y = 0; y < upright_h; y++)
    {
      for (int x = 0; x < upright_w; x++)
        {
          int stored_x, stored_y;

          find_stored (orientation, w, h, x, y, &stored_x, &stored_y);
          memcpy (row + (gsize)x * pixel, stored + ((gsize)stored_y * (gsize)w + (gsize)stored_x) * pixel, pixel);
        }
      gegl_buffer_set (upright, GEGL_RECTANGLE (0, y, upright_w, 1), 0, format, row, GEGL_AUTO_ROWSTRIDE);
    }
  return upright;
}

GeglBuffer *
cg_photo_load (const char *path, GError **error)
{
  g_autoptr (GeglBuffer) stored = cg_image_load_stored (path, error);

  return stored ? turn_upright (stored, cg_image_orientation_read (path), error) : NULL;
}
