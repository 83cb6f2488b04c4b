/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The convolution functions of kernels.h on a given machine: which algorithm does which gather. */
#pragma once

#include "kernels/machine.h"

size_t cg_packed_conv_packed_floats (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction);
void cg_packed_conv_pack (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction, const float *w,
                          float *packed, int n_threads);
size_t cg_packed_conv_scratch_floats (const CgMachine *machine, const CgConvShape *shape);
int cg_packed_conv_row_tile (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction);

/* in and out are x and y in the forward direction, y and x in the adjoint. */
void cg_packed_conv_run (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction,
                         const float *packed, const float *bias, CgActivation activation, CgPlane in, CgPlane out,
                         const CgWorkspace *workspace);

/* weight-gradient.c: adds to dw. */
size_t cg_packed_weight_gradient_scratch_floats (const CgMachine *machine, const CgConvShape *shape);
void cg_packed_conv_weight_gradient (const CgMachine *machine, const CgConvShape *shape, CgPlane x, CgPlane y,
                                     float *dw, const CgWorkspace *workspace);

/* winograd-gradient.c: the same for 3x3 with stride 1; the choice depends on nothing but the shape of the weights. */
bool cg_winograd_gradient_suits (const CgConvShape *shape);
size_t cg_winograd_gradient_scratch_floats (const CgMachine *machine, const CgConvShape *shape);
void cg_winograd_gradient_run (const CgMachine *machine, const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                               const CgWorkspace *workspace);
