/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows of GEGL's buffers for both halves of the operation: the same pixels for the network and for what its colours are carried to. */
#pragma once

#include <gegl-plugin.h>

/* Picture-sized memory, in floats. (transfer full); NULL and CG_ERROR_MEMORY instead of aborting the host. */
float *cg_picture_rows_new (int width, int height, int channels, GError **error);

/**
 * cg_picture_rows_get_bounds:
 *
 * Returns: the whole of what arrives at @pad; of no size where nothing arrives or where it has no borders.
 */
GeglRectangle cg_picture_rows_get_bounds (GeglOperation *operation, const char *pad);

/**
 * cg_picture_rows_read:
 * @rgb: (out) [height][width][3] sRGB R'G'B' of @bounds, something neutral where nothing is visible
 *
 * Returns: FALSE with CG_ERROR_MEMORY; FALSE without an error where nothing of the picture is visible.
 */
gboolean cg_picture_rows_read (GeglBuffer *input, const GeglRectangle *bounds, float *rgb, GError **error);
