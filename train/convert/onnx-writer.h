/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network as an ONNX model for other runtimes. */
#pragma once

#include "nets/network.h"

G_BEGIN_DECLS

/**
 * cg_onnx_writer_save:
 * @metadata: (nullable): pairs of strings (char* -> char*) that readers may show
 *
 * Opset 17, float32, "input" [batch, channels, height, width] in [-1, 1] to "output"; any batch, height and width that the network
 * takes. Constants have PyTorch's names. Atomic. Fails with CG_ERROR_UNSUPPORTED (2 GiB, the format's limit), CG_ERROR_MEMORY,
 * CG_ERROR_FORMAT (a weight that is not finite), G_FILE_ERROR.
 */
gboolean cg_onnx_writer_save (CgNetwork *network, GHashTable *metadata, const char *path, GError **error);

G_END_DECLS
