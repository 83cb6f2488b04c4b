/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffers to files; apart from reading, for a file that is being written has its own ways to go wrong. */
#define _GNU_SOURCE
#include "photo-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "image-io.h"
#include "photo-metadata.h"
#include "png-profile.h"

typedef struct
{
  const char *ending;
  const char *operation;
  gboolean alpha;
  gboolean deep;    /* 16 bits a channel */
  gboolean floats;  /* 32-bit floats */
  gboolean profile; /* the saver writes an ICC profile */
} FileType;

/* gegl:jpg-save drops alpha; gegl:webp-save writes no profile, so its pixels have to be sRGB. */
static const FileType file_types[] = {
  { ".png", "gegl:png-save", TRUE, TRUE, FALSE, TRUE },    { ".jpg", "gegl:jpg-save", FALSE, FALSE, FALSE, TRUE },
  { ".jpeg", "gegl:jpg-save", FALSE, FALSE, FALSE, TRUE }, { ".tif", "gegl:tiff-save", TRUE, TRUE, TRUE, TRUE },
  { ".tiff", "gegl:tiff-save", TRUE, TRUE, TRUE, TRUE },   { ".webp", "gegl:webp-save", TRUE, FALSE, FALSE, FALSE },
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

gboolean
cg_photo_check_result (const char *path, CgBitDepth depth, GError **error)
{
  const FileType *type = find_file_type (path);

  if (!type)
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("%s: pictures are written as .png, .jpg, .tif or .webp"),
                 path);
  else if ((depth == CG_BIT_DEPTH_16 && !type->deep) || (depth == CG_BIT_DEPTH_32F && !type->floats))
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("%s: this kind of file holds no more than %d bits a channel; 32f needs .tif, 16 .tif or .png"),
                 path, type->deep ? 16 : 8);
  else
    return TRUE;
  return FALSE;
}

const Babl *
cg_photo_get_save_format (const Babl *format, const char *path, CgBitDepth depth)
{
  const char *wishes[] = { [CG_BIT_DEPTH_8] = "u8", [CG_BIT_DEPTH_16] = "u16", [CG_BIT_DEPTH_32F] = "float" };
  const FileType *file_type = find_file_type (path);
  BablModelFlag flags = babl_get_model_flags (format);
  const Babl *space = babl_format_get_space (format);
  gboolean rgb = (flags & BABL_MODEL_FLAG_RGB) && !babl_space_is_gray (space) && !babl_space_is_cmyk (space);
  const char *type = babl_get_name (babl_format_get_type (format, 0));
  gboolean alpha = babl_format_has_alpha (format) && file_type->alpha;
  gboolean linear;
  g_autofree char *name = NULL;

  if (depth != CG_BIT_DEPTH_INPUT)
    type = wishes[depth];
  else if (!file_type->deep)
    type = "u8";
  /* Linear samples need more than 8 bits for the shadows. */
  linear = rgb && (flags & BABL_MODEL_FLAG_LINEAR) && !g_str_equal (type, "u8");
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

/* The same numbers, said to be sRGB: what GEGL's PNG saver writes without looking at the space. */
static GeglBuffer *
strip_space (GeglBuffer *buffer)
{
  const Babl *own = gegl_buffer_get_format (buffer);
  gboolean bytes = babl_format_get_type (own, 0) == babl_type ("u8");
  const char *name = babl_format_has_alpha (own) ? bytes ? "R'G'B'A u8" : "R'G'B'A u16"
                     : bytes                     ? "R'G'B' u8"
                                                 : "R'G'B' u16";
  const Babl *from = babl_format_with_space (name, babl_format_get_space (own)), *to = babl_format (name);
  int width = gegl_buffer_get_width (buffer), height = gegl_buffer_get_height (buffer);
  g_autofree guint8 *row = g_malloc ((gsize)width * (gsize)babl_format_get_bytes_per_pixel (to));
  GeglBuffer *stripped = gegl_buffer_new (gegl_buffer_get_extent (buffer), to);

  for (int y = 0; y < height; y++)
    {
      const GeglRectangle line = { 0, y, width, 1 };

      gegl_buffer_get (buffer, &line, 1.0, from, row, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      gegl_buffer_set (stripped, &line, 0, to, row, GEGL_AUTO_ROWSTRIDE);
    }
  return stripped;
}

/* Returns: FALSE with an error that does not name the file. */
static gboolean
save_pixels (const FileType *file_type, GeglBuffer *buffer, const char *path, int fd, GError **error)
{
  const Babl *space = babl_format_get_space (gegl_buffer_get_format (buffer));
  gboolean by_hand = g_str_equal (file_type->operation, "gegl:png-save") && space != babl_space ("sRGB");
  g_autoptr (GeglBuffer) stripped = by_hand ? strip_space (buffer) : NULL;
  g_autofree char *caught = run_saver (file_type, stripped ? stripped : buffer, path);
  const char *profile;
  int length = 0;

  if (caught)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, caught);
      return FALSE;
    }
  if (!by_hand)
    return TRUE;
  profile = babl_space_get_icc (space, &length);
  return cg_png_set_profile (fd, profile, (gsize)length, error);
}

