/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgImageSet: all readable images of a folder at one size, to measure with; nothing about them is random. */
#pragma once

#include <glib.h>

typedef struct _CgImageSet CgImageSet;

/**
 * cg_image_set_open:
 * @load_size: what the short side is scaled to, the proportions kept
 * @crop_size: side of the square cut out of the middle, at most @load_size
 * @max_images: 0: all
 *
 * Reads the files directly in the folder, hidden ones left out, sorted bytewise by name. Those that cannot be read are named by
 * g_warning and skipped. Fails, naming the folder, if it is absent (G_FILE_ERROR) or without a readable image (CG_ERROR_FORMAT);
 * CG_ERROR_MEMORY.
 */
CgImageSet *cg_image_set_open (const char *path, int load_size, int crop_size, int max_images, GError **error);
void cg_image_set_free (CgImageSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgImageSet, cg_image_set_free)

int cg_image_set_get_size (const CgImageSet *set);

/* The number of the image whose name is that of number @index of @other but for the ending, or -1. */
int cg_image_set_find (const CgImageSet *set, const CgImageSet *other, int index);

/* values: (out) dense [crop][crop][n_channels], v / 127.5 - 1; 3 channels or 1, the luma. */
void cg_image_set_get (const CgImageSet *set, int index, int n_channels, float *values);
