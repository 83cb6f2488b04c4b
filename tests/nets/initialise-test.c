/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Initial weights by their moments, with fans as PyTorch counts them, transposed convolutions included; orthogonal ones by their
 * products. */
#include "nets/network.h"

#include <math.h>
#include <string.h>

#define GAIN 0.3
/* Weights from which moments are taken; the deviation of n normal numbers errs by 1 / sqrt (2 n), so 5 times that is rare. */
#define MIN_FLOATS 1000

static CgNetwork *
network_new (CgNormKind norm, CgInitKind kind, guint64 seed)
{
  const CgNetworkConfig config
      = { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 24, .n_blocks = 1, .norm = norm };
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (&config, &error);

  g_assert_no_error (error);
  cg_network_init (network, kind, GAIN, seed);
  return network;
}

/* What torch.nn.init._calculate_fan_in_and_fan_out() gives: the second and the first dimension times the taps, whatever
 * they mean to the layer. */
static double
get_deviation (CgInitKind kind, const CgParameter *parameter)
{
  double taps = (double)(parameter->shape[2] * parameter->shape[3]);
  double fan_in = (double)parameter->shape[1] * taps, fan_out = (double)parameter->shape[0] * taps;

  return kind == CG_INIT_NORMAL    ? GAIN
         : kind == CG_INIT_XAVIER  ? GAIN * sqrt (2.0 / (fan_in + fan_out))
         : kind == CG_INIT_KAIMING ? sqrt (2.0 / fan_in)
                                   : NAN;
}

/* Mean 0, deviation as told, and a fourth moment of 3 squared variances, which tells the normal distribution from others. */
static void
assert_normal (const float *values, size_t n, double mean, double deviation)
{
  double sum = 0.0, squares = 0.0, fourth = 0.0;

  for (size_t i = 0; i < n; i++)
    {
      double d = (values[i] - mean) / deviation;

      sum += d;
      squares += d * d;
      fourth += d * d * d * d;
    }
  g_assert_cmpfloat_with_epsilon (sum / (double)n, 0.0, 5.0 / sqrt ((double)n));
  g_assert_cmpfloat_with_epsilon (squares / (double)n, 1.0, 5.0 * sqrt (2.0 / (double)n));
  g_assert_cmpfloat_with_epsilon (fourth / (double)n, 3.0, 5.0 * sqrt (96.0 / (double)n));
}

static void
test_moments (void)
{
  static const CgInitKind kinds[] = { CG_INIT_NORMAL, CG_INIT_XAVIER, CG_INIT_KAIMING };

  for (size_t k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autoptr (CgNetwork) network = network_new (CG_NORM_INSTANCE, kinds[k], 11);
      guint n_seen = 0;

      for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
        {
          const CgParameter *parameter = cg_network_get_parameter (network, i);
          const float *values = cg_network_get_weights (network) + parameter->offset;

          if (parameter->n_dims == 4 && parameter->n_floats >= MIN_FLOATS)
            {
              assert_normal (values, parameter->n_floats, 0.0, get_deviation (kinds[k], parameter));
              n_seen++;
            }
          else if (parameter->n_dims == 1)
            for (size_t e = 0; e < parameter->n_floats; e++)
              g_assert_cmpfloat (values[e], ==, 0.0f);
        }
      /* 7x7, two strided, two of the block, two transposed, 7x7. */
      g_assert_cmpuint (n_seen, ==, 8);
    }
}

/* The deviations that PyTorch 1.13 gives the same layers, so that the test does not trust its own formula: a transposed
 * convolution from 96 to 48 channels counts 48 as its fan in. */
static void
test_transposed (void)
{
  g_autoptr (CgNetwork) network = network_new (CG_NORM_INSTANCE, CG_INIT_KAIMING, 3);
  const CgParameter *transposed = NULL;

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (parameter->n_dims == 4 && parameter->shape[0] == 96 && parameter->shape[1] == 48)
        transposed = parameter;
    }
  g_assert_nonnull (transposed);
  /* A strided convolution from 48 to 96 channels has the same shape; the transposed one comes last. */
  g_assert_cmpstr (transposed->name, ==, "model.11.weight");
  assert_normal (cg_network_get_weights (network) + transposed->offset, transposed->n_floats, 0.0,
                 sqrt (2.0 / (48.0 * 9.0)));
}

