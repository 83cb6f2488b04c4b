/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which reader takes which file, what each overlooks, and writing that leaves nothing half done. */
#include "image-io.h"

#include <errno.h>
#include <fcntl.h>
#include <gegl.h>
#include <gexiv2/gexiv2.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "image-format.h"
#include "image-gegl.h"
#include "image-jpeg.h"
#include "image-orientation.h"

void
cg_image_init (void)
{
  static gsize done;

  if (g_once_init_enter (&done))
    {
      g_setenv ("BABL_PATH_LENGTH", "1", TRUE);
      /* What babl remembers between processes is for one path length: ours would throw away what GIMP has there, and the other way
       * round, and whoever finds nothing measures tables of 256 MiB first. */
      g_setenv ("BABL_INHIBIT_CACHE", "1", TRUE);
      gegl_init (NULL, NULL);
      gexiv2_initialize ();
      gexiv2_log_set_level (GEXIV2_LOG_LEVEL_MUTE);
      g_once_init_leave (&done, 1);
    }
}

void
cg_image_exit (void)
{
  gboolean busy = TRUE;

  /* A thread of its own still forgets what was in the swap of buffers that are gone; GEGL warns where it is taken by surprise. */
  for (int i = 0; i < 500 && busy; i++)
    {
      g_object_get (gegl_stats (), "swap-busy", &busy, NULL);
      if (busy)
        g_usleep (10000);
    }
  gegl_exit ();
}

static gboolean
check_size (gint64 width, gint64 height, GError **error)
{
  if (width >= 1 && height >= 1 && width <= CG_IMAGE_MAX_SIDE && height <= CG_IMAGE_MAX_SIDE
      && width * height <= CG_IMAGE_MAX_PIXELS)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
               _ ("an image of %" PRId64 " x %" PRId64 " pixels, at most %d pixels and %d a side are read"), width,
               height, CG_IMAGE_MAX_PIXELS, CG_IMAGE_MAX_SIDE);
  return FALSE;
}

CgImage *
cg_image_new (int width, int height, GError **error)
{
  g_autoptr (CgImage) image = NULL;

  if (!check_size (width, height, error))
    return NULL;
  image = g_new0 (CgImage, 1);
  image->width = width;
  image->height = height;
  image->pixels = g_try_malloc ((gsize)width * height * 3);
  if (!image->pixels)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %d x %d pixels"), width, height);
      return NULL;
    }
  return g_steal_pointer (&image);
}

void
cg_image_free (CgImage *image)
{
  if (!image)
    return;
  g_free (image->pixels);
  g_free (image);
}

static gboolean
fail_errno (const char *doing, GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", doing, g_strerror (code));
  return FALSE;
}

/* Opens a regular file (a FIFO would block for ever) and recognises it; the position is at its beginning. */
static FILE *
open_image (const char *path, CgImageFormat *format, guint8 head[CG_IMAGE_FORMAT_HEAD], gsize *length, GError **error)
{
  struct stat status;
  FILE *file;

  if (stat (path, &status) != 0)
    {
      fail_errno (_ ("cannot be opened"), error);
      return NULL;
    }
  if (!S_ISREG (status.st_mode))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("not a regular file"));
      return NULL;
    }
  file = g_fopen (path, "rbe");
  if (!file)
    {
      fail_errno (_ ("cannot be opened"), error);
      return NULL;
    }

  *length = fread (head, 1, CG_IMAGE_FORMAT_HEAD, file);
  *format = cg_image_format_recognise (head, *length);
  if (*format == CG_IMAGE_FORMAT_UNKNOWN)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   *length == 0 ? _ ("an empty file, expected an image")
                                : _ ("not an image (JPEG, PNG, TIFF, WebP, GIF, PNM, OpenEXR or Radiance)"));
      fclose (file);
      return NULL;
    }
  rewind (file);
  return file;
}

/* Width and height as stored, checked against the limits. */
static gboolean
read_size (FILE *file, const char *path, CgImageFormat format, const guint8 *head, gsize length, int *width,
           int *height, GError **error)
{
  guint32 png_width, png_height;
  gboolean ok;

  switch (format)
    {
    case CG_IMAGE_FORMAT_JPEG:
      if (!cg_jpeg_get_size (file, width, height, error))
        return FALSE;
      break;
    case CG_IMAGE_FORMAT_PNG:
      if (!cg_png_get_size (head, length, &png_width, &png_height))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged PNG: no header"));
          return FALSE;
        }
      if (!check_size (png_width, png_height, error))
        return FALSE;
      *width = (int)png_width;
      *height = (int)png_height;
      break;
    default:
      cg_gegl_lock ();
      ok = cg_gegl_get_size (cg_image_format_get_loader (format), path, width, height, error);
      cg_gegl_unlock ();
      if (!ok)
        return FALSE;
    }
  return check_size (*width, *height, error);
}

/* Opens an image whose size is known and allowed then; the position is at its beginning. */
static FILE *
open_sized (const char *path, CgImageFormat *format, int *width, int *height, GError **error)
{
  guint8 head[CG_IMAGE_FORMAT_HEAD];
  gsize length;
  FILE *file = open_image (path, format, head, &length, error);

  if (file && !read_size (file, path, *format, head, length, width, height, error))
    g_clear_pointer (&file, fclose);
  if (file)
    rewind (file);
  return file;
}

/* GEGL's loaders for these formats show what is missing as black or as whatever was in memory. */
static gboolean
check_whole (const char *path, CgImageFormat format, GError **error)
{
  g_autofree char *data = NULL;
  gsize length;

  if (format != CG_IMAGE_FORMAT_PNG && format != CG_IMAGE_FORMAT_GIF && format != CG_IMAGE_FORMAT_PNM
      && format != CG_IMAGE_FORMAT_WEBP)
    return TRUE;
  if (!g_file_get_contents (path, &data, &length, error))
    return FALSE;
  if (cg_image_format_is_whole (format, (const guint8 *)data, length))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged or truncated image"));
  return FALSE;
}

