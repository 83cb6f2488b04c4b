/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Image files by GEGL's loaders and its PNG writer, which report failures only as log messages. */
#pragma once

#include <gegl.h>

#include "image-io.h"

/* Held around everything here, and around all else that is in GEGL, babl or exiv2: one thread at a time. */
void cg_gegl_lock (void);
void cg_gegl_unlock (void);

/* @loader: a GEGL operation with a "path". Alpha is composited on white; the orientation is left as it is. Errors
 * do not name the file. */
CgImage *cg_gegl_load (const char *loader, const char *path, GError **error);

/* The same at the depth and in the space of the file. */
GeglBuffer *cg_gegl_load_stored (const char *loader, const char *path, GError **error);
gboolean cg_gegl_get_size (const char *loader, const char *path, int *width, int *height, GError **error);

/* Overwrites @path. */
gboolean cg_gegl_save_png (const CgImage *image, const char *path, GError **error);
