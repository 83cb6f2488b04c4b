/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes and initialises four networks; apart because the run loop does not care where weights come from. */
#include "train-networks.h"

#include "convert/architecture.h"

gboolean
cg_train_networks_new (const CgTrainOptions *options, CgNetwork *networks[CG_STEP_N_NETWORKS], GError **error)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    networks[i] = NULL;
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      CgNetworkConfig config;

      cg_train_options_get_network (options, (CgStepNetwork)i, &config);
      networks[i] = cg_network_new (&config, error);
      if (!networks[i])
        {
          cg_train_networks_free (networks);
          return FALSE;
        }
    }
  return TRUE;
}

void
cg_train_networks_free (CgNetwork *networks[CG_STEP_N_NETWORKS])
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    g_clear_pointer (&networks[i], cg_network_free);
}

gboolean
cg_train_networks_new_averages (const CgTrainOptions *options, CgNetwork *averages[CG_CHECKPOINT_N_AVERAGES],
                                GError **error)
{
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    averages[i] = NULL;
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES && options->ema > 0.0; i++)
    {
      CgNetworkConfig config;

      cg_train_options_get_network (options, (CgStepNetwork)i, &config);
      averages[i] = cg_network_new (&config, error);
      if (!averages[i])
        {
          cg_train_networks_free_averages (averages);
          return FALSE;
        }
    }
  return TRUE;
}

void
cg_train_networks_free_averages (CgNetwork *averages[CG_CHECKPOINT_N_AVERAGES])
{
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    g_clear_pointer (&averages[i], cg_network_free);
}

/* Numbers of cg_network_init() depend on seed and parameter only, so that equal networks need seeds of their own. No
 * network has so many parameters that one of them uses this step. */
static guint64
get_network_seed (const CgTrainOptions *options, int network)
{
  return cg_random_below ((guint64)options->seed, CG_RANDOM_INIT, G_MAXUINT32, (guint64)network, G_MAXUINT64);
}

/* Our own name first, then those that PyTorch users know. Where none is there, the error names the first. */
static gboolean
read_network (const char *folder, const char *name, CgNetwork *network, GError **error)
{
  static const char *const patterns[][2] = { { "", ".safetensors" }, { "latest_net_", ".pth" }, { "", ".pth" } };
  g_autofree char *first = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autofree char *file_name = g_strconcat (patterns[i][0], name, patterns[i][1], NULL);
      g_autofree char *path = g_build_filename (folder, file_name, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return cg_state_dict_load (path, network, error);
      if (!first)
        first = g_steal_pointer (&path);
    }
  return cg_state_dict_load (first, network, error);
}

gboolean
cg_train_networks_init (const CgTrainOptions *options, CgNetwork *networks[CG_STEP_N_NETWORKS], GError **error)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    if (!options->init_from)
      cg_network_init (networks[i], (CgInitKind)options->init_type, options->init_gain, get_network_seed (options, i));
    else if (!read_network (options->init_from, cg_checkpoint_network_names[i], networks[i], error))
      return FALSE;
  return TRUE;
}
