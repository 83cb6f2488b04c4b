/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Photos at the depth and in the colour space of their file, as GEGL buffers. */
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
