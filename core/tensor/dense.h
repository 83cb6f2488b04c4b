/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Between tensors with a halo and the dense [N][H][W][C] arrays of callers. */
#pragma once

#include "tensor/tensor.h"

/* tensor's interior = dense; its halo is left alone. */
void cg_tensor_from_dense (const CgTensor *tensor, const float *dense);
void cg_tensor_to_dense (const CgTensor *tensor, float *dense);
