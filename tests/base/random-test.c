/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random numbers: published vectors, purity, ranges and moments. */
#include <glib.h>
#include <math.h>

#include "base/random.h"

#define SEED 20240131

/* Known-answer vectors of Random123 (kat_vectors, philox4x32 with 10 rounds), their 128-bit counters split as
 * cg_random_block() packs them: index | step (48 bits) | purpose (16 bits). */
static void
test_known_answers (void)
{
  static const struct
  {
    uint64_t seed;
    unsigned purpose;
    uint64_t step, index;
    uint32_t expected[4];
  } vectors[] = {
    { 0, 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { UINT64_MAX, 0xffff, UINT64_C (0xffffffffffff), UINT64_MAX, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { UINT64_C (0x299f31d0a4093822),
      0x0370,
      UINT64_C (0x734413198a2e),
      UINT64_C (0x85a308d3243f6a88),
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      uint32_t out[4];

      cg_random_block (vectors[i].seed, (CgRandomPurpose)vectors[i].purpose, vectors[i].step, vectors[i].index, out);
      for (int j = 0; j < 4; j++)
        g_assert_cmphex (out[j], ==, vectors[i].expected[j]);
    }
}

/* Every argument counts, and nothing else does. */
static void
test_pure (void)
{
  double value = cg_random_uniform (SEED, CG_RANDOM_TEST, 5, 7);

  g_assert_true (value != cg_random_uniform (SEED + 1, CG_RANDOM_TEST, 5, 7));
  g_assert_true (value != cg_random_uniform (SEED + (UINT64_C (1) << 32), CG_RANDOM_TEST, 5, 7));
  g_assert_true (value != cg_random_uniform (SEED, CG_RANDOM_GP, 5, 7));
  g_assert_true (value != cg_random_uniform (SEED, CG_RANDOM_TEST, 6, 7));
  g_assert_true (value != cg_random_uniform (SEED, CG_RANDOM_TEST, 5 + (UINT64_C (1) << 32), 7));
  g_assert_true (value != cg_random_uniform (SEED, CG_RANDOM_TEST, 5, 8));
  g_assert_true (value != cg_random_uniform (SEED, CG_RANDOM_TEST, 5, 7 + (UINT64_C (1) << 32)));
  g_assert_true (value == cg_random_uniform (SEED, CG_RANDOM_TEST, 5, 7));
}

static void
test_uniform (void)
{
  enum
  {
    N = 100000
  };
  double sum = 0.0, square = 0.0;

  for (int i = 0; i < N; i++)
    {
      double u = cg_random_uniform (SEED, CG_RANDOM_TEST, 1, (uint64_t)i);

      g_assert_true (u >= 0.0 && u < 1.0);
      sum += u;
      square += u * u;
    }

  /* Standard errors: sqrt (1/12 / N) = 9e-4 and sqrt (4/45 / N) = 9e-4; five of them. */
  g_assert_cmpfloat_with_epsilon (sum / N, 1.0 / 2.0, 5e-3);
  g_assert_cmpfloat_with_epsilon (square / N, 1.0 / 3.0, 5e-3);
}

static void
test_below (void)
{
  enum
  {
    N = 60000,
    SIDES = 6
  };
  int count[SIDES] = { 0 };

  for (int i = 0; i < N; i++)
    {
      uint64_t drawn = cg_random_below (SEED, CG_RANDOM_TEST, 2, (uint64_t)i, SIDES);

      g_assert_cmpuint (drawn, <, SIDES);
      count[drawn]++;
    }

  /* A binomial deviation is sqrt (N * 5/36) = 91; five of them. */
  for (int side = 0; side < SIDES; side++)
    g_assert_cmpint (ABS (count[side] - N / SIDES), <, 460);

  g_assert_cmpuint (cg_random_below (SEED, CG_RANDOM_TEST, 2, 0, 1), ==, 0);

  /* The largest range uses all 64 bits. */
  {
    uint32_t words[4];
    uint64_t joined;

    cg_random_block (SEED, CG_RANDOM_TEST, 2, 3, words);
    joined = (uint64_t)words[1] << 32 | words[0];
    g_assert_cmphex (cg_random_below (SEED, CG_RANDOM_TEST, 2, 3, UINT64_C (1) << 63), ==, joined >> 1);
  }
}

static void
test_normal (void)
{
  enum
  {
    N = 100000
  };
  double moment[5] = { 0.0 };

  for (int i = 0; i < N; i++)
    {
      double z = cg_random_normal (SEED, CG_RANDOM_TEST, 3, (uint64_t)i);

      g_assert_true (isfinite (z));
      for (int k = 1; k <= 4; k++)
        moment[k] += pow (z, k) / N;
    }

  /* Five standard errors: variances of z, z^2, z^3, z^4 are 1, 2, 15, 96. */
  g_assert_cmpfloat_with_epsilon (moment[1], 0.0, 5.0 * sqrt (1.0 / N));
  g_assert_cmpfloat_with_epsilon (moment[2], 1.0, 5.0 * sqrt (2.0 / N));
  g_assert_cmpfloat_with_epsilon (moment[3], 0.0, 5.0 * sqrt (15.0 / N));
  g_assert_cmpfloat_with_epsilon (moment[4], 3.0, 5.0 * sqrt (96.0 / N));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/random/known-answers", test_known_answers);
  g_test_add_func ("/base/random/pure", test_pure);
  g_test_add_func ("/base/random/uniform", test_uniform);
  g_test_add_func ("/base/random/below", test_below);
  g_test_add_func ("/base/random/normal", test_normal);
  return g_test_run ();
}
