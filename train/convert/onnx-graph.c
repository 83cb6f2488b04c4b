/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fills the structures of protobuf-c. They point at each other and are all freed together, from one list. */
#include "convert/onnx-graph.h"

#include <string.h>

#include "onnx.pb-c.h"

#define OPSET 17
#define IR_VERSION 8 /* the one of opset 17 */

struct _CgOnnxGraph
{
  Onnx__ModelProto model;
  Onnx__GraphProto graph;
  Onnx__OperatorSetIdProto opset;
  Onnx__OperatorSetIdProto *opsets[1];
  Onnx__ValueInfoProto *input, *output;
  GPtrArray *nodes, *constants, *metadata;
  GPtrArray *attributes; /* of the last node */
  GHashTable *constant_names;
  GPtrArray *memory; /* owns everything above */
};

static gpointer
keep (CgOnnxGraph *graph, gpointer memory)
{
  g_ptr_array_add (graph->memory, memory);
  return memory;
}

static char *
keep_text (CgOnnxGraph *graph, const char *text)
{
  return keep (graph, g_strdup (text));
}

/* Defines @name, which makes a message with @init's defaults. */
#define DEFINE_NEW(name, type, init)                                                                                   \
  static type *name (CgOnnxGraph *graph)                                                                               \
  {                                                                                                                    \
    type *message = keep (graph, g_new0 (type, 1));                                                                    \
                                                                                                                       \
    init (message);                                                                                                    \
    return message;                                                                                                    \
  }

DEFINE_NEW (new_attribute, Onnx__AttributeProto, onnx__attribute_proto__init)
DEFINE_NEW (new_node, Onnx__NodeProto, onnx__node_proto__init)
DEFINE_NEW (new_entry, Onnx__StringStringEntryProto, onnx__string_string_entry_proto__init)
DEFINE_NEW (new_tensor, Onnx__TensorProto, onnx__tensor_proto__init)
DEFINE_NEW (new_shape, Onnx__TensorShapeProto, onnx__tensor_shape_proto__init)
DEFINE_NEW (new_dimension, Onnx__TensorShapeProto__Dimension, onnx__tensor_shape_proto__dimension__init)
DEFINE_NEW (new_type, Onnx__TypeProto, onnx__type_proto__init)
DEFINE_NEW (new_tensor_type, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init)
DEFINE_NEW (new_value_info, Onnx__ValueInfoProto, onnx__value_info_proto__init)

CgOnnxGraph *
cg_onnx_graph_new (const char *name)
{
  CgOnnxGraph *graph = g_new0 (CgOnnxGraph, 1);

  graph->memory = g_ptr_array_new_with_free_func (g_free);
  graph->nodes = g_ptr_array_new ();
  graph->constants = g_ptr_array_new ();
  graph->metadata = g_ptr_array_new ();
  graph->attributes = g_ptr_array_new ();
  graph->constant_names = g_hash_table_new (g_str_hash, g_str_equal);

  onnx__graph_proto__init (&graph->graph);
  graph->graph.name = keep_text (graph, name);
  onnx__operator_set_id_proto__init (&graph->opset);
  graph->opset.domain = keep_text (graph, "");
  graph->opset.has_version = TRUE;
  graph->opset.version = OPSET;
  graph->opsets[0] = &graph->opset;

  onnx__model_proto__init (&graph->model);
  graph->model.has_ir_version = TRUE;
  graph->model.ir_version = IR_VERSION;
  graph->model.n_opset_import = 1;
  graph->model.opset_import = graph->opsets;
  graph->model.producer_name = keep_text (graph, "cyclegan");
  graph->model.producer_version = keep_text (graph, CG_VERSION);
  graph->model.graph = &graph->graph;
  return graph;
}

void
cg_onnx_graph_free (CgOnnxGraph *graph)
{
  if (!graph)
    return;
  g_ptr_array_unref (graph->nodes);
  g_ptr_array_unref (graph->constants);
  g_ptr_array_unref (graph->metadata);
  g_ptr_array_unref (graph->attributes);
  g_hash_table_unref (graph->constant_names);
  g_ptr_array_unref (graph->memory);
  g_free (graph);
}

