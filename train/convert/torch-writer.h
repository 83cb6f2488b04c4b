/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network's weights as the state dict that torch.load opens, weights_only included. */
#pragma once

#include "model/safetensors.h"
#include "nets/network.h"

G_BEGIN_DECLS

/**
 * cg_torch_writer_save:
 * @dtype: of the tensors
 *
 * Writes the zip format of PyTorch 1.6 and later, every storage at a multiple of 64 bytes, names and order as in
 * net.state_dict(); batch norm's num_batches_tracked, which no model here keeps, is 0. The same network makes the same bytes.
 * Atomic. Fails with CG_ERROR_FORMAT, naming the tensor (a weight that is not finite in @dtype), CG_ERROR_MEMORY, G_FILE_ERROR.
 */
gboolean cg_torch_writer_save (CgNetwork *network, CgDtype dtype, const char *path, GError **error);

G_END_DECLS
