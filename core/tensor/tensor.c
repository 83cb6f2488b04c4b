/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Shapes of tensors and where their pixels lie; memory comes from elsewhere. */
#include "tensor/tensor.h"

#include "base/size.h"

bool
cg_tensor_init (CgTensor *tensor, int n, int h, int w, int c, int halo)
{
  size_t row, image, floats, bytes;

  *tensor = (CgTensor){ .n = n, .h = h, .w = w, .c = c, .halo = halo };
  if (!cg_size_mul ((size_t)w + 2 * (size_t)halo, (size_t)c, &row)
      || !cg_size_mul (row, (size_t)h + 2 * (size_t)halo, &image) || !cg_size_mul (image, (size_t)n, &floats)
      || !cg_size_mul (floats, sizeof (float), &bytes))
    return false;
  tensor->row_stride = row;
  tensor->image_stride = image;
  return true;
}

size_t
cg_tensor_get_floats (const CgTensor *tensor)
{
  return (size_t)tensor->n * tensor->image_stride;
}

void
cg_tensor_place (CgTensor *tensor, float *memory)
{
  tensor->data = memory + (size_t)tensor->halo * tensor->row_stride + (size_t)tensor->halo * (size_t)tensor->c;
}
