/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetFolder: one folder's readable images in sorted order, preprocessed up to the crop, kept in memory while
 * there is room. */
#pragma once

#include "dataset.h"

typedef struct _CgDatasetFolder CgDatasetFolder;

/* height, width: the crop, which every image must hold after preprocessing; without a crop, what its size must be,
 * where 0 stands for "what the first image has" and is replaced by that. cache_left: (nullable): bytes of memory that
 * images may still fill, counted down; folders may share it, it outlives them. */
CgDatasetFolder *cg_dataset_folder_open (const char *path, const CgDatasetOptions *options, gssize *cache_left,
                                         int *height, int *width, GError **error);
void cg_dataset_folder_free (CgDatasetFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgDatasetFolder, cg_dataset_folder_free)

int cg_dataset_folder_get_size (const CgDatasetFolder *folder);
int cg_dataset_folder_get_n_skipped (CgDatasetFolder *folder);

/* How many images had to be resized to multiples of 4, and the first of them, to be shown; NULL where none had. */
const char *cg_dataset_folder_get_rounded (const CgDatasetFolder *folder, int *n_rounded);

/* Median of the short sides after preprocessing, before cropping. */
int cg_dataset_folder_get_median_side (const CgDatasetFolder *folder);

/* Bytes of all images that are not in memory yet, were all to be kept. */
guint64 cg_dataset_folder_get_uncached_bytes (CgDatasetFolder *folder);

/* Image number @index, or the next one that can be read. It belongs to the folder, or to the caller where *owned
 * is set to it. Any thread may call this. */
const CgImage *cg_dataset_folder_get_image (CgDatasetFolder *folder, int index, CgImage **owned, GError **error);

/* Feeds names, sizes and contents to @checksum. */
gboolean cg_dataset_folder_add_to_checksum (const CgDatasetFolder *folder, GChecksum *checksum, GError **error);
