/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to buffers and back without losing depth, space or the right way up; image-io.c is the 8-bit road for training. */
#include "photo.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "image-format.h"
#include "image-io.h"
#include "image-orientation.h"

typedef struct
{
  const char *ending;
  const char *operation;
  gboolean alpha;
  gboolean deep;    /* more than 8 bits a channel */
  gboolean profile; /* the saver writes an ICC profile */
} FileType;

/* gegl:jpg-save drops alpha; gegl:webp-save writes no profile, so its pixels have to be sRGB. */
static const FileType file_types[] = {
  { ".png", "gegl:png-save", TRUE, TRUE, TRUE },    { ".jpg", "gegl:jpg-save", FALSE, FALSE, TRUE },
  { ".jpeg", "gegl:jpg-save", FALSE, FALSE, TRUE }, { ".tif", "gegl:tiff-save", TRUE, TRUE, TRUE },
  { ".tiff", "gegl:tiff-save", TRUE, TRUE, TRUE },  { ".webp", "gegl:webp-save", TRUE, FALSE, FALSE },
};

static const FileType *
find_file_type (const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (guint i = 0; i < G_N_ELEMENTS (file_types); i++)
    if (g_str_has_suffix (lower, file_types[i].ending))
      return &file_types[i];
  return NULL;
}

gboolean
cg_photo_can_save (const char *path)
{
  return find_file_type (path) != NULL;
}

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

const Babl *
cg_photo_get_save_format (const Babl *format, const char *path)
{
  const FileType *file_type = find_file_type (path);
  BablModelFlag flags = babl_get_model_flags (format);
  const Babl *space = babl_format_get_space (format);
  gboolean rgb = (flags & BABL_MODEL_FLAG_RGB) && !babl_space_is_gray (space) && !babl_space_is_cmyk (space);
  const char *type = babl_get_name (babl_format_get_type (format, 0));
  gboolean alpha = babl_format_has_alpha (format) && file_type->alpha;
  gboolean linear = rgb && (flags & BABL_MODEL_FLAG_LINEAR) && file_type->deep;
  g_autofree char *name = NULL;

  if (!file_type->deep)
    type = "u8";
  name = g_strdup_printf ("%s%s %s", linear ? "RGB" : "R'G'B'", alpha ? "A" : "", type);
  return babl_format_with_space (name, rgb && file_type->profile ? space : NULL);
}

/* GEGL's savers tell of trouble by warnings only; the first one is kept as the reason. */
static void
catch_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  char **caught = data;

  if (!(level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL)))
    g_log_default_handler (domain, level, message, NULL);
  else if (!*caught)
    *caught = g_strdup (message);
}

/* Returns: (transfer full) (nullable): what the saver complained of. */
static char *
run_saver (const FileType *file_type, GeglBuffer *buffer, const char *path)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", buffer, NULL);
  GeglNode *saver = gegl_node_new_child (graph, "operation", file_type->operation, "path", path, NULL);
  gboolean bytes = babl_format_get_type (gegl_buffer_get_format (buffer), 0) == babl_type ("u8");
  GLogFunc previous;
  char *caught = NULL;

  if (g_str_equal (file_type->operation, "gegl:png-save"))
    gegl_node_set (saver, "bitdepth", bytes ? 8 : 16, NULL);
  else if (!file_type->deep)
    gegl_node_set (saver, "quality", 95, NULL);
  gegl_node_link (source, saver);

  previous = g_log_set_default_handler (catch_warning, &caught);
  gegl_node_process (saver);
  g_log_set_default_handler (previous, NULL);
  return caught;
}

static gboolean
fail (const char *path, const char *reason, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("%s: cannot be written: %s"), path, reason);
  return FALSE;
}

/* Writes @temporary, which exists, and makes sure that it can be read again: a full disk goes unnoticed by some savers. */
static gboolean
save_temporary (const FileType *file_type, GeglBuffer *buffer, const char *temporary, int fd, const char *path,
                GError **error)
{
  g_autofree char *caught = run_saver (file_type, buffer, temporary);
  g_autoptr (CgImage) again = NULL;

  if (caught)
    return fail (path, caught, error);
  if (fsync (fd) != 0)
    return fail (path, g_strerror (errno), error);
  again = cg_image_load (temporary, NULL);
  if (!again || again->width != gegl_buffer_get_width (buffer) || again->height != gegl_buffer_get_height (buffer))
    return fail (path, _ ("the file was incomplete"), error);
  return TRUE;
}

gboolean
cg_photo_save (GeglBuffer *buffer, const char *path, GError **error)
{
  const FileType *file_type = find_file_type (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = NULL;
  g_autofree char *temporary = NULL;
  gboolean done;
  int fd;

  if (!file_type)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("%s: pictures are written as .png, .jpg, .tif or .webp"),
                   path);
      return FALSE;
    }
  name = g_strdup_printf (".cyclegan-XXXXXX%s", file_type->ending);
  temporary = g_build_filename (folder, name, NULL);
  fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0)
    return fail (path, g_strerror (errno), error);

  done = save_temporary (file_type, buffer, temporary, fd, path, error);
  close (fd);
  if (done && g_rename (temporary, path) != 0)
    done = fail (path, g_strerror (errno), error);
  if (!done)
    g_unlink (temporary);
  return done;
}
