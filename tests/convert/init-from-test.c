/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A folder of PyTorch's own file names as the beginning of a training run. */
#include <glib.h>

#include "../model/file-fixture.h"
#include "base/error.h"
#include "checkpoint.h"
#include "convert/torch-writer.h"
#include "cyclegan-train.h"
#include "train-networks.h"

static CgTrainOptions *
make_options (const char *folder)
{
  CgTrainOptions *options = cg_train_options_new ();
  g_autoptr (GError) error = NULL;

  options->ngf = options->ndf = 2;
  options->n_blocks = 1;
  options->init_from = g_strdup (folder);
  cg_train_options_resolve (options, &error);
  g_assert_no_error (error);
  return options;
}

static void
make_networks (const CgTrainOptions *options, CgNetwork *networks[CG_STEP_N_NETWORKS])
{
  g_autoptr (GError) error = NULL;

  cg_train_networks_new (options, networks, &error);
  g_assert_no_error (error);
}

/* Generators under the name that PyTorch users know, discriminators under the plain one and, of D_B, as safetensors too, which
 * come first. */
static void
test_names (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgTrainOptions) options = make_options (fixture->folder);
  CgNetwork *saved[CG_STEP_N_NETWORKS], *read[CG_STEP_N_NETWORKS];
  g_autoptr (GError) error = NULL;

  make_networks (options, saved);
  make_networks (options, read);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      const char *name = cg_checkpoint_network_names[i];
      g_autofree char *file_name = g_strconcat (*name == 'G' ? "latest_net_" : "", name, ".pth", NULL);
      g_autofree char *path = g_build_filename (fixture->folder, file_name, NULL);
      g_autofree char *model = g_build_filename (fixture->folder, "D_B.safetensors", NULL);

      cg_network_init (saved[i], CG_INIT_NORMAL, 0.02, 7 + (guint64)i);
      cg_torch_writer_save (saved[i], CG_DTYPE_F32, path, &error);
      g_assert_no_error (error);
      if (strcmp (name, "D_B") == 0)
        {
          cg_network_init (saved[i], CG_INIT_NORMAL, 0.02, 99);
          cg_model_save (saved[i], CG_DTYPE_F32, NULL, model, &error);
          g_assert_no_error (error);
        }
    }

  g_assert_true (cg_train_networks_init (options, read, &error));
  g_assert_no_error (error);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    g_assert_cmpmem (cg_network_get_weights (read[i]), cg_network_get_n_floats (read[i]) * sizeof (float),
                     cg_network_get_weights (saved[i]), cg_network_get_n_floats (saved[i]) * sizeof (float));
  cg_train_networks_free (saved);
  cg_train_networks_free (read);
}

static void
copy_golden (const FileFixture *fixture, const char *golden, const char *name)
{
  g_autofree char *from = g_build_filename (g_getenv ("CG_GOLDEN_DIR"), "checkpoints", golden, NULL);
  g_autofree char *to = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  size_t n;

  g_file_get_contents (from, &contents, &n, &error);
  g_assert_no_error (error);
  g_file_set_contents (to, contents, (gssize)n, &error);
  g_assert_no_error (error);
}

/* A network of every format that PyTorch wrote: zip, half precision, legacy; each element as generate.py numbered it. */
static void
test_formats (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  g_autoptr (GError) error = NULL;

  options->ngf = options->ndf = options->n_blocks = 1;
  options->net_d = CG_NET_D_N_LAYERS;
  options->n_layers_d = 2;
  options->init_from = g_strdup (fixture->folder);
  cg_train_options_resolve (options, &error);
  g_assert_no_error (error);
  copy_golden (fixture, "resnet-legacy.pth", "latest_net_G_A.pth");
  copy_golden (fixture, "resnet-f16-zip.pth", "G_B.pth");
  copy_golden (fixture, "n-layers-legacy.pth", "latest_net_D_A.pth");
  copy_golden (fixture, "n-layers-legacy.pth", "D_B.pth");
  make_networks (options, networks);
  g_assert_true (cg_train_networks_init (options, networks, &error));
  g_assert_no_error (error);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    for (guint k = 0; k < cg_network_get_n_parameters (networks[i]); k++)
      {
        const size_t n = cg_network_get_parameter (networks[i], k)->n_floats;
        g_autofree float *values = g_new (float, n);

        cg_network_read_parameter (networks[i], k, cg_network_get_weights (networks[i]), values);
        for (size_t j = 0; j < n; j++)
          g_assert_cmpfloat (values[j], ==, (float)((int)((37 * k + 11 * j) % 251) - 125) / 256.0f);
      }

  /* What does not fit is told with file and tensor. */
  copy_golden (fixture, "unet-f16-legacy.pth", "G_B.pth");
  g_assert_false (cg_train_networks_init (options, networks, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "G_B.pth: tensor “model.1.weight”: found nothing, expected the shape"));
  cg_train_networks_free (networks);
}

static void
test_missing (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgTrainOptions) options = make_options (fixture->folder);
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  g_autoptr (GError) error = NULL;

  make_networks (options, networks);
  g_assert_false (cg_train_networks_init (options, networks, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "G_A.safetensors"));
  cg_train_networks_free (networks);
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/init-from/names", test_names);
  ADD ("/init-from/formats", test_formats);
  ADD ("/init-from/missing", test_missing);
  return g_test_run ();
}