/* W as a matrix of shape[0] rows: W W' = gain² I where it has no more rows than columns, else W' W. */
static void
assert_orthogonal (const float *w, size_t rows, size_t columns)
{
  gboolean wide = rows <= columns;
  size_t n = wide ? rows : columns, length = wide ? columns : rows;

  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      {
        double dot = 0.0;

        for (size_t k = 0; k < length; k++)
          dot += wide ? (double)w[i * columns + k] * w[j * columns + k]
                      : (double)w[k * columns + i] * w[k * columns + j];
        g_assert_cmpfloat_with_epsilon (dot, i == j ? GAIN * GAIN : 0.0, 1e-7);
      }
}

static void
test_orthogonal (void)
{
  g_autoptr (CgNetwork) network = network_new (CG_NORM_INSTANCE, CG_INIT_ORTHOGONAL, 5);

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      size_t rows = (size_t)parameter->shape[0];
      g_autofree float *w = g_new (float, parameter->n_floats);

      if (parameter->n_dims != 4)
        continue;
      cg_network_read_parameter (network, i, cg_network_get_weights (network), w);
      assert_orthogonal (w, rows, parameter->n_floats / rows);
    }
}

/* A 1x1 convolution to more channels than it has: more rows than columns. */
static void
test_orthogonal_tall (void)
{
  const CgNetworkConfig config
      = { .kind = CG_NET_PIXEL, .input_nc = 3, .output_nc = 1, .nf = 8, .norm = CG_NORM_INSTANCE };
  g_autoptr (CgNetwork) network = cg_network_new (&config, NULL);
  const CgParameter *parameter = cg_network_get_parameter (network, 0);
  float w[8 * 3];

  g_assert_cmpuint (parameter->n_floats, ==, G_N_ELEMENTS (w));
  cg_network_init (network, CG_INIT_ORTHOGONAL, GAIN, 9);
  cg_network_read_parameter (network, 0, cg_network_get_weights (network), w);
  assert_orthogonal (w, 8, 3);
}

/* Gamma around 1, beta 0, running mean 0 and variance 1. */
static void
test_batch_norm (void)
{
  g_autoptr (CgNetwork) network = network_new (CG_NORM_BATCH, CG_INIT_NORMAL, 7);
  g_autoptr (GArray) gammas = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      const float *values = cg_network_get_weights (network) + parameter->offset;

      if (parameter->n_dims != 1)
        continue;
      if (parameter->is_scale)
        g_array_append_vals (gammas, values, (guint)parameter->n_floats);
      else
        for (size_t e = 0; e < parameter->n_floats; e++)
          g_assert_cmpfloat (values[e], ==, g_str_has_suffix (parameter->name, ".running_var") ? 1.0f : 0.0f);
    }
  g_assert_cmpuint (gammas->len, ==, 24 + 48 + 4 * 96 - 96 + 48 + 24);
  assert_normal ((const float *)(gpointer)gammas->data, gammas->len, 1.0, GAIN);
}

/* Another seed gives other weights; the same gives the same. */
static void
test_seed (void)
{
  g_autoptr (CgNetwork) one = network_new (CG_NORM_NONE, CG_INIT_XAVIER, 1);
  g_autoptr (CgNetwork) same = network_new (CG_NORM_NONE, CG_INIT_XAVIER, 1);
  g_autoptr (CgNetwork) other = network_new (CG_NORM_NONE, CG_INIT_XAVIER, 2);
  size_t bytes = cg_network_get_n_floats (one) * sizeof (float);

  g_assert_cmpint (memcmp (cg_network_get_weights (one), cg_network_get_weights (same), bytes), ==, 0);
  g_assert_cmpint (memcmp (cg_network_get_weights (one), cg_network_get_weights (other), bytes), !=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nets/initialise/moments", test_moments);
  g_test_add_func ("/nets/initialise/transposed", test_transposed);
  g_test_add_func ("/nets/initialise/orthogonal", test_orthogonal);
  g_test_add_func ("/nets/initialise/orthogonal-tall", test_orthogonal_tall);
  g_test_add_func ("/nets/initialise/batch-norm", test_batch_norm);
  g_test_add_func ("/nets/initialise/seed", test_seed);
  return g_test_run ();
}