static int
read_orientation (const char *path)
{
  int orientation;

  cg_gegl_lock ();
  orientation = cg_image_orientation_read (path);
  cg_gegl_unlock ();
  return orientation;
}

static CgImage *
load (const char *path, GError **error)
{
  CgImageFormat format;
  int width, height;
  FILE *file = open_sized (path, &format, &width, &height, error);
  CgImage *image = NULL;

  if (!file)
    return NULL;
  if (format == CG_IMAGE_FORMAT_JPEG)
    image = cg_jpeg_decode (file, error);
  else if (check_whole (path, format, error))
    {
      cg_gegl_lock ();
      image = cg_gegl_load (cg_image_format_get_loader (format), path, error);
      cg_gegl_unlock ();
    }
  fclose (file);
  return image ? cg_image_orientation_apply (image, read_orientation (path), error) : NULL;
}

/* Whether all of the file is there, as far as that shows without GEGL. */
static gboolean
look_through (FILE *file, const char *path, CgImageFormat format, GError **error)
{
  return format == CG_IMAGE_FORMAT_JPEG ? cg_jpeg_check (file, error) : check_whole (path, format, error);
}

/* A JPEG is decoded once more than needed: GEGL's loader, which knows all its colour spaces, would end the process on damage. */
static GeglBuffer *
load_stored (FILE *file, const char *path, CgImageFormat format, GError **error)
{
  GeglBuffer *buffer;

  if (!look_through (file, path, format, error))
    return NULL;
  cg_gegl_lock ();
  buffer = cg_gegl_load_stored (format == CG_IMAGE_FORMAT_JPEG ? "gegl:jpg-load" : cg_image_format_get_loader (format),
                                path, error);
  cg_gegl_unlock ();
  return buffer;
}

static gboolean
probe (const char *path, int *width, int *height, GError **error)
{
  CgImageFormat format;
  FILE *file = open_sized (path, &format, width, height, error);
  int stored;

  if (!file)
    return FALSE;
  fclose (file);
  if (cg_image_orientation_swaps (read_orientation (path)))
    {
      stored = *width;
      *width = *height;
      *height = stored;
    }
  return TRUE;
}

static void
name_file (GError **error, const char *path)
{
  g_autofree char *name = g_filename_display_name (path);

  g_prefix_error (error, "%s: ", name);
}

CgImage *
cg_image_load (const char *path, GError **error)
{
  CgImage *image;

  cg_image_init ();
  image = load (path, error);
  if (!image)
    name_file (error, path);
  return image;
}

GeglBuffer *
cg_image_load_stored (const char *path, GError **error)
{
  CgImageFormat format;
  int width, height;
  FILE *file;
  GeglBuffer *buffer = NULL;

  cg_image_init ();
  file = open_sized (path, &format, &width, &height, error);
  if (file)
    {
      buffer = load_stored (file, path, format, error);
      fclose (file);
    }
  if (!buffer)
    name_file (error, path);
  return buffer;
}

gboolean
cg_image_check (const char *path, int width, int height, GError **error)
{
  CgImageFormat format;
  int actual_width, actual_height;
  FILE *file = open_sized (path, &format, &actual_width, &actual_height, error);
  g_autoptr (GeglBuffer) buffer = NULL;
  gboolean ok;

  if (!file)
    return FALSE;
  /* The checksums of a PNG say all. */
  if (format == CG_IMAGE_FORMAT_JPEG || format == CG_IMAGE_FORMAT_PNG)
    ok = look_through (file, path, format, error);
  else
    ok = (buffer = load_stored (file, path, format, error)) != NULL;
  fclose (file);
  if (!ok || (width == actual_width && height == actual_height))
    return ok;
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged or truncated image"));
  return FALSE;
}

gboolean
cg_image_probe (const char *path, int *width, int *height, GError **error)
{
  gboolean ok;

  cg_image_init ();
  ok = probe (path, width, height, error);
  if (!ok)
    name_file (error, path);
  return ok;
}

static gboolean
sync_path (const char *path, int flags, GError **error)
{
  int fd = g_open (path, flags | O_CLOEXEC, 0);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (!ok)
    fail_errno (_ ("cannot be written to disk"), error);
  if (fd >= 0)
    close (fd);
  return ok;
}

/* Writes into @temporary, looks whether all of it arrived, and renames. */
static gboolean
save_by_way_of (const CgImage *image, const char *temporary, const char *folder, const char *path, GError **error)
{
  gboolean ok;

  cg_gegl_lock ();
  ok = cg_gegl_save_png (image, temporary, error);
  cg_gegl_unlock ();
  if (!ok || !check_whole (temporary, CG_IMAGE_FORMAT_PNG, error) || !sync_path (temporary, O_RDONLY, error))
    return FALSE;
  if (g_rename (temporary, path) != 0)
    return fail_errno (_ ("cannot be replaced"), error);
  return sync_path (folder, O_RDONLY | O_DIRECTORY, error);
}

gboolean
cg_image_save (const CgImage *image, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *temporary = g_strdup_printf ("%s/.%s.XXXXXX", folder, base);
  int fd;
  gboolean ok;

  cg_image_init ();
  fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0666);
  if (fd < 0)
    {
      fail_errno (_ ("cannot be written"), error);
      name_file (error, path);
      return FALSE;
    }
  close (fd);
  ok = save_by_way_of (image, temporary, folder, path, error);
  if (!ok)
    {
      g_unlink (temporary);
      name_file (error, path);
    }
  return ok;
}
