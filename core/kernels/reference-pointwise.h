/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Normalisation, activations, bias gradient and Adam as their definitions say them. */
#pragma once

#include "kernels/kernels.h"

void cg_reference_norm_statistics (CgPlane x, int n, int h, int w, int c, float *mean, float *m2,
                                   const CgWorkspace *workspace);
void cg_reference_norm_add_statistics (CgPlane x, int h, int w, int c, double count, double *mean, double *m2,
                                       const CgWorkspace *workspace);
int cg_reference_norm_row_tile (int w);
void cg_reference_norm_apply (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane skip,
                              CgPlane z, int n, int h, int w, int c, int n_threads);
void cg_reference_norm_gradient_sums (CgPlane x, const float *scale, const float *shift, CgActivation activation,
                                      CgPlane dz, int n, int h, int w, int c, float *sum_g, float *sum_gx,
                                      const CgWorkspace *workspace);
void cg_reference_norm_gradient_apply (CgPlane x, const float *scale, const float *shift, CgActivation activation,
                                       CgPlane dz, const float *a, const float *b, const float *d, CgPlane dx, int n,
                                       int h, int w, int c, int n_threads);
size_t cg_reference_norm_scratch_floats (int n, int h, int w, int c);
void cg_reference_bias_gradient (CgPlane dy, int n, int h, int w, int c, float *db, const CgWorkspace *workspace);
void cg_reference_activation_gradient (CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx, int n, int h, int w,
                                       int c, int n_threads);
void cg_reference_adam (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1,
                        double beta2, float sqrt_bias2, float eps, int n_threads);
