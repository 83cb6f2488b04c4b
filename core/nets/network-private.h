/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of nets/ share: the network's contents and the functions that its builders call. */
#pragma once

#include "layers/layer.h"
#include "nets/network.h"

/* Whether a convolution has a bias in the file, and whether it does anything. */
typedef enum
{
  CG_BIAS_NONE,
  CG_BIAS_REMOVED, /* there, but the norm behind it subtracts it */
  CG_BIAS_USED
} CgBias;

struct _CgNetwork
{
  CgNetworkConfig config;
  GArray *layers;     /* CgLayer */
  GArray *parameters; /* CgParameter */
  size_t n_floats;
  float *weights;
  float *gradients;
  void *packed_block[2];   /* by use: 0 forward passes, 1 backward passes */
  gboolean packed_fresh[2];
  GMutex packing; /* passes in several threads share the packed copies */
};

static inline CgLayer *
cg_network_get_layer (const CgNetwork *network, guint i)
{
  return &g_array_index (network->layers, CgLayer, i);
}

/* Builders: each appends a layer that reads value @input (0 = the network's input) and returns the value it makes.
 * @name: PyTorch's module name, which parameters get with ".weight" and ".bias". */
int cg_network_add_conv2d (CgNetwork *network, const char *name, int input, int k, int r, int stride, int pad,
                           CgPadMode pad_mode, CgBias bias, CgActivation activation);
int cg_network_add_conv_transpose2d (CgNetwork *network, const char *name, int input, int k, int r, int stride, int pad,
                                     int output_pad, CgBias bias, CgActivation activation);
int cg_network_add_norm (CgNetwork *network, const char *name, int input, CgActivation activation, int skip);
int cg_network_add_join (CgNetwork *network, int input, int skip);
int cg_network_add_concat (CgNetwork *network, int input, int skip, CgActivation activation);
int cg_network_add_dropout (CgNetwork *network, int input);
int cg_network_add_upsample (CgNetwork *network, int input);

/* The bias of a convolution before a norm: PyTorch's well-known code gives it one only with instance norm.
 * Where the configuration says norm none, there is no bias either. */
CgBias cg_network_get_bias_before_norm (const CgNetwork *network);

gboolean cg_resnet_generator_build (CgNetwork *network, GError **error);
gboolean cg_unet_generator_build (CgNetwork *network, GError **error);
gboolean cg_pixel_discriminator_build (CgNetwork *network, GError **error);
gboolean cg_patch_discriminator_build (CgNetwork *network, GError **error);

/* Memory for packed weights: of forward passes, and with @training also of backward passes. CG_ERROR_MEMORY. */
gboolean cg_network_need_packed (CgNetwork *network, const CgKernels *kernels, gboolean training, GError **error);

/* Packs again if weights changed. @use: 0 forward, 1 backward. */
void cg_network_pack (CgNetwork *network, const CgKernels *kernels, int use, int n_threads);
