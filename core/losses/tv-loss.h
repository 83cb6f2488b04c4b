/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Total variation: weight * E_n [ sum_{i,j,c} (x[i,j+1]-x[i,j])^2 + (x[i+1,j]-x[i,j])^2 ]. */
#pragma once

#include "tensor/tensor.h"

/**
 * cg_tv_loss:
 * @x: [N,H,W,C], halo not read
 * @gradient: (nullable) interior: weight * d/dx is ADDED to it
 *
 * Returns: the weighted sum over pixels and channels, mean over the batch, summed in double.
 */
double cg_tv_loss (const CgTensor *x, double weight, const CgTensor *gradient);
