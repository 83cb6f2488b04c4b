/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Initial weights: normal, xavier, kaiming (fan-in) and orthogonal, drawn by counter in PyTorch's element order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "nets/network-private.h"

/* The deviation of one weight; fans as PyTorch counts them, from the tensor's first two dimensions even if it is transposed. */
static double
get_deviation (CgInitKind kind, double gain, const CgParameter *parameter)
{
  double taps = (double)(parameter->shape[2] * parameter->shape[3]);
  double fan_in = (double)parameter->shape[1] * taps, fan_out = (double)parameter->shape[0] * taps;

  switch (kind)
    {
    case CG_INIT_XAVIER: /* Glorot & Bengio 2010 */
      return gain * sqrt (2.0 / (fan_in + fan_out));
    case CG_INIT_KAIMING: /* He et al. 2015, for ReLU */
      return sqrt (2.0 / fan_in);
    case CG_INIT_ORTHOGONAL:
      return 1.0;
    case CG_INIT_NORMAL:
    default:
      return gain;
    }
}

/* Makes the rows of @q (@rows <= @columns), or else its columns, orthonormal: modified Gram-Schmidt, which is the QR
 * decomposition with a positive diagonal (Saxe et al. 2014). Element (i, j) of vector i lies at i * across + j * along. */
static void
orthonormalise (double *q, size_t rows, size_t columns)
{
  gboolean wide = rows <= columns;
  size_t n_vectors = wide ? rows : columns, length = wide ? columns : rows;
  size_t across = wide ? columns : 1, along = wide ? 1 : columns;

  for (size_t i = 0; i < n_vectors; i++)
    {
      double *vector = q + i * across;
      double norm = 0.0;

      for (size_t k = 0; k < i; k++)
        {
          const double *other = q + k * across;
          double dot = 0.0;

          for (size_t j = 0; j < length; j++)
            dot += vector[j * along] * other[j * along];
          for (size_t j = 0; j < length; j++)
            vector[j * along] -= dot * other[j * along];
        }
      for (size_t j = 0; j < length; j++)
        norm += vector[j * along] * vector[j * along];
      norm = sqrt (norm);
      for (size_t j = 0; j < length; j++)
        vector[j * along] /= norm;
    }
}

/* One value of a parameter that is no convolution's weight: gamma around 1, running variance 1, everything else 0. */
static void
initialise_vector (CgNetwork *network, guint i, double gain, guint64 seed)
{
  const CgParameter *parameter = cg_network_get_parameter (network, i);
  gboolean variance = g_str_has_suffix (parameter->name, ".running_var");
  float *values = network->weights + parameter->offset;

  for (size_t e = 0; e < parameter->n_floats; e++)
    if (parameter->is_scale)
      values[e] = (float)(1.0 + gain * cg_random_normal (seed, CG_RANDOM_INIT, i, e));
    else
      values[e] = variance ? 1.0f : 0.0f;
}

void
cg_network_init (CgNetwork *network, CgInitKind kind, double gain, guint64 seed)
{
  for (guint i = 0; i < network->parameters->len; i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      size_t n = parameter->n_floats;
      g_autofree double *drawn = NULL;
      g_autofree float *values = NULL;
      double deviation;

      if (parameter->n_dims != 4)
        {
          initialise_vector (network, i, gain, seed);
          continue;
        }
      drawn = g_new (double, n);
      values = g_new (float, n);
      deviation = get_deviation (kind, gain, parameter);
      for (size_t e = 0; e < n; e++)
        drawn[e] = deviation * cg_random_normal (seed, CG_RANDOM_INIT, i, e);
      if (kind == CG_INIT_ORTHOGONAL)
        orthonormalise (drawn, (size_t)parameter->shape[0], n / (size_t)parameter->shape[0]);
      for (size_t e = 0; e < n; e++)
        values[e] = (float)(kind == CG_INIT_ORTHOGONAL ? gain * drawn[e] : drawn[e]);
      cg_network_write_parameter (network, i, network->weights, values);
    }
  cg_network_touch (network);
}
