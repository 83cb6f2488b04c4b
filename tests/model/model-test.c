/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models through files and back: every architecture, and metadata or tensors that do not fit each other. */
#include "model/model.h"

#include <math.h>

#include "base/error.h"
#include "file-fixture.h"

typedef struct
{
  const char *name;
  CgNetworkConfig config;
  const char *net; /* the value of net_g or net_d */
} Architecture;

static const Architecture architectures[] = {
  { "resnet-9",
    { .kind = CG_NET_RESNET, .input_nc = 3, .output_nc = 3, .nf = 2, .n_blocks = 9, .norm = CG_NORM_INSTANCE },
    "resnet_9blocks" },
  { "resnet-0-resize",
    { .kind = CG_NET_RESNET,
      .input_nc = 1,
      .output_nc = 2,
      .nf = 3,
      .norm = CG_NORM_NONE,
      .upsample = CG_UPSAMPLE_RESIZE },
    "resnet_0blocks" },
  { "resnet-2-batch-dropout",
    { .kind = CG_NET_RESNET,
      .input_nc = 3,
      .output_nc = 3,
      .nf = 2,
      .n_blocks = 2,
      .norm = CG_NORM_BATCH,
      .dropout = TRUE },
    "resnet_2blocks" },
  { "unet-128",
    { .kind = CG_NET_UNET,
      .input_nc = 3,
      .output_nc = 3,
      .nf = 1,
      .n_downs = 7,
      .norm = CG_NORM_BATCH,
      .dropout = TRUE },
    "unet_128" },
  { "unet-256",
    { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 1, .nf = 1, .n_downs = 8, .norm = CG_NORM_INSTANCE },
    "unet_256" },
  { "unet-32",
    { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 2, .n_downs = 5, .norm = CG_NORM_NONE },
    "unet_32" },
  { "n-layers-3",
    { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 2, .n_layers = 3, .norm = CG_NORM_INSTANCE },
    "n_layers" },
  { "n-layers-5",
    { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 1, .n_layers = 5, .norm = CG_NORM_BATCH },
    "n_layers" },
  { "pixel", { .kind = CG_NET_PIXEL, .input_nc = 3, .output_nc = 1, .nf = 4, .norm = CG_NORM_NONE }, "pixel" },
};

/* With weights that float16 holds exactly. */
static CgNetwork *
make_network (const CgNetworkConfig *config, int seed)
{
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (config, &error);

  g_assert_no_error (error);
  for (size_t i = 0; i < cg_network_get_n_floats (network); i++)
    cg_network_get_weights (network)[i] = 0;
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      for (size_t k = 0; k < parameter->n_floats; k++)
        cg_network_get_weights (network)[parameter->offset + k]
            = (float)((k * 7 + i * 13 + (size_t)seed) % 255) / 64.0f - 1.5f;
    }
  return network;
}

static void
save (CgNetwork *network, CgDtype dtype, GHashTable *metadata, const char *path)
{
  g_autoptr (GError) error = NULL;

  cg_model_save (network, dtype, metadata, path, &error);
  g_assert_no_error (error);
}

static CgSafetensors *
open_file (const FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CgSafetensors *file = cg_safetensors_open (fixture->path, &error);

  g_assert_no_error (error);
  return file;
}

static void
assert_same_weights (CgNetwork *a, CgNetwork *b)
{
  const size_t n = cg_network_get_n_floats (a) * sizeof (float);

  g_assert_cmpuint (cg_network_get_n_floats (b), ==, cg_network_get_n_floats (a));
  g_assert_cmpmem (cg_network_get_weights (a), n, cg_network_get_weights (b), n);
}

