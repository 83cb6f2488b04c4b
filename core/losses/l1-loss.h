/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* weight * mean |x - target|: cycle consistency and identity. */
#pragma once

#include "tensor/tensor.h"

/**
 * cg_l1_loss:
 * @x, @target: [N,H,W,C], halos not read
 * @gradient: (out) (nullable) interior overwritten with weight * sign (x - target) / (N*H*W*C), 0 where equal as in
 *   PyTorch
 *
 * Returns: the weighted mean, summed in double.
 */
double cg_l1_loss (const CgTensor *x, const CgTensor *target, double weight, const CgTensor *gradient);
