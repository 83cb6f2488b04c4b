/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Cuts a convolution into gathers; apart from the loops over them so that every algorithm sees both directions alike. */
#include "kernels/gather.h"

int
cg_gather_count (const CgConvShape *shape, CgConvDirection direction)
{
  return direction == CG_CONV_FORWARD ? 1 : shape->stride * shape->stride;
}

/* One side of a gather. */
typedef struct
{
  int taps, first, step; /* tap t is number first + t*step of the kernel */
  int in_first;          /* input position of tap 0 for output 0 */
  int out_first, n_out;
} Side;

/**
 * The adjoint in one dimension: x[p] collects w[r] * y[(p + pad - r) / stride] over the r that make this whole. All p with
 * (p + pad) mod stride = phase, that is p = out_first + stride*i, see the taps r = phase + stride*q, and y at
 * (p + pad - phase) / stride - q. Tap t = taps-1-q puts them in ascending order of y. Derived here.
 */
static Side
adjoint_side (int size, int kernel, int stride, int pad, int phase)
{
  Side side;

  side.taps = kernel > phase ? (kernel - 1 - phase) / stride + 1 : 0;
  side.first = phase + stride * (side.taps - 1);
  side.step = -stride;
  side.out_first = ((phase - pad) % stride + stride) % stride;
  side.n_out = size > side.out_first ? (size - 1 - side.out_first) / stride + 1 : 0;
  side.in_first = (side.out_first + pad - phase) / stride - (side.taps - 1);
  return side;
}

void
cg_gather_init (CgGather *g, const CgConvShape *shape, CgConvDirection direction, int index)
{
  if (direction == CG_CONV_FORWARD)
    {
      *g = (CgGather){ .in_channels = shape->c,
                       .out_channels = shape->k,
                       .rows = shape->r,
                       .columns = shape->s,
                       .in_step = shape->stride,
                       .in_top = -shape->pad,
                       .in_left = -shape->pad,
                       .out_step = 1,
                       .height = shape->ho,
                       .width = shape->wo,
                       .step_r = 1,
                       .step_s = 1 };
      return;
    }

  const Side v = adjoint_side (shape->h, shape->r, shape->stride, shape->pad, index / shape->stride);
  const Side u = adjoint_side (shape->w, shape->s, shape->stride, shape->pad, index % shape->stride);

  /* A kernel smaller than the stride leaves phases that no tap reaches: bias alone. */
  *g = (CgGather){ .in_channels = shape->k,
                   .out_channels = shape->c,
                   .rows = u.taps ? v.taps : 0,
                   .columns = v.taps ? u.taps : 0,
                   .in_step = 1,
                   .in_top = v.in_first,
                   .in_left = u.in_first,
                   .out_step = shape->stride,
                   .out_top = v.out_first,
                   .out_left = u.out_first,
                   .height = v.n_out,
                   .width = u.n_out,
                   .first_r = v.first,
                   .step_r = v.step,
                   .first_s = u.first,
                   .step_s = u.step,
                   .transposed = true };
}