static void
test_round_trip (FileFixture *fixture, gconstpointer data)
{
  const Architecture *architecture = data;
  const gboolean judges = architecture->config.kind == CG_NET_N_LAYERS || architecture->config.kind == CG_NET_PIXEL;

  for (CgDtype dtype = CG_DTYPE_F32; dtype <= CG_DTYPE_F16; dtype++)
    {
      g_autoptr (CgNetwork) network = make_network (&architecture->config, 1), read = NULL;
      g_autoptr (CgSafetensors) file = NULL;
      g_autoptr (GError) error = NULL;
      CgNetworkConfig config;

      save (network, dtype, NULL, fixture->path);
      file = open_file (fixture);
      g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, cg_network_get_n_parameters (network));
      g_assert_cmpstr (cg_safetensors_get_metadata (file, judges ? "net_d" : "net_g"), ==, architecture->net);
      g_assert_cmpstr (cg_safetensors_get_metadata (file, "format_version"), ==, "1");
      cg_model_config_from_metadata (file, &config, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (&config, sizeof config, &architecture->config, sizeof config);

      read = make_network (&config, 2);
      cg_model_read_network (file, read, &error);
      g_assert_no_error (error);
      assert_same_weights (network, read);

      if (judges)
        {
          g_assert_null (cg_model_load (fixture->path, &error));
          g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
          g_assert_nonnull (strstr (error->message, "found a discriminator, expected a generator"));
        }
      else
        {
          g_autoptr (CgModel) model = cg_model_load (fixture->path, &error);

          g_assert_no_error (error);
          assert_same_weights (network, cg_model_get_network (model));
        }
    }
}

static void
test_metadata (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&architectures[0].config, 1);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  g_autofree char *first = NULL, *second = NULL;
  size_t n_first, n_second;

  save (network, CG_DTYPE_F16, NULL, fixture->path);
  {
    g_autoptr (CgModel) model = cg_model_load (fixture->path, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (cg_model_get_title (model), ==, "m");
    g_assert_cmpstr (cg_model_get_path (model), ==, fixture->path);
    g_assert_cmpint (cg_model_get_train_scale (model), ==, 256);
    g_assert_null (cg_model_get_metadata (model, "title"));
  }

  g_hash_table_insert (metadata, (char *)"title", (char *)"Photo to ukiyo-e 浮世絵");
  g_hash_table_insert (metadata, (char *)"train_scale", (char *)"264");
  g_hash_table_insert (metadata, (char *)"domain_from", (char *)"photographs");
  g_hash_table_insert (metadata, (char *)"ngf", (char *)"99");
  save (network, CG_DTYPE_F16, metadata, fixture->path);
  g_file_get_contents (fixture->path, &first, &n_first, NULL);

  g_autoptr (CgModel) model = cg_model_load (fixture->path, &error);
  CgModel *again = cg_model_ref (model);

  g_assert_no_error (error);
  g_assert_cmpstr (cg_model_get_title (model), ==, "Photo to ukiyo-e 浮世絵");
  g_assert_cmpint (cg_model_get_train_scale (model), ==, 264);
  g_assert_cmpstr (cg_model_get_metadata (model, "domain_from"), ==, "photographs");
  g_assert_cmpstr (cg_model_get_metadata (model, "ngf"), ==, "2");
  cg_model_unref (again);
  g_assert_cmpstr (cg_model_get_metadata (model, "net_g"), ==, "resnet_9blocks");

  save (network, CG_DTYPE_F16, metadata, fixture->path);
  g_file_get_contents (fixture->path, &second, &n_second, NULL);
  g_assert_cmpmem (first, n_first, second, n_second);
}

/* Changes to the metadata of a good file (resnet, ngf 2, 2 blocks, or n_layers), in pairs of key and value (NULL: taken away). */
typedef struct
{
  const char *name;
  gboolean discriminator;
  const char *changes[6];
  int code; /* -1: accepted */
  const char *says;
} Change;