static Onnx__TensorShapeProto__Dimension *
make_dimension (CgOnnxGraph *graph, const char *name, gint64 value)
{
  Onnx__TensorShapeProto__Dimension *dimension = new_dimension (graph);

  if (name)
    {
      dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
      dimension->dim_param = keep_text (graph, name);
    }
  else
    {
      dimension->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      dimension->dim_value = value;
    }
  return dimension;
}

static Onnx__ValueInfoProto *
make_value (CgOnnxGraph *graph, const char *name, int channels, const char *height, const char *width)
{
  Onnx__ValueInfoProto *value = new_value_info (graph);
  Onnx__TypeProto *type = new_type (graph);
  Onnx__TypeProto__Tensor *tensor = new_tensor_type (graph);
  Onnx__TensorShapeProto *shape = new_shape (graph);

  shape->n_dim = 4;
  shape->dim = keep (graph, g_new0 (Onnx__TensorShapeProto__Dimension *, 4));
  shape->dim[0] = make_dimension (graph, "batch", 0);
  shape->dim[1] = make_dimension (graph, NULL, channels);
  shape->dim[2] = make_dimension (graph, height, 0);
  shape->dim[3] = make_dimension (graph, width, 0);
  tensor->has_elem_type = TRUE;
  tensor->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
  tensor->shape = shape;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  value->name = keep_text (graph, name);
  value->type = type;
  return value;
}

void
cg_onnx_graph_set_input (CgOnnxGraph *graph, const char *name, int channels, const char *height, const char *width)
{
  graph->input = make_value (graph, name, channels, height, width);
}

void
cg_onnx_graph_set_output (CgOnnxGraph *graph, const char *name, int channels, const char *height, const char *width)
{
  graph->output = make_value (graph, name, channels, height, width);
}

void
cg_onnx_graph_add_metadata (CgOnnxGraph *graph, const char *key, const char *value)
{
  Onnx__StringStringEntryProto *entry = new_entry (graph);

  entry->key = keep_text (graph, key);
  entry->value = keep_text (graph, value);
  g_ptr_array_add (graph->metadata, entry);
}

static void
add_constant (CgOnnxGraph *graph, const char *name, int type, int n_dims, const gint64 *shape, guint8 *bytes,
              size_t n_bytes)
{
  Onnx__TensorProto *tensor = new_tensor (graph);

  tensor->name = keep_text (graph, name);
  tensor->has_data_type = TRUE;
  tensor->data_type = type;
  tensor->n_dims = (size_t)n_dims;
  tensor->dims = keep (graph, g_memdup2 (shape, (size_t)n_dims * sizeof *shape));
  tensor->has_raw_data = TRUE;
  tensor->raw_data.data = keep (graph, bytes);
  tensor->raw_data.len = n_bytes;
  g_ptr_array_add (graph->constants, tensor);
  g_hash_table_add (graph->constant_names, tensor->name);
}

void
cg_onnx_graph_add_floats (CgOnnxGraph *graph, const char *name, int n_dims, const gint64 *shape, guint8 *bytes,
                          size_t n_bytes)
{
  add_constant (graph, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, n_dims, shape, bytes, n_bytes);
}

void
cg_onnx_graph_add_integers (CgOnnxGraph *graph, const char *name, int n, const gint64 *values)
{
  const gint64 shape[1] = { n };
  guint8 *bytes = g_malloc ((size_t)n * 8);

  for (int i = 0; i < n * 8; i++)
    bytes[i] = (guint8)((guint64)values[i / 8] >> (8 * (i % 8)));
  add_constant (graph, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1, shape, bytes, (size_t)n * 8);
}

gboolean
cg_onnx_graph_has_constant (const CgOnnxGraph *graph, const char *name)
{
  return g_hash_table_contains (graph->constant_names, name);
}

