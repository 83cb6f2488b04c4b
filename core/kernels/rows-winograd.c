/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The transforms of Winograd's F(4x4, 3x3) for 16 channels of one tile; compiled per instruction set. */
#include "kernels/rows-variant.h"

/**
 * Lavin & Gray 2016 (arXiv 1509.09308), equation 7, with Toom-Cook matrices for the points 0, ±a, ±b and infinity, a = sqrt (1/2) and
 * b = sqrt (2): symmetric about 1 in the logarithm, which keeps powers small and the rounding error a sixth of that of
 * the usual 0, ±1, ±2. With a^2 = 1/2, b^2 = 2, a^2 b^2 = 1, a^2 + b^2 = 5/2 (derived here):
 *
 *           | 1    0  -5/2   0   1  0 |         | 1  1    1    1     1    0 |
 *           | 0  -2a   -2    a   1  0 |         | 0  a   -a    b    -b    0 |
 *     B^T = | 0   2a   -2   -a   1  0 |   A^T = | 0 a^2  a^2  b^2  b^2   0 |
 *           | 0 -b/2  -1/2   b   1  0 |         | 0 a^3 -a^3  b^3 -b^3   1 |
 *           | 0  b/2  -1/2  -b   1  0 |
 *           | 0    1    0  -5/2  0  1 |         G[j] = (1, p, p^2) / prod (p - other finite points), G[5] = (0, 0, 1)
 */
#define POINT_A 0.70710678118654752f
#define POINT_B 1.41421356237309505f

static ALWAYS_INLINE void
transform_input (Vec *d, const int step)
{
  const Vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const Vec even_a = d4 - 2 * d2, odd_a = POINT_A * (d3 - 2 * d1);
  const Vec even_b = d4 - 0.5f * d2, odd_b = POINT_B * (d3 - 0.5f * d1);

  d[0] = d0 - 2.5f * d2 + d4;
  d[step] = even_a + odd_a;
  d[2 * step] = even_a - odd_a;
  d[3 * step] = even_b + odd_b;
  d[4 * step] = even_b - odd_b;
  d[5 * step] = d1 - 2.5f * d3 + d5;
}

static ALWAYS_INLINE void
transform_output (const Vec *m, const int step, Vec *y, const int out_step)
{
  const Vec sum_a = m[step] + m[2 * step], difference_a = POINT_A * (m[step] - m[2 * step]);
  const Vec sum_b = m[3 * step] + m[4 * step], difference_b = POINT_B * (m[3 * step] - m[4 * step]);

  y[0] = m[0] + sum_a + sum_b;
  y[out_step] = difference_a + difference_b;
  y[2 * out_step] = 0.5f * sum_a + 2 * sum_b;
  y[3 * out_step] = 0.5f * difference_a + 2 * difference_b + m[5 * step];
}

/* p = ±a: N = p * 2p * (p^2 - 2) = -3/2;  p = ±b: N = p * 2p * (p^2 - 1/2) = 6;  p = 0: N = a^2 b^2 = 1. */
static ALWAYS_INLINE void
transform_weights (const Vec *g, const int step, Vec *u, const int out_step)
{
  const Vec even_a = (-2.0f / 3.0f) * (g[0] + 0.5f * g[2 * step]), odd_a = (-2.0f / 3.0f * POINT_A) * g[step];
  const Vec even_b = (1.0f / 6.0f) * (g[0] + 2 * g[2 * step]), odd_b = (POINT_B / 6.0f) * g[step];

  u[0] = g[0];
  u[out_step] = even_a + odd_a;
  u[2 * out_step] = even_a - odd_a;
  u[3 * out_step] = even_b + odd_b;
  u[4 * out_step] = even_b - odd_b;
  u[5 * out_step] = g[2 * step];
}

/* A: the transpose of transform_output(). */
static ALWAYS_INLINE void
transform_gradient (const Vec *y, const int step, Vec *m, const int out_step)
{
  const Vec even_a = y[0] + 0.5f * y[2 * step], odd_a = POINT_A * (y[step] + 0.5f * y[3 * step]);
  const Vec even_b = y[0] + 2 * y[2 * step], odd_b = POINT_B * (y[step] + 2 * y[3 * step]);

  m[0] = y[0];
  m[out_step] = even_a + odd_a;
  m[2 * out_step] = even_a - odd_a;
  m[3 * out_step] = even_b + odd_b;
  m[4 * out_step] = even_b - odd_b;
  m[5 * out_step] = y[3 * step];
}

/* G^T: the transpose of transform_weights(). */
static ALWAYS_INLINE void
transform_weight_gradient (const Vec *u, const int step, Vec *g, const int out_step)
{
  const Vec sum_a = (-2.0f / 3.0f) * (u[step] + u[2 * step]), sum_b = (1.0f / 6.0f) * (u[3 * step] + u[4 * step]);

  g[0] = u[0] + sum_a + sum_b;
  g[out_step] = (-2.0f / 3.0f * POINT_A) * (u[step] - u[2 * step]) + (POINT_B / 6.0f) * (u[3 * step] - u[4 * step]);
  g[2 * out_step] = 0.5f * sum_a + 2 * sum_b + u[5 * step];
}

