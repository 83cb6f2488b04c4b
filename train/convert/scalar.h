/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The element types that PyTorch stores, and their values as float32. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef enum
{
  CG_SCALAR_F32,
  CG_SCALAR_F16,
  CG_SCALAR_BF16,
  CG_SCALAR_F64,
  CG_SCALAR_I64,
  CG_SCALAR_I32,
  CG_SCALAR_I16,
  CG_SCALAR_I8,
  CG_SCALAR_U8,
  CG_SCALAR_BOOL
} CgScalar;

/* As safetensors spells it: "F32", "I64", "BOOL", … */
const char *cg_scalar_get_name (CgScalar scalar);

/* Bytes of one element. */
size_t cg_scalar_get_size (CgScalar scalar);

/**
 * cg_scalar_decode:
 * @bytes: @n little-endian elements, any alignment
 * @values: (out): @n floats, overwritten; F64 and integers are rounded to nearest
 *
 * Returns: the index of the first value that is not finite in float32, @n if there is none.
 */
size_t cg_scalar_decode (CgScalar scalar, const guint8 *bytes, size_t n, float *values);

G_END_DECLS
