/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ONNX files, taken apart again: every value is made before it is read, sizes are open, constants are the network's. What they
 * compute is compared with PyTorch by tests/golden/checkpoints/round-trip.py. */
#include "convert/onnx-writer.h"

#include <math.h>

#include "../model/file-fixture.h"
#include "base/error.h"
#include "convert/onnx-info.h"
#include "onnx.pb-c.h"

static const CgNetworkConfig configs[] = {
  { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 1, .nf = 2, .n_blocks = 2 },
  { .kind = CG_NET_RESNET,
    .input_nc = 3,
    .output_nc = 3,
    .nf = 2,
    .n_blocks = 1,
    .norm = CG_NORM_BATCH,
    .dropout = TRUE },
  { .kind = CG_NET_RESNET,
    .input_nc = 1,
    .output_nc = 3,
    .nf = 3,
    .n_blocks = 1,
    .upsample = CG_UPSAMPLE_RESIZE,
    .norm = CG_NORM_NONE },
  { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 1, .n_downs = 6, .dropout = TRUE },
  { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 2, .n_layers = 3 },
  { .kind = CG_NET_PIXEL, .input_nc = 3, .output_nc = 1, .nf = 2, .norm = CG_NORM_BATCH },
};

static CgNetwork *
make_network (const CgNetworkConfig *config)
{
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (config, &error);

  g_assert_no_error (error);
  cg_network_init (network, CG_INIT_NORMAL, 0.1, 11);
  return network;
}

static Onnx__ModelProto *
save_and_read (CgNetwork *network, GHashTable *metadata, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  Onnx__ModelProto *model;
  size_t n;

  cg_onnx_writer_save (network, metadata, path, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &contents, &n, &error);
  g_assert_no_error (error);
  model = onnx__model_proto__unpack (NULL, n, (const guint8 *)contents);
  g_assert_nonnull (model);
  return model;
}

