/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Differentiable augmentation (Zhao et al. 2020) of what discriminators see, so that small sets are not learnt by heart. */
#pragma once

#include <stdint.h>

#include "base/random.h"
#include "tensor/tensor.h"

/**
 * CgAugmentDraw: what happens to one image, in this order.
 * @brightness: added to every value, -0.5 … 0.5
 * @saturation: factor of the distance from the pixel's mean over channels, 0 … 2
 * @contrast: factor of the distance from the image's mean, 0.5 … 1.5
 * @shift_y, @shift_x: pixels moved down and right, at most an eighth of the side; zeros come in
 * @cut_y, @cut_x, @cut_h, @cut_w: the rectangle, half a side each way, that becomes zero (may reach over the border)
 */
typedef struct
{
  float brightness, saturation, contrast;
  int shift_y, shift_x;
  int cut_y, cut_x, cut_h, cut_w;
} CgAugmentDraw;

/* Draws for image @index of a step from (@seed, CG_RANDOM_AUGMENT, @step, @index). */
void cg_augment_draw (CgAugmentDraw *draw, int h, int w, uint64_t seed, uint64_t step, uint64_t index);

/* y = T (x) for image @n; @x and @y: [N,H,W,C], different memory, halos neither read nor written. */
void cg_augment_apply (const CgAugmentDraw *draw, const CgTensor *x, int n, const CgTensor *y);

/* dx = T' dy, the adjoint of the linear part of T, overwriting the interior of image @n. */
void cg_augment_gradient (const CgAugmentDraw *draw, const CgTensor *dy, int n, const CgTensor *dx);
