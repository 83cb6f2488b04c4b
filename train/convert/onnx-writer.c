/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Translates a network's layers into ONNX operations, one after the other. */
#include "convert/onnx-writer.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "convert/onnx-graph.h"
#include "model/dtype.h"
#include "nets/layer-info.h"

#define EPS 1e-5f
#define SLOPE 0.2f
#define MAX_BYTES ((size_t)G_MAXINT32)

typedef struct
{
  CgOnnxGraph *graph;
  CgNetwork *network;
  GPtrArray *values; /* names: 0 the input, i + 1 what layer i makes */
  guint n_names;
} Writer;

/* --- constants --- */

static gboolean
add_parameter (Writer *writer, guint i, GError **error)
{
  const CgParameter *parameter = cg_network_get_parameter (writer->network, i);
  const size_t n = parameter->n_floats;
  g_autofree float *values = g_try_new (float, n);
  guint8 *bytes = values ? g_try_malloc (n * sizeof (float)) : NULL;
  size_t bad;

  if (!bytes)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %zu bytes of weights"), n * sizeof (float));
      return FALSE;
    }
  cg_network_read_parameter (writer->network, i, cg_network_get_weights (writer->network), values);
  bad = cg_dtype_encode (CG_DTYPE_F32, values, n, bytes);
  if (bad < n)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("tensor “%s”: found %g, expected a finite number"),
                   parameter->name, (double)values[bad]);
      g_free (bytes);
      return FALSE;
    }
  cg_onnx_graph_add_floats (writer->graph, parameter->name, parameter->n_dims, parameter->shape, bytes,
                            n * sizeof (float));
  return TRUE;
}

/* A vector of @n times @value under a name that says so. (transfer full) */
static char *
need_vector (Writer *writer, const char *name, int n, float value)
{
  char *full = g_strdup_printf ("%s_%d", name, n);
  const gint64 shape[1] = { n };
  g_autofree float *values = g_new (float, n);
  guint8 *bytes;

  if (cg_onnx_graph_has_constant (writer->graph, full))
    return full;
  for (int i = 0; i < n; i++)
    values[i] = value;
  bytes = g_malloc ((size_t)n * sizeof (float));
  cg_dtype_encode (CG_DTYPE_F32, values, (size_t)n, bytes);
  cg_onnx_graph_add_floats (writer->graph, full, 1, shape, bytes, (size_t)n * sizeof (float));
  return full;
}

/* --- operations; each returns the name of the value it makes (transfer full) --- */

static char *
new_value (Writer *writer)
{
  return g_strdup_printf ("value_%u", writer->n_names++);
}

static char *
add_reflection (Writer *writer, const char *x, int pad)
{
  const gint64 pads[8] = { 0, 0, pad, pad, 0, 0, pad, pad };
  g_autofree char *name = g_strdup_printf ("pads_%d", pad);
  const char *const inputs[] = { x, name, NULL };
  char *y = new_value (writer);

  if (!cg_onnx_graph_has_constant (writer->graph, name))
    cg_onnx_graph_add_integers (writer->graph, name, 8, pads);
  cg_onnx_graph_add_node (writer->graph, "Pad", inputs, y);
  cg_onnx_graph_set_text (writer->graph, "mode", "reflect");
  return y;
}

static char *
add_convolution (Writer *writer, const CgLayerInfo *layer, const char *x)
{
  const gboolean transposed = layer->kind == CG_LAYER_CONV_TRANSPOSE2D;
  const int pad = layer->reflect ? 0 : layer->pad;
  const gint64 kernel[2] = { layer->r, layer->r }, strides[2] = { layer->stride, layer->stride };
  const gint64 pads[4] = { pad, pad, pad, pad }, output_padding[2] = { layer->output_pad, layer->output_pad };
  g_autofree char *weight = g_strconcat (layer->name, ".weight", NULL);
  g_autofree char *bias = layer->has_bias ? g_strconcat (layer->name, ".bias", NULL) : NULL;
  g_autofree char *padded = layer->reflect && layer->pad > 0 ? add_reflection (writer, x, layer->pad) : NULL;
  const char *const inputs[] = { padded ? padded : x, weight, bias, NULL };
  char *y = new_value (writer);

  cg_onnx_graph_add_node (writer->graph, transposed ? "ConvTranspose" : "Conv", inputs, y);
  cg_onnx_graph_set_integers (writer->graph, "kernel_shape", 2, kernel);
  cg_onnx_graph_set_integers (writer->graph, "strides", 2, strides);
  cg_onnx_graph_set_integers (writer->graph, "pads", 4, pads);
  if (transposed)
    cg_onnx_graph_set_integers (writer->graph, "output_padding", 2, output_padding);
  return y;
}

