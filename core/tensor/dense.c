/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Row by row copies between tensors with a halo and dense arrays. */
#include "tensor/dense.h"

#include <string.h>

void
cg_tensor_from_dense (const CgTensor *tensor, const float *dense)
{
  size_t row = (size_t)tensor->w * (size_t)tensor->c;

  for (int n = 0; n < tensor->n; n++)
    for (int y = 0; y < tensor->h; y++, dense += row)
      memcpy (cg_tensor_at (tensor, n, y, 0), dense, row * sizeof (float));
}

void
cg_tensor_to_dense (const CgTensor *tensor, float *dense)
{
  size_t row = (size_t)tensor->w * (size_t)tensor->c;

  for (int n = 0; n < tensor->n; n++)
    for (int y = 0; y < tensor->h; y++, dense += row)
      memcpy (dense, cg_tensor_at (tensor, n, y, 0), row * sizeof (float));
}