static const Change changes[] = {
  { "format-missing", FALSE, { "format", NULL }, CG_ERROR_FORMAT, "“format”: found nothing, expected “cyclegan”" },
  { "format-foreign", FALSE, { "format", "pt" }, CG_ERROR_FORMAT, "“format”: found “pt”, expected “cyclegan”" },
  { "version-missing", FALSE, { "format_version", NULL }, CG_ERROR_FORMAT, "“format_version”: found nothing" },
  { "version-word", FALSE, { "format_version", "one" }, CG_ERROR_FORMAT, "found “one”, expected a number from 1" },
  { "version-zero", FALSE, { "format_version", "0" }, CG_ERROR_FORMAT, "found “0”, expected a number from 1" },
  { "version-later", FALSE, { "format_version", "2" }, CG_ERROR_VERSION, "found “2”, expected at most 1" },
  { "net-missing", FALSE, { "net_g", NULL }, CG_ERROR_FORMAT, "“net_g”: found nothing, expected the name" },
  { "net-both", FALSE, { "net_d", "basic" }, CG_ERROR_FORMAT, "“net_d”: found “basic”, expected nothing beside net_g" },
  { "net-unknown", FALSE, { "net_g", "stylegan" }, CG_ERROR_UNSUPPORTED, "“net_g”: found “stylegan”, expected resnet" },
  { "net-sign", FALSE, { "net_g", "resnet_+2blocks" }, CG_ERROR_UNSUPPORTED, "expected resnet" },
  { "net-zeros", FALSE, { "net_g", "resnet_02blocks" }, CG_ERROR_UNSUPPORTED, "expected resnet" },
  { "net-no-number", FALSE, { "net_g", "resnet_blocks" }, CG_ERROR_UNSUPPORTED, "expected resnet" },
  { "net-too-many", FALSE, { "net_g", "resnet_1001blocks" }, CG_ERROR_UNSUPPORTED, "expected resnet" },
  { "net-unet-odd", FALSE, { "net_g", "unet_100" }, CG_ERROR_UNSUPPORTED, "found “unet_100”, expected resnet" },
  { "net-unet-16", FALSE, { "net_g", "unet_16" }, CG_ERROR_UNSUPPORTED, "found “unet_16”, expected resnet" },
  { "net-control", FALSE, { "net_g", "a\033[2J" }, CG_ERROR_UNSUPPORTED, "found “a\xef\xbf\xbd[2J”" },
  { "net-plain", FALSE, { "net_g", "resnet" }, -1, NULL },
  { "net-plain-without", FALSE, { "net_g", "resnet", "n_blocks", NULL }, CG_ERROR_FORMAT, "“n_blocks”: found nothing" },
  { "n-blocks-implied", FALSE, { "n_blocks", NULL }, -1, NULL },
  { "n-blocks-differ",
    FALSE,
    { "n_blocks", "3" },
    CG_ERROR_FORMAT,
    "“n_blocks”: found “3”, expected 2, as net_g says" },
  { "n-blocks-word", FALSE, { "n_blocks", "two" }, CG_ERROR_FORMAT, "“n_blocks”: found “two”, expected a number of 0" },
  { "ngf-missing", FALSE, { "ngf", NULL }, CG_ERROR_FORMAT, "“ngf”: found nothing, expected a number of 1 to 1024" },
  { "ngf-zero", FALSE, { "ngf", "0" }, CG_ERROR_FORMAT, "“ngf”: found “0”, expected a number of 1 to 1024" },
  { "ngf-negative", FALSE, { "ngf", "-2" }, CG_ERROR_FORMAT, "“ngf”: found “-2”, expected a number of 1 to 1024" },
  { "ngf-huge", FALSE, { "ngf", "99999999999999999999" }, CG_ERROR_FORMAT, "expected a number of 1 to 1024" },
  { "ngf-junk", FALSE, { "ngf", "2 " }, CG_ERROR_FORMAT, "“ngf”: found “2 ”, expected a number of 1 to 1024" },
  { "ngf-empty", FALSE, { "ngf", "" }, CG_ERROR_FORMAT, "“ngf”: found “”, expected a number of 1 to 1024" },
  { "ngf-other",
    FALSE,
    { "ngf", "1" },
    CG_ERROR_SHAPE,
    "“model.1.weight”: found the shape [2, 3, 7, 7], expected [1, 3" },
  { "ngf-more", FALSE, { "ngf", "1024" }, CG_ERROR_SHAPE, "values in its tensors, expected at least 793024512" },
  { "norm-missing", FALSE, { "norm", NULL }, CG_ERROR_FORMAT, "“norm”: found nothing, expected instance, batch, none" },
  { "norm-unknown", FALSE, { "norm", "layer" }, CG_ERROR_FORMAT, "“norm”: found “layer”, expected instance" },
  { "norm-other", FALSE, { "norm", "batch" }, CG_ERROR_SHAPE, "tensor “" },
  { "upsample-missing", FALSE, { "upsample", NULL }, CG_ERROR_FORMAT, "“upsample”: found nothing, expected transpose" },
  { "upsample-unknown", FALSE, { "upsample", "x" }, CG_ERROR_FORMAT, "found “x”, expected transpose, resize" },
  { "dropout-missing", FALSE, { "dropout", NULL }, CG_ERROR_FORMAT, "“dropout”: found nothing, expected false, true" },
  { "dropout-number", FALSE, { "dropout", "1" }, CG_ERROR_FORMAT, "“dropout”: found “1”, expected false, true" },
  { "dropout-other", FALSE, { "dropout", "true" }, CG_ERROR_SHAPE, "“model.10.conv_block.6.weight”: found nothing" },
  { "input-missing", FALSE, { "input_nc", NULL }, CG_ERROR_FORMAT, "“input_nc”: found nothing, expected a number" },
  { "output-missing", FALSE, { "output_nc", NULL }, CG_ERROR_FORMAT, "“output_nc”: found nothing, expected a number" },
  { "input-other", FALSE, { "input_nc", "1" }, CG_ERROR_SHAPE, "found the shape [2, 3, 7, 7], expected [2, 1, 7, 7]" },
  { "train-scale",
    FALSE,
    { "train_scale", "big" },
    CG_ERROR_FORMAT,
    "“train_scale”: found “big”, expected a number of" },
  { "net-d-unknown",
    TRUE,
    { "net_d", "vit" },
    CG_ERROR_FORMAT,
    "“net_d”: found “vit”, expected basic, n_layers, pixel" },
  { "net-d-basic", TRUE, { "net_d", "basic", "n_layers_d", NULL }, -1, NULL },
  { "ndf-missing", TRUE, { "ndf", NULL }, CG_ERROR_FORMAT, "“ndf”: found nothing, expected a number of 1 to 1024" },
  { "layers-missing", TRUE, { "n_layers_d", NULL }, CG_ERROR_FORMAT, "“n_layers_d”: found nothing, expected a number" },
  { "layers-nine",
    TRUE,
    { "n_layers_d", "9" },
    CG_ERROR_FORMAT,
    "“n_layers_d”: found “9”, expected a number of 1 to 8" },
  { "layers-fewer", TRUE, { "n_layers_d", "2" }, CG_ERROR_SHAPE, "“model.8.weight”: found the shape" },
};