static char *
add_instance_norm (Writer *writer, const CgLayerInfo *layer, const char *x)
{
  g_autofree char *ones = need_vector (writer, "ones", layer->c, 1);
  g_autofree char *zeros = need_vector (writer, "zeros", layer->c, 0);
  const char *const inputs[] = { x, ones, zeros, NULL };
  char *y = new_value (writer);

  cg_onnx_graph_add_node (writer->graph, "InstanceNormalization", inputs, y);
  cg_onnx_graph_set_real (writer->graph, "epsilon", EPS);
  return y;
}

static char *
add_batch_norm (Writer *writer, const CgLayerInfo *layer, const char *x)
{
  g_autofree char *weight = g_strconcat (layer->name, ".weight", NULL),
                  *bias = g_strconcat (layer->name, ".bias", NULL);
  g_autofree char *mean = g_strconcat (layer->name, ".running_mean", NULL);
  g_autofree char *variance = g_strconcat (layer->name, ".running_var", NULL);
  const char *const inputs[] = { x, weight, bias, mean, variance, NULL };
  char *y = new_value (writer);

  cg_onnx_graph_add_node (writer->graph, "BatchNormalization", inputs, y);
  cg_onnx_graph_set_real (writer->graph, "epsilon", EPS);
  return y;
}

static char *
add_plain (Writer *writer, const char *operation, const char *x, const char *skip)
{
  const char *const inputs[] = { x, skip, NULL };
  char *y = new_value (writer);

  cg_onnx_graph_add_node (writer->graph, operation, inputs, y);
  return y;
}

/* Nearest neighbour: pixel i of the output is pixel floor (i / 2) of the input. */
static char *
add_upsample (Writer *writer, const char *x)
{
  static const float scales[4] = { 1, 1, 2, 2 };
  const gint64 shape[1] = { 4 };
  const char *const inputs[] = { x, "", "scales", NULL };
  char *y = new_value (writer);

  if (!cg_onnx_graph_has_constant (writer->graph, "scales"))
    {
      guint8 *bytes = g_malloc (sizeof scales);

      cg_dtype_encode (CG_DTYPE_F32, scales, 4, bytes);
      cg_onnx_graph_add_floats (writer->graph, "scales", 1, shape, bytes, sizeof scales);
    }
  cg_onnx_graph_add_node (writer->graph, "Resize", inputs, y);
  cg_onnx_graph_set_text (writer->graph, "mode", "nearest");
  cg_onnx_graph_set_text (writer->graph, "coordinate_transformation_mode", "asymmetric");
  cg_onnx_graph_set_text (writer->graph, "nearest_mode", "floor");
  return y;
}

static char *
add_operation (Writer *writer, const CgLayerInfo *layer, const char *x, const char *skip)
{
  char *y;

  switch (layer->kind)
    {
    case CG_LAYER_CONV2D:
    case CG_LAYER_CONV_TRANSPOSE2D:
      return add_convolution (writer, layer, x);
    case CG_LAYER_INSTANCE_NORM:
      return add_instance_norm (writer, layer, x);
    case CG_LAYER_BATCH_NORM:
      return add_batch_norm (writer, layer, x);
    case CG_LAYER_ADD:
      return add_plain (writer, "Add", x, skip);
    case CG_LAYER_CONCAT:
      y = add_plain (writer, "Concat", skip, x);
      cg_onnx_graph_set_integer (writer->graph, "axis", 1);
      return y;
    case CG_LAYER_UPSAMPLE:
      return add_upsample (writer, x);
    case CG_LAYER_DROPOUT: /* nothing in inference */
    default:
      return g_strdup (x);
    }
}

