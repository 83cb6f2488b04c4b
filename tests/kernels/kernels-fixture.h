/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Planes surrounded by canaries, numbers from a seed and the tables to be had here: shared by the tests of this room. */
#pragma once

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "kernels/kernels.h"

#define SEED 20240607

/* Around every plane: more than any kernel could reach by one tap too many, and odd, so that rows are not aligned. */
#define MARGIN 5

/* A NaN with a mark: whoever reads it spoils a result, whoever writes over it is found out. */
#define CANARY_BITS 0x7fc0dead

typedef struct
{
  CgPlane plane;
  int n, h, w, c;
  float *block;
  size_t n_floats;
} Image;

static inline float
make_canary (void)
{
  const guint32 bits = CANARY_BITS;
  float canary;

  memcpy (&canary, &bits, sizeof canary);
  return canary;
}

static inline gboolean
is_canary (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits == CANARY_BITS;
}

static inline float *
at (const Image *image, int n, int i, int j)
{
  return image->plane.data + (ptrdiff_t)n * (ptrdiff_t)image->plane.image_stride
         + (ptrdiff_t)i * (ptrdiff_t)image->plane.row_stride + (ptrdiff_t)j * image->c;
}

/* Memory of exactly the size that is needed, so that AddressSanitizer sees what the canaries do not. All canaries. */
static inline Image
image_new (int n, int h, int w, int c, int halo)
{
  const int margin = halo + MARGIN;
  Image image = { .n = n, .h = h, .w = w, .c = c };

  image.plane.row_stride = (size_t)(w + 2 * margin) * (size_t)c + 1;
  image.plane.image_stride = (size_t)(h + 2 * margin) * image.plane.row_stride + 3;
  image.n_floats = (size_t)n * image.plane.image_stride;
  image.block = g_new (float, image.n_floats);
  image.plane.data = image.block + (size_t)margin * image.plane.row_stride + (size_t)(margin * c);
  for (size_t e = 0; e < image.n_floats; e++)
    image.block[e] = make_canary ();
  return image;
}

static inline void
image_clear (Image *image)
{
  g_free (image->block);
  memset (image, 0, sizeof *image);
}

/* Numbers of (-1, 1) from (SEED, purpose of tests, @stream), in the interior and @halo pixels around it. */
static inline void
image_fill (Image *image, int halo, guint64 stream)
{
  guint64 index = 0;

  for (int n = 0; n < image->n; n++)
    for (int i = -halo; i < image->h + halo; i++)
      for (int j = -halo; j < image->w + halo; j++)
        for (int c = 0; c < image->c; c++)
          at (image, n, i, j)[c] = (float)(2 * cg_random_uniform (SEED, CG_RANDOM_TEST, stream, index++) - 1);
}

static inline void
image_zero_halo (Image *image, int halo)
{
  for (int n = 0; n < image->n; n++)
    for (int i = -halo; i < image->h + halo; i++)
      for (int j = -halo; j < image->w + halo; j++)
        if (i < 0 || j < 0 || i >= image->h || j >= image->w)
          memset (at (image, n, i, j), 0, (size_t)image->c * sizeof (float));
}

/* The same with all numbers made positive: what a sum could be at most, the measure of its rounding error. */
static inline Image
image_absolute (const Image *image)
{
  Image copy = *image;

  copy.block = g_new (float, image->n_floats);
  copy.plane.data = copy.block + (image->plane.data - image->block);
  for (size_t e = 0; e < image->n_floats; e++)
    copy.block[e] = is_canary (image->block[e]) ? image->block[e] : fabsf (image->block[e]);
  return copy;
}

/* Everything around the interior must be what image_new() left there. */
static inline void
assert_canaries (const Image *image)
{
  Image copy = *image;
  size_t n_canaries = 0;

  for (size_t e = 0; e < image->n_floats; e++)
    n_canaries += is_canary (copy.block[e]);
  g_assert_cmpuint (n_canaries, ==,
                    image->n_floats - (size_t)image->n * (size_t)image->h * (size_t)image->w * (size_t)image->c);
}

static inline void
fill_array (float *array, size_t n, guint64 stream)
{
  for (size_t e = 0; e < n; e++)
    array[e] = (float)(2 * cg_random_uniform (SEED, CG_RANDOM_TEST, stream, e) - 1);
}

/* Scratch of exactly the promised size, full of NaN: nothing may rely on what was in it. */
static inline CgWorkspace
workspace_new (int n_threads, size_t scratch_floats)
{
  CgWorkspace workspace = { n_threads, scratch_floats, NULL };
  const size_t total = MAX ((size_t)n_threads * scratch_floats, 16);

  g_assert_cmpuint (scratch_floats % 16, ==, 0);
  workspace.scratch = aligned_alloc (64, (total * sizeof (float) + 63) / 64 * 64);
  for (size_t e = 0; e < total; e++)
    workspace.scratch[e] = make_canary ();
  return workspace;
}

static inline float *
packed_new (const CgKernels *kernels, const CgConvShape *shape, CgConvDirection direction, const float *w,
            int n_threads)
{
  const size_t n = kernels->conv_packed_floats (shape, direction);
  float *packed = aligned_alloc (64, (n * sizeof (float) + 63) / 64 * 64);

  for (size_t e = 0; e < n; e++)
    packed[e] = make_canary ();
  kernels->conv_pack (shape, direction, w, packed, n_threads);
  return packed;
}

/* The tables that can be had here, "c" first; NULL ends the list. */
static inline const CgKernels *const *
get_tables (void)
{
  static const CgKernels *tables[5];
  static const char *const words[] = { "c", "blis", "avx2", "avx512" };
  int n = 0;

  for (int i = 0; i < 4; i++)
    {
      tables[n] = cg_kernels_lookup (words[i], NULL);
      if (tables[n])
        n++;
    }
  return tables;
}

/* A wish that cannot be granted must stop the tests, not leave something out. */
static inline void
require_wish (void)
{
  g_autoptr (GError) error = NULL;

  if (!cg_kernels_get (&error))
    g_error ("%s", error->message);
}
