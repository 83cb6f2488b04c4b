/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* For the files that are compiled once per instruction set: their names' suffix (CG_VARIANT, from meson), the native vector. */
#pragma once

#include <string.h>

#include "kernels/kernels-private.h"
#include "kernels/rows.h"

#define CG_GLUE_LATE(name, variant) cg_rows_##name##_##variant
#define CG_GLUE(name, variant) CG_GLUE_LATE (name, variant)
#define CG_ROWS_NAME(name) CG_GLUE (name, CG_VARIANT)

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

/* Aligned as a float, because planes are. */
typedef float Vec __attribute__ ((vector_size (4 * LANES), aligned (4), may_alias));
typedef int Mask __attribute__ ((vector_size (4 * LANES), aligned (4), may_alias));

/* The signatures are those of the table. */
#define CG_ROWS_DECLARE(name) extern __typeof__ (*((CgRows *)0)->name) CG_ROWS_NAME (name)
CG_ROWS_DECLARE (pack_pixels);
CG_ROWS_DECLARE (copy_columns);
CG_ROWS_DECLARE (finish);
CG_ROWS_DECLARE (add);
CG_ROWS_DECLARE (add_columns);
CG_ROWS_DECLARE (gather_taps);
CG_ROWS_DECLARE (winograd_input);
CG_ROWS_DECLARE (winograd_output);
CG_ROWS_DECLARE (winograd_weights);
CG_ROWS_DECLARE (winograd_gradient);
CG_ROWS_DECLARE (winograd_weight_gradient);
CG_ROWS_DECLARE (statistics);
CG_ROWS_DECLARE (norm_apply);
CG_ROWS_DECLARE (norm_gradient_sums);
CG_ROWS_DECLARE (norm_gradient_apply);
CG_ROWS_DECLARE (sum_pixels);
CG_ROWS_DECLARE (activation_gradient);
CG_ROWS_DECLARE (adam);

#define ALWAYS_INLINE inline __attribute__ ((always_inline))

/* The first @n of LANES floats, zeros after them; reads no further. */
static ALWAYS_INLINE Vec
load (const float *from, int n)
{
  Vec v = { 0 };

  if (n >= LANES)
    return *(const Vec *)from;
  memcpy (&v, from, (size_t)n * sizeof (float));
  return v;
}

static ALWAYS_INLINE void
store (float *to, Vec v, int n)
{
  if (n >= LANES)
    *(Vec *)to = v;
  else
    memcpy (to, &v, (size_t)n * sizeof (float));
}

static ALWAYS_INLINE Vec
splat (float value)
{
  return value - (Vec){ 0 };
}

/* mask ? a : b */
static ALWAYS_INLINE Vec
choose (Mask mask, Vec a, Vec b)
{
  return (Vec)((mask & (Mask)a) | (~mask & (Mask)b));
}

/**
 * tanh in float: within 2e-7 of the true value. Near zero the continued fraction of Lambert cut after seven terms,
 *     x (135135 + 17325 x^2 + 378 x^4 + x^6) / (135135 + 62370 x^2 + 3150 x^4 + 28 x^6),
 * elsewhere (1 - e) / (1 + e) with e = exp (-2 |x|) = 2^n exp (f), |f| <= ln 2 / 2, by Taylor. NaN stays NaN.
 */
static ALWAYS_INLINE Vec
tanh_vector (Vec x)
{
  const Vec zero = { 0 };
  const Vec magnitude = choose (x < zero, -x, x);
  const Vec capped = choose (magnitude < splat (20.0f), magnitude, splat (20.0f));
  const Vec square = capped * capped;
  const Vec top = ((square + splat (378.0f)) * square + splat (17325.0f)) * square + splat (135135.0f);
  const Vec bottom
      = ((splat (28.0f) * square + splat (3150.0f)) * square + splat (62370.0f)) * square + splat (135135.0f);
  const Vec near = capped * top / bottom;

  const Vec exponent = capped * splat (-2.88539008f); /* -2 / ln 2 */
  const Mask whole = __builtin_convertvector(exponent - splat (0.5f), Mask);
  const Vec f = (exponent - __builtin_convertvector(whole, Vec)) * splat (0.693147181f);
  Vec e = splat (1.0f / 5040.0f);

  e = e * f + splat (1.0f / 720.0f);
  e = e * f + splat (1.0f / 120.0f);
  e = e * f + splat (1.0f / 24.0f);
  e = e * f + splat (1.0f / 6.0f);
  e = e * f + splat (0.5f);
  e = e * f + splat (1.0f);
  e = e * f + splat (1.0f);
  e *= (Vec)((whole + 127) << 23);

  const Vec far = (splat (1.0f) - e) / (splat (1.0f) + e);
  const Vec result = choose (capped < splat (0.7f), near, far);

  return choose (x == x, choose (x < zero, -result, result), x);
}

static ALWAYS_INLINE Vec
activate (Vec u, CgActivation activation)
{
  const Vec zero = { 0 };

  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return choose (u <= zero, zero, u);
    case CG_ACTIVATION_LEAKY_RELU:
      return choose (u > zero, u, splat (CG_LEAKY_SLOPE) * u);
    case CG_ACTIVATION_TANH:
      return tanh_vector (u);
    case CG_ACTIVATION_NONE:
    default:
      return u;
    }
}

/* act' where act gives z; both kinds of ReLU keep the sign, so z may as well be the pre-activation. */
static ALWAYS_INLINE Vec
slope_from_output (Vec z, CgActivation activation)
{
  const Vec zero = { 0 }, one = splat (1.0f);

  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return choose (z > zero, one, zero);
    case CG_ACTIVATION_LEAKY_RELU:
      return choose (z > zero, one, splat (CG_LEAKY_SLOPE));
    case CG_ACTIVATION_TANH:
      return one - z * z;
    case CG_ACTIVATION_NONE:
    default:
      return one;
    }
}
