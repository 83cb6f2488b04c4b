/* SPDX-License-Identifier: GPL-3.0-or-later */
/* 8-bit R'G'B' images in memory, read and written through GEGL. */
#pragma once

#include <glib.h>

/* Dense sRGB R'G'B', 3 bytes a pixel, rows from the top. */
typedef struct
{
  int width, height;
  guint8 *pixels;
} CgImage;

/* CG_ERROR_MEMORY instead of aborting. */
CgImage *cg_image_new (int width, int height, GError **error);
void cg_image_free (CgImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgImage, cg_image_free)

/* Any file GEGL reads: to sRGB by babl, alpha composited on white, EXIF orientation honoured. Errors name the file.
 * May be called from any one thread at a time. */
CgImage *cg_image_load (const char *path, GError **error);

/* A PNG, written atomically. */
gboolean cg_image_save (const CgImage *image, const char *path, GError **error);
