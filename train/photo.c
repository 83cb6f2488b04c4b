/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to buffers without losing depth, space or the right way up; image-io.c is the 8-bit road for training. */
#include "photo.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "image-format.h"
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

/* The operation that loads @path; NULL for kinds without one. */
static const char *
find_loader (const char *path)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  CgImageFormat format = CG_IMAGE_FORMAT_UNKNOWN;

  if (file && g_mapped_file_get_length (file) > 0)
    format = cg_image_format_recognise ((const guint8 *)g_mapped_file_get_contents (file),
                                        g_mapped_file_get_length (file));
  return format == CG_IMAGE_FORMAT_JPEG ? "gegl:jpg-load" : cg_image_format_get_loader (format);
}

GeglBuffer *
cg_photo_load (const char *path, GError **error)
{
  /* Read twice: GEGL's loaders take damaged files for good ones, or end the process; cg_image_load() knows better, but has no more
   * than 8 bits and sRGB. */
  g_autoptr (CgImage) checked = cg_image_load (path, error);
  const char *loader = checked ? find_loader (path) : NULL;
  g_autoptr (GeglNode) graph = NULL;
  g_autoptr (GeglBuffer) stored = NULL;
  GeglNode *source, *sink;

  if (!checked)
    return NULL;
  if (loader)
    {
      graph = gegl_node_new ();
      source = gegl_node_new_child (graph, "operation", loader, "path", path, NULL);
      sink = gegl_node_new_child (graph, "operation", "gegl:buffer-sink", "buffer", &stored, "format", NULL, NULL);
      gegl_node_link (source, sink);
      gegl_node_process (sink);
    }
  if (!stored || (gint64)gegl_buffer_get_pixel_count (stored) != (gint64)checked->width * checked->height)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: cannot be read at full depth"), path);
      return NULL;
    }
  return turn_upright (stored, cg_image_orientation_read (path), error);
}