static void
check_value (const Onnx__ValueInfoProto *value, const char *name, int channels)
{
  const Onnx__TensorShapeProto *shape = value->type->tensor_type->shape;

  g_assert_cmpstr (value->name, ==, name);
  g_assert_cmpint (value->type->tensor_type->elem_type, ==, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
  g_assert_cmpuint (shape->n_dim, ==, 4);
  g_assert_cmpint (shape->dim[1]->dim_value, ==, channels);
  for (int i = 0; i < 4; i += i == 0 ? 2 : 1)
    {
      g_assert_cmpint (shape->dim[i]->value_case, ==, ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM);
      g_assert_cmpstr (shape->dim[i]->dim_param, !=, "");
    }
}

/* Constants have PyTorch's names, shapes and order of elements. */
static void
check_constants (const Onnx__GraphProto *graph, CgNetwork *network, GHashTable *defined)
{
  guint n_parameters = 0;

  for (size_t i = 0; i < graph->n_initializer; i++)
    {
      const Onnx__TensorProto *tensor = graph->initializer[i];
      const CgParameter *parameter = cg_network_find_parameter (network, tensor->name);

      g_assert_true (g_hash_table_add (defined, tensor->name));
      if (!parameter)
        continue;
      n_parameters++;
      g_assert_false (parameter->norm_removes);
      g_assert_cmpuint (tensor->n_dims, ==, parameter->n_dims);
      for (size_t d = 0; d < tensor->n_dims; d++)
        g_assert_cmpint (tensor->dims[d], ==, parameter->shape[d]);
      for (guint k = 0; k < cg_network_get_n_parameters (network); k++)
        if (cg_network_get_parameter (network, k) == parameter)
          {
            g_autofree float *values = g_new (float, parameter->n_floats);

            cg_network_read_parameter (network, k, cg_network_get_weights (network), values);
            /* Tests run on little-endian machines. */
            g_assert_cmpmem (tensor->raw_data.data, tensor->raw_data.len, values, parameter->n_floats * sizeof *values);
          }
    }
  for (guint k = 0; k < cg_network_get_n_parameters (network); k++)
    n_parameters += cg_network_get_parameter (network, k)->norm_removes;
  g_assert_cmpuint (n_parameters, ==, cg_network_get_n_parameters (network));
}

static void
check_nodes (const Onnx__GraphProto *graph, GHashTable *defined)
{
  g_hash_table_add (defined, graph->input[0]->name);
  g_hash_table_add (defined, (char *)"");
  for (size_t i = 0; i < graph->n_node; i++)
    {
      const Onnx__NodeProto *node = graph->node[i];

      for (size_t j = 0; j < node->n_input; j++)
        g_assert_true (g_hash_table_contains (defined, node->input[j]));
      g_assert_cmpuint (node->n_output, ==, 1);
      g_assert_true (g_hash_table_add (defined, node->output[0]));
      g_assert_cmpstr (node->op_type, !=, "Dropout");
    }
  g_assert_true (g_hash_table_contains (defined, graph->output[0]->name));
}

static void
test_graphs (FileFixture *fixture, gconstpointer data)
{
  for (size_t i = 0; i < G_N_ELEMENTS (configs); i++)
    {
      g_autoptr (CgNetwork) network = make_network (&configs[i]);
      g_autoptr (GHashTable) defined = g_hash_table_new (g_str_hash, g_str_equal);
      Onnx__ModelProto *model = save_and_read (network, NULL, fixture->path);

      g_assert_cmpint (model->ir_version, ==, 8);
      g_assert_cmpuint (model->n_opset_import, ==, 1);
      g_assert_cmpint (model->opset_import[0]->version, ==, 17);
      g_assert_cmpuint (model->graph->n_input, ==, 1);
      g_assert_cmpuint (model->graph->n_output, ==, 1);
      check_value (model->graph->input[0], "input", configs[i].input_nc);
      check_value (model->graph->output[0], "output", configs[i].output_nc);
      check_constants (model->graph, network, defined);
      check_nodes (model->graph, defined);
      onnx__model_proto__free_unpacked (model, NULL);
    }
}

/* What a residual block and its surroundings become. */
static void
test_operations (FileFixture *fixture, gconstpointer data)
{
  static const char *const expected[] = {
    "Pad",
    "Conv",
    "InstanceNormalization",
    "Relu", /* 7x7 */
    "Conv",
    "InstanceNormalization",
    "Relu", /* down */
    "Conv",
    "InstanceNormalization",
    "Relu",
    "Pad",
    "Conv",
    "InstanceNormalization",
    "Relu",
    "Pad",
    "Conv",
    "InstanceNormalization",
    "Add", /* block */
    "ConvTranspose",
    "InstanceNormalization",
    "Relu", /* up */
    "ConvTranspose",
    "InstanceNormalization",
    "Relu",
    "Pad",
    "Conv",
    "Tanh",
    "Identity",
  };
  const CgNetworkConfig config = { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 1, .n_blocks = 1 };
  g_autoptr (CgNetwork) network = make_network (&config);
  Onnx__ModelProto *model = save_and_read (network, NULL, fixture->path);

  g_assert_cmpuint (model->graph->n_node, ==, G_N_ELEMENTS (expected));
  for (size_t i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (model->graph->node[i]->op_type, ==, expected[i]);
  onnx__model_proto__free_unpacked (model, NULL);
}

/* What info tells is what the library for the format reads; and a file that is cut off anywhere is none. */
static void
check_info (FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgOnnxInfo) info = cg_onnx_info_read (fixture->path, &error);
  g_autofree char *contents = NULL;
  size_t n;

  g_assert_no_error (error);
  g_assert_cmpint (info->ir_version, ==, 8);
  g_assert_cmpint (info->opset, ==, 17);
  g_assert_cmpstr (info->producer, ==, "cyclegan");
  g_assert_cmpuint (info->metadata->len, ==, 4);
  g_assert_cmpstr (g_ptr_array_index (info->metadata, 2), ==, "title");
  g_assert_cmpstr (g_ptr_array_index (info->metadata, 3), ==, "Ä title");

  g_assert_true (g_file_get_contents (fixture->path, &contents, &n, NULL));
  for (size_t length = n > 60 ? n - 60 : 0; length < n; length += 7)
    {
      g_autoptr (CgOnnxInfo) cut = NULL;

      file_fixture_write (fixture, (const guint8 *)contents, length);
      cut = cg_onnx_info_read (fixture->path, &error);
      if (cut)
        g_assert_cmpuint (cut->metadata->len, <, 4);
      g_clear_error (&error);
    }
  file_fixture_write (fixture, (const guint8 *)"GIMP", 4);
  g_assert_null (cg_onnx_info_read (fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
}

static void
test_metadata (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&configs[5]);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *first = NULL, *second = NULL;
  Onnx__ModelProto *model;
  size_t n_first, n_second;

  g_hash_table_insert (metadata, (char *)"title", (char *)"Ä title");
  g_hash_table_insert (metadata, (char *)"license", (char *)"CC0-1.0");
  model = save_and_read (network, metadata, fixture->path);
  g_assert_cmpuint (model->n_metadata_props, ==, 2);
  g_assert_cmpstr (model->metadata_props[0]->key, ==, "license");
  g_assert_cmpstr (model->metadata_props[1]->value, ==, "Ä title");
  onnx__model_proto__free_unpacked (model, NULL);

  /* The same network makes the same bytes. */
  g_assert_true (g_file_get_contents (fixture->path, &first, &n_first, NULL));
  model = save_and_read (network, metadata, fixture->path);
  onnx__model_proto__free_unpacked (model, NULL);
  g_assert_true (g_file_get_contents (fixture->path, &second, &n_second, NULL));
  g_assert_cmpmem (first, n_first, second, n_second);

  check_info (fixture);
}

static void
test_refuses (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&configs[0]);
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL;

  cg_network_get_weights (network)[0] = NAN;
  g_assert_false (cg_onnx_writer_save (network, NULL, fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "tensor “model.1.weight”: found nan"));
  list = file_fixture_list (fixture);
  g_assert_cmpstr (list, ==, "");
  g_clear_error (&error);

  cg_network_get_weights (network)[0] = 0;
  g_assert_false (cg_onnx_writer_save (network, NULL, fixture->folder, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/onnx-writer/graphs", test_graphs);
  ADD ("/onnx-writer/operations", test_operations);
  ADD ("/onnx-writer/metadata", test_metadata);
  ADD ("/onnx-writer/refuses", test_refuses);
  return g_test_run ();
}
