/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Small tensors for the tests of losses: exact random values inside, poison in the halo. */
#pragma once

#include <glib.h>
#include <math.h>

#include "base/random.h"
#include "tensor/tensor.h"

#define SEED 4711

/* A step that floats near 1 take exactly; central differences over it leave an error of STEP^2 / 6 * |f'''|. */
#define STEP 0x1p-10

typedef struct
{
  CgTensor tensor;
  float *memory;
} Image;

/* All NaN, halo included. */
static inline Image
image_new (int n, int h, int w, int c, int halo)
{
  Image image;

  g_assert_true (cg_tensor_init (&image.tensor, n, h, w, c, halo));
  image.memory = g_new (float, cg_tensor_get_floats (&image.tensor));
  for (size_t i = 0; i < cg_tensor_get_floats (&image.tensor); i++)
    image.memory[i] = NAN;
  cg_tensor_place (&image.tensor, image.memory);
  return image;
}

static inline void
image_clear (Image *image)
{
  g_clear_pointer (&image->memory, g_free);
}

static inline size_t
image_count (const Image *image)
{
  const CgTensor *t = &image->tensor;

  return (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c;
}

/* The place of interior element @i in NHWC order. */
static inline float *
image_element (const Image *image, size_t i)
{
  const CgTensor *t = &image->tensor;
  size_t c = i % (size_t)t->c;
  size_t x = i / (size_t)t->c % (size_t)t->w;
  size_t y = i / (size_t)t->c / (size_t)t->w % (size_t)t->h;
  size_t n = i / (size_t)t->c / (size_t)t->w / (size_t)t->h;

  return cg_tensor_at (t, (int)n, (int)y, (int)x) + c;
}

static inline void
image_fill (Image *image, float value)
{
  for (size_t i = 0; i < image_count (image); i++)
    *image_element (image, i) = value;
}

/* Odd multiples of STEP / 2 in (-range, range), so never 0 nor equal to a multiple of STEP. */
static inline void
image_fill_random (Image *image, uint64_t stream, double range)
{
  for (size_t i = 0; i < image_count (image); i++)
    {
      double u = range * (2.0 * cg_random_uniform (SEED, CG_RANDOM_TEST, stream, i) - 1.0);

      *image_element (image, i) = (float)((floor (u / STEP) + 0.5) * STEP);
    }
}

/* The halo must still be poison: nobody wrote there. */
static inline void
image_assert_halo_untouched (const Image *image)
{
  size_t n_nan = 0, n_inside = 0;

  for (size_t i = 0; i < cg_tensor_get_floats (&image->tensor); i++)
    n_nan += isnan (image->memory[i]) ? 1 : 0;
  for (size_t i = 0; i < image_count (image); i++)
    n_inside += isnan (*image_element (image, i)) ? 1 : 0;
  g_assert_cmpuint (n_inside, ==, 0);
  g_assert_cmpuint (n_nan, ==, cg_tensor_get_floats (&image->tensor) - image_count (image));
}

#define assert_close(a, b, tolerance) g_assert_cmpfloat_with_epsilon ((double)(a), (double)(b), tolerance)
#define assert_equal(a, b) g_assert_cmpfloat ((double)(a), ==, (double)(b))
