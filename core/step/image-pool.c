/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The store of generated images; apart from the step because its choices are tested and restored on their own. */
#include "step/image-pool.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

struct _CgImagePool
{
  int size, count;
  int h, w, c;
  size_t image_floats;
  float *images; /* [size][h][w][c], the first count in use; NULL if size is 0 */
};

CgImagePool *
cg_image_pool_new (int size, int h, int w, int c, GError **error)
{
  CgImagePool *pool;
  size_t image_floats = 0, floats = 0, bytes = 0;
  float *images = NULL;

  g_return_val_if_fail (size >= 0 && h >= 1 && w >= 1 && c >= 1, NULL);

  if (cg_size_mul ((size_t)h * (size_t)w, (size_t)c, &image_floats) && cg_size_mul (image_floats, (size_t)size, &floats)
      && cg_size_mul (floats, sizeof (float), &bytes) && bytes > 0)
    images = malloc (bytes);
  if (size > 0 && images == NULL)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
                   _ ("Not enough memory for a pool of %d images of %d x %d pixels and %d channels"), size, w, h, c);
      return NULL;
    }

  pool = g_new (CgImagePool, 1);
  *pool = (CgImagePool){ .size = size, .h = h, .w = w, .c = c, .image_floats = image_floats, .images = images };
  return pool;
}

void
cg_image_pool_free (CgImagePool *pool)
{
  if (pool == NULL)
    return;
  free (pool->images);
  g_free (pool);
}

/* out = image; memmove because out may be images. */
static void
copy_image (const CgTensor *images, const CgTensor *out, int n)
{
  size_t row_bytes = (size_t)images->w * (size_t)images->c * sizeof (float);

  for (int y = 0; y < images->h; y++)
    memmove (cg_tensor_at (out, n, y, 0), cg_tensor_at (images, n, y, 0), row_bytes);
}

static void
store_image (const CgTensor *images, int n, float *stored)
{
  size_t row_floats = (size_t)images->w * (size_t)images->c;

  for (int y = 0; y < images->h; y++, stored += row_floats)
    memcpy (stored, cg_tensor_at (images, n, y, 0), row_floats * sizeof (float));
}

/* out = stored, stored = image, element by element because out may be images. */
static void
exchange_image (const CgTensor *images, const CgTensor *out, int n, float *stored)
{
  size_t row_floats = (size_t)images->w * (size_t)images->c;

  for (int y = 0; y < images->h; y++, stored += row_floats)
    {
      const float *in_row = cg_tensor_at (images, n, y, 0);
      float *out_row = cg_tensor_at (out, n, y, 0);

      for (size_t i = 0; i < row_floats; i++)
        {
          float in = in_row[i];

          out_row[i] = stored[i];
          stored[i] = in;
        }
    }
}

static gboolean
has_shape (const CgImagePool *pool, const CgTensor *images)
{
  return images->h == pool->h && images->w == pool->w && images->c == pool->c;
}

void
cg_image_pool_query (CgImagePool *pool, guint64 seed, CgRandomPurpose purpose, guint64 step, const CgTensor *images,
                     const CgTensor *out)
{
  g_assert (has_shape (pool, images) && has_shape (pool, out) && images->n == out->n);

  for (int n = 0; n < images->n; n++)
    {
      guint64 draw = 2 * (guint64)n;

      if (pool->count < pool->size)
        {
          store_image (images, n, pool->images + (size_t)pool->count * pool->image_floats);
          pool->count++;
          copy_image (images, out, n);
        }
      else if (pool->size > 0 && cg_random_uniform (seed, purpose, step, draw) < 0.5)
        {
          guint64 chosen = cg_random_below (seed, purpose, step, draw + 1, (guint64)pool->size);

          exchange_image (images, out, n, pool->images + (size_t)chosen * pool->image_floats);
        }
      else
        copy_image (images, out, n);
    }
}

int
cg_image_pool_get_count (const CgImagePool *pool)
{
  g_return_val_if_fail (pool != NULL, 0);
  return pool->count;
}

const float *
cg_image_pool_get_images (const CgImagePool *pool)
{
  g_return_val_if_fail (pool != NULL, NULL);
  return pool->images;
}

void
cg_image_pool_restore (CgImagePool *pool, const float *images, int count)
{
  g_return_if_fail (pool != NULL);
  g_return_if_fail (count >= 0 && count <= pool->size);

  if (count > 0)
    memcpy (pool->images, images, (size_t)count * pool->image_floats * sizeof (float));
  pool->count = count;
}
