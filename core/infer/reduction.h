/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgReduction: the photo as the network sees it, without its margin, made from rows so that the photo need not be in memory. */
#pragma once

#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "infer/watch.h"

/**
 * CgReduction:
 * @width, @height: of the photo
 * @network_width, @network_height: of what becomes of it
 * @step: rows that are made in one go
 * @window_rows: rows of the photo that are in memory at a time
 * @scratch_floats: per worker
 * @bytes: what cg_reduction_run() allocates
 */
typedef struct
{
  int width, height;
  int network_width, network_height;
  int n_threads;
  gboolean scaled;
  CgResizeAxis across, down;
  int step, window_rows;
  size_t scratch_floats;
  size_t bytes;
} CgReduction;

/* Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_reduction_init (CgReduction *reduction, int width, int height, int network_width, int network_height,
                            int n_threads, GError **error);
void cg_reduction_clear (CgReduction *reduction);

/**
 * cg_reduction_run:
 * @read, @data: asked for every row once, from top to bottom
 * @small: (out) [network_height][network_width][3] R'G'B' in 0 … 1
 *
 * Fails with CG_ERROR_MEMORY, CG_ERROR_CANCELLED and with what @read fails with.
 */
gboolean cg_reduction_run (const CgReduction *reduction, CgTranslateRead read, gpointer data, float *small,
                           CgWatch *watch, GError **error);
