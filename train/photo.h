/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Photos at the depth and in the colour space of their file, as GEGL buffers: for results that somebody keeps. */
#pragma once

#include <gegl.h>

/**
 * cg_photo_load:
 *
 * Any file GEGL reads, with the format and space it has there, turned upright as its EXIF orientation says.
 *
 * Returns: (transfer full): a buffer whose extent starts at 0, 0. Errors name @path: G_FILE_ERROR, CG_ERROR_FORMAT,
 * CG_ERROR_CORRUPT, CG_ERROR_MEMORY.
 */
GeglBuffer *cg_photo_load (const char *path, GError **error);

/* Whether cg_photo_save() knows the ending of @path: .png, .jpg, .jpeg, .tif, .tiff or .webp. */
gboolean cg_photo_can_save (const char *path);

/**
 * cg_photo_get_save_format:
 * @format: of the photo that @path is made from
 * @path: decides what can be kept
 *
 * Returns: R'G'B' or RGB, with alpha where @format and file have one, with the component type and the space of @format. Grey and
 * CMYK have no RGB space: their pictures come out in sRGB, as do files that carry no profile.
 */
const Babl *cg_photo_get_save_format (const Babl *format, const char *path);

/* Written beside @path and renamed. 16 bits a channel where the buffer has more than 8 and the file can. Errors name @path. */
gboolean cg_photo_save (GeglBuffer *buffer, const char *path, GError **error);
