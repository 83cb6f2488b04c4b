/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results at the depth and in the colour space of the photo they were made from, written whole or not at all. */
#pragma once

#include <gegl.h>
#include <gexiv2/gexiv2.h>

/* Bits a channel. */
typedef enum
{
  CG_BIT_DEPTH_INPUT, /* as the photo, as far as the file can */
  CG_BIT_DEPTH_8,
  CG_BIT_DEPTH_16,
  CG_BIT_DEPTH_32F
} CgBitDepth;

/* Whether cg_photo_save() knows the ending of @path: .png, .jpg, .jpeg, .tif, .tiff or .webp. */
gboolean cg_photo_can_save (const char *path);

/* FALSE and CG_ERROR_UNSUPPORTED, which names @path, for an unknown ending or one whose files cannot hold @depth. */
gboolean cg_photo_check_result (const char *path, CgBitDepth depth, GError **error);

/**
 * cg_photo_get_save_format:
 * @format: of the photo that @path is made from
 * @path: decides what can be kept; cg_photo_check_result() was TRUE for it and @depth
 *
 * Returns: R'G'B' or RGB, with alpha where @format and file have one, with the component type (or @depth) and the space of @format. Grey
 * and CMYK have no RGB space: their pictures come out in sRGB, as do files that carry no profile.
 */
const Babl *cg_photo_get_save_format (const Babl *format, const char *path, CgBitDepth depth);

/**
 * cg_photo_save:
 * @metadata: (nullable): see cg_photo_metadata_write()
 *
 * Replaces @path once the new file is complete, read back and on the disk; until then nothing of it can be seen in the folder, and
 * nothing is left if the process dies. Errors name @path.
 */
gboolean cg_photo_save (GeglBuffer *buffer, GExiv2Metadata *metadata, const char *path, GError **error);

/* Removes what cg_photo_save() has given a name of its own and not finished. For signal handlers. */
void cg_photo_save_abandon (void);
