/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checkpoints that PyTorch wrote (tests/golden/checkpoints/generate.py): every number and every architecture. */
#include "convert/state-dict.h"

#include <math.h>

#include "base/error.h"
#include "checkpoint-fixture.h"
#include "convert/architecture.h"

static char *
get_path (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".pth", NULL);

  return g_build_filename (g_getenv ("CG_GOLDEN_DIR"), "checkpoints", file, NULL);
}

static CgStateDict *
open_golden (const char *name, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = get_path (name);
  CgStateDict *dict = cg_state_dict_open (path, key, &error);

  g_assert_no_error (error);
  return dict;
}

/* What generate.py puts into element i of tensor k; every format holds it exactly. */
static float
expected_value (guint k, size_t i)
{
  return (float)((int)((37 * k + 11 * i) % 251) - 125) / 256.0f;
}

/* @key: (nullable); @config: what the weights belong to */
typedef struct
{
  const char *name, *key;
  CgStateDictFormat format;
  CgNetworkConfig config;
} Case;

#define RESNET(...)                                                                                                    \
  {                                                                                                                    \
    .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 1, __VA_ARGS__                                         \
  }
#define UNET(...)                                                                                                      \
  {                                                                                                                    \
    .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 1, .n_downs = 5, __VA_ARGS__                             \
  }

