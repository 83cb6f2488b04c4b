/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which image format a file's first bytes announce, and whether all of it is there where GEGL's loader would not
 * notice. */
#pragma once

#include <glib.h>

typedef enum
{
  CG_IMAGE_FORMAT_UNKNOWN,
  CG_IMAGE_FORMAT_JPEG,
  CG_IMAGE_FORMAT_PNG,
  CG_IMAGE_FORMAT_TIFF,
  CG_IMAGE_FORMAT_WEBP,
  CG_IMAGE_FORMAT_GIF,
  CG_IMAGE_FORMAT_PNM,
  CG_IMAGE_FORMAT_EXR,
  CG_IMAGE_FORMAT_HDR
} CgImageFormat;

/* Bytes of a file that cg_image_format_recognise() wants to see (fewer are fine). */
#define CG_IMAGE_FORMAT_HEAD 32

CgImageFormat cg_image_format_recognise (const guint8 *head, gsize length);

/* The GEGL operation that loads the format; NULL for UNKNOWN and for JPEG, whose GEGL loader ends the process on
 * bad files. */
const char *cg_image_format_get_loader (CgImageFormat format);

/* Width and height of a PNG from its first 24 bytes; FALSE when they are not a PNG's beginning. */
gboolean cg_png_get_size (const guint8 *head, gsize length, guint32 *width, guint32 *height);

/* Whether everything up to the pixels' end is in @data, a whole file that was recognised as @format: a PNG's
 * chunks with their checksums, a GIF's first image, a PNM's samples, a WebP's length. TRUE for the formats whose loaders notice by
 * themselves. */
gboolean cg_image_format_is_whole (CgImageFormat format, const guint8 *data, gsize length);
