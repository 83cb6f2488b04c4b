/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgGuidedTransfer: the colours of a small result on the pixels of a large photo, so that what was sharp stays sharp. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tensor/arena.h"

/* An affine map of colours: three rows of a 3x3 matrix, then what is added. */
#define CG_GUIDED_MAP 12

/**
 * CgGuidedTransfer:
 * @width, @height: of the small pictures
 * @n_threads: as for cg_parallel_for()
 * @raw: [height][width][CG_GUIDED_MAP]: every window's map
 * @maps: the same, averaged over the windows that a pixel lies in
 * @scratch: @scratch_floats per worker
 */
typedef struct
{
  int width, height;
  int n_threads;
  size_t scratch_floats;
  int raw_ticket, maps_ticket, scratch_ticket;
  float *raw;
  float *maps;
  float *scratch;
} CgGuidedTransfer;

/* Reserves everything for the times @first … @last. Returns: false if the sizes cannot be addressed. */
bool cg_guided_transfer_reserve (CgGuidedTransfer *transfer, CgArena *arena, int first, int last, int width, int height,
                                 int n_threads);

/* After cg_arena_commit(). */
void cg_guided_transfer_bind (CgGuidedTransfer *transfer, CgArena *arena);

/**
 * cg_guided_transfer_fit:
 * @guide: [height][width][3] R'G'B' of the photo in 0 … 1
 * @result: [height][width][3] R'G'B', finite
 * @go_on: (nullable) told the share of the work done; FALSE stops it
 *
 * Fits the maps, unless it was stopped, which is FALSE. The same whatever the number of threads.
 * Source: He, Sun, Tang 2013, eq. 14-16, with a result of three channels; averaged maps enlarged as in He, Sun 2015.
 */
bool cg_guided_transfer_fit (CgGuidedTransfer *transfer, const float *guide, const float *result,
                             gboolean (*go_on) (double done, gpointer data), gpointer data);

/**
 * cg_guided_transfer_row:
 * @width, @height: of the large picture
 * @y: its row
 * @in: [width][3], finite; may lie outside 0 … 1
 * @scratch: CG_GUIDED_MAP * transfer->width floats
 * @out: [width][3], overwritten; may be @in
 *
 * Applies the maps, enlarged bilinearly, to one row.
 */
void cg_guided_transfer_row (const CgGuidedTransfer *transfer, int width, int height, int y, const float *in,
                             float *scratch, float *out);
