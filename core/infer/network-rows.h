/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetworkRows: rows of the picture, as large as the network sees it, as rows of its input, and rows of its output as rows of R'G'B'. */
#pragma once

#include "infer/translate.h"
#include "infer/working-size.h"
#include "nets/network.h"
#include "tensor/tensor.h"

/* Rows that come or go at a time where the picture is not in memory. */
#define CG_NETWORK_BAND 32

/**
 * CgNetworkRows:
 * @in: [size.height][size.width][3], or
 * @read, @read_data, @band: who has it, and [CG_NETWORK_BAND][size.width][3] for a part of it
 * @band_first: (out) the row that the band begins with
 *
 * What is not the config's is to be set before rows are asked for.
 */
typedef struct
{
  CgWorkingSize size;
  int input_nc, output_nc;
  int n_threads;
  const float *in;
  CgTranslateRead read;
  gpointer read_data;
  float *band;
  int band_first;
} CgNetworkRows;

void cg_network_rows_init (CgNetworkRows *rows, const CgNetworkConfig *config, const CgWorkingSize *size,
                           int n_threads);

/* Gets what at most CG_NETWORK_BAND rows of the network's input, from @first on, need of the picture. Fails with what @read fails with. */
gboolean cg_network_rows_load (CgNetworkRows *rows, int first, int n, GError **error);

/* Row @y of the network's input, margins included: [padded_width][input_nc] in -1 … 1. */
void cg_network_rows_prepare (const CgNetworkRows *rows, int y, float *to);

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
