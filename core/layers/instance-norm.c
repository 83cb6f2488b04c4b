/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* instance-norm: u = (x - mean) / sqrt (var + eps) per image and channel, then y = act (u) + skip, forward and backward. */
#include "layers/layer.h"

#include <math.h>
#include <string.h>

#define EPS 1e-5

/* The small arrays of one run, each [N*C]. */
enum
{
  SCALE,
  SHIFT,
  TERM_A,
  TERM_B,
  TERM_D,
  MEAN_U_TX, /* of the tangent: mean (u * tx) */
  TANGENT_B,
  TANGENT_D,
  N_ARRAYS
};

static float *
get_array (const CgLayerRun *run, int which)
{
  return run->statistics + (size_t)which * (size_t)run->x.n * (size_t)run->x.c;
}

static bool
instance_norm_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = h;
  *wo = w;
  return true;
}

static void
instance_norm_plan (CgLayerRun *run)
{
  const CgTensor *x = &run->x;

  run->n_statistics = (size_t)N_ARRAYS * (size_t)x->n * (size_t)x->c;
  /* The tangent keeps two doubles per channel there. */
  run->scratch_floats = MAX (run->kernels->norm_scratch_floats (x->n, x->h, x->w, x->c), 4 * (size_t)x->c);
  run->cost = 8.0 * x->n * x->h * x->w * x->c;
}

/* scale = 1 / sqrt (var + eps), shift = -mean * scale, with the biased variance. On a 1x1 map u is 0 by definition, not by luck. */
static void
instance_norm_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  float *scale = get_array (run, SCALE);
  float *shift = get_array (run, SHIFT);
  double pixels = (double)x->h * x->w;

  run->kernels->norm_statistics (cg_tensor_plane (x), x->n, x->h, x->w, x->c, shift, scale, workspace);
  for (int i = 0; i < x->n * x->c; i++)
    {
      double rstd = pixels > 1 ? 1.0 / sqrt (scale[i] / pixels + EPS) : 0.0;

      shift[i] = (float)(-shift[i] * rstd);
      scale[i] = (float)rstd;
    }
  run->kernels->norm_apply (cg_tensor_plane (x), scale, shift, run->layer->activation, cg_tensor_plane (&run->skip),
                            cg_tensor_plane (&run->y), x->n, x->h, x->w, x->c, workspace->n_threads);
}

/* With g = dy * act'(u) and means over the image's pixels (derived here from u's definition):
 *   dx = rstd * (g - mean (g) - u * mean (g * u)) */
static void
instance_norm_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  const CgTensor *dx = run->dx_adds ? &run->dx_apart : &run->dx;
  const float *scale = get_array (run, SCALE);
  const float *shift = get_array (run, SHIFT);
  float *a = get_array (run, TERM_A);
  float *b = get_array (run, TERM_B);
  float *d = get_array (run, TERM_D);
  double pixels = (double)x->h * x->w;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (run->need_dskip)
    (run->dskip_adds ? cg_plane_add : cg_plane_copy) (dy, cg_tensor_plane (&run->dskip), x->n, x->h, x->w, x->c,
                                                      workspace->n_threads);
  if (!run->need_dx)
    return;

  run->kernels->norm_gradient_sums (cg_tensor_plane (x), scale, shift, run->layer->activation, dy, x->n, x->h, x->w,
                                    x->c, b, d, workspace);
  for (int i = 0; i < x->n * x->c; i++)
    {
      a[i] = scale[i];
      b[i] = (float)(-scale[i] * (b[i] / pixels));
      d[i] = (float)(-scale[i] * (d[i] / pixels));
    }
  run->kernels->norm_gradient_apply (cg_tensor_plane (x), scale, shift, run->layer->activation, dy, a, b, d,
                                     cg_tensor_plane (dx), x->n, x->h, x->w, x->c, workspace->n_threads);
  if (run->dx_adds)
    cg_plane_add (cg_tensor_plane (dx), cg_tensor_plane (&run->dx), x->n, x->h, x->w, x->c, workspace->n_threads);
}

/* The derivative of u in the direction tx has the form of the backward formula, because u's Jacobian is symmetric:
 *   tu = rstd * (tx - mean (tx) - u * mean (u * tx)),  ty = act'(u) * tu.  tu stays in ti. */