/* Copies the file with its metadata changed; tensor "skip" is left out, and "extra" added where asked. */
static void
rewrite (const FileFixture *fixture, const char *const *edits, const char *skip, const char *extra, float extra_value)
{
  g_autoptr (CgSafetensors) file = open_file (fixture);
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autoptr (GError) error = NULL;

  for (const char *const *key = cg_safetensors_get_metadata_keys (file); *key; key++)
    {
      gboolean changed = FALSE;

      for (int i = 0; edits && i < 6 && edits[i]; i += 2)
        changed |= strcmp (edits[i], *key) == 0;
      if (!changed)
        cg_safetensors_writer_set_metadata (writer, *key, cg_safetensors_get_metadata (file, *key));
    }
  for (int i = 0; edits && i < 6 && edits[i]; i += 2)
    if (edits[i + 1])
      cg_safetensors_writer_set_metadata (writer, edits[i], edits[i + 1]);
  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);
      g_autofree float *values = g_new (float, entry->n_elements);

      g_assert_true (cg_safetensors_read (file, entry, values, NULL));
      if (g_strcmp0 (entry->name, skip) != 0)
        g_assert_true (
            cg_safetensors_writer_add (writer, entry->name, entry->dtype, entry->n_dims, entry->shape, values, NULL));
    }
  if (extra)
    cg_safetensors_writer_add (writer, extra, CG_DTYPE_F32, 0, NULL, &extra_value, &error);
  g_assert_no_error (error);
  cg_safetensors_writer_write (writer, fixture->path, &error);
  g_assert_no_error (error);
}

