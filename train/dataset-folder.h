/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetFolder: one folder's readable images in sorted order, preprocessed up to the crop, kept in memory while
 * there is room. */
#pragma once

#include "dataset.h"

typedef struct _CgDatasetFolder CgDatasetFolder;

/* height, width: what every image must hold at least after preprocessing; with CG_PREPROCESS_NONE what it must be
 * exactly, where 0 stands for "what the first image is" and is replaced by that. cache_bytes: how much memory
 * preprocessed images may fill. */
CgDatasetFolder *cg_dataset_folder_open (const char *path, const CgDatasetOptions *options, gsize cache_bytes,
                                         int *height, int *width, GError **error);
void cg_dataset_folder_free (CgDatasetFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgDatasetFolder, cg_dataset_folder_free)

int cg_dataset_folder_get_size (const CgDatasetFolder *folder);
int cg_dataset_folder_get_n_unreadable (CgDatasetFolder *folder);

/* Image number @index, or the next one that can be read. It belongs to the folder, or to the caller where *owned
 * is set to it. Any thread may call this; they take turns. */
const CgImage *cg_dataset_folder_get_image (CgDatasetFolder *folder, int index, CgImage **owned, GError **error);

/* Feeds names, sizes and contents to @checksum. */
gboolean cg_dataset_folder_add_to_checksum (const CgDatasetFolder *folder, GChecksum *checksum, GError **error);
