/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The transforms of Winograd F(4x4, 3x3) on 16 channels at a time, compiled once per instruction set.
 *
 * Interpolation points 0, ±a, ±b, infinity with a = sqrt (1/2), b = sqrt (2): their powers stay near 1, which makes the result six times
 * more exact than with 0, ±1, ±2 (3e-6 against 1.8e-5 of the largest output, measured on 256 channels). */
#pragma once

#include "kernels/kernels.h"

#define CG_WINOGRAD_VECTOR 16 /* channels that a transform takes at once */
#define CG_WINOGRAD_TILE 4    /* outputs per side */
#define CG_WINOGRAD_PATCH 6   /* inputs per side */
#define CG_WINOGRAD_PRODUCTS (CG_WINOGRAD_PATCH * CG_WINOGRAD_PATCH)

/* The points squared: a² = 1/2, b² = 2. */
#define CG_WINOGRAD_A 0.70710678118654752440
#define CG_WINOGRAD_B 1.41421356237309504880

typedef struct
{
  /**
   * input:
   * @pixels: the 6x6 pixels of a patch, row by row
   * @channel: the first of the 16 channels
   * @out: product q goes to out[q * stride], 16 floats
   *
   * out = B' d B.
   */
  void (*input) (const float *const pixels[CG_WINOGRAD_PRODUCTS], size_t channel, float *out, size_t stride);

  /**
   * output:
   * @products: product q lies at products[q * stride], 16 floats
   * @bias: 16 floats or NULL
   * @pixels: where the 4x4 results go, row by row; NULL where there is no pixel
   * @channel: the first of the 16 channels
   *
   * pixel = act (A' m A + bias).
   */
  void (*output) (const float *products, size_t stride, const float *bias, CgActivation activation,
                  float *const pixels[CG_WINOGRAD_TILE * CG_WINOGRAD_TILE], size_t channel);
} CgWinogradTransform;

extern const CgWinogradTransform cg_winograd_transform_base;
extern const CgWinogradTransform cg_winograd_transform_avx2;
extern const CgWinogradTransform cg_winograd_transform_avx512;
