/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Counter-based random numbers: a pure function of (seed, purpose, step, index), never of drawing order,
 * so that resumed and threaded runs see the same numbers. Philox4x32-10: Salmon et al. 2011. */
#pragma once

#include <stdint.h>

#include "base/visibility.h"

/* What a number is for; the values are part of every run's reproducibility, so they never change. */
typedef enum
{
  CG_RANDOM_INIT = 1,       /* step: parameter index in its network; index: element */
  CG_RANDOM_SHUFFLE_A = 2,  /* step: epoch */
  CG_RANDOM_SHUFFLE_B = 3,
  CG_RANDOM_CROP_A = 4,     /* step: training step */
  CG_RANDOM_CROP_B = 5,
  CG_RANDOM_FLIP_A = 6,
  CG_RANDOM_FLIP_B = 7,
  CG_RANDOM_POOL_A = 8,
  CG_RANDOM_POOL_B = 9,
  CG_RANDOM_DROPOUT = 10,
  CG_RANDOM_AUGMENT = 11,
  CG_RANDOM_GP = 12,
  CG_RANDOM_PATCH = 20,     /* step: level and image; index: coordinate of a patch */
  CG_RANDOM_DIRECTION = 21, /* step: level; index: component of a direction */
  CG_RANDOM_SUBSET = 22,    /* step: domain; index: rank in a drawing without replacement */
  CG_RANDOM_SAMPLE = 30,    /* index: coordinate of a piece */
  CG_RANDOM_TEST = 100
} CgRandomPurpose;

/* One block of four independent 32-bit numbers. */
CG_INTERNAL void cg_random_block (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index,
                                  uint32_t out[4]);

/* Uniform in [0, 1), 53 bits. */
CG_PUBLIC double cg_random_uniform (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index);

/* Uniform in 0 … n-1 (n >= 1), by multiplication of 64 bits: bias below n / 2^64. */
CG_PUBLIC uint64_t cg_random_below (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index, uint64_t n);

/* Standard normal by Box-Muller on two 53-bit uniforms. */
CG_INTERNAL double cg_random_normal (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index);
