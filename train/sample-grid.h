/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSampleGrid: images of a network in rows and columns, as one PNG to look at. */
#pragma once

#include "image-io.h"

typedef struct _CgSampleGrid CgSampleGrid;

/* All cells have one size, in pixels; a thin grey gap parts them. Cells never set stay grey. */
CgSampleGrid *cg_sample_grid_new (int rows, int columns, int height, int width, GError **error);
void cg_sample_grid_free (CgSampleGrid *grid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgSampleGrid, cg_sample_grid_free)

/* values: dense [height][width][3] in [-1,1], copied as round ((v + 1) * 127.5), clipped; NaN shows black. */
void cg_sample_grid_set (CgSampleGrid *grid, int row, int column, const float *values);

/* A PNG, written atomically. */
gboolean cg_sample_grid_save (const CgSampleGrid *grid, const char *path, GError **error);

/* The cell of a picture that was saved with that many rows and columns. Fails with CG_ERROR_FORMAT if it has another size. */
CgImage *cg_sample_grid_cut (const CgImage *picture, int rows, int columns, int row, int column, GError **error);
