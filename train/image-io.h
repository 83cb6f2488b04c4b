/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Image files that are read only when they are whole: to 8-bit R'G'B' in memory, or as they are; written as PNG. */
#pragma once

#include <gegl.h>
#include <glib.h>

/* Dense sRGB R'G'B', 3 bytes a pixel, rows from the top. */
typedef struct
{
  int width, height;
  guint8 *pixels;
} CgImage;

/* More is refused with CG_ERROR_UNSUPPORTED: a header may claim anything. */
#define CG_IMAGE_MAX_SIDE 65535
#define CG_IMAGE_MAX_PIXELS (1 << 28)

/* Starts GEGL, once. Everything below calls it; a program that would call gegl_init() itself calls this instead,
 * because babl has to be told beforehand to convert colours by fixed paths: it otherwise picks them by timing, and
 * pixels of files with a colour profile differ by a level from run to run. */
void cg_image_init (void);

/* Ends GEGL, which removes its swap file: at the end of a program, when no buffer is left. */
void cg_image_exit (void);

/* Pixels are not cleared. CG_ERROR_MEMORY instead of aborting; CG_ERROR_UNSUPPORTED above the limits. */
CgImage *cg_image_new (int width, int height, GError **error);
void cg_image_free (CgImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgImage, cg_image_free)

/* JPEG, PNG, TIFF, WebP, GIF (its first frame), PNM, OpenEXR and Radiance files, recognised by content: to sRGB by
 * babl, alpha composited on white, EXIF orientation honoured. Damaged and truncated files are CG_ERROR_CORRUPT, never
 * half an image; only flipped bits in the midst of a format without checksums may go unnoticed, as anywhere. Errors
 * name the file. May be called from several threads: JPEGs are decoded side by side, everything that GEGL
 * reads one after the other. */
CgImage *cg_image_load (const char *path, GError **error);

/* The same files and errors, at the depth and in the space of the file, alpha kept, and not turned. */
GeglBuffer *cg_image_load_stored (const char *path, GError **error);

/* Whether a file that has just been written is whole and of this size, as stored. Errors do not name the file. */
gboolean cg_image_check (const char *path, int width, int height, GError **error);

/* The size that cg_image_load() would give, from the header alone. */
gboolean cg_image_probe (const char *path, int *width, int *height, GError **error);

/* A PNG, written atomically: a temporary file in the same folder, synced, then renamed. */
gboolean cg_image_save (const CgImage *image, const char *path, GError **error);