static gboolean
fail (const char *path, const char *reason, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("%s: cannot be written: %s"), path, reason);
  return FALSE;
}

/* Fills @temporary, which @fd has open, and makes sure that it can be read again: a full disk goes unnoticed by some savers. */
static gboolean
fill (const FileType *file_type, GeglBuffer *buffer, GExiv2Metadata *metadata, const char *temporary, int fd,
      const char *path, GError **error)
{
  g_autoptr (GError) trouble = NULL;

  if (!save_pixels (file_type, buffer, temporary, fd, &trouble))
    return fail (path, trouble->message, error);
  if (metadata && !cg_photo_metadata_write (metadata, buffer, temporary, &trouble))
    {
      g_prefix_error (&trouble, "%s: ", _ ("its metadata"));
      return fail (path, trouble->message, error);
    }
  if (fsync (fd) != 0)
    return fail (path, g_strerror (errno), error);
  if (!cg_image_check (temporary, gegl_buffer_get_width (buffer), gegl_buffer_get_height (buffer), NULL))
    return fail (path, _ ("the file was incomplete"), error);
  return TRUE;
}

/* What a signal handler removes. */
static const char *volatile unfinished;

void
cg_photo_save_abandon (void)
{
  if (unfinished)
    unlink (unfinished);
}

/* A name that no other file in the folder of @path has, yet. */
static char *
make_name (const char *path, const char *ending)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_strdup_printf (".cyclegan-%08x%08x%s", g_random_int (), g_random_int (), ending);

  return g_build_filename (folder, name, NULL);
}

/* Gives the file without a name, which is complete, the name @path. */
static gboolean
publish (const char *nameless, const char *path, const char *ending)
{
  g_autofree char *other = make_name (path, ending);
  gboolean done;

  if (linkat (AT_FDCWD, nameless, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
    return TRUE;
  if (errno != EEXIST)
    return FALSE;
  /* A link replaces nothing, a rename does. */
  unfinished = other;
  done = linkat (AT_FDCWD, nameless, AT_FDCWD, other, AT_SYMLINK_FOLLOW) == 0 && g_rename (other, path) == 0;
  if (!done)
    {
      int code = errno;

      g_unlink (other);
      errno = code;
    }
  unfinished = NULL;
  return done;
}

/* Where the file system has no files without names. */
static gboolean
save_by_name (const FileType *file_type, GeglBuffer *buffer, GExiv2Metadata *metadata, const char *path, GError **error)
{
  g_autofree char *temporary = make_name (path, file_type->ending);
  int fd = open (temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  g_autofree char *alias = g_strdup_printf ("/proc/self/fd/%d", fd);
  gboolean done;

  if (fd < 0)
    return fail (path, g_strerror (errno), error);
  unfinished = temporary;
  done = fill (file_type, buffer, metadata, alias, fd, path, error);
  close (fd);
  if (done && g_rename (temporary, path) != 0)
    done = fail (path, g_strerror (errno), error);
  if (!done)
    g_unlink (temporary);
  unfinished = NULL;
  return done;
}

gboolean
cg_photo_save (GeglBuffer *buffer, GExiv2Metadata *metadata, const char *path, GError **error)
{
  const FileType *file_type = find_file_type (path);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *nameless = NULL;
  gboolean done;
  int fd;

  if (!cg_photo_check_result (path, CG_BIT_DEPTH_INPUT, error))
    return FALSE;
  fd = open (folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
    return save_by_name (file_type, buffer, metadata, path, error);
  if (fd < 0)
    return fail (path, g_strerror (errno), error);
  /* Through this name GEGL's savers and gexiv2 write into the very file that is open, whatever they do to files elsewhere. */
  nameless = g_strdup_printf ("/proc/self/fd/%d", fd);
  done = fill (file_type, buffer, metadata, nameless, fd, path, error);
  if (done && !publish (nameless, path, file_type->ending))
    done = fail (path, g_strerror (errno), error);
  close (fd);
  return done;
}
