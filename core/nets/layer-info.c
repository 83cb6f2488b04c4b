/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Tells layers in public terms, so that the rooms below stay unseen. */
#include "nets/layer-info.h"

#include "nets/network-private.h"

static const struct
{
  const CgLayerClass *klass;
  CgLayerKind kind;
} kinds[] = {
  { &cg_conv2d_class, CG_LAYER_CONV2D },
  { &cg_conv_transpose2d_class, CG_LAYER_CONV_TRANSPOSE2D },
  { &cg_instance_norm_class, CG_LAYER_INSTANCE_NORM },
  { &cg_batch_norm_class, CG_LAYER_BATCH_NORM },
  { &cg_add_class, CG_LAYER_ADD },
  { &cg_concat_class, CG_LAYER_CONCAT },
  { &cg_dropout_class, CG_LAYER_DROPOUT },
  { &cg_upsample_class, CG_LAYER_UPSAMPLE },
};

static CgLayerKind
get_kind (const CgLayerClass *klass)
{
  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].klass == klass)
      return kinds[i].kind;
  g_assert_not_reached ();
}

static CgLayerActivation
get_activation (CgActivation activation)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return CG_LAYER_RELU;
    case CG_ACTIVATION_LEAKY_RELU:
      return CG_LAYER_LEAKY_RELU;
    case CG_ACTIVATION_TANH:
      return CG_LAYER_TANH;
    case CG_ACTIVATION_NONE:
    default:
      return CG_LAYER_LINEAR;
    }
}

guint
cg_network_get_n_layers (const CgNetwork *network)
{
  return network->layers->len;
}

void
cg_network_get_layer_info (const CgNetwork *network, guint i, CgLayerInfo *info)
{
  const CgLayer *layer;

  g_return_if_fail (i < network->layers->len);

  layer = cg_network_get_layer (network, i);
  *info = (CgLayerInfo){ .kind = get_kind (layer->klass),
                         .name = layer->name,
                         .input = layer->input,
                         .skip = layer->skip,
                         .c = layer->c,
                         .k = layer->k,
                         .r = layer->r,
                         .stride = layer->stride,
                         .pad = layer->pad,
                         .output_pad = layer->output_pad,
                         .reflect = layer->pad_mode == CG_PAD_REFLECT,
                         .has_bias = layer->bias != (size_t)-1,
                         .activation = get_activation (layer->activation) };
}
