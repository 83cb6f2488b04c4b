/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Everything of kernels.h that is not a convolution, threaded, on the innermost loops of one instruction set. */
#pragma once

#include "kernels/rows.h"

/* norm-statistics.c */
int cg_packed_norm_row_tile (int w);
size_t cg_packed_norm_statistics_scratch_floats (int n, int h, int w, int c);
void cg_packed_norm_add_statistics (const CgRows *rows, CgPlane x, int h, int w, int c, double count, double *mean,
                                    double *m2, const CgWorkspace *workspace);
void cg_packed_norm_statistics (const CgRows *rows, CgPlane x, int n, int h, int w, int c, float *mean, float *m2,
                                const CgWorkspace *workspace);

/* norm.c */
void cg_packed_norm_apply (const CgRows *rows, CgPlane x, const float *scale, const float *shift,
                           CgActivation activation, CgPlane skip, CgPlane z, int n, int h, int w, int c, int n_threads);
void cg_packed_norm_gradient_sums (const CgRows *rows, CgPlane x, const float *scale, const float *shift,
                                   CgActivation activation, CgPlane dz, int n, int h, int w, int c, float *sum_g,
                                   float *sum_gx, const CgWorkspace *workspace);
void cg_packed_norm_gradient_apply (const CgRows *rows, CgPlane x, const float *scale, const float *shift,
                                    CgActivation activation, CgPlane dz, const float *a, const float *b, const float *d,
                                    CgPlane dx, int n, int h, int w, int c, int n_threads);
size_t cg_packed_norm_scratch_floats (int n, int h, int w, int c);
void cg_packed_bias_gradient (const CgRows *rows, CgPlane dy, int n, int h, int w, int c, float *db,
                              const CgWorkspace *workspace);

/* pointwise.c */
void cg_packed_activation_gradient (const CgRows *rows, CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx,
                                    int n, int h, int w, int c, int n_threads);
void cg_packed_adam (const CgRows *rows, float *w, const float *g, float *m, float *v, size_t n, float step_size,
                     double beta1, double beta2, float sqrt_bias2, float eps, int n_threads);
