/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgLayer: one layer as a network describes it; CgLayerRun: the same layer inside one pass, with tensors laid out. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "tensor/tensor.h"

typedef struct _CgLayerClass CgLayerClass;
typedef struct _CgLayer CgLayer;
typedef struct _CgLayerRun CgLayerRun;

/* Which random numbers a dropout layer draws; @stream tells apart the passes and layers of one step. */
typedef struct
{
  uint64_t seed, step, stream;
} CgDropout;

/**
 * CgLayer:
 * @name: PyTorch's module name ("model.10.conv_block.1"), "" for layers without one
 * @input, @skip: which values it reads: 0 is the network's input, i + 1 the output of layer i; @skip -1 = none
 * @c, @k: channels in and out
 * @r: kernel height and width; @stride, @pad, @output_pad as PyTorch's; @pad_mode of @pad
 * @activation: applied last, before a norm's skip is added
 * @weight, @bias: offsets into the network's flat vectors, (size_t) -1 = none. A bias that a norm removes is no bias here.
 * @running_mean, @running_variance: offsets of batch norm's buffers
 * @packed: copies of the weights for the two GEMM directions, NULL where not needed
 */
struct _CgLayer
{
  const CgLayerClass *klass;
  char *name;
  int input, skip;
  int c, k;
  int r, stride, pad, output_pad;
  CgPadMode pad_mode;
  CgActivation activation;
  size_t weight, bias;
  size_t running_mean, running_variance;
  float *packed[2];
};

/**
 * CgLayerRun:
 * @x, @skip, @y: inputs and output of the layer; @dx, @dskip, @dy: gradients of a loss with respect to them
 * @training: batch statistics and dropout are on
 * @need_dx, @need_dskip: whether anyone wants them
 * @dx_adds, @dskip_adds: an earlier writer has been there: add instead of overwriting
 * @dx_apart: where a layer that can only overwrite computes its dx first, when it has to add
 * @tx, @ty, @tdx, @tdy: directional derivatives of x, y, dx, dy (gradient-penalty.h), only in passes made for tangents;
 *   @ti: room of y's shape for what tangent_forward leaves to tangent_backward
 * @x_halo, @dy_halo, @dx_halo: (set by plan) halos this layer reads or writes around those tensors
 * @scratch_floats: (set by plan) per thread
 * @n_statistics, @statistics: (number set by plan) small arrays kept from forward to backward
 * @cost: (set by plan) multiply-adds, for progress
 */
struct _CgLayerRun
{
  const CgLayer *layer;
  const CgKernels *kernels;
  CgTensor x, skip, y;
  CgTensor dx, dskip, dy, dx_apart;
  CgTensor tx, ty, tdx, tdy, ti;
  bool training;
  CgDropout dropout;
  bool need_dx, need_dskip, dx_adds, dskip_adds;
  CgConvShape shape;          /* as the forward pass sees it */
  CgConvShape gradient_shape; /* a reflected halo counts as pixels: its gradient is folded afterwards */
  int x_halo, dy_halo, dx_halo;
  size_t scratch_floats;
  size_t n_statistics;
  float *statistics;
  double cost;
};

/**
 * CgLayerClass:
 * @forward_direction, @backward_direction: which packings of the weights they read (layers without weights: -1)
 * @infer: size of the output for an input of h x w; false if it is too small
 * @plan: x and y are described (no memory yet); fills in what CgLayerRun says
 * @forward: overwrites y
 * @backward: overwrites or adds dx and dskip; adds to @gradients unless it is NULL; may overwrite dy
 *
 * @tangent_forward: (nullable) after forward and backward: overwrites ty, the derivative of y in the direction tx
 * @tangent_backward: (nullable) then: overwrites tdx, the derivative of dx, and adds that of the parameter gradients to
 *   @gradients; dx and dy are those of the backward before; may overwrite tdy
 * @update: (nullable) writes what the last forward learnt into the weights' buffers (running statistics)
 *
 * forward and backward cannot fail: plan settled shapes and memory.
 */
struct _CgLayerClass
{
  const char *name;
  int forward_direction, backward_direction;
  bool (*infer) (const CgLayer *layer, int h, int w, int *ho, int *wo);
  void (*plan) (CgLayerRun *run);
  void (*forward) (CgLayerRun *run, const float *weights, const CgWorkspace *workspace);
  void (*backward) (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace);
  void (*tangent_forward) (CgLayerRun *run, const CgWorkspace *workspace);
  void (*tangent_backward) (CgLayerRun *run, float *gradients, const CgWorkspace *workspace);
  void (*update) (const CgLayerRun *run, float *weights);
};

extern const CgLayerClass cg_conv2d_class;
extern const CgLayerClass cg_conv_transpose2d_class;
extern const CgLayerClass cg_instance_norm_class;
extern const CgLayerClass cg_batch_norm_class;
extern const CgLayerClass cg_add_class;
extern const CgLayerClass cg_concat_class;
extern const CgLayerClass cg_dropout_class;
extern const CgLayerClass cg_upsample_class;

/* The convolution whose weights @layer holds, with the padding its packing for @direction assumes; image sizes are 0. */
CgConvShape cg_layer_get_weight_shape (const CgLayer *layer, CgConvDirection direction);

static inline CgPlane
cg_tensor_plane (const CgTensor *tensor)
{
  return (CgPlane){ tensor->data, tensor->row_stride, tensor->image_stride };
}

/* The same plane seen from its halo: pixel (0, 0) is @border pixels further up and left. */
static inline CgPlane
cg_tensor_plane_bordered (const CgTensor *tensor, int border)
{
  return (CgPlane){ cg_tensor_at (tensor, 0, -border, -border), tensor->row_stride, tensor->image_stride };
}
