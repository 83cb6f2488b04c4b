/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetworkPixels: the first half of a translation, and all of its cost: the network's own pixels at the network's own scale. */
#pragma once

#include "infer/network-rows.h"
#include "infer/sample-grid.h"
#include "infer/watch.h"
#include "nets/pass.h"
#include "nets/stream.h"
#include "tensor/arena.h"

/**
 * CgNetworkPixels:
 * @samples, @grid: measure the norms' statistics, where that is not done on the whole picture
 * @stream: the network by rows, with the norms that @samples settled, or exact by itself
 * @pass: the network whole, instead of @stream, where it cannot run by rows
 * @bytes: what cg_network_pixels_run() will allocate, packed weights included
 */
typedef struct
{
  CgModel *model;
  CgNetworkRows rows;
  CgArena *arena;
  CgNorms *norms;
  CgSampleGrid grid;
  CgStream *samples, *stream;
  CgPass *pass;
  int scratch_ticket, band_ticket;
  size_t bytes;
} CgNetworkPixels;

/* Takes rows @first … @first + @n - 1 of the network's pixels, [n][size.width][3], at most CG_NETWORK_BAND; may overwrite them. */
typedef gboolean (*CgNetworkPixelsWrite) (int first, int n, float *pixels, gpointer data, GError **error);

/* Sizes and reservations; nothing picture-sized is allocated yet. @by_rows: for cg_network_pixels_run_rows(). Fails with
 * CG_ERROR_UNSUPPORTED, CG_ERROR_SHAPE, CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_network_pixels_init (CgNetworkPixels *plan, CgModel *model, const CgTranslateOptions *options, int width,
                                 int height, gboolean by_rows, GError **error);
void cg_network_pixels_clear (CgNetworkPixels *plan);

/**
 * cg_network_pixels_run:
 * @in: as for cg_translate()
 * @pixels: (out) [size.height][size.width][3] R'G'B', overwritten; within -0.25 … 1.25
 * @watch: told up to 0.96
 *
 * Fails with CG_ERROR_CANCELLED, CG_ERROR_MEMORY, CG_ERROR_DIVERGED.
 */
gboolean cg_network_pixels_run (CgNetworkPixels *plan, const float *in, size_t in_stride, float *pixels, CgWatch *watch,
                                GError **error);

/* Whether cg_network_pixels_run_rows() can be had: nothing is scaled, and the network runs by rows. */
gboolean cg_network_pixels_can_run_rows (const CgNetworkPixels *plan);

/* The same without a picture in memory: @read is asked for rows, @write gets them from top to bottom. Fails also with what they fail with. */
gboolean cg_network_pixels_run_rows (CgNetworkPixels *plan, CgTranslateRead read, CgNetworkPixelsWrite write,
                                     gpointer data, CgWatch *watch, GError **error);
