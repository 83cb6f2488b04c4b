/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums something over the rows of a tensor in a fixed order, on as many threads as pay. */
#pragma once

#include "tensor/tensor.h"

/* Returns what row @y of image @n contributes, and may write into that row of a gradient. */
typedef double (*CgRowFunc) (int n, int y, const void *data);

/**
 * cg_row_sum:
 * @shape: only its n, h, w, c are used
 *
 * Calls @func once for every row, from several threads at once where the tensor is large.
 *
 * Returns: the sum, added up in an order that depends on the shape alone.
 */
double cg_row_sum (const CgTensor *shape, CgRowFunc func, const void *data);
