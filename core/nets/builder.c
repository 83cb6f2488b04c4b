/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Appends layers to a network and gives their parameters PyTorch's names, shapes and order. */
#include "nets/network-private.h"

/* Channels of value @value: what the layer before made, or what the network reads. */
static int
get_channels (const CgNetwork *network, int value)
{
  return value == 0 ? network->config.input_nc : cg_network_get_layer (network, (guint)value - 1)->k;
}

static size_t
add_parameter (CgNetwork *network, const char *module, const char *kind, int n_dims, const gint64 shape[4],
               gboolean norm_removes)
{
  CgParameter parameter = { .n_dims = n_dims, .n_floats = 1, .norm_removes = norm_removes };

  parameter.name = g_strdup_printf ("%s.%s", module, kind);
  for (int i = 0; i < n_dims; i++)
    {
      parameter.shape[i] = shape[i];
      parameter.n_floats *= (size_t)shape[i];
    }
  parameter.offset = network->n_floats;
  network->n_floats += parameter.n_floats;
  g_array_append_val (network->parameters, parameter);
  return parameter.offset;
}

static int
add_layer (CgNetwork *network, CgLayer *layer)
{
  g_array_append_val (network->layers, *layer);
  return (int)network->layers->len;
}

/* weight [dim0][dim1][r][r] and bias [k] in PyTorch's order. */
static int
add_convolution (CgNetwork *network, CgLayer *layer, const char *name, CgBias bias)
{
  gboolean transposed = layer->klass == &cg_conv_transpose2d_class;
  gint64 weight_shape[4] = { transposed ? layer->c : layer->k, transposed ? layer->k : layer->c, layer->r, layer->r };
  gint64 bias_shape[4] = { layer->k };

  layer->name = g_strdup (name);
  layer->skip = -1;
  layer->weight = add_parameter (network, name, "weight", 4, weight_shape, FALSE);
  layer->bias = (size_t)-1;
  if (bias != CG_BIAS_NONE)
    {
      size_t offset = add_parameter (network, name, "bias", 1, bias_shape, bias == CG_BIAS_REMOVED);

      if (bias == CG_BIAS_USED)
        layer->bias = offset;
    }
  return add_layer (network, layer);
}

int
cg_network_add_conv2d (CgNetwork *network, const char *name, int input, int k, int r, int stride, int pad,
                       CgPadMode pad_mode, CgBias bias, CgActivation activation)
{
  CgLayer layer = { .klass = &cg_conv2d_class,
                    .input = input,
                    .c = get_channels (network, input),
                    .k = k,
                    .r = r,
                    .stride = stride,
                    .pad = pad,
                    .pad_mode = pad_mode,
                    .activation = activation };

  return add_convolution (network, &layer, name, bias);
}

int
cg_network_add_conv_transpose2d (CgNetwork *network, const char *name, int input, int k, int r, int stride, int pad,
                                 int output_pad, CgBias bias, CgActivation activation)
{
  CgLayer layer = { .klass = &cg_conv_transpose2d_class,
                    .input = input,
                    .c = get_channels (network, input),
                    .k = k,
                    .r = r,
                    .stride = stride,
                    .pad = pad,
                    .output_pad = output_pad,
                    .pad_mode = CG_PAD_ZERO,
                    .activation = activation };

  return add_convolution (network, &layer, name, bias);
}

/* A layer without parameters whose output has the channels of its input. */
static int
add_plain (CgNetwork *network, const CgLayerClass *klass, int input, int skip, CgActivation activation)
{
  CgLayer layer = { .klass = klass,
                    .name = g_strdup (""),
                    .input = input,
                    .skip = skip,
                    .c = get_channels (network, input),
                    .k = get_channels (network, input),
                    .activation = activation,
                    .weight = (size_t)-1,
                    .bias = (size_t)-1 };

  return add_layer (network, &layer);
}

/* The affine parameters and running statistics of a batch norm, in PyTorch's order. */
static void
add_batch_norm_parameters (CgNetwork *network, CgLayer *layer, const char *name)
{
  gint64 shape[4] = { layer->k };
  guint first = network->parameters->len;

  layer->weight = add_parameter (network, name, "weight", 1, shape, FALSE);
  layer->bias = add_parameter (network, name, "bias", 1, shape, FALSE);
  layer->running_mean = add_parameter (network, name, "running_mean", 1, shape, FALSE);
  layer->running_variance = add_parameter (network, name, "running_var", 1, shape, FALSE);
  g_array_index (network->parameters, CgParameter, first).is_scale = TRUE;
  g_array_index (network->parameters, CgParameter, first + 2).is_buffer = TRUE;
  g_array_index (network->parameters, CgParameter, first + 3).is_buffer = TRUE;
}

int
cg_network_add_norm (CgNetwork *network, const char *name, int input, CgActivation activation, int skip)
{
  gboolean batch = network->config.norm == CG_NORM_BATCH;
  int value = add_plain (network, batch ? &cg_batch_norm_class : &cg_instance_norm_class, input, skip, activation);
  CgLayer *layer = cg_network_get_layer (network, (guint)value - 1);

  g_free (layer->name);
  layer->name = g_strdup (name);
  if (batch)
    add_batch_norm_parameters (network, layer, name);
  return value;
}

int
cg_network_add_join (CgNetwork *network, int input, int skip)
{
  return add_plain (network, &cg_add_class, input, skip, CG_ACTIVATION_NONE);
}

int
cg_network_add_concat (CgNetwork *network, int input, int skip, CgActivation activation)
{
  int value = add_plain (network, &cg_concat_class, input, skip, activation);

  cg_network_get_layer (network, (guint)value - 1)->k += get_channels (network, skip);
  return value;
}

int
cg_network_add_dropout (CgNetwork *network, int input)
{
  return add_plain (network, &cg_dropout_class, input, -1, CG_ACTIVATION_NONE);
}

int
cg_network_add_upsample (CgNetwork *network, int input)
{
  return add_plain (network, &cg_upsample_class, input, -1, CG_ACTIVATION_NONE);
}

CgBias
cg_network_get_bias_before_norm (const CgNetwork *network)
{
  return network->config.norm == CG_NORM_INSTANCE ? CG_BIAS_REMOVED : CG_BIAS_NONE;
}
