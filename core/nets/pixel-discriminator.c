/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The 1x1 discriminator (Isola et al. 2017): judges every pixel by its colour alone. */
#include "nets/network-private.h"

gboolean
cg_pixel_discriminator_build (CgNetwork *network, GError **error)
{
  const CgNetworkConfig *config = &network->config;
  gboolean has_norm = config->norm != CG_NORM_NONE;
  int value;

  value = cg_network_add_conv2d (network, "net.0", 0, config->nf, 1, 1, 0, CG_PAD_ZERO, CG_BIAS_USED,
                                 CG_ACTIVATION_LEAKY_RELU);
  value = cg_network_add_conv2d (network, "net.2", value, config->nf * 2, 1, 1, 0, CG_PAD_ZERO,
                                 cg_network_get_bias_before_norm (network),
                                 has_norm ? CG_ACTIVATION_NONE : CG_ACTIVATION_LEAKY_RELU);
  if (has_norm)
    value = cg_network_add_norm (network, "net.3", value, CG_ACTIVATION_LEAKY_RELU, -1);
  /* Unlike the other discriminators' last layer, this one has a bias with instance norm only. */
  cg_network_add_conv2d (network, "net.5", value, config->output_nc, 1, 1, 0, CG_PAD_ZERO,
                         config->norm == CG_NORM_INSTANCE ? CG_BIAS_USED : CG_BIAS_NONE, CG_ACTIVATION_NONE);
  return TRUE;
}
