/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is exported comes back bit for bit, aligned, byte for byte the same each time, and whole or not at all. */
#include "convert/torch-writer.h"

#include <glib.h>
#include <math.h>

#include "../model/file-fixture.h"
#include "base/error.h"
#include "convert/architecture.h"
#include "convert/torch-zip.h"

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
    .upsample = CG_UPSAMPLE_RESIZE,
    .norm = CG_NORM_NONE },
  { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 1, .n_downs = 6, .norm = CG_NORM_BATCH },
  { .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = 2, .n_layers = 3 },
  { .kind = CG_NET_PIXEL, .input_nc = 3, .output_nc = 1, .nf = 2 },
};

static CgNetwork *
make_network (const CgNetworkConfig *config)
{
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (config, &error);

  g_assert_no_error (error);
  /* Multiples of 1/128 below 2: exact in all three formats. */
  for (size_t i = 0; i < cg_network_get_n_floats (network); i++)
    cg_network_get_weights (network)[i] = (float)((int)(i * 31 % 255) - 127) / 128.0f;
  return network;
}

static void
save (CgNetwork *network, CgDtype dtype, const char *path)
{
  g_autoptr (GError) error = NULL;

  cg_torch_writer_save (network, dtype, path, &error);
  g_assert_no_error (error);
}

static void
test_round_trip (FileFixture *fixture, gconstpointer data)
{
  for (size_t i = 0; i < G_N_ELEMENTS (configs); i++)
    for (int dtype = CG_DTYPE_F32; dtype <= CG_DTYPE_BF16; dtype++)
      {
        g_autoptr (CgNetwork) network = make_network (&configs[i]), again = NULL;
        g_autoptr (CgStateDict) dict = NULL;
        g_autoptr (GError) error = NULL;

        save (network, (CgDtype)dtype, fixture->path);
        dict = cg_state_dict_open (fixture->path, NULL, &error);
        g_assert_no_error (error);
        again = cg_architecture_load (dict, NULL, &error);
        g_assert_no_error (error);
        g_assert_cmpint (cg_state_dict_get_tensor (dict, 0)->scalar, ==, (CgScalar)dtype);
        g_assert_cmpint (cg_network_get_config (again)->kind, ==, configs[i].kind);
        g_assert_cmpint (cg_network_get_config (again)->dropout, ==, configs[i].dropout);
        g_assert_cmpmem (cg_network_get_weights (network), cg_network_get_n_floats (network) * sizeof (float),
                         cg_network_get_weights (again), cg_network_get_n_floats (again) * sizeof (float));
      }
}

/* num_batches_tracked stands where PyTorch's BatchNorm2d has it. */
static void
test_order (FileFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "model.1.weight",       "model.2.weight",      "model.2.bias",
                                       "model.2.running_mean", "model.2.running_var", "model.2.num_batches_tracked",
                                       "model.4.weight" };
  g_autoptr (CgNetwork) network = make_network (&configs[1]);
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (GError) error = NULL;

  save (network, CG_DTYPE_F32, fixture->path);
  dict = cg_state_dict_open (fixture->path, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (cg_state_dict_get_tensor (dict, i)->name, ==, names[i]);
  g_assert_cmpint (cg_state_dict_get_tensor (dict, 5)->scalar, ==, CG_SCALAR_I64);
}

static void
test_bytes (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&configs[0]);
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgTorchZip) zip = NULL;
  size_t n_first, n_second;

  save (network, CG_DTYPE_F16, fixture->path);
  g_file_get_contents (fixture->path, &first, &n_first, &error);
  g_assert_no_error (error);
  save (network, CG_DTYPE_F16, fixture->path);
  g_file_get_contents (fixture->path, &second, &n_second, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (first, n_first, second, n_second);

  zip = cg_torch_zip_open ((const guint8 *)first, n_first, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      g_autofree char *key = g_strdup_printf ("%u", i);

      g_assert_cmpuint (cg_torch_zip_get_offset (zip, key), !=, G_MAXSIZE);
      g_assert_cmpuint (cg_torch_zip_get_offset (zip, key) % 64, ==, 0);
    }
}

static void
check_refused (FileFixture *fixture, CgNetwork *network, CgDtype dtype, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL;

  g_assert_false (cg_torch_writer_save (network, dtype, fixture->path, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, says));
  list = file_fixture_list (fixture);
  g_assert_cmpstr (list, ==, "");
}

static void
test_refuses (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgNetwork) network = make_network (&configs[0]);
  g_autoptr (GError) error = NULL;

  cg_network_get_weights (network)[0] = 70000;
  check_refused (fixture, network, CG_DTYPE_F16, "tensor “model.1.weight”: found 70000");
  cg_network_get_weights (network)[0] = NAN;
  check_refused (fixture, network, CG_DTYPE_F32, "tensor “model.1.weight”: found nan");
  cg_network_get_weights (network)[0] = 0;

  g_assert_false (cg_torch_writer_save (network, CG_DTYPE_F32, "/nonexistent/g.pth", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, "/nonexistent/g.pth: "));
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/torch-writer/round-trip", test_round_trip);
  ADD ("/torch-writer/order", test_order);
  ADD ("/torch-writer/bytes", test_bytes);
  ADD ("/torch-writer/refuses", test_refuses);
  return g_test_run ();
}
