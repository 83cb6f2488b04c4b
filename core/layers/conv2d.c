/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* conv2d: y = act (conv (pad (x), w) + b); reflection or zeros as padding, forward and backward. */
#include "layers/layer.h"

CgConvShape
cg_layer_get_weight_shape (const CgLayer *layer, CgConvDirection direction)
{
  CgConvShape shape = { .r = layer->r, .s = layer->r, .stride = layer->stride, .pad = layer->pad };

  /* A transposed convolution is the adjoint of a map from its output to its input. */
  if (layer->klass == &cg_conv_transpose2d_class)
    {
      shape.c = layer->k;
      shape.k = layer->c;
    }
  else
    {
      shape.c = layer->c;
      shape.k = layer->k;
      if (direction == CG_CONV_ADJOINT && layer->pad_mode == CG_PAD_REFLECT)
        shape.pad = 0;
    }
  return shape;
}

static bool
conv2d_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  /* Reflection cannot reach further than the image. */
  int least = layer->pad_mode == CG_PAD_REFLECT ? layer->pad + 1 : 1;

  if (h < least || w < least || h + 2 * layer->pad < layer->r || w + 2 * layer->pad < layer->r)
    return false;
  *ho = (h + 2 * layer->pad - layer->r) / layer->stride + 1;
  *wo = (w + 2 * layer->pad - layer->r) / layer->stride + 1;
  return true;
}

static void
conv2d_plan (CgLayerRun *run)
{
  const CgLayer *layer = run->layer;
  bool reflect = layer->pad_mode == CG_PAD_REFLECT;
  CgConvShape shape = cg_layer_get_weight_shape (layer, CG_CONV_FORWARD);

  shape.n = run->x.n;
  shape.h = run->x.h;
  shape.w = run->x.w;
  shape.ho = run->y.h;
  shape.wo = run->y.w;
  run->shape = run->gradient_shape = shape;
  if (reflect)
    {
      run->gradient_shape.h += 2 * layer->pad;
      run->gradient_shape.w += 2 * layer->pad;
      run->gradient_shape.pad = 0;
    }
  run->x_halo = layer->pad;
  run->dx_halo = reflect ? layer->pad : 0;
  run->dy_halo = cg_conv_adjoint_halo (&run->gradient_shape);
  run->scratch_floats = run->kernels->conv_scratch_floats (&run->shape);
  if (run->training)
    {
      run->scratch_floats = MAX (run->scratch_floats, run->kernels->conv_scratch_floats (&run->gradient_shape));
      run->scratch_floats
          = MAX (run->scratch_floats, run->kernels->conv_weight_gradient_scratch_floats (&run->gradient_shape));
    }
  run->cost = (double)run->y.n * run->y.h * run->y.w * run->y.c * layer->r * layer->r * layer->c;
}

static void
conv2d_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const float *bias = layer->bias == (size_t)-1 ? NULL : weights + layer->bias;

  cg_halo_fill (cg_tensor_plane (&run->x), run->x.n, run->x.h, run->x.w, run->x.c, layer->pad, layer->pad_mode,
                workspace->n_threads);
  run->kernels->conv_forward (&run->shape, layer->packed[CG_CONV_FORWARD], bias, layer->activation,
                              cg_tensor_plane (&run->x), cg_tensor_plane (&run->y), workspace);
}

