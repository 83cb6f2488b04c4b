/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* conv-transpose2d: the adjoint of a strided convolution, in stride² phases without inserted zeros, forward and backward. */
#include "layers/layer.h"

/* H' = (H - 1) * stride - 2 * pad + R + output_pad, as PyTorch. */
static int
output_size (const CgLayer *layer, int size)
{
  return (size - 1) * layer->stride - 2 * layer->pad + layer->r + layer->output_pad;
}

static bool
conv_transpose2d_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  if (h < 1 || w < 1 || output_size (layer, h) < 1 || output_size (layer, w) < 1)
    return false;
  *ho = output_size (layer, h);
  *wo = output_size (layer, w);
  return true;
}

static void
conv_transpose2d_plan (CgLayerRun *run)
{
  const CgLayer *layer = run->layer;
  CgConvShape shape = cg_layer_get_weight_shape (layer, CG_CONV_ADJOINT);

  /* The map whose adjoint this is runs from the output (big side) to the input (small side). */
  shape.n = run->x.n;
  shape.h = run->y.h;
  shape.w = run->y.w;
  shape.ho = run->x.h;
  shape.wo = run->x.w;
  run->shape = run->gradient_shape = shape;
  run->x_halo = cg_conv_adjoint_halo (&shape);
  run->dy_halo = layer->pad;
  run->dx_halo = 0;
  run->scratch_floats = run->kernels->conv_scratch_floats (&shape);
  if (run->training)
    run->scratch_floats = MAX (run->scratch_floats, run->kernels->conv_weight_gradient_scratch_floats (&shape));
  run->cost = (double)run->x.n * run->x.h * run->x.w * run->y.c * layer->r * layer->r * layer->c;
}

static void
conv_transpose2d_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const float *bias = layer->bias == (size_t)-1 ? NULL : weights + layer->bias;

  cg_halo_fill (cg_tensor_plane (&run->x), run->x.n, run->x.h, run->x.w, run->x.c, run->x_halo, CG_PAD_ZERO,
                workspace->n_threads);
  run->kernels->conv_adjoint (&run->shape, layer->packed[CG_CONV_ADJOINT], bias, layer->activation,
                              cg_tensor_plane (&run->x), cg_tensor_plane (&run->y), workspace);
}

static void
conv_transpose2d_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const CgTensor *y = &run->y;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (layer->activation, cg_tensor_plane (y), dy, dy, y->n, y->h, y->w, y->c,
                                       workspace->n_threads);
  cg_halo_fill (dy, y->n, y->h, y->w, y->c, run->dy_halo, CG_PAD_ZERO, workspace->n_threads);

  if (gradients)
    {
      run->kernels->conv_weight_gradient (&run->shape, dy, cg_tensor_plane (&run->x), gradients + layer->weight,
                                          workspace);
      if (layer->bias != (size_t)-1)
        run->kernels->bias_gradient (dy, y->n, y->h, y->w, y->c, gradients + layer->bias, workspace);
    }
  if (run->need_dx)
    {
      const CgTensor *dx = run->dx_adds ? &run->dx_apart : &run->dx;

      run->kernels->conv_forward (&run->shape, layer->packed[CG_CONV_FORWARD], NULL, CG_ACTIVATION_NONE, dy,
                                  cg_tensor_plane (dx), workspace);
      if (run->dx_adds)
        cg_plane_add (cg_tensor_plane (dx), cg_tensor_plane (&run->dx), dx->n, dx->h, dx->w, dx->c,
                      workspace->n_threads);
    }
}

const CgLayerClass cg_conv_transpose2d_class = {
  .name = "conv-transpose2d",
  .forward_direction = CG_CONV_ADJOINT,
  .backward_direction = CG_CONV_FORWARD,
  .infer = conv_transpose2d_infer,
  .plan = conv_transpose2d_plan,
  .forward = conv_transpose2d_forward,
  .backward = conv_transpose2d_backward,
};
