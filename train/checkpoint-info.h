/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `cyclegan info` tells of files that are no models yet: checkpoints of PyTorch, safetensors of others, ONNX. */
#pragma once

#include <glib.h>

/* Whether @path is a file that import would look at rather than a model of this program. */
gboolean cg_checkpoint_info_applies (const char *path);

/* Prints format, contents and the network they belong to, without reading a weight. Fails as cg_state_dict_open() and
 * cg_onnx_info_read() do. */
gboolean cg_checkpoint_info_print (const char *path, GError **error);
