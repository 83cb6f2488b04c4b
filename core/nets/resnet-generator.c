/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The ResNet generator of Johnson et al. 2016 as CycleGAN uses it (Zhu et al. 2017, appendix 7.2). */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "nets/network-private.h"

/* A name of the state dict: the index in the outer sequence, which PyTorch counts with paddings, norms and activations. */
static char *
module_name (int index)
{
  return g_strdup_printf ("model.%d", index);
}

/* Whether a norm stands behind the convolutions; without one the convolution itself activates and a join adds. */
static gboolean
has_norm (const CgNetwork *network)
{
  return network->config.norm != CG_NORM_NONE;
}

/* conv (named) -> norm -> ReLU; the norm is the next module. */
static int
add_convolution (CgNetwork *network, int index, int value, int k, int r, int stride, int pad, CgPadMode pad_mode)
{
  g_autofree char *name = module_name (index), *norm = module_name (index + 1);

  value = cg_network_add_conv2d (network, name, value, k, r, stride, pad, pad_mode,
                                 cg_network_get_bias_before_norm (network),
                                 has_norm (network) ? CG_ACTIVATION_NONE : CG_ACTIVATION_RELU);
  return has_norm (network) ? cg_network_add_norm (network, norm, value, CG_ACTIVATION_RELU, -1) : value;
}

/* x + norm (conv (dropout (relu (norm (conv (x)))))), 3x3 with reflection; a dropout moves the second convolution by one. */
static int
add_block (CgNetwork *network, int index, int value, int channels)
{
  int second_index = network->config.dropout ? 6 : 5;
  g_autofree char *first = g_strdup_printf ("model.%d.conv_block.1", index);
  g_autofree char *first_norm = g_strdup_printf ("model.%d.conv_block.2", index);
  g_autofree char *second = g_strdup_printf ("model.%d.conv_block.%d", index, second_index);
  g_autofree char *second_norm = g_strdup_printf ("model.%d.conv_block.%d", index, second_index + 1);
  CgBias bias = cg_network_get_bias_before_norm (network);
  int inner;

  inner = cg_network_add_conv2d (network, first, value, channels, 3, 1, 1, CG_PAD_REFLECT, bias,
                                 has_norm (network) ? CG_ACTIVATION_NONE : CG_ACTIVATION_RELU);
  if (has_norm (network))
    inner = cg_network_add_norm (network, first_norm, inner, CG_ACTIVATION_RELU, -1);
  if (network->config.dropout)
    inner = cg_network_add_dropout (network, inner);
  inner = cg_network_add_conv2d (network, second, inner, channels, 3, 1, 1, CG_PAD_REFLECT, bias, CG_ACTIVATION_NONE);
  return has_norm (network) ? cg_network_add_norm (network, second_norm, inner, CG_ACTIVATION_NONE, value)
                            : cg_network_add_join (network, inner, value);
}

gboolean
cg_resnet_generator_build (CgNetwork *network, GError **error)
{
  const CgNetworkConfig *config = &network->config;
  int value, index = 1;

  if (config->n_blocks < 0 || config->n_blocks > 1000)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A ResNet generator has 0 to 1000 blocks, not %d"),
                   config->n_blocks);
      return FALSE;
    }

  value = add_convolution (network, index, 0, config->nf, 7, 1, 3, CG_PAD_REFLECT);
  index += 3;
  for (int scale = 2; scale <= 4; scale *= 2, index += 3)
    value = add_convolution (network, index, value, config->nf * scale, 3, 2, 1, CG_PAD_ZERO);
  for (int block = 0; block < config->n_blocks; block++, index++)
    value = add_block (network, index, value, config->nf * 4);

  for (int scale = 2; scale >= 1; scale /= 2)
    if (config->upsample == CG_UPSAMPLE_RESIZE)
      {
        /* Upsample, ReflectionPad2d, Conv2d, norm, ReLU: the resize-convolution of Odena et al. 2016. */
        value = cg_network_add_upsample (network, value);
        value = add_convolution (network, index + 2, value, config->nf * scale, 3, 1, 1, CG_PAD_REFLECT);
        index += 5;
      }
    else
      {
        g_autofree char *name = module_name (index), *norm = module_name (index + 1);

        value = cg_network_add_conv_transpose2d (network, name, value, config->nf * scale, 3, 2, 1, 1,
                                                 cg_network_get_bias_before_norm (network),
                                                 has_norm (network) ? CG_ACTIVATION_NONE : CG_ACTIVATION_RELU);
        if (has_norm (network))
          value = cg_network_add_norm (network, norm, value, CG_ACTIVATION_RELU, -1);
        index += 3;
      }

  {
    /* ReflectionPad2d stands at index, so the convolution at index + 1. */
    g_autofree char *name = module_name (index + 1);

    cg_network_add_conv2d (network, name, value, config->output_nc, 7, 1, 3, CG_PAD_REFLECT, CG_BIAS_USED,
                           CG_ACTIVATION_TANH);
  }
  return TRUE;
}
