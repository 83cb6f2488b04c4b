/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetworkRows: rows of the picture as rows of the network's input, and rows of its output as rows of R'G'B'. */
#pragma once

#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "infer/working-size.h"
#include "nets/network.h"
#include "tensor/tensor.h"

/* Rows that are asked for in one go where the picture is not in memory. */
#define CG_NETWORK_BAND 32

/**
 * CgNetworkRows:
 * @width, @height: of the picture
 * @scratch_floats: per worker; the owner may have more for himself at the end
 * @in, @in_stride: the picture, or
 * @read, @read_data, @band: who has it, and [CG_NETWORK_BAND][width][3] for a part of it; only where nothing is scaled
 * @band_first: (out) the row that the band begins with
 * @scratch: with these to be set before rows are asked for
 */
typedef struct
{
  int width, height;
  CgWorkingSize size;
  gboolean scaled;
  int input_nc, output_nc;
  int n_threads;
  CgResizeAxis across, down;
  size_t scratch_floats;
  const float *in;
  size_t in_stride;
  CgTranslateRead read;
  gpointer read_data;
  float *band;
  int band_first;
  float *scratch;
} CgNetworkRows;

/* Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_network_rows_init (CgNetworkRows *rows, const CgNetworkConfig *config, const CgWorkingSize *size, int width,
                               int height, int n_threads, GError **error);
void cg_network_rows_clear (CgNetworkRows *rows);

/* Gets what at most CG_NETWORK_BAND rows of the network's input, from @first on, need of the picture. Fails with what @read fails with. */
gboolean cg_network_rows_load (CgNetworkRows *rows, int first, int n, GError **error);

/* Row @y of the network's input, margins included: [padded_width][input_nc] in -1 … 1. @worker: whose scratch to use. */
void cg_network_rows_prepare (const CgNetworkRows *rows, int y, int worker, float *to);

/* The same for rows @first … @first + tensor->h - 1, loaded as well, several at a time. */
gboolean cg_network_rows_read (CgNetworkRows *rows, int first, const CgTensor *tensor, GError **error);

/**
 * cg_network_rows_take:
 * @row: [padded_width][output_nc] of the network's output
 * @to: [size.width][3], overwritten by R'G'B' within -0.25 … 1.25
 *
 * Returns: FALSE if a value is none that tanh can make.
 */
gboolean cg_network_rows_take (const CgNetworkRows *rows, const float *row, float *to);
