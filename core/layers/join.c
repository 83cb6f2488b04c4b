/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* join: where two values meet: y = x + skip (residual blocks without a norm to add it), and y = act ([skip, x]) by
 * channels (U-Nets), forward and backward. */
#include "layers/layer.h"

#include <string.h>

#include "base/parallel.h"

static bool
add_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = h;
  *wo = w;
  return true;
}

static void
add_plan (CgLayerRun *run)
{
  run->cost = (double)run->x.n * run->x.h * run->x.w * run->x.c;
}

static void
add_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  const CgTensor *y = &run->y;
  CgPlane plane = cg_tensor_plane (y);

  cg_plane_copy (cg_tensor_plane (&run->x), plane, y->n, y->h, y->w, y->c, workspace->n_threads);
  cg_plane_add (cg_tensor_plane (&run->skip), plane, y->n, y->h, y->w, y->c, workspace->n_threads);
}

static void
add_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgTensor *y = &run->y;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (run->need_dx)
    (run->dx_adds ? cg_plane_add : cg_plane_copy) (dy, cg_tensor_plane (&run->dx), y->n, y->h, y->w, y->c,
                                                   workspace->n_threads);
  if (run->need_dskip)
    (run->dskip_adds ? cg_plane_add : cg_plane_copy) (dy, cg_tensor_plane (&run->dskip), y->n, y->h, y->w, y->c,
                                                      workspace->n_threads);
}

const CgLayerClass cg_add_class = {
  .name = "add",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = add_infer,
  .plan = add_plan,
  .forward = add_forward,
  .backward = add_backward,
};

static bool
concat_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = h;
  *wo = w;
  return true;
}

static void
concat_plan (CgLayerRun *run)
{
  run->cost = (double)run->y.n * run->y.h * run->y.w * run->y.c;
}

/* y[.., 0 … Cs-1] = act (skip), y[.., Cs …] = act (x), as torch.cat ([skip, x]); only ReLU or nothing stands there. */
static void
concat_row (size_t item, int worker, void *data)
{
  const CgLayerRun *run = data;
  int n = (int)(item / (size_t)run->y.h), i = (int)(item % (size_t)run->y.h);
  int left = run->skip.c, right = run->x.c;
  bool relu = run->layer->activation == CG_ACTIVATION_RELU;
  float *y = cg_tensor_at (&run->y, n, i, 0);
  const float *skip = cg_tensor_at (&run->skip, n, i, 0), *x = cg_tensor_at (&run->x, n, i, 0);

  for (int j = 0; j < run->y.w; j++, y += left + right, skip += left, x += right)
    {
      memcpy (y, skip, (size_t)left * sizeof (float));
      memcpy (y + left, x, (size_t)right * sizeof (float));
      if (relu)
        for (int c = 0; c < left + right; c++)
          y[c] = y[c] > 0.0f ? y[c] : 0.0f;
    }
}

static void
split (float *target, const float *source, int c, bool adds)
{
  if (adds)
    for (int i = 0; i < c; i++)
      target[i] += source[i];
  else
    memcpy (target, source, (size_t)c * sizeof (float));
}

static void
concat_gradient_row (size_t item, int worker, void *data)
{
  const CgLayerRun *run = data;
  int n = (int)(item / (size_t)run->y.h), i = (int)(item % (size_t)run->y.h);
  int left = run->skip.c, right = run->x.c;

  for (int j = 0; j < run->y.w; j++)
    {
      const float *dy = cg_tensor_at (&run->dy, n, i, j);

      if (run->need_dskip)
        split (cg_tensor_at (&run->dskip, n, i, j), dy, left, run->dskip_adds);
      if (run->need_dx)
        split (cg_tensor_at (&run->dx, n, i, j), dy + left, right, run->dx_adds);
    }
}

static void
concat_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  cg_parallel_for (workspace->n_threads, (size_t)run->y.n * (size_t)run->y.h, concat_row, run);
}

static void
concat_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgTensor *y = &run->y;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (run->layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (run->layer->activation, cg_tensor_plane (y), dy, dy, y->n, y->h, y->w, y->c,
                                       workspace->n_threads);
  cg_parallel_for (workspace->n_threads, (size_t)y->n * (size_t)y->h, concat_gradient_row, run);
}

const CgLayerClass cg_concat_class = {
  .name = "concat",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = concat_infer,
  .plan = concat_plan,
  .forward = concat_forward,
  .backward = concat_backward,
};
