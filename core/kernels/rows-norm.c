/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Sums over pixels and the passes of normalisation, forward and backward, one row or small block at a time; compiled per set. */
#include "kernels/rows-variant.h"

/* Vectors of channels that are summed side by side, so that the additions' latency is hidden. */
#define SIDE 4

/**
 * Two passes over a block that stays in cache. With any approximation a of the mean,
 *     mean = a + sum (x - a) / n,   m2 = sum (x - a)^2 - (sum (x - a))^2 / n,
 * which is exact enough in float because a, the rounded mean, makes every x - a small. Derived here.
 */
static ALWAYS_INLINE void
statistics_chunk (const float *x, size_t row_stride, int rows, int columns, int c, int left, const int side,
                  double *mean, double *m2)
{
  const float count = (float)rows * (float)columns;
  Vec about[SIDE], sum[SIDE], square[SIDE];

  for (int v = 0; v < side; v++)
    {
      about[v] = load (x + v * LANES, left - v * LANES);
      sum[v] = (Vec){ 0 };
    }
  const Vec origin[SIDE] = { about[0], about[side > 1 ? 1 : 0], about[side > 2 ? 2 : 0], about[side > 3 ? 3 : 0] };

  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++)
      for (int v = 0; v < side; v++)
        sum[v] += load (x + (size_t)i * row_stride + (size_t)j * (size_t)c + v * LANES, left - v * LANES) - origin[v];
  for (int v = 0; v < side; v++)
    {
      about[v] = origin[v] + sum[v] / splat (count);
      sum[v] = square[v] = (Vec){ 0 };
    }

  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++)
      for (int v = 0; v < side; v++)
        {
          const Vec distance
              = load (x + (size_t)i * row_stride + (size_t)j * (size_t)c + v * LANES, left - v * LANES) - about[v];

          sum[v] += distance;
          square[v] += distance * distance;
        }

  for (int v = 0; v < side; v++)
    for (int e = 0; e < LANES && v * LANES + e < left; e++)
      {
        const double excess = sum[v][e];

        mean[v * LANES + e] = about[v][e] + excess / count;
        m2[v * LANES + e] = MAX (square[v][e] - excess * excess / count, 0);
      }
}

void
CG_ROWS_NAME (statistics) (const float *x, size_t row_stride, int rows, int columns, int c, double *mean, double *m2)
{
  int e = 0;

  for (; e + SIDE * LANES <= c; e += SIDE * LANES)
    statistics_chunk (x + e, row_stride, rows, columns, c, SIDE * LANES, SIDE, mean + e, m2 + e);
  for (; e + LANES <= c; e += LANES)
    statistics_chunk (x + e, row_stride, rows, columns, c, LANES, 1, mean + e, m2 + e);
  if (e < c)
    statistics_chunk (x + e, row_stride, rows, columns, c, c - e, 1, mean + e, m2 + e);
}

static ALWAYS_INLINE void
apply_as (const float *x, const float *scale, const float *shift, const CgActivation activation, const float *skip,
          float *z, int n, int c)
{
  for (int j = 0; j < n; j++)
    for (int e = 0; e < c; e += LANES)
      {
        const size_t at = (size_t)j * (size_t)c + (size_t)e;
        const int left = c - e;
        const Vec u = load (x + at, left) * load (scale + e, left) + load (shift + e, left);
        Vec value = activate (u, activation);

        if (skip)
          value += load (skip + at, left);
        store (z + at, value, left);
      }
}

void
CG_ROWS_NAME (norm_apply) (const float *x, const float *scale, const float *shift, CgActivation activation,
                           const float *skip, float *z, int n, int c)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      apply_as (x, scale, shift, CG_ACTIVATION_RELU, skip, z, n, c);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      apply_as (x, scale, shift, CG_ACTIVATION_LEAKY_RELU, skip, z, n, c);
      break;
    case CG_ACTIVATION_TANH:
      apply_as (x, scale, shift, CG_ACTIVATION_TANH, skip, z, n, c);
      break;
    case CG_ACTIVATION_NONE:
    default:
      apply_as (x, scale, shift, CG_ACTIVATION_NONE, skip, z, n, c);
    }
}

