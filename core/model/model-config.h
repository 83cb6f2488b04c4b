/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network's configuration as metadata of a file: the one place that knows these keys. */
#pragma once

#include <glib.h>

#include "model/safetensors.h"
#include "nets/network.h"

/* The version that is written; readers take this and earlier ones. */
#define CG_MODEL_FORMAT_VERSION 1

/**
 * cg_model_config_to_metadata:
 * @config: of a network that exists
 *
 * Sets format "cyclegan", format_version, and
 *   generators      net_g (resnet_Nblocks, unet_S with S = 2^n_downs), n_blocks (resnet), ngf, norm, upsample, dropout;
 *   discriminators  net_d (n_layers, pixel), n_layers_d (n_layers), ndf, norm;
 * and for both input_nc and output_nc. Numbers are decimal, dropout is "true" or "false".
 */
void cg_model_config_to_metadata (const CgNetworkConfig *config, CgSafetensorsWriter *writer);

/* Whether @key is one of those above, for which the network speaks and nobody else. */
gboolean cg_model_config_owns_key (const char *key);

/* A whole number of @min … @max from metadata; *@value stays as it is where there is no such key. CG_ERROR_FORMAT. */
gboolean cg_model_metadata_get_int (const CgSafetensors *file, const char *key, int min, int max, int *value,
                                    GError **error);

/* TRUE for the kinds that judge and do not translate. */
gboolean cg_model_config_is_discriminator (const CgNetworkConfig *config);
