/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The transforms in portable vectors; CG_ISA names the instruction set this copy is compiled for. */
#include "kernels/winograd-transform.h"

#include <math.h>

#include "kernels/kernels-private.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_ (a, b)
#define INLINE static inline __attribute__ ((always_inline))

typedef float Vector __attribute__ ((vector_size (CG_WINOGRAD_VECTOR * sizeof (float)), aligned (4), may_alias));
typedef int Mask __attribute__ ((vector_size (CG_WINOGRAD_VECTOR * sizeof (int)), aligned (4), may_alias));

#define A ((float)CG_WINOGRAD_A)
#define B ((float)CG_WINOGRAD_B)
#define A2 0.5f
#define B2 2.0f

/* B' applied to six vectors in place (derived here from the points; rows: 0, a, -a, b, -b, infinity):
 *   d0 <- a²b² d0 - (a² + b²) d2 + d4,  d(±a) <- (d4 - b² d2) ± a (d3 - b² d1),  d(±b) <- (d4 - a² d2) ± b (d3 - a² d1),
 *   d5 <- a²b² d1 - (a² + b²) d3 + d5, and a²b² = 1. */
INLINE void
transform_input (Vector *d, int step)
{
  const Vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const Vector even_a = d4 - B2 * d2, odd_a = A * (d3 - B2 * d1);
  const Vector even_b = d4 - A2 * d2, odd_b = B * (d3 - A2 * d1);

  d[0] = d0 - (A2 + B2) * d2 + d4;
  d[step] = even_a + odd_a;
  d[2 * step] = even_a - odd_a;
  d[3 * step] = even_b + odd_b;
  d[4 * step] = even_b - odd_b;
  d[5 * step] = d1 - (A2 + B2) * d3 + d5;
}

/* A' applied to six vectors: y_i = sum over points p^i m_p, the last one with m5. */
INLINE void
transform_output (const Vector *m, int step, Vector *y, int out_step)
{
  const Vector sum_a = m[step] + m[2 * step], difference_a = m[step] - m[2 * step];
  const Vector sum_b = m[3 * step] + m[4 * step], difference_b = m[3 * step] - m[4 * step];

  y[0] = m[0] + sum_a + sum_b;
  y[out_step] = A * difference_a + B * difference_b;
  y[2 * out_step] = A2 * sum_a + B2 * sum_b;
  y[3 * out_step] = (A2 * A) * difference_a + (B2 * B) * difference_b + m[5 * step];
}

static void
input (const float *const pixels[CG_WINOGRAD_PRODUCTS], size_t channel, float *out, size_t stride)
{
  Vector d[CG_WINOGRAD_PRODUCTS];

  for (int i = 0; i < CG_WINOGRAD_PATCH; i++)
    {
      for (int j = 0; j < CG_WINOGRAD_PATCH; j++)
        d[i * CG_WINOGRAD_PATCH + j] = *(const Vector *)(pixels[i * CG_WINOGRAD_PATCH + j] + channel);
      transform_input (d + i * CG_WINOGRAD_PATCH, 1);
    }
  for (int j = 0; j < CG_WINOGRAD_PATCH; j++)
    {
      transform_input (d + j, CG_WINOGRAD_PATCH);
      for (int i = 0; i < CG_WINOGRAD_PATCH; i++)
        *(Vector *)(out + (size_t)(i * CG_WINOGRAD_PATCH + j) * stride) = d[i * CG_WINOGRAD_PATCH + j];
    }
}

/* act (v), element by element; NaN stays NaN, because no comparison is true of it. */
INLINE void
activate (Vector *v, CgActivation activation)
{
  const Vector zero = { 0 };
  const Mask negative = *v < zero;

  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      *v = (Vector)((Mask)*v & ~negative);
      break;
    case CG_ACTIVATION_LEAKY_RELU:
      *v = (Vector)(((Mask)*v & ~negative) | ((Mask)(CG_LEAKY_SLOPE * *v) & negative));
      break;
    case CG_ACTIVATION_TANH:
      for (int i = 0; i < CG_WINOGRAD_VECTOR; i++)
        (*v)[i] = tanhf ((*v)[i]);
      break;
    case CG_ACTIVATION_NONE:
    default:
      break;
    }
}

static void
output (const float *products, size_t stride, const float *bias, CgActivation activation,
        float *const pixels[CG_WINOGRAD_TILE * CG_WINOGRAD_TILE], size_t channel)
{
  Vector m[CG_WINOGRAD_PATCH], half[CG_WINOGRAD_PATCH * CG_WINOGRAD_TILE];

  for (int i = 0; i < CG_WINOGRAD_PATCH; i++)
    {
      for (int j = 0; j < CG_WINOGRAD_PATCH; j++)
        m[j] = *(const Vector *)(products + (size_t)(i * CG_WINOGRAD_PATCH + j) * stride);
      transform_output (m, 1, half + i * CG_WINOGRAD_TILE, 1);
    }
  for (int j = 0; j < CG_WINOGRAD_TILE; j++)
    {
      Vector y[CG_WINOGRAD_TILE];

      transform_output (half + j, CG_WINOGRAD_TILE, y, 1);
      for (int i = 0; i < CG_WINOGRAD_TILE; i++)
        {
          float *pixel = pixels[i * CG_WINOGRAD_TILE + j];

          if (!pixel)
            continue;
          if (bias)
            y[i] += *(const Vector *)bias;
          activate (&y[i], activation);
          *(Vector *)(pixel + channel) = y[i];
        }
    }
}

const CgWinogradTransform PASTE (cg_winograd_transform_, CG_ISA) = { input, output };
