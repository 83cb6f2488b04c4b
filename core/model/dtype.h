/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The number formats of a safetensors file: names, sizes, and exact conversion from and to float32. */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "base/visibility.h"
#include "model/safetensors.h"

/* FALSE, and *dtype untouched, for a name other than F32, F16 and BF16. */
CG_PUBLIC gboolean cg_dtype_from_name (const char *name, CgDtype *dtype);

/* Bytes of one element. */
CG_PUBLIC size_t cg_dtype_get_size (CgDtype dtype);

/**
 * cg_dtype_decode:
 * @bytes: @n little-endian elements, any alignment
 * @values: (out) @n floats, overwritten; every F16 and BF16 value is a float32
 *
 * Returns: the index of the first value that is not finite, @n if there is none.
 */
CG_PUBLIC size_t cg_dtype_decode (CgDtype dtype, const guint8 *bytes, size_t n, float *values);

/**
 * cg_dtype_encode:
 * @bytes: (out) @n little-endian elements, any alignment, overwritten; rounded to nearest, ties to even
 *
 * Returns: the index of the first value that is not finite in @dtype, @n if there is none.
 */
CG_PUBLIC size_t cg_dtype_encode (CgDtype dtype, const float *values, size_t n, guint8 *bytes);
