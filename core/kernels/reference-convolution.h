/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The convolution as its definition says it: what every faster one is tested against. */
#pragma once

#include "kernels/kernels.h"

size_t cg_reference_conv_packed_floats (const CgConvShape *shape, CgConvDirection direction);
void cg_reference_conv_pack (const CgConvShape *shape, CgConvDirection direction, const float *w, float *packed,
                             int n_threads);
size_t cg_reference_conv_scratch_floats (const CgConvShape *shape);
int cg_reference_conv_row_tile (const CgConvShape *shape, CgConvDirection direction);
void cg_reference_conv_forward (const CgConvShape *shape, const float *packed, const float *bias,
                                CgActivation activation, CgPlane x, CgPlane y, const CgWorkspace *workspace);
void cg_reference_conv_adjoint (const CgConvShape *shape, const float *packed, const float *bias,
                                CgActivation activation, CgPlane y, CgPlane x, const CgWorkspace *workspace);
void cg_reference_conv_weight_gradient (const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                                        const CgWorkspace *workspace);
