/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A convolution in either direction as a few gathers: every output pixel reads runs of contiguous floats, none is scattered to. */
#pragma once

#include "kernels/kernels.h"

/**
 * CgGather: with tap (t, u), t < rows and u < columns,
 *
 *     out[n, i*out_step + out_top, j*out_step + out_left, o] =
 *         sum_{t,u,c} in[n, i*in_step + in_top + t, j*in_step + in_left + u, c] * weight (t, u, c, o),   i < height, j < width
 *
 * so that tap row t is one run of columns * in_channels floats. The forward direction is one gather. The adjoint with
 * stride s is s*s of them, one for every pixel position modulo s (its weights turned round), because only the taps that
 * agree with the position modulo s ever meet it: no zeros are inserted and multiplied.
 */
typedef struct
{
  int in_channels, out_channels;
  int rows, columns;
  int in_step, in_top, in_left;
  int out_step, out_top, out_left;
  int height, width;

  /* weight (t, u, c, o) = w[first_r + t*step_r, first_s + u*step_s, …], with c and o exchanged in the adjoint. */
  int first_r, step_r, first_s, step_s;
  bool transposed;
} CgGather;

/* How many gathers make up the convolution. */
int cg_gather_count (const CgConvShape *shape, CgConvDirection direction);

void cg_gather_init (CgGather *gather, const CgConvShape *shape, CgConvDirection direction, int index);

/* The address of weight (t, u, c, 0) in w [R][S][C][K]; weight (t, u, c, o) lies o * (*step) floats further. */
static inline const float *
cg_gather_weights (const CgGather *g, const CgConvShape *shape, const float *w, int t, int u, int c, size_t *step)
{
  const size_t tap = (size_t)(g->first_r + t * g->step_r) * (size_t)shape->s + (size_t)(g->first_s + u * g->step_s);
  const size_t channels = (size_t)shape->c, width = (size_t)shape->k;

  *step = g->transposed ? width : 1;
  return g->transposed ? w + tap * channels * width + (size_t)c : w + (tap * channels + (size_t)c) * width;
}