/* g = dz * act'(u) */
static ALWAYS_INLINE Vec
gradient (Vec u, Vec dz, const CgActivation activation)
{
  return dz * slope_from_output (activation == CG_ACTIVATION_TANH ? tanh_vector (u) : u, activation);
}

static ALWAYS_INLINE void
sums_as (const float *x, size_t x_row_stride, const float *scale, const float *shift, const CgActivation activation,
         const float *dz, size_t dz_row_stride, int rows, int columns, int c, float *sum_g, float *sum_gu)
{
  for (int e = 0; e < c; e += LANES)
    {
      const int left = c - e;
      const Vec times = load (scale + e, left), plus = load (shift + e, left);
      Vec g_total = { 0 }, gu_total = { 0 };

      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
          {
            const size_t at = (size_t)j * (size_t)c + (size_t)e;
            const Vec u = load (x + (size_t)i * x_row_stride + at, left) * times + plus;
            const Vec g = gradient (u, load (dz + (size_t)i * dz_row_stride + at, left), activation);

            g_total += g;
            gu_total += g * u;
          }
      store (sum_g + e, g_total, left);
      store (sum_gu + e, gu_total, left);
    }
}

void
CG_ROWS_NAME (norm_gradient_sums) (const float *x, size_t x_row_stride, const float *scale, const float *shift,
                                   CgActivation activation, const float *dz, size_t dz_row_stride, int rows,
                                   int columns, int c, float *sum_g, float *sum_gu)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      sums_as (x, x_row_stride, scale, shift, CG_ACTIVATION_RELU, dz, dz_row_stride, rows, columns, c, sum_g, sum_gu);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      sums_as (x, x_row_stride, scale, shift, CG_ACTIVATION_LEAKY_RELU, dz, dz_row_stride, rows, columns, c, sum_g,
               sum_gu);
      break;
    case CG_ACTIVATION_TANH:
      sums_as (x, x_row_stride, scale, shift, CG_ACTIVATION_TANH, dz, dz_row_stride, rows, columns, c, sum_g, sum_gu);
      break;
    case CG_ACTIVATION_NONE:
    default:
      sums_as (x, x_row_stride, scale, shift, CG_ACTIVATION_NONE, dz, dz_row_stride, rows, columns, c, sum_g, sum_gu);
    }
}

static ALWAYS_INLINE void
gradient_apply_as (const float *x, const float *scale, const float *shift, const CgActivation activation,
                   const float *dz, const float *a, const float *b, const float *d, float *dx, int n, int c)
{
  for (int j = 0; j < n; j++)
    for (int e = 0; e < c; e += LANES)
      {
        const size_t at = (size_t)j * (size_t)c + (size_t)e;
        const int left = c - e;
        const Vec u = load (x + at, left) * load (scale + e, left) + load (shift + e, left);
        const Vec g = gradient (u, load (dz + at, left), activation);

        store (dx + at, load (a + e, left) * g + load (b + e, left) + load (d + e, left) * u, left);
      }
}

void
CG_ROWS_NAME (norm_gradient_apply) (const float *x, const float *scale, const float *shift, CgActivation activation,
                                    const float *dz, const float *a, const float *b, const float *d, float *dx, int n,
                                    int c)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      gradient_apply_as (x, scale, shift, CG_ACTIVATION_RELU, dz, a, b, d, dx, n, c);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      gradient_apply_as (x, scale, shift, CG_ACTIVATION_LEAKY_RELU, dz, a, b, d, dx, n, c);
      break;
    case CG_ACTIVATION_TANH:
      gradient_apply_as (x, scale, shift, CG_ACTIVATION_TANH, dz, a, b, d, dx, n, c);
      break;
    case CG_ACTIVATION_NONE:
    default:
      gradient_apply_as (x, scale, shift, CG_ACTIVATION_NONE, dz, a, b, d, dx, n, c);
    }
}

void
CG_ROWS_NAME (sum_pixels) (const float *x, size_t row_stride, int rows, int columns, int c, float *sum)
{
  for (int e = 0; e < c; e += LANES)
    {
      Vec total = { 0 };

      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
          total += load (x + (size_t)i * row_stride + (size_t)j * (size_t)c + (size_t)e, c - e);
      store (sum + e, total, c - e);
    }
}
