/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Memory for large arrays, on huge pages where the system has them. */
#pragma once

#include <stddef.h>

/**
 * cg_pages_new:
 *
 * Returns: (transfer full): @bytes of zeros, aligned to 64 bytes at least, for free(); NULL if they cannot be had.
 */
void *cg_pages_new (size_t bytes);
