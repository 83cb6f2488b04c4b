/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a network computes, layer by layer, for those who write it down in another format. */
#pragma once

#include "base/visibility.h"
#include "nets/network.h"

G_BEGIN_DECLS

typedef enum
{
  CG_LAYER_CONV2D,
  CG_LAYER_CONV_TRANSPOSE2D,
  CG_LAYER_INSTANCE_NORM, /* not affine, no running statistics, eps 1e-5 */
  CG_LAYER_BATCH_NORM,    /* affine, running statistics, eps 1e-5 */
  CG_LAYER_ADD,           /* x + skip */
  CG_LAYER_CONCAT,        /* [skip, x] by channels */
  CG_LAYER_DROPOUT,
  CG_LAYER_UPSAMPLE /* to twice the size, nearest neighbour */
} CgLayerKind;

typedef enum
{
  CG_LAYER_LINEAR,
  CG_LAYER_RELU,
  CG_LAYER_LEAKY_RELU, /* slope 0.2 */
  CG_LAYER_TANH
} CgLayerActivation;

/**
 * CgLayerInfo: y = activation (layer (x)), and for a norm with a skip y = activation (norm (x)) + skip
 * @name: PyTorch's module name, which the parameters have with ".weight" and so on; "" for layers without parameters
 * @input, @skip: which values are read: 0 is the network's input, i + 1 the output of layer i; @skip -1 = none
 * @c, @k: channels in and out
 * @r, @stride, @pad, @output_pad: of convolutions, as PyTorch's
 * @reflect: padding is by reflection, otherwise by zeros
 * @has_bias: a bias is added; FALSE also where the file has one that the norm behind subtracts again
 */
typedef struct
{
  CgLayerKind kind;
  const char *name;
  int input, skip;
  int c, k;
  int r, stride, pad, output_pad;
  gboolean reflect, has_bias;
  CgLayerActivation activation;
} CgLayerInfo;

/* The last layer makes the output. */
CG_PUBLIC guint cg_network_get_n_layers (const CgNetwork *network);

/* @info: (out): overwritten; its name lives as long as the network */
CG_PUBLIC void cg_network_get_layer_info (const CgNetwork *network, guint i, CgLayerInfo *info);

G_END_DECLS
