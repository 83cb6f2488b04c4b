/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models come to the user's own folder, from files of ours or of PyTorch, and go from there to the trash. */
#pragma once

#include <gio/gio.h>

/* (transfer full): the folder of the user's own models, whether it exists or not. */
char *cg_model_install_get_folder (void);

/**
 * cg_model_install_start:
 * @path: a generator: a .safetensors file, which is copied with its thumbnail, or a PyTorch file, which `cyclegan import` turns into one in a
 *   process of its own: whatever is in it, this process does not read it
 *
 * An installed model of the same name is not overwritten. @callback, on the main thread, calls cg_model_install_finish().
 */
void cg_model_install_start (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* Returns: (transfer full): the installed model's name; or NULL with what is wrong with the file, or G_IO_ERROR. */
char *cg_model_install_finish (GAsyncResult *result, GError **error);

/* Whether the model at @path lies where this user may remove it. */
gboolean cg_model_install_can_remove (const char *path);

/* The file, and what lies beside it under the same name, go to the trash. Fails with G_IO_ERROR. */
gboolean cg_model_install_remove (const char *path, GError **error);
