/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that torch.save wrote before PyTorch 1.6: four small pickles, then the storages one after the other. */
#pragma once

#include "convert/torch-pickle.h"

G_BEGIN_DECLS

gboolean cg_torch_legacy_is (const guint8 *bytes, size_t length);

/**
 * cg_torch_legacy_read:
 * @storages: (out) (transfer full): with data
 *
 * Fails with CG_ERROR_CORRUPT (truncated, damaged), CG_ERROR_VERSION, CG_ERROR_UNSUPPORTED. Messages do not name the file.
 */
CgPickle *cg_torch_legacy_read (const guint8 *bytes, size_t length, GHashTable **storages, GError **error);

G_END_DECLS
