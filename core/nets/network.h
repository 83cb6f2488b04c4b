/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNetwork: a list of layers with PyTorch's names, and the parameters they share among any number of passes. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "base/visibility.h"

G_BEGIN_DECLS

typedef enum
{
  CG_NET_RESNET,   /* resnet_9blocks, resnet_6blocks, any n_blocks */
  CG_NET_UNET,     /* unet_128, unet_256, any n_downs */
  CG_NET_N_LAYERS, /* PatchGAN discriminator, basic = 3 layers */
  CG_NET_PIXEL     /* 1x1 discriminator */
} CgNetKind;

typedef enum
{
  CG_NORM_INSTANCE,
  CG_NORM_BATCH,
  CG_NORM_NONE
} CgNormKind;

typedef enum
{
  CG_UPSAMPLE_TRANSPOSE,
  CG_UPSAMPLE_RESIZE
} CgUpsampleKind;

typedef enum
{
  CG_INIT_NORMAL,
  CG_INIT_XAVIER,
  CG_INIT_KAIMING,
  CG_INIT_ORTHOGONAL
} CgInitKind;

/**
 * CgNetworkConfig: all that decides the names and shapes of a network's parameters.
 * @nf: ngf or ndf, the channels of the first convolution
 * @n_blocks: residual blocks (resnet)
 * @n_downs: halvings (unet: 7 for 128, 8 for 256)
 * @n_layers: strided layers after the first (n_layers discriminator)
 */
typedef struct
{
  CgNetKind kind;
  int input_nc, output_nc;
  int nf;
  int n_blocks;
  int n_downs;
  int n_layers;
  CgNormKind norm;
  CgUpsampleKind upsample;
  gboolean dropout;
} CgNetworkConfig;

/**
 * CgParameter: one tensor of a network as PyTorch knows it.
 * @name: "model.1.weight", "model.10.conv_block.1.bias", …
 * @shape: OIHW; IOHW for transposed convolutions
 * @offset, @n_floats: its place in the network's flat vectors, stored there as [R][S][I][O] ([R][S][O][I] transposed)
 * @is_scale: batch norm's gamma, which starts around 1
 * @is_buffer: batch norm's running statistics: no gradient, not optimised, not clipped
 * @norm_removes: a bias that the following norm subtracts again: its gradient is exactly 0
 */
typedef struct
{
  char *name;
  int n_dims;
  gint64 shape[4];
  size_t offset;
  size_t n_floats;
  gboolean is_scale;
  gboolean is_buffer;
  gboolean norm_removes;
} CgParameter;

typedef struct _CgNetwork CgNetwork;

/* Fails with CG_ERROR_UNSUPPORTED or CG_ERROR_SHAPE when the configuration makes no network, CG_ERROR_MEMORY. Parameters start as zeros. */
CG_PUBLIC CgNetwork *cg_network_new (const CgNetworkConfig *config, GError **error);
/* The same without weights, which are NULL: names and shapes at the cost of a list, to compare with what a file claims before
 * memory is spent on it. Good for the functions that take a const CgNetwork. */
CG_PUBLIC CgNetwork *cg_network_new_outline (const CgNetworkConfig *config, GError **error);
CG_PUBLIC void cg_network_free (CgNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgNetwork, cg_network_free)

/* What the network was made from. (transfer none) */
CG_PUBLIC const CgNetworkConfig *cg_network_get_config (const CgNetwork *network);

/* Fills the parameters: weights by @kind and @gain, biases 0; numbers depend on (@seed, parameter, element) only. */
CG_PUBLIC void cg_network_init (CgNetwork *network, CgInitKind kind, double gain, guint64 seed);

/* Parameters in PyTorch's state_dict order. */
CG_PUBLIC guint cg_network_get_n_parameters (const CgNetwork *network);
CG_PUBLIC const CgParameter *cg_network_get_parameter (const CgNetwork *network, guint i);
CG_PUBLIC const CgParameter *cg_network_find_parameter (const CgNetwork *network, const char *name);

/* Total floats of all parameters: the length of the flat vectors (weights, gradients, Adam's moments). */
CG_PUBLIC size_t cg_network_get_n_floats (const CgNetwork *network);

/* The flat vector of weights. After writing into it call cg_network_touch(), so that packed copies are renewed. */
CG_PUBLIC float *cg_network_get_weights (CgNetwork *network);
CG_PUBLIC void cg_network_touch (CgNetwork *network);

/* The flat vector of gradients, zeroed by cg_network_zero_gradients(), added to by backward passes. NULL before the first use
 * (cg_network_need_gradients() allocates it; CG_ERROR_MEMORY). */
CG_PUBLIC gboolean cg_network_need_gradients (CgNetwork *network, GError **error);
CG_PUBLIC float *cg_network_get_gradients (CgNetwork *network);
CG_PUBLIC void cg_network_zero_gradients (CgNetwork *network);

/* Converts one parameter between a flat vector of this network and PyTorch's element order. */
CG_PUBLIC void cg_network_read_parameter (const CgNetwork *network, guint i, const float *vector, float *pytorch);
CG_PUBLIC void cg_network_write_parameter (const CgNetwork *network, guint i, float *vector, const float *pytorch);

/* The smallest height and width that a pass takes, and the number they must be multiples of (4 for resnet, 2^n_downs for unet). */
CG_PUBLIC int cg_network_get_min_size (const CgNetwork *network);
CG_PUBLIC int cg_network_get_size_multiple (const CgNetwork *network);

/* Bytes that the copies of the weights take which inference makes. Fails as cg_kernels_get(). */
CG_INTERNAL gboolean cg_network_measure_packed (const CgNetwork *network, size_t *bytes, GError **error);

G_END_DECLS