/* Gives the last node its attributes, which are collected until the next begins. */
static void
finish_node (CgOnnxGraph *graph)
{
  Onnx__NodeProto *node = graph->nodes->len ? g_ptr_array_index (graph->nodes, graph->nodes->len - 1) : NULL;
  const guint n = graph->attributes->len;

  if (n == 0)
    return;
  node->n_attribute = n;
  node->attribute = keep (graph, g_memdup2 (graph->attributes->pdata, n * sizeof (gpointer)));
  g_ptr_array_set_size (graph->attributes, 0);
}

void
cg_onnx_graph_add_node (CgOnnxGraph *graph, const char *operation, const char *const *inputs, const char *output)
{
  Onnx__NodeProto *node = new_node (graph);

  finish_node (graph);
  node->op_type = keep_text (graph, operation);
  node->name = keep (graph, g_strdup_printf ("%s_%u", operation, graph->nodes->len));
  node->input = keep (graph, g_new0 (char *, CG_ONNX_MAX_INPUTS));
  while (node->n_input < CG_ONNX_MAX_INPUTS && inputs[node->n_input])
    {
      node->input[node->n_input] = keep_text (graph, inputs[node->n_input]);
      node->n_input++;
    }
  node->output = keep (graph, g_new0 (char *, 1));
  node->output[0] = keep_text (graph, output);
  node->n_output = 1;
  g_ptr_array_add (graph->nodes, node);
}

static Onnx__AttributeProto *
add_attribute (CgOnnxGraph *graph, const char *name, Onnx__AttributeProto__AttributeType type)
{
  Onnx__AttributeProto *attribute = new_attribute (graph);

  attribute->name = keep_text (graph, name);
  attribute->has_type = TRUE;
  attribute->type = type;
  g_ptr_array_add (graph->attributes, attribute);
  return attribute;
}

void
cg_onnx_graph_set_integer (CgOnnxGraph *graph, const char *attribute, gint64 value)
{
  Onnx__AttributeProto *added = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

  added->has_i = TRUE;
  added->i = value;
}

void
cg_onnx_graph_set_integers (CgOnnxGraph *graph, const char *attribute, int n, const gint64 *values)
{
  Onnx__AttributeProto *added = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

  added->n_ints = (size_t)n;
  added->ints = keep (graph, g_memdup2 (values, (size_t)n * sizeof *values));
}

void
cg_onnx_graph_set_real (CgOnnxGraph *graph, const char *attribute, float value)
{
  Onnx__AttributeProto *added = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

  added->has_f = TRUE;
  added->f = value;
}

void
cg_onnx_graph_set_text (CgOnnxGraph *graph, const char *attribute, const char *value)
{
  Onnx__AttributeProto *added = add_attribute (graph, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

  added->has_s = TRUE;
  added->s.data = (uint8_t *)keep_text (graph, value);
  added->s.len = strlen (value);
}

/* Points the messages at the lists, which grow until now. */
static void
finish (CgOnnxGraph *graph)
{
  finish_node (graph);
  graph->graph.n_node = graph->nodes->len;
  graph->graph.node = (Onnx__NodeProto **)graph->nodes->pdata;
  graph->graph.n_initializer = graph->constants->len;
  graph->graph.initializer = (Onnx__TensorProto **)graph->constants->pdata;
  graph->graph.n_input = 1;
  graph->graph.input = &graph->input;
  graph->graph.n_output = 1;
  graph->graph.output = &graph->output;
  graph->model.n_metadata_props = graph->metadata->len;
  graph->model.metadata_props = (Onnx__StringStringEntryProto **)graph->metadata->pdata;
}

size_t
cg_onnx_graph_get_size (CgOnnxGraph *graph)
{
  finish (graph);
  return onnx__model_proto__get_packed_size (&graph->model);
}

typedef struct
{
  ProtobufCBuffer base;
  CgFileSink *sink;
} SinkBuffer;

static void
append (ProtobufCBuffer *buffer, size_t n, const uint8_t *data)
{
  cg_file_sink_write (((SinkBuffer *)buffer)->sink, data, n);
}

void
cg_onnx_graph_write (CgOnnxGraph *graph, CgFileSink *sink)
{
  SinkBuffer buffer = { { append }, sink };

  finish (graph);
  onnx__model_proto__pack_to_buffer (&graph->model, &buffer.base);
}
