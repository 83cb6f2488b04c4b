/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgStream: a network without global skips run by rows, depth first: every layer keeps just the rows that its successor needs.
 *
 * Nothing is computed twice, there are no tiles and no seams, and memory is width x depth. Norms that depend on the picture must be
 * settled before, layer by layer, because the statistics of a layer change with those of the layers before it.
 *
 * With the same statistics the output has the bits of a pass over the whole image: rows are made in whole tiles of the kernels, so that
 * every sum is formed in the same order. CG_STREAM_EXACT finds the same statistics, to the bit. */
#pragma once

#include <glib.h>

#include "nets/network.h"
#include "nets/norms.h"
#include "tensor/arena.h"
#include "tensor/tensor.h"

typedef struct _CgStream CgStream;

typedef enum
{
  CG_STREAM_SETTLED, /* one image, norms given: one run over the picture, from reader to writer */
  CG_STREAM_EXACT, /* one image, norms settled by all of its pixels: full-resolution layers are recomputed for each statistic,
                      * lower resolutions stay whole; the picture is read twice, then written */
  CG_STREAM_SAMPLES /* many images of one size: their pooled statistics settle the norms; there is no output */
} CgStreamMode;

/* Pixels of an image whose statistics count, in the network's input; multiples of cg_network_get_size_multiple(). */
typedef struct
{
  int x, y, width, height;
} CgStreamArea;

/**
 * CgStreamCalls: what a run calls, always on its own thread.
 * @read: fills rows @first … @first + rows->h - 1 of the input into @rows, from top to bottom, more than one time in CG_STREAM_EXACT.
 *   The halo is not its business.
 * @write: takes rows of the output, from top to bottom
 * @progress: (nullable) told the share of the work done, never backwards; FALSE stops the run with CG_ERROR_CANCELLED
 */
typedef struct
{
  gboolean (*read) (int first, const CgTensor *rows, gpointer data, GError **error);
  gboolean (*write) (int first, const CgTensor *rows, gpointer data, GError **error);
  gboolean (*progress) (double done, gpointer data);
  gpointer data;
} CgStreamCalls;

/* Whether the network is a chain, but for additions around a few layers: ResNets are, U-Nets are not. */
gboolean cg_stream_supports (const CgNetwork *network);

/**
 * cg_stream_new:
 * @norms: (transfer none) read in CG_STREAM_SETTLED, overwritten otherwise
 * @arena: where to reserve, for the times @first … cg_stream_get_last(); not yet committed
 *
 * Fails with CG_ERROR_SHAPE if the network does not take h x w, CG_ERROR_MEMORY if that cannot be addressed.
 */
CgStream *cg_stream_new (CgNetwork *network, int n, int h, int w, CgStreamMode mode, CgNorms *norms, int n_threads,
                         CgArena *arena, int first, GError **error);
void cg_stream_free (CgStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgStream, cg_stream_free)

int cg_stream_get_last (const CgStream *stream);

/* Multiply-adds of a run. */
double cg_stream_get_cost (const CgStream *stream);

/* CG_STREAM_SAMPLES, after cg_arena_commit(): [N,H,W,input_nc], whose interior the caller overwrites before the run. */
const CgTensor *cg_stream_get_input (CgStream *stream);

/* CG_STREAM_SAMPLES: what counts of each image; all of it where this is not called. */
void cg_stream_set_areas (CgStream *stream, const CgStreamArea *areas);

/* Fails with CG_ERROR_CANCELLED, CG_ERROR_MEMORY and with what the calls fail with. */
gboolean cg_stream_run (CgStream *stream, const CgStreamCalls *calls, GError **error);
