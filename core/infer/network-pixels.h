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
 * @scratch_ticket, @band_ticket: a row of the network's input per worker; one band that comes in and one that goes out
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

/* Sizes and reservations; nothing picture-sized is allocated yet. Fails with CG_ERROR_UNSUPPORTED, CG_ERROR_SHAPE, CG_ERROR_MEMORY. Clear it
 * also after a failure. */
gboolean cg_network_pixels_init (CgNetworkPixels *plan, CgModel *model, const CgTranslateOptions *options, int width,
                                 int height, GError **error);
void cg_network_pixels_clear (CgNetworkPixels *plan);

/* Multiply-adds. */
double cg_network_pixels_get_cost (const CgNetworkPixels *plan);

/**
 * cg_network_pixels_run:
 * @in: (nullable): [size.height][size.width][3] R'G'B' of the picture as large as the network sees it; else
 * @read: is asked for rows of it
 * @write: gets rows from top to bottom, within -0.25 … 1.25
 * @data: for both
 *
 * Fails with CG_ERROR_CANCELLED, CG_ERROR_MEMORY, CG_ERROR_DIVERGED and with what @read and @write fail with.
 */
gboolean cg_network_pixels_run (CgNetworkPixels *plan, const float *in, CgTranslateRead read,
                                CgNetworkPixelsWrite write, gpointer data, CgWatch *watch, GError **error);
