/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* join: where two values meet: y = x + skip (residual blocks without a norm to add it), forward and backward. */
#include "layers/layer.h"

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
