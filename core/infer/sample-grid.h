/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgSampleGrid: which pieces of a large picture stand for all of it when the statistics of norms are measured. */
#pragma once

#include <glib.h>

#include "nets/stream.h"

/**
 * CgSampleGrid: one piece from every cell of a regular grid.
 * @n: pieces, 0 where the picture is too small to be worth it
 * @width, @height: of a piece, in pixels of the network's input
 * @x, @y: [n] where a piece lies
 * @areas: [n] what counts of it: the rest is there so that the network sees what surrounds these pixels in the picture, too.
 *   At the picture's border there is nothing to surround them, and the network pads as it does in the whole picture.
 */
typedef struct
{
  int n;
  int width, height;
  int *x, *y;
  CgStreamArea *areas;
} CgSampleGrid;

/**
 * CgSampleShape:
 * @piece: width and height of a piece
 * @margin: of it, on every side, does not count
 * @pixels: of all pieces
 */
typedef struct
{
  int piece, margin;
  double pixels;
} CgSampleShape;

/* Depends on the size only. @multiple: of the network's sizes. @shape: NULL for what is best, see CONTRIBUTING.md. Nothing picture-sized
 * is allocated. */
void cg_sample_grid_init (CgSampleGrid *grid, int width, int height, int multiple, const CgSampleShape *shape);
void cg_sample_grid_clear (CgSampleGrid *grid);

/* Takes what the pieces have of row @y of the picture, [width of the picture][@channels], into @samples [n][height][width][@channels]. Rows in any
 * order, on any threads. */
void cg_sample_grid_take_row (const CgSampleGrid *grid, int y, const float *row, int channels, const CgTensor *samples);
