/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Winograd F(4x4, 3x3): 3x3 stride-1 convolutions with a quarter of the multiplications, as 36 small products per block of tiles. */
#pragma once

#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "kernels/winograd-transform.h"

/* Whether this convolution is one for Winograd: 3x3, stride 1, channels of both sides multiples of 16 and at least 32. */
bool cg_winograd_suits (const CgConvShape *shape);

/* Floats of the transformed weights of one direction, and the transform of w [3][3][C][K] into them. */
size_t cg_winograd_packed_floats (const CgGemm *gemm, const CgConvShape *shape, CgConvDirection direction);
void cg_winograd_pack (const CgGemm *gemm, const CgConvShape *shape, CgConvDirection direction, const float *w,
                       float *packed, int n_threads);

/* Floats of scratch per thread for either direction. */
size_t cg_winograd_scratch_floats (const CgGemm *gemm, const CgConvShape *shape);

/**
 * cg_winograd_run:
 * @from, @to: x and y for CG_CONV_FORWARD, y and x for CG_CONV_ADJOINT, with halos as kernels.h demands
 *
 * to = act (convolution (from) + bias), interior overwritten. Reads nothing outside the halo; cannot fail.
 * Source: Lavin & Gray 2016; the points are chosen in winograd-transform.h.
 */
void cg_winograd_run (const CgGemm *gemm, const CgWinogradTransform *transform, const CgConvShape *shape,
                      CgConvDirection direction, const float *packed, const float *bias, CgActivation activation,
                      CgPlane from, CgPlane to, const CgWorkspace *workspace);
