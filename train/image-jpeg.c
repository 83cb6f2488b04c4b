/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JPEG files by libjpeg itself: GEGL's JPEG loader ends the process on a damaged header and shows truncated files
 * half grey. */
#include "image-jpeg.h"

#include <glib/gi18n-lib.h>
#include <gegl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/error.h"
#include "image-gegl.h"

typedef struct
{
  struct jpeg_error_mgr base;
  jmp_buf leave;
  char message[JMSG_LENGTH_MAX];
} ErrorManager;

static void
on_error (j_common_ptr info)
{
  ErrorManager *manager = (ErrorManager *)info->err;

  manager->base.format_message (info, manager->message);
  longjmp (manager->leave, 1);
}

/* libjpeg carries on over these with grey or shifted blocks; whatever else it warns of leaves the pixels whole. */
static gboolean
is_damage (int code)
{
  return code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE
         || code == JWRN_MUST_RESYNC;
}

static void
on_message (j_common_ptr info, int level)
{
  if (level < 0 && is_damage (info->err->msg_code))
    on_error (info);
}

static void
start (struct jpeg_decompress_struct *info, ErrorManager *manager)
{
  memset (info, 0, sizeof *info); /* so that it can be destroyed before it is created */
  info->err = jpeg_std_error (&manager->base);
  manager->base.error_exit = on_error;
  manager->base.emit_message = on_message;
  manager->message[0] = '\0';
}

static void
set_error (const ErrorManager *manager, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged JPEG: %s"), manager->message);
}

/* jpeg_read_header() on @file. Of another number of components than grey's, colours' and CMYK's libjpeg hands all through, up to ten
 * for each pixel, where our rows and GEGL's have room for four at most. */
static void
read_header (struct jpeg_decompress_struct *info, FILE *file)
{
  jpeg_stdio_src (info, file);
  jpeg_read_header (info, TRUE);
  if (info->out_color_space == JCS_UNKNOWN)
    ERREXIT (info, JERR_BAD_J_COLORSPACE);
}

/* The profile's space where it fits the pixels; NULL, which babl takes for sRGB, otherwise. */
static const Babl *
find_space (const struct jpeg_decompress_struct *info, const JOCTET *profile, unsigned length)
{
  const char *problem = NULL;
  const Babl *space = NULL;
  gboolean fits;

  if (profile && length <= G_MAXINT)
    space = babl_space_from_icc ((const char *)profile, (int)length, BABL_ICC_INTENT_RELATIVE_COLORIMETRIC, &problem);
  if (!space || problem)
    return NULL;

  fits = !babl_space_is_cmyk (space) == (info->out_color_space != JCS_CMYK)
         && (!babl_space_is_gray (space) || info->out_color_space == JCS_GRAYSCALE);
  return fits ? space : NULL;
}

/* How the stored pixels become sRGB; NULL where they are sRGB, grey or coloured, as most files' are. */
static const Babl *
find_fish (struct jpeg_decompress_struct *info)
{
  JOCTET *profile = NULL;
  unsigned length = 0;
  const Babl *space, *format, *fish = NULL;

  jpeg_read_icc_profile (info, &profile, &length);
  cg_gegl_lock ();
  space = find_space (info, profile, length);
  if (info->out_color_space == JCS_GRAYSCALE)
    format = babl_format_with_space ("Y' u8", space);
  else if (info->out_color_space == JCS_CMYK)
    format = babl_format_with_space ("cmyk u8", space);
  else
    format = babl_format_with_space ("R'G'B' u8", space);
  if (space || info->out_color_space == JCS_CMYK)
    fish = babl_fish (format, babl_format ("R'G'B' u8"));
  cg_gegl_unlock ();
  free (profile);
  return fish;
}

