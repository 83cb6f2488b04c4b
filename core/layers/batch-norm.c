/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* batch-norm: u = gamma * (x - mean) / sqrt (var + eps) + beta per channel over the whole batch, then y = act (u) + skip;
 * running statistics in inference (Ioffe & Szegedy 2015), forward and backward. */
#include "layers/layer.h"

#include <math.h>

#define EPS 1e-5
#define MOMENTUM 0.1

/* The small arrays of one run: [N*C], because the kernels want one number per image and channel. */
enum
{
  SCALE, /* of the affine map that forward applies */
  SHIFT,
  RSTD,   /* of the plain normalisation, which backward needs */
  CENTRE, /* -mean * rstd */
  TERM_A,
  TERM_B,
  TERM_D,
  BATCH_MEAN, /* [C] used: for the running statistics */
  BATCH_VARIANCE,
  N_ARRAYS
};

static float *
get_array (const CgLayerRun *run, int which)
{
  return run->statistics + (size_t)which * (size_t)run->x.n * (size_t)run->x.c;
}

static bool
batch_norm_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = h;
  *wo = w;
  return true;
}

static void
batch_norm_plan (CgLayerRun *run)
{
  const CgTensor *x = &run->x;

  run->n_statistics = (size_t)N_ARRAYS * (size_t)x->n * (size_t)x->c;
  run->scratch_floats = run->kernels->norm_scratch_floats (x->n, x->h, x->w, x->c);
  run->cost = 8.0 * x->n * x->h * x->w * x->c;
}

/* Merges the images' statistics (Chan et al. 1979): var = (sum m2 + pixels * sum (mean_n - mean)²) / (N * pixels). */
static void
measure_batch (CgLayerRun *run, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  float *means = get_array (run, RSTD), *m2s = get_array (run, CENTRE); /* overwritten right after */
  float *mean = get_array (run, BATCH_MEAN), *variance = get_array (run, BATCH_VARIANCE);
  double pixels = (double)x->h * x->w;

  run->kernels->norm_statistics (cg_tensor_plane (x), x->n, x->h, x->w, x->c, means, m2s, workspace);
  for (int c = 0; c < x->c; c++)
    {
      double sum = 0.0, spread = 0.0;

      for (int n = 0; n < x->n; n++)
        sum += means[n * x->c + c];
      sum /= x->n;
      for (int n = 0; n < x->n; n++)
        {
          double distance = means[n * x->c + c] - sum;

          spread += m2s[n * x->c + c] + pixels * distance * distance;
        }
      mean[c] = (float)sum;
      variance[c] = (float)(spread / (pixels * x->n));
    }
}

static void
batch_norm_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  const CgLayer *layer = run->layer;
  const float *gamma = weights + layer->weight, *beta = weights + layer->bias;
  const float *mean, *variance;
  float *scale = get_array (run, SCALE), *shift = get_array (run, SHIFT);
  float *rstd = get_array (run, RSTD), *centre = get_array (run, CENTRE);

  if (run->training)
    {
      measure_batch (run, workspace);
      mean = get_array (run, BATCH_MEAN);
      variance = get_array (run, BATCH_VARIANCE);
    }
  else
    {
      mean = weights + layer->running_mean;
      variance = weights + layer->running_variance;
    }
  for (int n = 0; n < x->n; n++)
    for (int c = 0; c < x->c; c++)
      {
        int i = n * x->c + c;
        double r = 1.0 / sqrt (variance[c] + EPS);

        rstd[i] = (float)r;
        centre[i] = (float)(-mean[c] * r);
        scale[i] = (float)(gamma[c] * r);
        shift[i] = (float)(beta[c] - mean[c] * r * gamma[c]);
      }
  run->kernels->norm_apply (cg_tensor_plane (x), scale, shift, layer->activation, cg_tensor_plane (&run->skip),
                            cg_tensor_plane (&run->y), x->n, x->h, x->w, x->c, workspace->n_threads);
}

