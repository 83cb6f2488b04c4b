/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What size an image is scaled to before it is cropped: integer arithmetic for every way of preprocessing. */
#pragma once

#include "dataset.h"

/* Whether nothing is cropped, so that an image is trained on at the size it is scaled to. */
gboolean cg_preprocess_is_uncropped (CgPreprocess preprocess);

/* The size that an image of @width x @height is scaled to. *rounded: whether it differs from what the mode says only
 * so that the networks can halve it twice. */
void cg_preprocess_get_size (const CgDatasetOptions *options, int width, int height, int *scaled_width,
                             int *scaled_height, gboolean *rounded);