static void
instance_norm_tangent_forward (CgLayerRun *run, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  const float *scale = get_array (run, SCALE);
  const float *shift = get_array (run, SHIFT);
  float *mean_u_tx = get_array (run, MEAN_U_TX);
  float *b = get_array (run, TANGENT_B);
  float *d = get_array (run, TANGENT_D);
  double pixels = (double)x->h * x->w;

  run->kernels->norm_gradient_sums (cg_tensor_plane (x), scale, shift, CG_ACTIVATION_NONE, cg_tensor_plane (&run->tx),
                                    x->n, x->h, x->w, x->c, b, d, workspace);
  for (int i = 0; i < x->n * x->c; i++)
    {
      mean_u_tx[i] = (float)(d[i] / pixels);
      b[i] = (float)(-scale[i] * (b[i] / pixels));
      d[i] = -scale[i] * mean_u_tx[i];
    }
  run->kernels->norm_gradient_apply (cg_tensor_plane (x), scale, shift, CG_ACTIVATION_NONE, cg_tensor_plane (&run->tx),
                                     scale, b, d, cg_tensor_plane (&run->ti), x->n, x->h, x->w, x->c,
                                     workspace->n_threads);
  if (run->layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (run->layer->activation, cg_tensor_plane (&run->y), cg_tensor_plane (&run->ti),
                                       cg_tensor_plane (&run->ty), x->n, x->h, x->w, x->c, workspace->n_threads);
  else
    cg_plane_copy (cg_tensor_plane (&run->ti), cg_tensor_plane (&run->ty), x->n, x->h, x->w, x->c,
                   workspace->n_threads);
}

/* Derivative of dx = rstd * (g - mean (g) - u * mean (g * u)), where g = act'(u) * dy and the derivative of rstd is
 * -rstd² * mean (u * tx) (derived here from var's definition):
 *   tdx = -rstd * mean (u * tx) * dx
 *         + rstd * (tg - mean (tg) - tu * mean (g * u) - u * mean (tg * u + g * tu)). */
static void
instance_norm_tangent_backward (CgLayerRun *run, float *gradients, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  double pixels = (double)x->h * x->w;
  CgPlane dy = cg_tensor_plane (&run->dy), tdy = cg_tensor_plane (&run->tdy);
  /* Sums per channel, in double and in one order. */
  double *sum_tg = (double *)workspace->scratch, *sum_both = sum_tg + x->c;

  /* From here on dy is g and tdy is tg. */
  if (run->layer->activation != CG_ACTIVATION_NONE)
    {
      run->kernels->activation_gradient (run->layer->activation, cg_tensor_plane (&run->y), dy, dy, x->n, x->h, x->w,
                                         x->c, workspace->n_threads);
      run->kernels->activation_gradient (run->layer->activation, cg_tensor_plane (&run->y), tdy, tdy, x->n, x->h, x->w,
                                         x->c, workspace->n_threads);
    }
  for (int n = 0; n < x->n; n++)
    {
      const float *scale = get_array (run, SCALE) + n * x->c;
      const float *shift = get_array (run, SHIFT) + n * x->c;
      const float *d = get_array (run, TERM_D) + n * x->c; /* -rstd * mean (g * u) */
      const float *mean_u_tx = get_array (run, MEAN_U_TX) + n * x->c;

      for (int c = 0; c < x->c; c++)
        sum_tg[c] = sum_both[c] = 0.0;
      for (int i = 0; i < x->h; i++)
        for (int j = 0; j < x->w; j++)
          {
            const float *value = cg_tensor_at (x, n, i, j), *g = cg_tensor_at (&run->dy, n, i, j);
            const float *tg = cg_tensor_at (&run->tdy, n, i, j), *tu = cg_tensor_at (&run->ti, n, i, j);

            for (int c = 0; c < x->c; c++)
              {
                double u = (double)value[c] * scale[c] + shift[c];

                sum_tg[c] += tg[c];
                sum_both[c] += tg[c] * u + (double)g[c] * tu[c];
              }
          }
      for (int i = 0; i < x->h; i++)
        for (int j = 0; j < x->w; j++)
          {
            const float *value = cg_tensor_at (x, n, i, j), *dx = cg_tensor_at (&run->dx, n, i, j);
            const float *tg = cg_tensor_at (&run->tdy, n, i, j), *tu = cg_tensor_at (&run->ti, n, i, j);
            float *tdx = cg_tensor_at (&run->tdx, n, i, j);

            for (int c = 0; c < x->c; c++)
              {
                double u = (double)value[c] * scale[c] + shift[c];

                tdx[c] = (float)(-scale[c] * mean_u_tx[c] * dx[c]
                                 + scale[c] * (tg[c] - sum_tg[c] / pixels - u * (sum_both[c] / pixels)) + d[c] * tu[c]);
              }
          }
    }
}

const CgLayerClass cg_instance_norm_class = {
  .name = "instance-norm",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = instance_norm_infer,
  .plan = instance_norm_plan,
  .forward = instance_norm_forward,
  .backward = instance_norm_backward,
  .tangent_forward = instance_norm_tangent_forward,
  .tangent_backward = instance_norm_tangent_backward,
};
