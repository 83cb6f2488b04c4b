/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The U-Net generator (Ronneberger et al. 2015, as Isola et al. 2017 build it): n_downs halvings, skips by concatenation.
 *
 * PyTorch nests its modules: "model.model.1.model.3.model…": the submodule is number 1 of the outermost block and 3 of the inner ones. The
 * rectifiers stand in place there, so what is carried across is already rectified by LeakyReLU. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "nets/network-private.h"

/* Channels that block @depth (0 outermost) makes on its way down. */
static int
get_channels (const CgNetwork *network, int depth)
{
  return network->config.nf * MIN (1 << MIN (depth, 3), 8);
}

/* The prefix of module names of block @depth, ending in a dot. */
static char *
get_prefix (int depth)
{
  GString *prefix = g_string_new ("model.model.");

  for (int i = 0; i < depth; i++)
    g_string_append (prefix, i == 0 ? "1.model." : "3.model.");
  return g_string_free (prefix, FALSE);
}

static char *
get_name (int depth, int index)
{
  g_autofree char *prefix = get_prefix (depth);

  return g_strdup_printf ("%s%d", prefix, index);
}

/* A 4x4 stride-2 convolution whose output arrives rectified for the next one; the outermost and innermost have no norm. */
static int
add_down (CgNetwork *network, int depth, int value)
{
  gboolean outermost = depth == 0, innermost = depth == network->config.n_downs - 1;
  CgActivation activation = innermost ? CG_ACTIVATION_RELU : CG_ACTIVATION_LEAKY_RELU;
  g_autofree char *name = get_name (depth, outermost ? 0 : 1);
  g_autofree char *norm = get_name (depth, 2);
  gboolean has_norm = !outermost && !innermost && network->config.norm != CG_NORM_NONE;
  CgBias bias = cg_network_get_bias_before_norm (network);

  if (!has_norm && bias == CG_BIAS_REMOVED)
    bias = CG_BIAS_USED;
  value = cg_network_add_conv2d (network, name, value, get_channels (network, depth), 4, 2, 1, CG_PAD_ZERO, bias,
                                 has_norm ? CG_ACTIVATION_NONE : activation);
  return has_norm ? cg_network_add_norm (network, norm, value, activation, -1) : value;
}

/* A 4x4 stride-2 transposed convolution, norm, and dropout in the inner blocks of full width. */
static int
add_up (CgNetwork *network, int depth, int value)
{
  const CgNetworkConfig *config = &network->config;
  gboolean innermost = depth == config->n_downs - 1;
  int index = innermost ? 3 : 5;
  g_autofree char *name = get_name (depth, index);
  g_autofree char *norm = get_name (depth, index + 1);

  value = cg_network_add_conv_transpose2d (network, name, value, get_channels (network, depth - 1), 4, 2, 1, 0,
                                           cg_network_get_bias_before_norm (network), CG_ACTIVATION_NONE);
  if (config->norm != CG_NORM_NONE)
    value = cg_network_add_norm (network, norm, value, CG_ACTIVATION_NONE, -1);
  if (config->dropout && !innermost && depth >= 4)
    value = cg_network_add_dropout (network, value);
  return value;
}

/* Block @depth down, everything inside it, and up again; @value: what comes in (rectified). The parameters' order is PyTorch's:
 * down, then the submodule, then up. */
static int
add_block (CgNetwork *network, int depth, int value)
{
  int down = add_down (network, depth, value), inner = down;

  if (depth < network->config.n_downs - 1)
    inner = add_block (network, depth + 1, down);
  if (depth == 0)
    {
      g_autofree char *name = get_name (0, 3);

      return cg_network_add_conv_transpose2d (network, name, inner, network->config.output_nc, 4, 2, 1, 0, CG_BIAS_USED,
                                              CG_ACTIVATION_TANH);
    }
  return cg_network_add_concat (network, add_up (network, depth, inner), value, CG_ACTIVATION_RELU);
}

gboolean
cg_unet_generator_build (CgNetwork *network, GError **error)
{
  if (network->config.n_downs < 5 || network->config.n_downs > 12)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A U-Net has 5 to 12 halvings, not %d"),
                   network->config.n_downs);
      return FALSE;
    }
  add_block (network, 0, 0);
  return TRUE;
}
