/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Random generators for tests: their pictures mean nothing, but every pixel of them depends on every weight. */
#include "tiny-model.h"

#include <glib/gstdio.h>

static void
save (const char *path, const CgNetworkConfig *config, int train_scale, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = cg_network_new (config, &error);
  g_autoptr (GHashTable) metadata = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *scale = g_strdup_printf ("%d", train_scale);

  g_assert_no_error (error);
  cg_network_init (network, CG_INIT_NORMAL, 0.1, seed);
  g_hash_table_insert (metadata, "train_scale", scale);
  cg_model_save (network, CG_DTYPE_F32, metadata, path, &error);
  g_assert_no_error (error);
}

static CgNetworkConfig
get_resnet (int input_nc, int output_nc)
{
  return (CgNetworkConfig){ .kind = CG_NET_RESNET,
                            .input_nc = input_nc,
                            .output_nc = output_nc,
                            .nf = 4,
                            .n_blocks = 1,
                            .norm = CG_NORM_INSTANCE,
                            .upsample = CG_UPSAMPLE_TRANSPOSE };
}

void
cg_tiny_model_save (const char *path, int input_nc, int output_nc, int train_scale, guint64 seed)
{
  const CgNetworkConfig config = get_resnet (input_nc, output_nc);

  save (path, &config, train_scale, seed);
}

static CgModel *
new_model (const CgNetworkConfig *config, int train_scale, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("cyclegan-XXXXXX", &error);
  g_autofree char *path = NULL;
  CgModel *model;

  g_assert_no_error (error);
  path = g_build_filename (folder, "tiny.safetensors", NULL);
  save (path, config, train_scale, seed);
  model = cg_model_load (path, &error);
  g_assert_no_error (error);
  g_remove (path);
  g_rmdir (folder);
  return model;
}

CgModel *
cg_tiny_model_new (int input_nc, int output_nc, int train_scale, guint64 seed)
{
  const CgNetworkConfig config = get_resnet (input_nc, output_nc);

  return new_model (&config, train_scale, seed);
}

CgModel *
cg_tiny_model_new_unet (int train_scale, guint64 seed)
{
  const CgNetworkConfig config
      = { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 2, .n_downs = 5, .norm = CG_NORM_BATCH };

  return new_model (&config, train_scale, seed);
}
