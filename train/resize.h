/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Antialiased bicubic resize on 8-bit R'G'B' values, as Pillow's BICUBIC computes it (golden within 1 level). */
#pragma once

#include "image-io.h"

CgImage *cg_image_resize (const CgImage *image, int width, int height, GError **error);
