/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The n_layers PatchGAN discriminator (Isola et al. 2017): a map of logits, each judging one patch; 3 layers see 70x70. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "nets/network-private.h"

gboolean
cg_patch_discriminator_build (CgNetwork *network, GError **error)
{
  const CgNetworkConfig *config = &network->config;
  int value;

  if (config->n_layers < 1 || config->n_layers > 8)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("An n_layers discriminator has 1 to 8 layers, not %d"),
                   config->n_layers);
      return FALSE;
    }

  value = cg_network_add_conv2d (network, "model.0", 0, config->nf, 4, 2, 1, CG_PAD_ZERO, CG_BIAS_USED,
                                 CG_ACTIVATION_LEAKY_RELU);
  for (int n = 1; n <= config->n_layers; n++)
    {
      g_autofree char *name = g_strdup_printf ("model.%d", 3 * n - 1);
      g_autofree char *norm = g_strdup_printf ("model.%d", 3 * n);
      gboolean has_norm = config->norm != CG_NORM_NONE;

      /* The last of these layers keeps the size; channels stop growing at 8 times the first. */
      value = cg_network_add_conv2d (
          network, name, value, config->nf * MIN (1 << n, 8), 4, n < config->n_layers ? 2 : 1, 1, CG_PAD_ZERO,
          cg_network_get_bias_before_norm (network), has_norm ? CG_ACTIVATION_NONE : CG_ACTIVATION_LEAKY_RELU);
      if (has_norm)
        value = cg_network_add_norm (network, norm, value, CG_ACTIVATION_LEAKY_RELU, -1);
    }
  {
    g_autofree char *name = g_strdup_printf ("model.%d", 3 * config->n_layers + 2);

    cg_network_add_conv2d (network, name, value, config->output_nc, 4, 1, 1, CG_PAD_ZERO, CG_BIAS_USED,
                           CG_ACTIVATION_NONE);
  }
  return TRUE;
}