static const Case cases[] = {
  { "resnet-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-no-checksums-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-none-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_NONE) },
  { "resnet-batch-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_BATCH) },
  { "resnet-dropout-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .dropout = TRUE) },
  { "resnet-resize-zip",
    NULL,
    CG_STATE_DICT_ZIP,
    { .kind = CG_NET_RESNET, .input_nc = 1, .output_nc = 3, .nf = 1, .n_blocks = 2, .upsample = CG_UPSAMPLE_RESIZE } },
  { "resnet-f16-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-bf16-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-f64-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-strides-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-shared-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-old-statistics-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-parallel-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "resnet-parameters-legacy", NULL, CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "run-zip", NULL, CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "run-zip", "state_dict", CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "two-networks-legacy", "G_A", CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "two-networks-legacy", "G_B", CG_STATE_DICT_LEGACY, RESNET (.n_blocks = 0) },
  { "both-in-one-zip", "G_A", CG_STATE_DICT_ZIP, RESNET (.n_blocks = 1, .norm = CG_NORM_INSTANCE) },
  { "both-in-one-zip", "G_B", CG_STATE_DICT_ZIP, RESNET (.n_blocks = 0) },
  { "unet-f16-legacy", NULL, CG_STATE_DICT_LEGACY, UNET (.norm = CG_NORM_INSTANCE) },
  { "unet-batch-f16-zip", NULL, CG_STATE_DICT_ZIP, UNET (.norm = CG_NORM_BATCH) },
  { "n-layers-legacy",
    NULL,
    CG_STATE_DICT_LEGACY,
    { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 1, .n_layers = 2 } },
  { "pixel-batch-zip",
    NULL,
    CG_STATE_DICT_ZIP,
    { .kind = CG_NET_PIXEL, .input_nc = 3, .output_nc = 1, .nf = 2, .norm = CG_NORM_BATCH } },
};

static void
check_config (const CgNetworkConfig *found, const CgNetworkConfig *expected)
{
  g_assert_cmpint (found->kind, ==, expected->kind);
  g_assert_cmpint (found->input_nc, ==, expected->input_nc);
  g_assert_cmpint (found->output_nc, ==, expected->output_nc);
  g_assert_cmpint (found->nf, ==, expected->nf);
  g_assert_cmpint (found->n_blocks, ==, expected->n_blocks);
  g_assert_cmpint (found->n_downs, ==, expected->n_downs);
  g_assert_cmpint (found->n_layers, ==, expected->n_layers);
  g_assert_cmpint (found->norm, ==, expected->norm);
  g_assert_cmpint (found->upsample, ==, expected->upsample);
  g_assert_cmpint (found->dropout, ==, expected->dropout);
}

static void
check_values (CgNetwork *network)
{
  for (guint k = 0; k < cg_network_get_n_parameters (network); k++)
    {
      const size_t n = cg_network_get_parameter (network, k)->n_floats;
      g_autofree float *values = g_new (float, n);

      cg_network_read_parameter (network, k, cg_network_get_weights (network), values);
      for (size_t i = 0; i < n; i++)
        g_assert_cmpfloat (values[i], ==, expected_value (k, i));
    }
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (CgStateDict) dict = open_golden (c->name, c->key);
  g_autoptr (CgNetwork) network = NULL, again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (cg_state_dict_get_format (dict), ==, c->format);
  network = cg_architecture_load (dict, NULL, &error);
  g_assert_no_error (error);
  check_config (cg_network_get_config (network), &c->config);
  check_values (network);

  again = cg_network_new (&c->config, &error);
  g_assert_no_error (error);
  g_assert_true (cg_architecture_read (dict, again, &error));
  g_assert_no_error (error);
  check_values (again);
}

static void
check_refused (const char *name, const char *key, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = get_path (name);
  g_autoptr (CgStateDict) dict = cg_state_dict_open (path, key, &error);

  g_assert_null (dict);
  g_assert_error (error, CG_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, path));
  if (!strstr (error->message, says))
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_choice (void)
{
  g_autoptr (CgStateDict) dict = open_golden ("run-zip", NULL);

  g_assert_cmpstr (cg_state_dict_get_key (dict), ==, "state_dict");
  check_refused ("two-networks-legacy", NULL, CG_ERROR_FORMAT,
                 "several dicts of tensors: “G_A”, “G_B”; choose one with --key");
  check_refused ("two-networks-legacy", "G_C", CG_ERROR_FORMAT, "no tensors under the key “G_C”; found “G_A”, “G_B”");
  check_refused ("both-in-one-zip", "G", CG_ERROR_FORMAT, "no tensors under the key “G”");
  check_refused ("only-a-tensor-zip", NULL, CG_ERROR_FORMAT, "holds no dict");
}

/* Everything that a dict tells of its tensors, on a file whose tensors are known. */
static void
test_tensors (void)
{
  g_autoptr (CgStateDict) dict = open_golden ("resnet-batch-zip", NULL);
  const CgStateTensor *first = cg_state_dict_get_tensor (dict, 0), *counter;
  g_autoptr (GError) error = NULL;
  float value = -1;

  g_assert_cmpstr (first->name, ==, "model.1.weight");
  g_assert_true (cg_state_dict_find (dict, "model.1.weight") == first);
  g_assert_null (cg_state_dict_find (dict, "model.1.bias"));
  g_assert_cmpint (first->n_dims, ==, 4);
  g_assert_cmpint (first->shape[1], ==, 3);
  g_assert_cmpint (first->shape[3], ==, 7);
  g_assert_cmpint (first->scalar, ==, CG_SCALAR_F32);
  g_assert_cmpuint (first->n_elements, ==, 147);

  counter = cg_state_dict_find (dict, "model.2.num_batches_tracked");
  g_assert_nonnull (counter);
  g_assert_cmpint (counter->scalar, ==, CG_SCALAR_I64);
  g_assert_cmpint (counter->n_dims, ==, 0);
  g_assert_true (cg_state_dict_read (dict, counter, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (value, ==, 0);
}

/* A network takes only the weights that fit, and is left alone by others. */
static void
test_load_checks (void)
{
  const CgNetworkConfig config = RESNET (.n_blocks = 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = cg_network_new (&config, &error);
  g_autofree char *path = get_path ("resnet-zip");

  g_assert_no_error (error);
  cg_network_get_weights (network)[0] = 5;
  g_assert_false (cg_state_dict_load (path, network, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (
      strstr (error->message, "“model.11.conv_block.1.weight”: found nothing, expected the shape [4, 4, 3, 3]"));
  g_assert_cmpfloat (cg_network_get_weights (network)[0], ==, 5);
}

/* Several networks within one dict: which there are is said with the error that asks for one. */
static void
test_parts (void)
{
  g_autoptr (CgStateDict) dict = open_golden ("both-in-one-zip", NULL);
  g_autoptr (GError) error = NULL;
  CgNetworkConfig config;

  g_assert_false (cg_architecture_detect (dict, &config, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "parts of a larger network: “G_A”, “G_B”; choose one with --key"));
}

static void
check_keys (const char *name, const char *expected)
{
  g_autofree char *path = get_path (name), *joined = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) keys = cg_state_dict_list_keys (path, &error);

  g_assert_no_error (error);
  joined = g_strjoinv (" ", keys);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_keys (void)
{
  g_autoptr (GError) error = NULL;

  check_keys ("two-networks-legacy", "G_A G_B");
  check_keys ("run-zip", "state_dict");
  check_keys ("resnet-zip", "");
  check_keys ("only-a-tensor-zip", "");
  g_assert_null (cg_state_dict_list_keys ("/no/such/file.pth", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
test_statistics (void)
{
  g_autoptr (CgStateDict) old = open_golden ("resnet-old-statistics-legacy", NULL);
  g_autoptr (CgStateDict) batch = open_golden ("resnet-batch-zip", NULL);
  CgNetworkConfig config;

  g_assert_true (cg_architecture_detect (old, &config, NULL));
  g_assert_true (cg_architecture_drops_statistics (old, &config));
  g_assert_true (cg_architecture_detect (batch, &config, NULL));
  g_assert_false (cg_architecture_drops_statistics (batch, &config));
}

/* Blocks that pad with zeros have no module for it, so that their first convolution has another number. */
static void
test_zero_padding (FileFixture *fixture, gconstpointer data)
{
  static const PickledTensor tensors[] = {
    { "model.1.weight", "FloatStorage", "0", 147, 0, 4, { 1, 3, 7, 7 }, { 147, 49, 7, 1 } },
    { "model.4.weight", "FloatStorage", "0", 147, 0, 4, { 2, 1, 3, 3 }, { 9, 9, 3, 1 } },
    { "model.7.weight", "FloatStorage", "0", 147, 0, 4, { 4, 2, 3, 3 }, { 18, 9, 3, 1 } },
    { "model.10.conv_block.0.weight", "FloatStorage", "0", 147, 0, 4, { 4, 4, 3, 3 }, { 36, 9, 3, 1 } },
  };
  const float zeros[147] = { 0 };
  g_autoptr (GByteArray) pickle = pickle_dict (G_N_ELEMENTS (tensors), tensors);
  const ZipRecord records[] = { { .name = "x/data.pkl", .bytes = pickle->data, .n = pickle->len },
                                { .name = "x/data/0", .bytes = zeros, .n = sizeof zeros } };
  g_autoptr (GByteArray) bytes = zip_archive (G_N_ELEMENTS (records), records);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (CgNetwork) network = NULL;

  file_fixture_write (fixture, bytes->data, bytes->len);
  dict = cg_state_dict_open (fixture->path, NULL, &error);
  g_assert_no_error (error);
  network = cg_architecture_load (dict, NULL, &error);
  g_assert_null (network);
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (
      strstr (error->message, "“model.10.conv_block.1.weight”: found nothing, expected the shape [4, 4, 3, 3]"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/state-dict/%s%s%s", cases[i].name, cases[i].key ? "/" : "",
                                               cases[i].key ? cases[i].key : "");

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/state-dict/choice", test_choice);
  g_test_add_func ("/state-dict/parts", test_parts);
  g_test_add_func ("/state-dict/keys", test_keys);
  g_test_add_func ("/state-dict/statistics", test_statistics);
  g_test_add ("/state-dict/zero-padding", FileFixture, NULL, file_fixture_set_up, test_zero_padding,
              file_fixture_tear_down);
  g_test_add_func ("/state-dict/tensors", test_tensors);
  g_test_add_func ("/state-dict/load-checks", test_load_checks);
  return g_test_run ();
}