static void
conv2d_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const CgTensor *y = &run->y;
  int border = layer->pad_mode == CG_PAD_REFLECT ? layer->pad : 0;
  CgPlane dy = cg_tensor_plane (&run->dy);

  if (layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (layer->activation, cg_tensor_plane (y), dy, dy, y->n, y->h, y->w, y->c,
                                       workspace->n_threads);
  cg_halo_fill (dy, y->n, y->h, y->w, y->c, run->dy_halo, CG_PAD_ZERO, workspace->n_threads);

  if (gradients)
    {
      run->kernels->conv_weight_gradient (&run->gradient_shape, cg_tensor_plane_bordered (&run->x, border), dy,
                                          gradients + layer->weight, workspace);
      if (layer->bias != (size_t)-1)
        run->kernels->bias_gradient (dy, y->n, y->h, y->w, y->c, gradients + layer->bias, workspace);
    }
  if (run->need_dx)
    {
      const CgTensor *dx = run->dx_adds ? &run->dx_apart : &run->dx;

      run->kernels->conv_adjoint (&run->gradient_shape, layer->packed[CG_CONV_ADJOINT], NULL, CG_ACTIVATION_NONE, dy,
                                  cg_tensor_plane_bordered (dx, border), workspace);
      if (border > 0)
        cg_halo_fold (cg_tensor_plane (dx), dx->n, dx->h, dx->w, dx->c, border, workspace->n_threads);
      if (run->dx_adds)
        cg_plane_add (cg_tensor_plane (dx), cg_tensor_plane (&run->dx), dx->n, dx->h, dx->w, dx->c,
                      workspace->n_threads);
    }
}

/* The map is linear up to the activation: ty = act'(y) * conv (tx). */
static void
conv2d_tangent_forward (CgLayerRun *run, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const CgTensor *ty = &run->ty;

  cg_halo_fill (cg_tensor_plane (&run->tx), run->tx.n, run->tx.h, run->tx.w, run->tx.c, layer->pad, layer->pad_mode,
                workspace->n_threads);
  run->kernels->conv_forward (&run->shape, layer->packed[CG_CONV_FORWARD], NULL, CG_ACTIVATION_NONE,
                              cg_tensor_plane (&run->tx), cg_tensor_plane (ty), workspace);
  if (layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (layer->activation, cg_tensor_plane (&run->y), cg_tensor_plane (ty),
                                       cg_tensor_plane (ty), ty->n, ty->h, ty->w, ty->c, workspace->n_threads);
}

/* dw = x (*) dy, so its derivative is tx (*) dy + x (*) tdy; the activation is piecewise linear, so it adds nothing of its own.
 * dy already holds act'(y) * dy, from backward. */
static void
conv2d_tangent_backward (CgLayerRun *run, float *gradients, const CgWorkspace *workspace)
{
  const CgLayer *layer = run->layer;
  const CgTensor *y = &run->y;
  int border = layer->pad_mode == CG_PAD_REFLECT ? layer->pad : 0;
  CgPlane dy = cg_tensor_plane (&run->dy), tdy = cg_tensor_plane (&run->tdy);

  if (layer->activation != CG_ACTIVATION_NONE)
    run->kernels->activation_gradient (layer->activation, cg_tensor_plane (y), tdy, tdy, y->n, y->h, y->w, y->c,
                                       workspace->n_threads);
  cg_halo_fill (tdy, y->n, y->h, y->w, y->c, run->dy_halo, CG_PAD_ZERO, workspace->n_threads);
  run->kernels->conv_weight_gradient (&run->gradient_shape, cg_tensor_plane_bordered (&run->tx, border), dy,
                                      gradients + layer->weight, workspace);
  run->kernels->conv_weight_gradient (&run->gradient_shape, cg_tensor_plane_bordered (&run->x, border), tdy,
                                      gradients + layer->weight, workspace);
  if (layer->bias != (size_t)-1)
    run->kernels->bias_gradient (tdy, y->n, y->h, y->w, y->c, gradients + layer->bias, workspace);
  run->kernels->conv_adjoint (&run->gradient_shape, layer->packed[CG_CONV_ADJOINT], NULL, CG_ACTIVATION_NONE, tdy,
                              cg_tensor_plane_bordered (&run->tdx, border), workspace);
  if (border > 0)
    cg_halo_fold (cg_tensor_plane (&run->tdx), run->tdx.n, run->tdx.h, run->tdx.w, run->tdx.c, border,
                  workspace->n_threads);
}

const CgLayerClass cg_conv2d_class = {
  .name = "conv2d",
  .forward_direction = CG_CONV_FORWARD,
  .backward_direction = CG_CONV_ADJOINT,
  .infer = conv2d_infer,
  .plan = conv2d_plan,
  .forward = conv2d_forward,
  .backward = conv2d_backward,
  .tangent_forward = conv2d_tangent_forward,
  .tangent_backward = conv2d_tangent_backward,
};
