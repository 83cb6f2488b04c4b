/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One float in, one float out: the end of a convolution, activation gradients, Adam; compiled per instruction set. */
#include <math.h>

#include "kernels/rows-variant.h"

static ALWAYS_INLINE void
finish_as (const float *in, size_t in_step, float *out, size_t out_step, int n, int c, const float *bias,
           const CgActivation activation)
{
  for (int j = 0; j < n; j++)
    {
      const float *from = in + (size_t)j * in_step;
      float *to = out + (size_t)j * out_step;

      for (int e = 0; e < c; e += LANES)
        {
          Vec u = load (from + e, c - e);

          if (bias)
            u += load (bias + e, c - e);
          store (to + e, activate (u, activation), c - e);
        }
    }
}

void
CG_ROWS_NAME (finish) (const float *in, size_t in_step, float *out, size_t out_step, int n, int c, const float *bias,
                       CgActivation activation)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      finish_as (in, in_step, out, out_step, n, c, bias, CG_ACTIVATION_RELU);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      finish_as (in, in_step, out, out_step, n, c, bias, CG_ACTIVATION_LEAKY_RELU);
      break;
    case CG_ACTIVATION_TANH:
      finish_as (in, in_step, out, out_step, n, c, bias, CG_ACTIVATION_TANH);
      break;
    case CG_ACTIVATION_NONE:
    default:
      finish_as (in, in_step, out, out_step, n, c, bias, CG_ACTIVATION_NONE);
    }
}

void
CG_ROWS_NAME (add) (float *to, const float *from, size_t n)
{
  for (size_t e = 0; e < n; e++)
    to[e] += from[e];
}

static ALWAYS_INLINE void
activation_gradient_as (const CgActivation activation, const float *z, const float *dz, float *dx, size_t n)
{
  for (size_t e = 0; e < n; e += LANES)
    {
      const int left = (int)MIN (n - e, LANES);

      store (dx + e, load (dz + e, left) * slope_from_output (load (z + e, left), activation), left);
    }
}

void
CG_ROWS_NAME (activation_gradient) (CgActivation activation, const float *z, const float *dz, float *dx, size_t n)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      activation_gradient_as (CG_ACTIVATION_RELU, z, dz, dx, n);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      activation_gradient_as (CG_ACTIVATION_LEAKY_RELU, z, dz, dx, n);
      break;
    case CG_ACTIVATION_TANH:
      activation_gradient_as (CG_ACTIVATION_TANH, z, dz, dx, n);
      break;
    case CG_ACTIVATION_NONE:
    default:
      activation_gradient_as (CG_ACTIVATION_NONE, z, dz, dx, n);
    }
}

void
CG_ROWS_NAME (adam) (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1,
                     double beta2, float sqrt_bias2, float eps)
{
  /* 1 - 0.999 in float would be off by 5e-5, and every second moment with it. */
  const float b1 = (float)beta1, b2 = (float)beta2, rest1 = (float)(1.0 - beta1), rest2 = (float)(1.0 - beta2);

  for (size_t e = 0; e < n; e++)
    {
      m[e] = b1 * m[e] + rest1 * g[e];
      v[e] = b2 * v[e] + rest2 * g[e] * g[e];
      w[e] -= step_size * m[e] / (sqrtf (v[e]) / sqrt_bias2 + eps);
    }
}
