/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* upsample: every pixel becomes 2x2 equal ones (nearest neighbour), forward and backward. */
#include "layers/layer.h"

#include <string.h>

#include "base/parallel.h"

static bool
upsample_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = 2 * h;
  *wo = 2 * w;
  return true;
}

static void
upsample_plan (CgLayerRun *run)
{
  run->cost = (double)run->y.n * run->y.h * run->y.w * run->y.c;
}

/* y[2i+a, 2j+b] = x[i, j]; item: a row of x. */
static void
forward_row (size_t item, int worker, void *data)
{
  const CgLayerRun *run = data;
  const CgTensor *x = &run->x;
  int n = (int)(item / (size_t)x->h), i = (int)(item % (size_t)x->h);
  size_t pixel = (size_t)x->c * sizeof (float);
  float *upper = cg_tensor_at (&run->y, n, 2 * i, 0);

  for (int j = 0; j < x->w; j++)
    {
      const float *source = cg_tensor_at (x, n, i, j);

      memcpy (upper + (size_t)(2 * j) * x->c, source, pixel);
      memcpy (upper + (size_t)(2 * j + 1) * x->c, source, pixel);
    }
  memcpy (cg_tensor_at (&run->y, n, 2 * i + 1, 0), upper, (size_t)run->y.w * pixel);
}

/* dx[i, j] = sum over a, b of dy[2i+a, 2j+b]; item: a row of dx. */
static void
backward_row (size_t item, int worker, void *data)
{
  const CgLayerRun *run = data;
  const CgTensor *dx = &run->dx;
  int n = (int)(item / (size_t)dx->h), i = (int)(item % (size_t)dx->h);
  int c = dx->c;

  for (int j = 0; j < dx->w; j++)
    {
      float *target = cg_tensor_at (dx, n, i, j);
      const float *upper = cg_tensor_at (&run->dy, n, 2 * i, 2 * j);
      const float *lower = cg_tensor_at (&run->dy, n, 2 * i + 1, 2 * j);

      for (int channel = 0; channel < c; channel++)
        {
          float sum = (upper[channel] + upper[c + channel]) + (lower[channel] + lower[c + channel]);

          target[channel] = run->dx_adds ? target[channel] + sum : sum;
        }
    }
}

static void
upsample_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  cg_parallel_for (workspace->n_threads, (size_t)run->x.n * (size_t)run->x.h, forward_row, run);
}

static void
upsample_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  if (run->need_dx)
    cg_parallel_for (workspace->n_threads, (size_t)run->x.n * (size_t)run->x.h, backward_row, run);
}

const CgLayerClass cg_upsample_class = {
  .name = "upsample",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = upsample_infer,
  .plan = upsample_plan,
  .forward = upsample_forward,
  .backward = upsample_backward,
};
