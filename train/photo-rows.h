/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgPhotoRows: rows of a photo's buffer as the core wants them, and back into the result's, by several threads at a time. */
#pragma once

#include <gegl.h>

#include "cyclegan.h"

/**
 * CgPhotoRows:
 * @mean: of what is visible, where there is alpha
 * @pixels, @rgb, @alpha: where there is alpha, as many rows as are converted in one go, with 4, 3 and 1 floats per pixel
 */
typedef struct
{
  GeglBuffer *input, *output;
  int width, height, n_threads;
  gboolean has_alpha, keeps_alpha;
  CgVisibleMean mean;
  float *pixels, *rgb, *alpha;
} CgPhotoRows;

/**
 * cg_photo_rows_init:
 * @input, @output: of one size, in any formats; must outlive @rows
 * @n_threads: 0: as many as GEGL takes
 * @path: for the error, CG_ERROR_MEMORY
 *
 * To be cleared also after a failure.
 */
gboolean cg_photo_rows_init (CgPhotoRows *rows, GeglBuffer *input, GeglBuffer *output, int n_threads, const char *path,
                             GError **error);
void cg_photo_rows_clear (CgPhotoRows *rows);

/* Returns: whether anything is visible. Must be called before rows are read. */
gboolean cg_photo_rows_look (CgPhotoRows *rows);

/* @rgb: (out) [@n][width][3] sRGB, something neutral where nothing is visible */
void cg_photo_rows_read (CgPhotoRows *rows, int first, int n, float *rgb);

/* The other way. Alpha and the colours under alpha 0 stay the input's; a result without alpha gets the picture on white. */
void cg_photo_rows_write (CgPhotoRows *rows, int first, int n, const float *rgb);

/* Takes the input's pixels as they are, for a picture of which nothing is visible. */
void cg_photo_rows_copy (CgPhotoRows *rows);
