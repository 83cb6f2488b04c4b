/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The EXIF orientation of a file and turning an image by it. */
#pragma once

#include "image-io.h"

/* 1 … 8 as EXIF counts; 1 where the file tells none. */
int cg_image_orientation_read (const char *path);

/* Whether width and height change places. */
gboolean cg_image_orientation_swaps (int orientation);

/* Takes @image, returns the upright one: @image itself for 1. On failure @image is freed. */
CgImage *cg_image_orientation_apply (CgImage *image, int orientation, GError **error);
