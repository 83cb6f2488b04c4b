/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgTensor: float32 NHWC with a halo, a view of memory that an arena owns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/visibility.h"

/**
 * CgTensor:
 * @n, @h, @w, @c: images, rows, columns, channels (the halo not counted)
 * @halo: pixels of border on every side, so that a padded convolution never tests a border
 * @row_stride, @image_stride: in floats
 * @data: element (0, 0, 0, 0) of the interior; the halo lies before and around it
 */
typedef struct
{
  int n, h, w, c;
  int halo;
  size_t row_stride;
  size_t image_stride;
  float *data;
} CgTensor;

/* Describes a tensor without memory: data = NULL. False if its size overflows. */
CG_INTERNAL bool cg_tensor_init (CgTensor *tensor, int n, int h, int w, int c, int halo);

/* Floats that the tensor needs, halo included. */
CG_INTERNAL size_t cg_tensor_get_floats (const CgTensor *tensor);

/* Lays the tensor over memory of at least cg_tensor_get_floats() floats. */
CG_INTERNAL void cg_tensor_place (CgTensor *tensor, float *memory);

/* The address of pixel (n, y, x); y and x may reach into the halo. */
static inline float *
cg_tensor_at (const CgTensor *tensor, int n, int y, int x)
{
  return tensor->data + (ptrdiff_t) n * (ptrdiff_t) tensor->image_stride +
         (ptrdiff_t) y * (ptrdiff_t) tensor->row_stride + (ptrdiff_t) x * tensor->c;
}