gboolean
cg_jpeg_get_size (FILE *file, int *width, int *height, GError **error)
{
  struct jpeg_decompress_struct info;
  ErrorManager manager;

  start (&info, &manager);
  if (setjmp (manager.leave))
    {
      jpeg_destroy_decompress (&info);
      set_error (&manager, error);
      return FALSE;
    }
  jpeg_create_decompress (&info);
  read_header (&info, file);
  *width = (int)info.image_width;
  *height = (int)info.image_height;
  jpeg_destroy_decompress (&info);
  return TRUE;
}

/* row: [width][samples], to sRGB; changed on the way. */
static void
convert_row (const struct jpeg_decompress_struct *info, const Babl *fish, guint8 *row, gsize width, guint8 *out)
{
  /* babl's "cmyk u8" is inverted as Adobe's programs write it. */
  if (info->out_color_space == JCS_CMYK && !info->saw_Adobe_marker)
    for (gsize i = 0; i < width * 4; i++)
      row[i] = 255 - row[i];
  if (fish)
    {
      cg_gegl_lock ();
      babl_process (fish, row, out, (long)width);
      cg_gegl_unlock ();
    }
  else if (info->out_color_space == JCS_GRAYSCALE)
    for (gsize i = 0; i < width; i++)
      memset (out + 3 * i, row[i], 3);
  else
    memcpy (out, row, width * 3);
}

/* Rows one by one through @row, which may hold 4 bytes a pixel, into the image. Jumps to the manager's leave on
 * damage, never while GEGL's lock is held. */
static void
read_rows (struct jpeg_decompress_struct *info, guint8 *row, CgImage *image)
{
  const Babl *fish = find_fish (info);

  while (info->output_scanline < info->output_height)
    {
      gsize y = info->output_scanline;
      JSAMPROW rows[1] = { row };

      jpeg_read_scanlines (info, rows, 1);
      convert_row (info, fish, row, (gsize)image->width, image->pixels + y * (gsize)image->width * 3);
    }
}

CgImage *
cg_jpeg_decode (FILE *file, GError **error)
{
  struct jpeg_decompress_struct info;
  ErrorManager manager;
  CgImage *volatile image = NULL;
  guint8 *volatile row = NULL;

  start (&info, &manager);
  if (setjmp (manager.leave))
    {
      set_error (&manager, error);
      goto fail;
    }
  jpeg_create_decompress (&info);
  jpeg_save_markers (&info, JPEG_APP0 + 2, 0xffff);
  read_header (&info, file);
  image = cg_image_new ((int)info.image_width, (int)info.image_height, error);
  if (!image)
    goto fail;
  row = g_try_malloc ((gsize)info.image_width * 4);
  if (!row)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for a row of %u pixels"), info.image_width);
      goto fail;
    }

  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress (&info);
  read_rows (&info, row, image);
  jpeg_finish_decompress (&info);
  jpeg_destroy_decompress (&info);
  g_free (row);
  return image;

fail:
  jpeg_destroy_decompress (&info);
  g_clear_pointer ((CgImage **)&image, cg_image_free);
  g_free (row);
  return NULL;
}

gboolean
cg_jpeg_check (FILE *file, GError **error)
{
  struct jpeg_decompress_struct info;
  ErrorManager manager;
  guint8 *volatile row = NULL;
  JSAMPROW rows[1];

  start (&info, &manager);
  if (setjmp (manager.leave))
    {
      jpeg_destroy_decompress (&info);
      g_free (row);
      set_error (&manager, error);
      return FALSE;
    }
  jpeg_create_decompress (&info);
  read_header (&info, file);
  row = g_try_malloc ((gsize)info.image_width * 4);
  if (!row)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for a row of %u pixels"), info.image_width);
      jpeg_destroy_decompress (&info);
      return FALSE;
    }
  jpeg_start_decompress (&info);
  rows[0] = row;
  while (info.output_scanline < info.output_height)
    jpeg_read_scanlines (&info, rows, 1);
  jpeg_finish_decompress (&info);
  jpeg_destroy_decompress (&info);
  g_free (row);
  return TRUE;
}
