/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Three training steps give the same weights, moments and losses bit for bit with 1, 2, 3 and 7 threads. */
#include <string.h>

#include "../pass-fixture.h"
#include "base/parallel.h"
#include "step/step.h"

#define SEED 20240229
#define SIZE 128
#define N_STEPS 3

typedef struct
{
  float *weights[CG_STEP_N_NETWORKS], *m[CG_STEP_N_NETWORKS], *v[CG_STEP_N_NETWORKS];
  size_t n_floats[CG_STEP_N_NETWORKS];
  CgStepLosses losses[N_STEPS];
} Result;

static void
run (int n_threads, Result *result)
{
  static const CgNetworkConfig generator
      = { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 8, .n_blocks = 2, .norm = CG_NORM_INSTANCE };
  static const CgNetworkConfig discriminator
      = { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 8, .n_layers = 3, .norm = CG_NORM_INSTANCE };
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgStepOptions options;
  g_autoptr (CgStep) step = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      networks[i] = cg_network_new (i < CG_STEP_D_A ? &generator : &discriminator, &error);
      g_assert_no_error (error);
      cg_network_init (networks[i], CG_INIT_NORMAL, 0.02, SEED + (guint64)i);
    }
  cg_step_options_init (&options);
  options.crop_h = options.crop_w = SIZE;
  options.pool_size = 1;
  options.lambda_tv = 1e-6;
  options.n_threads = n_threads;
  options.seed = SEED;
  step = cg_step_new (&options, networks, &error);
  g_assert_no_error (error);

  cg_parallel_set_wish (n_threads);
  cg_parallel_reset_peak_workers ();
  for (int t = 0; t < N_STEPS; t++)
    {
      g_autofree float *a = pass_fixture_random (SEED, 2 * (guint64)t, SIZE * SIZE * 3, 1.0);
      g_autofree float *b = pass_fixture_random (SEED, 2 * (guint64)t + 1, SIZE * SIZE * 3, 1.0);

      g_assert_true (cg_step_run (step, t + 1, 2e-4, a, b, &result->losses[t], &error));
      g_assert_no_error (error);
    }
  if (n_threads == 1)
    g_assert_cmpint (cg_parallel_get_peak_workers (), ==, 1);
  else
    g_assert_cmpint (cg_parallel_get_peak_workers (), >, 1);

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      const CgAdam *adam = cg_step_get_adam (step, (CgStepNetwork)i);
      size_t n = cg_network_get_n_floats (networks[i]);

      result->n_floats[i] = n;
      result->weights[i] = g_memdup2 (cg_network_get_weights (networks[i]), n * sizeof (float));
      result->m[i] = g_memdup2 (adam->m, n * sizeof (float));
      result->v[i] = g_memdup2 (adam->v, n * sizeof (float));
    }
  g_clear_pointer (&step, cg_step_free);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_network_free (networks[i]);
}

static void
clear_result (Result *result)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      g_free (result->weights[i]);
      g_free (result->m[i]);
      g_free (result->v[i]);
    }
}

static void
test_threads (void)
{
  static const int n_threads[] = { 2, 3, 7 };
  Result one, many;

  run (1, &one);
  for (size_t k = 0; k < G_N_ELEMENTS (n_threads); k++)
    {
      run (n_threads[k], &many);
      for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
        {
          g_assert_cmpmem (one.weights[i], one.n_floats[i] * sizeof (float), many.weights[i],
                           many.n_floats[i] * sizeof (float));
          g_assert_cmpmem (one.m[i], one.n_floats[i] * sizeof (float), many.m[i], many.n_floats[i] * sizeof (float));
          g_assert_cmpmem (one.v[i], one.n_floats[i] * sizeof (float), many.v[i], many.n_floats[i] * sizeof (float));
        }
      g_assert_cmpmem (one.losses, sizeof one.losses, many.losses, sizeof many.losses);
      clear_result (&many);
    }
  /* Something must have happened for that to mean anything. */
  g_assert_cmpfloat (one.losses[0].cycle_A, !=, one.losses[2].cycle_A);
  clear_result (&one);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step/threads", test_threads);
  return g_test_run ();
}
