/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of this room share and nobody outside it sees: addresses, scratch, the reference table. */
#pragma once

#include "kernels/kernels.h"

/* The slope of every leaky ReLU in the networks of this project. */
#define CG_LEAKY_SLOPE 0.2f

/* The address of pixel (i, j) of image n; i and j may be negative. */
static inline float *
cg_plane_at (const CgPlane *plane, int n, int i, int j, int c)
{
  return plane->data + (ptrdiff_t)n * (ptrdiff_t)plane->image_stride + (ptrdiff_t)i * (ptrdiff_t)plane->row_stride
         + (ptrdiff_t)j * c;
}

/* This worker's part of the scratch memory. */
static inline float *
cg_workspace_get (const CgWorkspace *workspace, int worker)
{
  return workspace->scratch + (size_t)worker * workspace->scratch_floats;
}

/* All sizes of scratch are multiples of a 64-byte line, so that every worker's part is aligned. */
static inline size_t
cg_round_line (size_t floats)
{
  return (floats + 15) & ~(size_t)15;
}

/* CG_CPU=c: plain loops, double sums. */
extern const CgKernels cg_kernels_reference;
