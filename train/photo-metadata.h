/* SPDX-License-Identifier: GPL-3.0-or-later */
/* EXIF, XMP and IPTC of a photo, carried to what was made of it; the colour profile goes with the pixels. */
#pragma once

#include <gegl.h>
#include <gexiv2/gexiv2.h>

/* Returns: (transfer full) (nullable): NULL where the file has none, or none that can be read. */
GExiv2Metadata *cg_photo_metadata_read (const char *path);

/**
 * cg_photo_metadata_write:
 * @metadata: of the photo; changed to fit the result
 * @result: the upright picture that @path holds: its size is noted, its orientation is 1, a thumbnail is made of it where the photo had one
 * @path: PNG, JPEG, TIFF or WebP file; its pixels and its colour profile stay
 *
 * Errors do not name the file.
 */
gboolean cg_photo_metadata_write (GExiv2Metadata *metadata, GeglBuffer *result, const char *path, GError **error);
