/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows of GEGL's buffers for both halves of the operation: the same pixels for the network and for what its colours are carried to. */
#pragma once

#include <cyclegan.h>
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
 * CgPictureRows:
 * @mean: of what is visible, where there is alpha
 * @pixels, @alpha: a row each, where there is alpha
 */
typedef struct
{
  GeglBuffer *input;
  GeglRectangle bounds;
  gboolean has_alpha;
  CgVisibleMean mean;
  float *pixels, *alpha;
} CgPictureRows;

/**
 * cg_picture_rows_begin:
 *
 * Returns: FALSE with CG_ERROR_MEMORY; FALSE without an error where nothing of the picture is visible. End it also then.
 */
gboolean cg_picture_rows_begin (CgPictureRows *rows, GeglBuffer *input, const GeglRectangle *bounds, GError **error);
void cg_picture_rows_end (CgPictureRows *rows);

/* @rgb: (out) [@n][width][3] sRGB R'G'B' from row @first of the bounds on, something neutral where nothing is visible */
void cg_picture_rows_read (CgPictureRows *rows, int first, int n, float *rgb);
