/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where installed models are found: $CYCLEGAN_MODEL_PATH, the user's and the system's data folders, the build tree. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/* The folders in the order they are searched (colon-separated $CYCLEGAN_MODEL_PATH first). (transfer full),
 * NULL-terminated. */
CG_PUBLIC char **cg_model_library_get_folders (void);

/* The path of a bare name ("photo-to-ukiyoe", with or without .safetensors), or of anything with a '/' in it as it is.
 * Fails with CG_ERROR_FORMAT, naming the folders searched and the models that are there. (transfer full) */
CG_PUBLIC char *cg_model_library_find (const char *name_or_path, GError **error);

/* Paths of all installed models, first folder wins for equal names, sorted by name. (transfer full),
 * NULL-terminated. */
CG_PUBLIC char **cg_model_library_list (void);

G_END_DECLS
