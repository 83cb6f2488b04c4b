/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which of several files of one name: a picture that is computed anew later must be made by the very weights of the first time. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/**
 * cg_model_version_get:
 * @path: of a model's file
 *
 * Returns: (transfer full): the SHA-256 of its content in lower-case hexadecimal; or NULL with G_FILE_ERROR. Computed once for each state of
 * a file, at some 200 MB a second. From any thread.
 */
CG_PUBLIC char *cg_model_version_get (const char *path, GError **error);

/**
 * cg_model_version_find:
 * @name: the bare name of an installed model (model-library.h); a path is looked at alone
 * @version: what cg_model_version_get() told
 *
 * Returns: (transfer full): the path of the first file of that name, in the order of the folders, that is of this version. Fails as
 * cg_model_library_find() does, or with CG_ERROR_VERSION, naming what was found and what was expected.
 */
CG_PUBLIC char *cg_model_version_find (const char *name, const char *version, GError **error);

G_END_DECLS