/* (transfer full): @x itself, taken, where there is no activation */
static char *
add_activation (Writer *writer, CgLayerActivation activation, char *x)
{
  g_autofree char *taken = x;
  char *y;

  switch (activation)
    {
    case CG_LAYER_RELU:
      return add_plain (writer, "Relu", x, NULL);
    case CG_LAYER_TANH:
      return add_plain (writer, "Tanh", x, NULL);
    case CG_LAYER_LEAKY_RELU:
      y = add_plain (writer, "LeakyRelu", x, NULL);
      cg_onnx_graph_set_real (writer->graph, "alpha", SLOPE);
      return y;
    case CG_LAYER_LINEAR:
    default:
      return g_steal_pointer (&taken);
    }
}

static void
add_layer (Writer *writer, guint i)
{
  CgLayerInfo layer;
  const char *x, *skip;
  char *y;

  cg_network_get_layer_info (writer->network, i, &layer);
  x = g_ptr_array_index (writer->values, layer.input);
  skip = layer.skip < 0 ? NULL : g_ptr_array_index (writer->values, layer.skip);
  y = add_activation (writer, layer.activation, add_operation (writer, &layer, x, skip));
  if (skip && (layer.kind == CG_LAYER_INSTANCE_NORM || layer.kind == CG_LAYER_BATCH_NORM))
    {
      char *sum = add_plain (writer, "Add", y, skip);

      g_free (y);
      y = sum;
    }
  g_ptr_array_add (writer->values, y);
}

static gboolean
fill_graph (Writer *writer, GHashTable *metadata, GError **error)
{
  const CgNetworkConfig *config = cg_network_get_config (writer->network);
  const gboolean generator = config->kind == CG_NET_RESNET || config->kind == CG_NET_UNET;
  const guint n_layers = cg_network_get_n_layers (writer->network);
  const char *output[] = { NULL, NULL };

  for (guint i = 0; i < cg_network_get_n_parameters (writer->network); i++)
    if (!cg_network_get_parameter (writer->network, i)->norm_removes && !add_parameter (writer, i, error))
      return FALSE;
  cg_onnx_graph_set_input (writer->graph, "input", config->input_nc, "height", "width");
  g_ptr_array_add (writer->values, g_strdup ("input"));
  for (guint i = 0; i < n_layers; i++)
    add_layer (writer, i);
  output[0] = g_ptr_array_index (writer->values, n_layers);
  cg_onnx_graph_add_node (writer->graph, "Identity", output, "output");
  cg_onnx_graph_set_output (writer->graph, "output", config->output_nc, generator ? "height" : "map_height",
                            generator ? "width" : "map_width");
  if (metadata)
    {
      g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc)strcmp);

      for (GList *key = keys; key; key = key->next)
        cg_onnx_graph_add_metadata (writer->graph, key->data, g_hash_table_lookup (metadata, key->data));
    }
  return TRUE;
}

gboolean
cg_onnx_writer_save (CgNetwork *network, GHashTable *metadata, const char *path, GError **error)
{
  g_autoptr (CgOnnxGraph) graph = cg_onnx_graph_new ("cyclegan");
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  Writer writer = { .graph = graph, .network = network, .values = values };
  g_autofree char *display_name = g_filename_display_name (path);
  g_autoptr (CgFileSink) sink = NULL;
  size_t size;

  if (cg_network_get_n_floats (network) > MAX_BYTES / sizeof (float))
    size = G_MAXSIZE;
  else
    {
      if (!fill_graph (&writer, metadata, error))
        {
          g_prefix_error (error, "%s: ", display_name);
          return FALSE;
        }
      size = cg_onnx_graph_get_size (graph);
    }
  if (size > MAX_BYTES)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("%s: found a network of more than 2 GiB, which ONNX cannot hold"), display_name);
      return FALSE;
    }
  sink = cg_file_sink_new (path, error);
  if (!sink)
    return FALSE;
  cg_onnx_graph_write (graph, sink);
  return cg_file_sink_commit (sink, error);
}
