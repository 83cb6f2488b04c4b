/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the packed path computes with, and the interface that its ways of doing a gather share. */
#pragma once

#include "kernels/gather.h"
#include "kernels/gemm.h"
#include "kernels/kernels-private.h"
#include "kernels/rows.h"

/* A micro-kernel and the loops around it; every table of kernels has one. */
typedef struct
{
  const CgGemm *gemm;
  const CgRows *rows;
} CgMachine;

/* All that one gather of one call needs. */
typedef struct
{
  const CgMachine *machine;
  const CgGather *gather;
  const CgWorkspace *workspace;
  int n;
  const float *packed;
  const float *bias; /* of the output channels, or NULL */
  CgActivation activation;
  CgPlane in, out;
} CgGatherCall;

/**
 * CgAlgorithm: one way to compute a gather.
 * @packed_floats: of the weights, a multiple of 16
 * @pack: reads w [R][S][C][K] of @shape
 * @scratch_floats: per thread
 * @row_tile: output rows of the gather that are computed together; sums depend on the place among them
 */
typedef struct
{
  size_t (*packed_floats) (const CgMachine *machine, const CgGather *gather);
  void (*pack) (const CgMachine *machine, const CgGather *gather, const CgConvShape *shape, const float *w,
                float *packed, int n_threads);
  size_t (*scratch_floats) (const CgMachine *machine, const CgGather *gather, int n);
  void (*run) (const CgGatherCall *call);
  int row_tile;
} CgAlgorithm;

extern const CgAlgorithm cg_implicit_gemm;      /* any gather */
extern const CgAlgorithm cg_narrow_convolution; /* few output channels */
extern const CgAlgorithm cg_winograd;           /* 3x3, many channels */

static inline int
cg_ceil_div (int a, int b)
{
  return (a + b - 1) / b;
}

/* Rows of a micro-kernel's tile so that all tiles of @count rows are about as high: a kernel that takes panels wants them full. */
static inline int
cg_gemm_even_rows (const CgGemm *gemm, int count)
{
  return gemm->strided ? cg_ceil_div (MAX (count, 1), cg_ceil_div (MAX (count, 1), gemm->n_pixels)) : gemm->n_pixels;
}

/* Fetches part @part of @n_parts of @floats into the second-level cache. */
static inline void
cg_fetch_part (const float *from, size_t floats, int part, int n_parts)
{
  const size_t length = cg_round_line (floats / (size_t)n_parts + 1), first = (size_t)part * length;

  for (size_t e = first; e < MIN (first + length, floats); e += 16)
    __builtin_prefetch (from + e, 0, 2);
}

/* Below this many channels on either side Winograd's transforms cost more than the products they save. */
#define CG_WINOGRAD_LEAST_CHANNELS 32

/* Work for this many threads should be there even in a small layer. */
#define CG_ENOUGH_ITEMS 16