/* As cg_model_load() does, for discriminators too. */
static gboolean
load_any (const FileFixture *fixture, GError **error)
{
  g_autoptr (CgSafetensors) file = open_file (fixture);
  g_autoptr (CgNetwork) network = NULL;
  g_autoptr (CgModel) model = NULL;
  CgNetworkConfig config;

  if (!cg_safetensors_get_metadata (file, "net_d"))
    {
      model = cg_model_load (fixture->path, error);
      return model != NULL;
    }
  if (!cg_model_config_from_metadata (file, &config, error))
    return FALSE;
  network = cg_network_new (&config, error);
  return network && cg_model_read_network (file, network, error);
}

static void
test_change (FileFixture *fixture, gconstpointer data)
{
  const Change *change = data;
  CgNetworkConfig config = architectures[change->discriminator ? 6 : 0].config;
  g_autoptr (CgNetwork) network = NULL;
  g_autoptr (GError) error = NULL;

  if (!change->discriminator)
    config.n_blocks = 2;
  network = make_network (&config, 1);
  save (network, CG_DTYPE_F32, NULL, fixture->path);
  rewrite (fixture, change->changes, NULL, NULL, 0);
  if (change->code < 0)
    {
      load_any (fixture, &error);
      g_assert_no_error (error);
      return;
    }
  g_assert_false (load_any (fixture, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, CG_ERROR, change->code);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (!strstr (error->message, change->says))
    g_error ("“%s” does not say “%s”", error->message, change->says);
}

static void
test_tensors (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&architectures[0].config, 1);
  g_autoptr (GError) error = NULL;

  save (network, CG_DTYPE_F32, NULL, fixture->path);
  rewrite (fixture, NULL, NULL, "model.99.bias", 1);
  g_assert_null (cg_model_load (fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (
      strstr (error->message, "tensor “model.99.bias”: found it with the shape [], expected only the 48"));
  g_clear_error (&error);

  rewrite (fixture, NULL, "model.26.bias", NULL, 0);
  g_assert_null (cg_model_load (fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "tensor “model.26.bias”: found nothing, expected it with the shape [3]"));
}

/* The last value of the file becomes infinite: refused by name, and the network that was to be filled keeps its weights. */
static void
test_non_finite (FileFixture *fixture, gconstpointer data)
{
  static const guint8 infinity[4] = { 0, 0, 0x80, 0x7f };
  g_autoptr (CgNetwork) network = make_network (&architectures[0].config, 1);
  g_autoptr (CgNetwork) target = make_network (&architectures[0].config, 2);
  g_autoptr (CgNetwork) untouched = make_network (&architectures[0].config, 2);
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  size_t length;

  save (network, CG_DTYPE_F32, NULL, fixture->path);
  g_assert_true (g_file_get_contents (fixture->path, &contents, &length, NULL));
  memcpy (contents + length - 4, infinity, 4);
  file_fixture_write (fixture, (const guint8 *)contents, length);

  g_autoptr (CgSafetensors) file = open_file (fixture);

  g_assert_false (cg_model_read_network (file, target, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "tensor “model.26.bias”: found inf as value 2, expected a finite number"));
  assert_same_weights (target, untouched);

  /* And such weights are not written over a good file. */
  cg_network_get_weights (network)[3] = NAN;
  g_clear_error (&error);
  g_assert_false (cg_model_save (network, CG_DTYPE_F16, NULL, fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_DIVERGED);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function, data)                                                                                      \
  g_test_add (name, FileFixture, data, file_fixture_set_up, function, file_fixture_tear_down)

  for (gsize i = 0; i < G_N_ELEMENTS (architectures); i++)
    {
      g_autofree char *name = g_strconcat ("/model/model/round-trip/", architectures[i].name, NULL);

      ADD (name, test_round_trip, &architectures[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *name = g_strconcat ("/model/model/metadata/", changes[i].name, NULL);

      ADD (name, test_change, &changes[i]);
    }
  ADD ("/model/model/metadata", test_metadata, NULL);
  ADD ("/model/model/tensors", test_tensors, NULL);
  ADD ("/model/model/non-finite", test_non_finite, NULL);
  return g_test_run ();
}
