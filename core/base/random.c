/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Philox4x32-10 and the distributions drawn from it; apart because reproducibility hangs on these lines alone. */
#include "base/random.h"

#include <math.h>

#define ROUNDS 10

void
cg_random_block (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index, uint32_t out[4])
{
  uint32_t key0 = (uint32_t)seed;
  uint32_t key1 = (uint32_t)(seed >> 32);
  /* The 128-bit counter is 64 bits of index, 48 bits of step, 16 bits of purpose: distinct for every use. */
  uint32_t x0 = (uint32_t)index;
  uint32_t x1 = (uint32_t)(index >> 32);
  uint32_t x2 = (uint32_t)step;
  uint32_t x3 = (uint32_t)((step >> 32) & 0xffff) | (uint32_t)purpose << 16;

  /* One round (Salmon et al. 2011, section 3.3; constants of their table 2):
   *
   *     (x0, x1, x2, x3) <- (hi (M1*x2) ^ x1 ^ k0,  lo (M1*x2),  hi (M0*x0) ^ x3 ^ k1,  lo (M0*x0))
   *
   * and both key words are bumped by Weyl constants between rounds. */
  for (int round = 0; round < ROUNDS; round++)
    {
      uint64_t product0 = UINT64_C (0xd2511f53) * x0;
      uint64_t product1 = UINT64_C (0xcd9e8d57) * x2;

      x0 = (uint32_t)(product1 >> 32) ^ x1 ^ key0;
      x1 = (uint32_t)product1;
      x2 = (uint32_t)(product0 >> 32) ^ x3 ^ key1;
      x3 = (uint32_t)product0;

      key0 += UINT32_C (0x9e3779b9);
      key1 += UINT32_C (0xbb67ae85);
    }

  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

static inline uint64_t
join (const uint32_t words[2])
{
  return (uint64_t)words[1] << 32 | words[0];
}

/* The upper 53 bits as a multiple of 2^-53, so that every value is exact and below 1. */
static inline double
to_uniform (const uint32_t words[2])
{
  return (double)(join (words) >> 11) * 0x1p-53;
}

double
cg_random_uniform (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index)
{
  uint32_t words[4];

  cg_random_block (seed, purpose, step, index, words);
  return to_uniform (words);
}

uint64_t
cg_random_below (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index, uint64_t n)
{
  __extension__ typedef unsigned __int128 uint128;
  uint32_t words[4];

  cg_random_block (seed, purpose, step, index, words);
  return (uint64_t)((uint128)join (words) * n >> 64);
}

double
cg_random_normal (uint64_t seed, CgRandomPurpose purpose, uint64_t step, uint64_t index)
{
  const double two_pi = 6.283185307179586;
  uint32_t words[4];

  cg_random_block (seed, purpose, step, index, words);

  /* Box & Muller 1958: sqrt (-2 ln u) cos (2 pi v), with u in (0, 1] so that the logarithm is finite. */
  return sqrt (-2.0 * log (1.0 - to_uniform (words))) * cos (two_pi * to_uniform (words + 2));
}
