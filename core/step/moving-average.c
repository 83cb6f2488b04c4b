/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Averages weights over steps; apart from the step, which neither needs the average nor knows of it. */
#include "step/moving-average.h"

#include <string.h>

double
cg_moving_average_get_decay (double decay, gint64 t)
{
  return MIN (decay, (1.0 + (double)t) / (10.0 + (double)t));
}

void
cg_moving_average_start (CgNetwork *average, CgNetwork *network)
{
  g_return_if_fail (cg_network_get_n_floats (average) == cg_network_get_n_floats (network));
  memcpy (cg_network_get_weights (average), cg_network_get_weights (network),
          cg_network_get_n_floats (network) * sizeof (float));
  cg_network_touch (average);
}

void
cg_moving_average_update (CgNetwork *average, CgNetwork *network, double decay)
{
  float share = (float)(1.0 - decay);

  g_return_if_fail (cg_network_get_n_floats (average) == cg_network_get_n_floats (network));
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      const float *weights = cg_network_get_weights (network) + parameter->offset;
      float *mean = cg_network_get_weights (average) + parameter->offset;

      if (parameter->is_buffer)
        {
          memcpy (mean, weights, parameter->n_floats * sizeof (float));
          continue;
        }
      /* decay * mean + (1 - decay) * w, written so that equal values stay what they are. */
      for (size_t e = 0; e < parameter->n_floats; e++)
        mean[e] += share * (weights[e] - mean[e]);
    }
  cg_network_touch (average);
}
