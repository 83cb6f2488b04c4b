/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* State dicts of others as safetensors: no metadata of ours, counters of batch norm, float64, prefixes. */
#include <glib.h>

#include "../model/file-fixture.h"
#include "base/error.h"
#include "convert/architecture.h"
#include "model/safetensors.h"

/* A pixel discriminator with batch norm of ndf 1, as PyTorch's users save it: @prefix before every name. */
static GByteArray *
make_state (const char *prefix, const char *dtype)
{
  static const struct
  {
    const char *name, *shape;
    int n;
  } tensors[] = {
    { "net.0.weight", "1,2,1,1", 2 }, { "net.0.bias", "1", 1 },         { "net.2.weight", "2,1,1,1", 2 },
    { "net.3.weight", "2", 2 },       { "net.3.bias", "2", 2 },         { "net.3.running_mean", "2", 2 },
    { "net.3.running_var", "2", 2 },  { "net.5.weight", "1,2,1,1", 2 },
  };
  const size_t size = strcmp (dtype, "F64") == 0 ? 8 : 4;
  GString *header = g_string_new ("{\"__metadata__\":{\"format\":\"pt\"}");
  size_t at = 8;
  GByteArray *bytes;

  g_string_append_printf (
      header, ",\"%snet.3.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}", prefix);
  for (size_t i = 0; i < G_N_ELEMENTS (tensors); i++)
    {
      const size_t end = at + size * (size_t)tensors[i].n;

      g_string_append_printf (header, ",\"%s%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", prefix,
                              tensors[i].name, dtype, tensors[i].shape, at, end);
      at = end;
    }
  g_string_append_c (header, '}');
  bytes = file_fixture_bytes (header->str, -1, at);
  /* Zeros, and 1.5 as the first weight. */
  memset (bytes->data + bytes->len - at, 0, at);
  bytes->data[bytes->len - at + 8 + size - 2] = size == 8 ? 0xf8 : 0xc0;
  bytes->data[bytes->len - at + 8 + size - 1] = 0x3f;
  g_string_free (header, TRUE);
  return bytes;
}

static void
check (FileFixture *fixture, const char *prefix, const char *dtype, const char *key)
{
  g_autoptr (GByteArray) bytes = make_state (prefix, dtype);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (CgNetwork) network = NULL;

  file_fixture_write (fixture, bytes->data, bytes->len);
  dict = cg_state_dict_open (fixture->path, key, &error);
  g_assert_no_error (error);
  g_assert_cmpint (cg_state_dict_get_format (dict), ==, CG_STATE_DICT_SAFETENSORS);
  g_assert_cmpstr (cg_state_dict_get_metadata (dict, "format"), ==, "pt");
  g_assert_cmpint (cg_state_dict_find (dict, "net.3.num_batches_tracked")->scalar, ==, CG_SCALAR_I64);
  network = cg_architecture_load (dict, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (cg_network_get_config (network)->kind, ==, CG_NET_PIXEL);
  g_assert_cmpint (cg_network_get_config (network)->norm, ==, CG_NORM_BATCH);
  g_assert_cmpint (cg_network_get_config (network)->input_nc, ==, 2);
  g_assert_cmpfloat (cg_network_get_weights (network)[0], ==, 1.5f);
  g_assert_cmpfloat (cg_network_get_weights (network)[1], ==, 0);
}

static void
test_reads (FileFixture *fixture, gconstpointer data)
{
  check (fixture, "", "F32", NULL);
  check (fixture, "", "F64", NULL);
  check (fixture, "module.", "F32", NULL);
  check (fixture, "module._orig_mod.", "F32", NULL);
  check (fixture, "_orig_mod.module.", "F32", NULL);
  check (fixture, "netD_A.", "F32", "netD_A");
}

static void
test_refuses (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = make_state ("netD_A.", "F32");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL, found = NULL;
  g_autoptr (CgSafetensors) file = NULL;
  CgNetworkConfig config;

  file_fixture_write (fixture, bytes->data, bytes->len);
  dict = cg_state_dict_open (fixture->path, "netD_B", &error);
  g_assert_null (dict);
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "no tensors under the key “netD_B”"));
  g_clear_error (&error);

  found = cg_state_dict_open (fixture->path, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (cg_architecture_detect (found, &config, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "parts of a larger network: “netD_A”; choose one with --key"));
  g_clear_error (&error);

  /* A model of ours has no such types. */
  file = cg_safetensors_open (fixture->path, &error);
  g_assert_null (file);
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/safetensors-state/reads", test_reads);
  ADD ("/safetensors-state/refuses", test_refuses);
  return g_test_run ();
}