static ALWAYS_INLINE void
input_tile (const float *in, size_t row_stride, size_t pixel_stride, int rows, int columns, int left, const bool whole,
            float *out, size_t out_step)
{
  Vec d[CG_WINOGRAD_PRODUCTS];

  for (int i = 0; i < CG_WINOGRAD_IN; i++)
    for (int j = 0; j < CG_WINOGRAD_IN; j++)
      {
        const float *from = in + (size_t)i * row_stride + (size_t)j * pixel_stride;

        if (whole)
          d[i * CG_WINOGRAD_IN + j] = *(const Vec *)from;
        else
          d[i * CG_WINOGRAD_IN + j] = i < rows && j < columns ? load (from, left) : (Vec){ 0 };
      }
  for (int i = 0; i < CG_WINOGRAD_IN; i++)
    transform_input (d + i * CG_WINOGRAD_IN, 1);
  for (int j = 0; j < CG_WINOGRAD_IN; j++)
    transform_input (d + j, CG_WINOGRAD_IN);
  for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    *(Vec *)(out + (size_t)q * out_step) = d[q];
}

void
CG_ROWS_NAME (winograd_input) (const float *in, size_t row_stride, size_t pixel_stride, int rows, int columns,
                               int n_channels, float *out, size_t out_step)
{
  for (int e = 0; e < CG_WINOGRAD_CHANNELS; e += LANES)
    if (rows >= CG_WINOGRAD_IN && columns >= CG_WINOGRAD_IN && n_channels - e >= LANES)
      input_tile (in + e, row_stride, pixel_stride, rows, columns, LANES, true, out + e, out_step);
    else
      input_tile (in + e, row_stride, pixel_stride, rows, columns, MAX (n_channels - e, 0), false, out + e, out_step);
}

void
CG_ROWS_NAME (winograd_output) (const float *in, size_t in_step, float *out, size_t row_stride, size_t pixel_stride,
                                int rows, int columns, int n_channels, const float *bias, CgActivation activation)
{
  for (int e = 0; e < n_channels; e += LANES)
    {
      const int left = n_channels - e;
      const Vec plus = bias ? load (bias + e, left) : (Vec){ 0 };
      Vec m[CG_WINOGRAD_PRODUCTS], half[CG_WINOGRAD_OUT * CG_WINOGRAD_IN], y[CG_WINOGRAD_OUT * CG_WINOGRAD_OUT];

      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        m[q] = load (in + (size_t)q * in_step + e, left);
      for (int j = 0; j < CG_WINOGRAD_IN; j++)
        transform_output (m + j, CG_WINOGRAD_IN, half + j, CG_WINOGRAD_IN);
      for (int i = 0; i < CG_WINOGRAD_OUT; i++)
        transform_output (half + i * CG_WINOGRAD_IN, 1, y + i * CG_WINOGRAD_OUT, 1);
      for (int i = 0; i < CG_WINOGRAD_OUT && i < rows; i++)
        for (int j = 0; j < CG_WINOGRAD_OUT && j < columns; j++)
          store (out + (size_t)i * row_stride + (size_t)j * pixel_stride + e,
                 activate (y[i * CG_WINOGRAD_OUT + j] + plus, activation), left);
    }
}

void
CG_ROWS_NAME (winograd_weights) (const float *taps, size_t tap_step, int n, float *out, size_t out_step)
{
  for (int e = 0; e < n; e += LANES)
    {
      Vec g[9], half[18], u[CG_WINOGRAD_PRODUCTS];

      for (int t = 0; t < 9; t++)
        g[t] = load (taps + (size_t)t * tap_step + e, n - e);
      for (int s = 0; s < 3; s++)
        transform_weights (g + s, 3, half + s, 3);
      for (int i = 0; i < CG_WINOGRAD_IN; i++)
        transform_weights (half + i * 3, 1, u + i * CG_WINOGRAD_IN, 1);
      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        store (out + (size_t)q * out_step + e, u[q], n - e);
    }
}

void
CG_ROWS_NAME (winograd_gradient) (const float *in, size_t row_stride, size_t pixel_stride, int rows, int columns,
                                  int n_channels, float *out, size_t out_step)
{
  for (int e = 0; e < CG_WINOGRAD_CHANNELS; e += LANES)
    {
      const int left = MAX (n_channels - e, 0);
      Vec y[CG_WINOGRAD_OUT * CG_WINOGRAD_OUT], half[CG_WINOGRAD_OUT * CG_WINOGRAD_IN], m[CG_WINOGRAD_PRODUCTS];

      for (int i = 0; i < CG_WINOGRAD_OUT; i++)
        for (int j = 0; j < CG_WINOGRAD_OUT; j++)
          y[i * CG_WINOGRAD_OUT + j] = i < rows && j < columns
                                           ? load (in + (size_t)i * row_stride + (size_t)j * pixel_stride + e, left)
                                           : (Vec){ 0 };
      for (int i = 0; i < CG_WINOGRAD_OUT; i++)
        transform_gradient (y + i * CG_WINOGRAD_OUT, 1, half + i * CG_WINOGRAD_IN, 1);
      for (int j = 0; j < CG_WINOGRAD_IN; j++)
        transform_gradient (half + j, CG_WINOGRAD_IN, m + j, CG_WINOGRAD_IN);
      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        *(Vec *)(out + (size_t)q * out_step + e) = m[q];
    }
}

void
CG_ROWS_NAME (winograd_weight_gradient) (const float *in, size_t in_step, int n, float *dw, size_t tap_step)
{
  for (int e = 0; e < n; e += LANES)
    {
      const int left = n - e;
      Vec u[CG_WINOGRAD_PRODUCTS], half[18], g[9];

      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        u[q] = load (in + (size_t)q * in_step + e, left);
      for (int i = 0; i < CG_WINOGRAD_IN; i++)
        transform_weight_gradient (u + i * CG_WINOGRAD_IN, 1, half + i * 3, 1);
      for (int s = 0; s < 3; s++)
        transform_weight_gradient (half + s, 3, g + s, 3);
      for (int t = 0; t < 9; t++)
        store (dw + (size_t)t * tap_step + e, load (dw + (size_t)t * tap_step + e, left) + g[t], left);
    }
}
