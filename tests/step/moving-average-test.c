/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The moving average of weights: its warm-up, the recurrence against the sum it stands for, running statistics. */
#include "step/moving-average.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

#define N_STEPS 40

static CgNetwork *
network_new (void)
{
  const CgNetworkConfig config
      = { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 2, .n_blocks = 1, .norm = CG_NORM_BATCH };
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (&config, &error);

  g_assert_no_error (error);
  return network;
}

static void
test_decay (void)
{
  g_assert_cmpfloat_with_epsilon (cg_moving_average_get_decay (0.999, 1), 2.0 / 11.0, 1e-15);
  g_assert_cmpfloat_with_epsilon (cg_moving_average_get_decay (0.999, 90), 0.91, 1e-15);
  g_assert_cmpfloat (cg_moving_average_get_decay (0.999, 100000), ==, 0.999);
  g_assert_cmpfloat (cg_moving_average_get_decay (0.5, 8), ==, 0.5);
}

static float
draw (guint64 step, size_t e)
{
  return (float)cg_random_normal (5, CG_RANDOM_INIT, step, e);
}

/* average_T = sum_t (1 - d_t) * prod_{s > t} d_s * w_t, with w_0 for t = 0, d_0 = 0. */
static void
test_sum (void)
{
  g_autoptr (CgNetwork) network = network_new ();
  g_autoptr (CgNetwork) average = network_new ();
  size_t n = cg_network_get_n_floats (network);
  g_autofree double *sum = g_new0 (double, n);
  double rest = 1.0;
  guint n_buffers = 0;

  for (guint64 t = N_STEPS + 1; t-- > 0;)
    {
      double d = t == 0 ? 0.0 : cg_moving_average_get_decay (0.7, (gint64)t);

      for (size_t e = 0; e < n; e++)
        sum[e] += (1.0 - d) * rest * draw (t, e);
      rest *= d;
    }
  for (guint64 t = 0; t <= N_STEPS; t++)
    {
      for (size_t e = 0; e < n; e++)
        cg_network_get_weights (network)[e] = draw (t, e);
      if (t == 0)
        cg_moving_average_start (average, network);
      else
        cg_moving_average_update (average, network, cg_moving_average_get_decay (0.7, (gint64)t));
    }
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      const float *mean = cg_network_get_weights (average) + parameter->offset;

      n_buffers += parameter->is_buffer;
      for (size_t e = 0; e < parameter->n_floats; e++)
        if (parameter->is_buffer)
          g_assert_cmpfloat (mean[e], ==, draw (N_STEPS, parameter->offset + e));
        else
          g_assert_cmpfloat_with_epsilon (mean[e], sum[parameter->offset + e], 2e-6);
    }
  g_assert_cmpuint (n_buffers, >, 0);
}

/* Weights that do not change are their own average, to the last bit. */
static void
test_still (void)
{
  g_autoptr (CgNetwork) network = network_new ();
  g_autoptr (CgNetwork) average = network_new ();
  size_t n = cg_network_get_n_floats (network);

  cg_network_init (network, CG_INIT_NORMAL, 0.02, 3);
  cg_moving_average_start (average, network);
  for (int t = 1; t < 9; t++)
    cg_moving_average_update (average, network, cg_moving_average_get_decay (0.9, t));
  g_assert_cmpmem (cg_network_get_weights (average), n * sizeof (float), cg_network_get_weights (network),
                   n * sizeof (float));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step/moving-average/decay", test_decay);
  g_test_add_func ("/step/moving-average/sum", test_sum);
  g_test_add_func ("/step/moving-average/still", test_still);
  return g_test_run ();
}
