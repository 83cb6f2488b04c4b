/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetworkRows: rows of the picture as rows of the network's input, and rows of its output as rows of R'G'B'. */
#pragma once

#include "infer/resize-axis.h"
#include "infer/working-size.h"
#include "nets/network.h"
#include "tensor/tensor.h"

/**
 * CgNetworkRows:
 * @width, @height: of the picture
 * @scratch_floats: per worker; the owner may have more for himself at the end
 * @in, @in_stride, @scratch: to be set before rows are asked for
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
  float *scratch;
} CgNetworkRows;

/* Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_network_rows_init (CgNetworkRows *rows, const CgNetworkConfig *config, const CgWorkingSize *size, int width,
                               int height, int n_threads, GError **error);
void cg_network_rows_clear (CgNetworkRows *rows);

/* Row @y of the network's input, margins included: [padded_width][input_nc] in -1 … 1. @worker: whose scratch to use. */
void cg_network_rows_prepare (const CgNetworkRows *rows, int y, int worker, float *to);

/* The same for rows @first … @first + tensor->h - 1, several at a time. */
void cg_network_rows_read (const CgNetworkRows *rows, int first, const CgTensor *tensor);

/**
 * cg_network_rows_take:
 * @row: [padded_width][output_nc] of the network's output
 * @to: [size.width][3], overwritten by R'G'B' within -0.25 … 1.25
 *
 * Returns: FALSE if a value is none that tanh can make.
 */
gboolean cg_network_rows_take (const CgNetworkRows *rows, const float *row, float *to);
