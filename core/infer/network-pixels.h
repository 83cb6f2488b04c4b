/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetworkPixels: the first half of a translation, and all of its cost: the network's own pixels at the network's own scale. */
#pragma once

#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "infer/working-size.h"
#include "nets/pass.h"
#include "tensor/arena.h"

/**
 * CgWatch: what the caller is told, and how it stops the work.
 * @last: what was told last
 */
typedef struct
{
  CgTranslateProgress progress;
  gpointer data;
  GCancellable *cancellable;
  double last;
} CgWatch;

/* Never backwards, whatever a pass tells. */
void cg_watch_report (CgWatch *watch, double done);

/* Returns: TRUE and CG_ERROR_CANCELLED if the caller wants no more. */
gboolean cg_watch_is_cancelled (const CgWatch *watch, GError **error);

typedef struct
{
  CgModel *model;
  int width, height;
  CgWorkingSize size;
  gboolean scaled;
  int input_nc, output_nc;
  int n_threads;
  CgResizeAxis across, down;
  CgArena *arena;
  CgPass *pass;
  int scratch_ticket;
  size_t scratch_floats; /* per worker */
  size_t bytes;          /* what cg_network_pixels_run() will allocate */
} CgNetworkPixels;

/* Sizes and reservations; nothing picture-sized is allocated yet. Fails with CG_ERROR_UNSUPPORTED, CG_ERROR_SHAPE, CG_ERROR_MEMORY.
 * Clear it also after a failure. */
gboolean cg_network_pixels_init (CgNetworkPixels *plan, CgModel *model, const CgTranslateOptions *options, int width,
                                 int height, GError **error);
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
