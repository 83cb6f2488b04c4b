/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient penalty through an exact Hessian-vector product.
 *
 * Derivation. Let S (x; w) be the sum of the patch map and g = dS/dx, per image n. With P = lambda/N * sum_n (|g_n| - 1)²,
 *
 *     dP/dw = sum_n < v_n, dg_n/dw >,   v_n = lambda/N * 2 * (|g_n| - 1) / |g_n| * g_n  held fixed,
 *
 * and < v, dg/dw > = d/dw < v, dS/dx >: the mixed second derivative applied to v, which is the derivative of dS/dw when x moves in
 * direction v. cg_pass_tangent() computes that by carrying derivatives in direction v through forward and backward (Pearlmutter 1994).
 * Images do not see each other in a discriminator with instance norm or none, so one run serves the whole batch. */
#include "step/gradient-penalty.h"

#include <math.h>

/* x = a * real + (1 - a) * fake, image by image. */
static void
mix (const CgTensor *real, const CgTensor *fake, const CgTensor *x, guint64 seed, guint64 step, guint stream)
{
  for (int n = 0; n < x->n; n++)
    {
      float a = (float)cg_random_uniform (seed, CG_RANDOM_GP, step, ((guint64)stream << 32) + (guint64)n);

      for (int i = 0; i < x->h; i++)
        {
          const float *r = cg_tensor_at (real, n, i, 0), *f = cg_tensor_at (fake, n, i, 0);
          float *target = cg_tensor_at (x, n, i, 0);

          for (int j = 0; j < x->w * x->c; j++)
            target[j] = a * r[j] + (1.0f - a) * f[j];
        }
    }
}

static void
fill (const CgTensor *tensor, float value)
{
  for (int n = 0; n < tensor->n; n++)
    for (int i = 0; i < tensor->h; i++)
      {
        float *row = cg_tensor_at (tensor, n, i, 0);

        for (int j = 0; j < tensor->w * tensor->c; j++)
          row[j] = value;
      }
}

static double
get_norm (const CgTensor *tensor, int n)
{
  double sum = 0.0;

  for (int i = 0; i < tensor->h; i++)
    {
      const float *row = cg_tensor_at (tensor, n, i, 0);

      for (int j = 0; j < tensor->w * tensor->c; j++)
        sum += (double)row[j] * row[j];
    }
  return sqrt (sum);
}

double
cg_gradient_penalty (CgPass *pass, const CgTensor *real, const CgTensor *fake, double lambda, guint64 seed,
                     guint64 step, guint stream)
{
  const CgTensor *x = cg_pass_get_input (pass);
  const CgTensor *gradient = cg_pass_get_input_gradient (pass);
  const CgTensor *tangent = cg_pass_get_input_tangent (pass);
  double penalty = 0.0;

  mix (real, fake, x, seed, step, stream);
  cg_pass_forward (pass, NULL, NULL);
  fill (cg_pass_get_output_gradient (pass), 1.0f);
  cg_pass_backward (pass, FALSE);

  for (int n = 0; n < x->n; n++)
    {
      double norm = get_norm (gradient, n);
      /* Where the gradient vanishes its norm has no derivative; 0 is the choice that moves nothing. */
      double factor = norm > 0.0 ? lambda / x->n * 2.0 * (norm - 1.0) / norm : 0.0;

      penalty += lambda / x->n * (norm - 1.0) * (norm - 1.0);
      for (int i = 0; i < x->h; i++)
        {
          const float *g = cg_tensor_at (gradient, n, i, 0);
          float *v = cg_tensor_at (tangent, n, i, 0);

          for (int j = 0; j < x->w * x->c; j++)
            v[j] = (float)(factor * g[j]);
        }
    }
  cg_pass_tangent (pass);
  return penalty;
}
