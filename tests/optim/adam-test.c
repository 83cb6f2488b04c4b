/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Adam against PyTorch and against the published algorithm in double. */
#include "optim/adam.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "base/random.h"

#define SEED 99

static const CgAdamOptions options = { .lr = 2e-4, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8 };

/* Three steps of torch.optim.Adam, PyTorch 1.13 float64. */
static void
test_pytorch (void)
{
  enum
  {
    N = 5,
    STEPS = 3
  };
  float w[N] = { 0.5f, -0.25f, 1.0f, -2.0f, 0.0f };
  static const float g[STEPS][N] = { { 0.125f, -3.0f, 0x1p-20f, 64.0f, 0.0f },
                                     { -0.5f, -1.5f, 0x1p-22f, 0.0f, 0.0f },
                                     { 0.25f, 0.75f, -0x1p-18f, -32.0f, 0.0f } };
  static const double expected_w[STEPS][N] = {
    { 0.499800000016, -0.24980000000066666, 0.99980207538995902, -2.0001999999999689, 0 },
    { 0.4999600300432378, -0.24963131987625972, 0.99966679288258453, -2.0002943044949748, 0 },
    { 0.49994923182912238, -0.2495881084951358, 0.99983967250742378, -2.0002500285404414, 0 },
  };
  static const double expected_m[N] = { 0.015625, -0.375, -1.7285346984863281e-06, -8, 0 };
  static const double expected_v[N]
      = { 0.00032784376562500027, 0.01179225900000001, 1.5516378425672896e-14, 5.1118120960000049, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (CgAdam) adam = cg_adam_new (N, &error);

  g_assert_no_error (error);
  for (int step = 0; step < STEPS; step++)
    {
      cg_adam_step (adam, &options, w, g[step], 1);
      g_assert_cmpint (adam->t, ==, step + 1);
      /* The weight is rounded once per step. */
      for (int i = 0; i < N; i++)
        g_assert_cmpfloat_with_epsilon ((double)w[i], expected_w[step][i],
                                        (step + 1) * fabs (expected_w[step][i]) * FLT_EPSILON + 1e-30);
    }

  /* 1 - beta2 in float is 0.001 to within 5e-5 relative: 0.999f is rounded by up to 3e-8. */
  for (int i = 0; i < N; i++)
    {
      g_assert_cmpfloat_with_epsilon ((double)adam->m[i], expected_m[i], fabs (expected_m[i]) * 1e-6 + 1e-30);
      g_assert_cmpfloat_with_epsilon ((double)adam->v[i], expected_v[i], fabs (expected_v[i]) * 5e-5 + 1e-30);
    }
}

/* A hundred steps of the equations in double. */
static void
test_double_loop (void)
{
  enum
  {
    N = 1003,
    STEPS = 100
  };
  static float w[N], g[N];
  static double w64[N], m64[N], v64[N];
  g_autoptr (CgAdam) adam = cg_adam_new (N, NULL);
  double largest = 0.0;

  for (int i = 0; i < N; i++)
    w64[i] = w[i] = (float)cg_random_normal (SEED, CG_RANDOM_TEST, 0, (uint64_t)i);

  for (int step = 1; step <= STEPS; step++)
    {
      double correction1 = 1.0 - pow (options.beta1, step);
      double correction2 = 1.0 - pow (options.beta2, step);

      for (int i = 0; i < N; i++)
        {
          g[i] = (float)cg_random_normal (SEED, CG_RANDOM_TEST, (uint64_t)step, (uint64_t)i);
          m64[i] = options.beta1 * m64[i] + (1.0 - options.beta1) * g[i];
          v64[i] = options.beta2 * v64[i] + (1.0 - options.beta2) * g[i] * g[i];
          w64[i] -= options.lr / correction1 * m64[i] / (sqrt (v64[i]) / sqrt (correction2) + options.eps);
        }
      cg_adam_step (adam, &options, w, g, 3);
    }

  for (int i = 0; i < N; i++)
    largest = MAX (largest, fabs (w[i] - w64[i]));

  /* Each step moves a weight of up to 4 by about 2e-4 and rounds it by at most 2.4e-7 / 2; 100 roundings random in sign
   * add up to about 10 of them, and 30 are allowed. */
  g_assert_cmpfloat (largest, <, 30 * 1.2e-7);
}

/* The same bits whatever the number of threads, on a vector long enough to be shared out. */
static void
test_threads (void)
{
  const size_t n = 200003;
  g_autofree float *g = g_new (float, n);
  g_autofree float *alone = g_new (float, n);
  g_autofree float *shared = g_new (float, n);

  for (size_t i = 0; i < n; i++)
    {
      g[i] = (float)(cg_random_uniform (SEED, CG_RANDOM_TEST, 1, i) - 0.5);
      alone[i] = (float)cg_random_uniform (SEED, CG_RANDOM_TEST, 2, i);
    }

  {
    g_autoptr (CgAdam) adam = cg_adam_new (n, NULL);
    g_autofree float *start = g_memdup2 (alone, n * sizeof (float));

    cg_adam_step (adam, &options, alone, g, 1);
    cg_adam_step (adam, &options, alone, g, 1);
    for (int n_threads = 2; n_threads <= 7; n_threads++)
      {
        g_autoptr (CgAdam) other = cg_adam_new (n, NULL);

        memcpy (shared, start, n * sizeof (float));
        cg_adam_step (other, &options, shared, g, n_threads);
        cg_adam_step (other, &options, shared, g, n_threads);
        g_assert_cmpmem (shared, n * sizeof (float), alone, n * sizeof (float));
        g_assert_cmpmem (other->m, n * sizeof (float), adam->m, n * sizeof (float));
        g_assert_cmpmem (other->v, n * sizeof (float), adam->v, n * sizeof (float));
      }
  }
}

static void
test_too_large (void)
{
  GError *error = NULL;

  g_assert_null (cg_adam_new (G_MAXSIZE / 2, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optim/adam/pytorch", test_pytorch);
  g_test_add_func ("/optim/adam/double-loop", test_double_loop);
  g_test_add_func ("/optim/adam/threads", test_threads);
  g_test_add_func ("/optim/adam/too-large", test_too_large);
  return g_test_run ();
}