/* With g = dy * act'(u), v the normalised x and means over the batch's M = N*H*W pixels (derived here):
 *   dgamma = sum g * v,  dbeta = sum g,  dx = gamma * rstd * (g - mean (g) - v * mean (g * v)) */
static void
batch_norm_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgTensor *x = &run->x;
  const CgTensor *dx = run->dx_adds ? &run->dx_apart : &run->dx;
  const CgLayer *layer = run->layer;
  const float *gamma = weights + layer->weight;
  const float *rstd = get_array (run, RSTD), *centre = get_array (run, CENTRE);
  float *a = get_array (run, TERM_A), *b = get_array (run, TERM_B), *d = get_array (run, TERM_D);
  double pixels = (double)x->n * x->h * x->w;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (run->need_dskip)
    (run->dskip_adds ? cg_plane_add : cg_plane_copy) (dy, cg_tensor_plane (&run->dskip), x->n, x->h, x->w, x->c,
                                                      workspace->n_threads);
  /* The activation is undone first, so that the sums are over v itself whatever gamma is. */
  if (layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (layer->activation, cg_tensor_plane (&run->y), dy, dy, x->n, x->h, x->w, x->c,
                                       workspace->n_threads);
  run->kernels->norm_gradient_sums (cg_tensor_plane (x), rstd, centre, CG_ACTIVATION_NONE, dy, x->n, x->h, x->w, x->c,
                                    b, d, workspace);
  for (int c = 0; c < x->c; c++)
    {
      double sum_g = 0.0, sum_gv = 0.0;

      for (int n = 0; n < x->n; n++)
        {
          sum_g += b[n * x->c + c];
          sum_gv += d[n * x->c + c];
        }
      if (gradients)
        {
          gradients[layer->weight + (size_t)c] += (float)sum_gv;
          gradients[layer->bias + (size_t)c] += (float)sum_g;
        }
      for (int n = 0; n < x->n; n++)
        {
          int i = n * x->c + c;
          double factor = (double)gamma[c] * rstd[i];

          a[i] = (float)factor;
          b[i] = (float)(-factor * sum_g / pixels);
          d[i] = (float)(-factor * sum_gv / pixels);
        }
    }
  if (!run->need_dx)
    return;
  run->kernels->norm_gradient_apply (cg_tensor_plane (x), rstd, centre, CG_ACTIVATION_NONE, dy, a, b, d,
                                     cg_tensor_plane (dx), x->n, x->h, x->w, x->c, workspace->n_threads);
  if (run->dx_adds)
    cg_plane_add (cg_tensor_plane (dx), cg_tensor_plane (&run->dx), x->n, x->h, x->w, x->c, workspace->n_threads);
}

/* running = (1 - momentum) * running + momentum * batch, with the unbiased variance. */
static void
batch_norm_update (const CgLayerRun *run, float *weights)
{
  const float *mean = get_array (run, BATCH_MEAN), *variance = get_array (run, BATCH_VARIANCE);
  float *running_mean = weights + run->layer->running_mean;
  float *running_variance = weights + run->layer->running_variance;
  double pixels = (double)run->x.n * run->x.h * run->x.w;
  double unbias = pixels > 1 ? pixels / (pixels - 1) : 1.0;

  for (int c = 0; c < run->x.c; c++)
    {
      running_mean[c] = (float)((1.0 - MOMENTUM) * running_mean[c] + MOMENTUM * mean[c]);
      running_variance[c] = (float)((1.0 - MOMENTUM) * running_variance[c] + MOMENTUM * variance[c] * unbias);
    }
}

const CgLayerClass cg_batch_norm_class = {
  .name = "batch-norm",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = batch_norm_infer,
  .plan = batch_norm_plan,
  .forward = batch_norm_forward,
  .backward = batch_norm_backward,
  .update = batch_norm_update,
};
