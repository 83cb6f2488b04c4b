/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The innermost loops that are portable C but worth compiling for more than one instruction set: a table of them per set. */
#pragma once

#include "kernels/kernels.h"

/* Channels that one call of a Winograd transform handles: a vector of the widest set. */
#define CG_WINOGRAD_CHANNELS 16

/* F(4x4, 3x3): tiles of 6x6 read, 4x4 written. */
#define CG_WINOGRAD_IN 6
#define CG_WINOGRAD_OUT 4
#define CG_WINOGRAD_PRODUCTS 36

/* out[q*out_step + i] = (G g G^T)[q] for the kernels g[t] = taps[t*tap_step + i], i < n. */
typedef void (*CgWinogradWeights) (const float *taps, size_t tap_step, int n, float *out, size_t out_step);

typedef struct
{
  /* panel[p][i] = pixels[i][p] for i < n, 0 for n <= i < width. May write up to 16 floats past the panel. */
  void (*pack_pixels) (int width, int n, const float *const *pixels, size_t length, float *panel);

  /* to[q*to_step + i] = from[q*from_step + i], i < width, q < n. */
  void (*copy_columns) (int width, size_t n, const float *from, size_t from_step, float *to, size_t to_step);

  /* out = act (in + bias) for n pixels of c channels; bias may be NULL. */
  void (*finish) (const float *in, size_t in_step, float *out, size_t out_step, int n, int c, const float *bias,
                  CgActivation activation);

  /* to[e] += from[e]. */
  void (*add) (float *to, const float *from, size_t n);

  /* to[q*to_step + i] += from[q*from_step + i], i < width, q < n; @width is a multiple of 16. */
  void (*add_columns) (int width, int n, const float *from, size_t from_step, float *to, size_t to_step);

  /* to[j*c + e] = sum_u from[(j + u)*from_step + u*c + e], e < c, u < taps, j < n: every tap's share from its own pixel.
   * May read and write 3 floats further. */
  void (*gather_taps) (const float *from, size_t from_step, int taps, float *to, int n, int c);

  /* out[q][c] = (B^T d B)[q] for the 6x6 tile d that starts at @in, CG_WINOGRAD_CHANNELS channels; only the first rows x
   * columns pixels and n_channels channels are read, the rest count as zeros. */
  void (*winograd_input) (const float *in, size_t row_stride, size_t pixel_stride, int rows, int columns,
                          int n_channels, float *out, size_t out_step);

  /* The 4x4 tile act (A^T m A + bias), its first rows x columns pixels written; m[q] lies at in + q*in_step. */
  void (*winograd_output) (const float *in, size_t in_step, float *out, size_t row_stride, size_t pixel_stride,
                           int rows, int columns, int n_channels, const float *bias, CgActivation activation);

  /* Of 3x3 kernels. */
  CgWinogradWeights winograd_weights;

  /* out[q][c] = (A g A^T)[q] for the 4x4 tile g of gradients that starts at @in; otherwise like winograd_input. */
  void (*winograd_gradient) (const float *in, size_t row_stride, size_t pixel_stride, int rows, int columns,
                             int n_channels, float *out, size_t out_step);

  /* dw[t*tap_step + i] += (G^T u G)[t] for the sums u[q*in_step + i], i < n: the adjoint of winograd_weights. */
  void (*winograd_weight_gradient) (const float *in, size_t in_step, int n, float *dw, size_t tap_step);

  /* The passes of kernels.h over a small block or one row; sums overwritten. */
  void (*statistics) (const float *x, size_t row_stride, int rows, int columns, int c, double *mean, double *m2);

  void (*norm_apply) (const float *x, const float *scale, const float *shift, CgActivation activation,
                      const float *skip, float *z, int n, int c);
  void (*norm_gradient_sums) (const float *x, size_t x_row_stride, const float *scale, const float *shift,
                              CgActivation activation, const float *dz, size_t dz_row_stride, int rows, int columns,
                              int c, float *sum_g, float *sum_gu);
  void (*norm_gradient_apply) (const float *x, const float *scale, const float *shift, CgActivation activation,
                               const float *dz, const float *a, const float *b, const float *d, float *dx, int n,
                               int c);
  void (*sum_pixels) (const float *x, size_t row_stride, int rows, int columns, int c, float *sum);
  void (*activation_gradient) (CgActivation activation, const float *z, const float *dz, float *dx, size_t n);
  void (*adam) (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1, double beta2,
                float sqrt_bias2, float eps);
} CgRows;

extern const CgRows cg_rows_table_baseline;
extern const CgRows cg_rows_table_avx2;
extern const CgRows cg_rows_table_avx512;
