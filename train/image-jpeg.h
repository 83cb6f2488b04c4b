/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JPEG files by libjpeg itself: GEGL's JPEG loader ends the process on a damaged header and shows truncated files
 * half grey. */
#pragma once

#include <stdio.h>

#include "image-io.h"

/* Neither turns the image by its orientation; errors do not name the file (the caller does). */
CgImage *cg_jpeg_decode (FILE *file, GError **error);

/* Whether all of it can be decoded. */
gboolean cg_jpeg_check (FILE *file, GError **error);
gboolean cg_jpeg_get_size (FILE *file, int *width, int *height, GError **error);
