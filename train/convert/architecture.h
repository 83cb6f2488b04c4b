/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which network a state dict belongs to, told from its names and shapes, and its way into that network. */
#pragma once

#include "convert/state-dict.h"
#include "nets/network.h"

G_BEGIN_DECLS

/**
 * cg_architecture_detect:
 * @config: (out): overwritten; dropout of a U-Net, which weights do not reveal, is FALSE
 *
 * Looks at names and a few shapes only: what it finds is what the file must be if it is one of our networks at all, which
 * cg_architecture_compare() tells. Fails with CG_ERROR_FORMAT, naming the file and its first tensor, where no name is known.
 */
gboolean cg_architecture_detect (const CgStateDict *dict, CgNetworkConfig *config, GError **error);

/**
 * cg_architecture_compare:
 * @outline: a network, or its outline
 *
 * Whether the file holds all parameters of @outline in their shapes and nothing else but what PyTorch itself drops or rebuilds:
 * num_batches_tracked, and the running statistics that instance norm had before PyTorch 0.4. Fails with CG_ERROR_SHAPE, naming
 * file, tensor, found and expected, at the first difference; with CG_ERROR_CORRUPT where tensors claim far more than the file
 * holds.
 */
gboolean cg_architecture_compare (const CgStateDict *dict, const CgNetwork *outline, GError **error);

/* Whether the file holds running statistics of instance norms, which are left out. */
gboolean cg_architecture_drops_statistics (const CgStateDict *dict, const CgNetworkConfig *config);

/**
 * cg_architecture_load:
 * @config: (nullable): what the network is; NULL to detect it
 *
 * Detects, compares and reads. Returns: (transfer full): the network with the file's weights.
 */
CgNetwork *cg_architecture_load (CgStateDict *dict, const CgNetworkConfig *config, GError **error);

/* Compares and reads into @network, which stays as it was on failure. */
gboolean cg_architecture_read (CgStateDict *dict, CgNetwork *network, GError **error);

/**
 * cg_state_dict_load:
 * @path: a PyTorch checkpoint in either format, or safetensors
 *
 * cg_state_dict_open() and cg_architecture_read() in one.
 */
gboolean cg_state_dict_load (const char *path, CgNetwork *network, GError **error);

/* "resnet_9blocks generator, ngf 64, …, instance norm, 3 to 3 channels", translated. (transfer full) */
char *cg_architecture_describe (const CgNetworkConfig *config);

G_END_DECLS
