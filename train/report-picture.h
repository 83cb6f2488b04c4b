/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures inside a page. */
#pragma once

#include "image-io.h"

/* @image as a JPEG in a data: URI, scaled down where a side is longer than @max_side. Fails with CG_ERROR_MEMORY. (transfer full) */
char *cg_report_picture_to_uri (const CgImage *image, int max_side, GError **error);
