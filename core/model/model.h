/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgModel: one generator with its metadata, as a .safetensors file holds it (interfaces.md, "A model file"). */
#pragma once

#include <glib.h>

#include "base/visibility.h"
#include "model/safetensors.h"
#include "nets/network.h"

G_BEGIN_DECLS

typedef struct _CgModel CgModel;

/**
 * cg_model_load:
 * @name_or_path: a path, or the bare name of an installed model (model-library.h)
 *
 * Reads metadata and weights and checks both against each other. Returns: (transfer full): a reference.
 */
CG_PUBLIC CgModel *cg_model_load (const char *name_or_path, GError **error);
CG_PUBLIC CgModel *cg_model_ref (CgModel *model);
CG_PUBLIC void cg_model_unref (CgModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgModel, cg_model_unref)

/* What was found in the file; all (transfer none), valid as long as the model. */
CG_PUBLIC const char *cg_model_get_path (const CgModel *model);
CG_PUBLIC const char *cg_model_get_title (const CgModel *model); /* never NULL: falls back to the file's name */
CG_PUBLIC const char *cg_model_get_metadata (const CgModel *model, const char *key); /* or NULL */
/* Pixels of the short side; 256 where the file does not say. */
CG_PUBLIC int cg_model_get_train_scale (const CgModel *model);
CG_PUBLIC CgNetwork *cg_model_get_network (const CgModel *model); /* (transfer none) */

/**
 * cg_model_config_from_metadata:
 * @config: (out): overwritten
 *
 * What `cyclegan info` needs without reading weights: the configuration of a generator or a discriminator, from
 * metadata:
 *   format "cyclegan", format_version "1";
 *   generator: net_g (resnet_Nblocks; resnet with n_blocks; unet_256, unet_128 or another power of two), ngf,
 *     upsample (transpose, resize), dropout (true, false);
 *   discriminator: net_d (basic; n_layers with n_layers_d; pixel), ndf;
 *   both: norm (instance, batch, none), input_nc, output_nc.
 * Fails, naming file, key, found and expected, with CG_ERROR_FORMAT (a key that is missing or ill-formed),
 * CG_ERROR_VERSION (a later format_version), CG_ERROR_UNSUPPORTED (an unknown network), CG_ERROR_SHAPE (more weights
 * than the file has tensors for, so that metadata alone cannot make the caller allocate).
 */
CG_PUBLIC gboolean cg_model_config_from_metadata (const CgSafetensors *file, CgNetworkConfig *config, GError **error);

/* Fails, naming file, tensor, found and expected shape, unless the file holds just the parameters of @network. */
CG_PUBLIC gboolean cg_model_check_tensors (const CgSafetensors *file, const CgNetwork *network, GError **error);

/* Copies all parameters of the file into the network (checked first). On failure the network is as it was. */
CG_PUBLIC gboolean cg_model_read_network (const CgSafetensors *file, CgNetwork *network, GError **error);

/**
 * cg_model_save:
 * @dtype: F32, F16 or BF16
 * @metadata: (nullable): pairs of strings (char* -> char*) added to those that describe the architecture, which are
 *   written here and win over pairs of the same key
 *
 * Generators and discriminators alike; atomic, as cg_safetensors_writer_write(). Fails also with CG_ERROR_DIVERGED,
 * naming the tensor, if a weight is not finite, and CG_ERROR_FORMAT if one does not fit @dtype.
 */
CG_PUBLIC gboolean cg_model_save (CgNetwork *network, CgDtype dtype, GHashTable *metadata, const char *path,
                                  GError **error);

G_END_DECLS
