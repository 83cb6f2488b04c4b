/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The pool of generated images: filling, choices, exchange in place, restoring. */
#include "step/image-pool.h"

#include <string.h>

#include "base/error.h"

#define SEED 31

enum
{
  H = 3,
  W = 2,
  C = 3,
  FLOATS = H * W * C
};

typedef struct
{
  CgTensor tensor;
  float *memory;
} Images;

static Images
images_new (int n, int halo)
{
  Images images;

  g_assert_true (cg_tensor_init (&images.tensor, n, H, W, C, halo));
  images.memory = g_new (float, cg_tensor_get_floats (&images.tensor));
  for (size_t i = 0; i < cg_tensor_get_floats (&images.tensor); i++)
    images.memory[i] = -1.0f;
  cg_tensor_place (&images.tensor, images.memory);
  return images;
}

/* Image @id has the values 100 * id, 100 * id + 1, … */
static void
images_set (Images *images, int n, int id)
{
  for (int i = 0; i < FLOATS; i++)
    cg_tensor_at (&images->tensor, n, i / (W * C), 0)[i % (W * C)] = (float)(100 * id + i);
}

/* The id of image @n, which must be whole. */
static int
images_get (const Images *images, int n)
{
  int id = (int)images->tensor.data[(size_t)n * images->tensor.image_stride] / 100;

  for (int i = 0; i < FLOATS; i++)
    g_assert_cmpfloat (cg_tensor_at (&images->tensor, n, i / (W * C), 0)[i % (W * C)], ==, (float)(100 * id + i));
  return id;
}

static int
stored_id (const CgImagePool *pool, int place)
{
  const float *image = cg_image_pool_get_images (pool) + (size_t)place * FLOATS;
  int id = (int)image[0] / 100;

  for (int i = 0; i < FLOATS; i++)
    g_assert_cmpfloat (image[i], ==, (float)(100 * id + i));
  return id;
}

/* Shows the pool one image and returns the id of what comes back. */
static int
show (CgImagePool *pool, guint64 step, int id)
{
  Images image = images_new (1, 1);
  int back;

  images_set (&image, 0, id);
  cg_image_pool_query (pool, SEED, CG_RANDOM_POOL_A, step, &image.tensor, &image.tensor);
  back = images_get (&image, 0);
  g_free (image.memory);
  return back;
}

static void
test_off (void)
{
  g_autoptr (CgImagePool) pool = cg_image_pool_new (0, H, W, C, NULL);

  g_assert_nonnull (pool);
  for (int id = 1; id <= 20; id++)
    g_assert_cmpint (show (pool, (guint64)id, id), ==, id);
  g_assert_cmpint (cg_image_pool_get_count (pool), ==, 0);
  g_assert_null (cg_image_pool_get_images (pool));
  cg_image_pool_restore (pool, NULL, 0);
}

static void
test_filling (void)
{
  g_autoptr (CgImagePool) pool = cg_image_pool_new (5, H, W, C, NULL);

  for (int id = 1; id <= 5; id++)
    {
      g_assert_cmpint (show (pool, (guint64)id, id), ==, id);
      g_assert_cmpint (cg_image_pool_get_count (pool), ==, id);
    }
  for (int place = 0; place < 5; place++)
    g_assert_cmpint (stored_id (pool, place), ==, place + 1);
}

/* A model of the contract, on ids: the pool must follow it draw by draw. */
static void
test_follows_draws (void)
{
  enum
  {
    SIZE = 4,
    BATCH = 3
  };
  g_autoptr (CgImagePool) pool = cg_image_pool_new (SIZE, H, W, C, NULL);
  Images images = images_new (BATCH, 2);
  Images out = images_new (BATCH, 0);
  int model[SIZE], count = 0, id = 1;

  for (guint64 step = 1; step <= 200; step++)
    {
      int expected[BATCH];

      for (int n = 0; n < BATCH; n++, id++)
        {
          images_set (&images, n, id);
          expected[n] = id;
          if (count < SIZE)
            model[count++] = id;
          else if (cg_random_uniform (SEED, CG_RANDOM_POOL_B, step, 2 * (guint64)n) < 0.5)
            {
              guint64 place = cg_random_below (SEED, CG_RANDOM_POOL_B, step, 2 * (guint64)n + 1, SIZE);

              expected[n] = model[place];
              model[place] = id;
            }
        }

      cg_image_pool_query (pool, SEED, CG_RANDOM_POOL_B, step, &images.tensor, &out.tensor);
      for (int n = 0; n < BATCH; n++)
        {
          g_assert_cmpint (images_get (&out, n), ==, expected[n]);
          g_assert_cmpint (images_get (&images, n), ==, id - BATCH + n);
        }
      for (int place = 0; place < count; place++)
        g_assert_cmpint (stored_id (pool, place), ==, model[place]);
    }

  g_free (images.memory);
  g_free (out.memory);
}

/* Half of the images are exchanged, every place equally often; the halo stays as it was. */
static void
test_distribution (void)
{
  enum
  {
    SIZE = 5,
    N = 10000
  };
  g_autoptr (CgImagePool) pool = cg_image_pool_new (SIZE, H, W, C, NULL);
  int place_of[N + SIZE + 1] = { 0 };
  int n_exchanged = 0, n_place[SIZE] = { 0 };

  for (int id = 1; id <= SIZE; id++)
    {
      show (pool, (guint64)id, id);
      place_of[id] = id - 1;
    }
  for (int id = SIZE + 1; id <= SIZE + N; id++)
    {
      int back = show (pool, (guint64)id, id);

      if (back != id)
        {
          place_of[id] = place_of[back];
          n_exchanged++;
          n_place[place_of[back]]++;
        }
    }

  /* Binomial deviations: sqrt (N / 4) = 50 and sqrt (N/2 * 4/25) = 28; five of each. */
  g_assert_cmpint (ABS (n_exchanged - N / 2), <, 250);
  for (int place = 0; place < SIZE; place++)
    g_assert_cmpint (ABS (n_place[place] - N / 2 / SIZE), <, 160);
}

static void
test_halo_untouched (void)
{
  g_autoptr (CgImagePool) pool = cg_image_pool_new (1, H, W, C, NULL);
  Images images = images_new (2, 1);
  int n_poison = 0;

  for (guint64 step = 1; step <= 10; step++)
    {
      images_set (&images, 0, 1);
      images_set (&images, 1, 2);
      cg_image_pool_query (pool, SEED, CG_RANDOM_POOL_A, step, &images.tensor, &images.tensor);
    }
  for (size_t i = 0; i < cg_tensor_get_floats (&images.tensor); i++)
    n_poison += images.memory[i] == -1.0f;
  g_assert_cmpint (n_poison, ==, (int)cg_tensor_get_floats (&images.tensor) - 2 * FLOATS);
  g_free (images.memory);
}

/* A pool restored in the middle goes on as the original does. */
static void
test_restore (void)
{
  for (int n_before = 0; n_before <= 20; n_before += 2)
    {
      g_autoptr (CgImagePool) pool = cg_image_pool_new (6, H, W, C, NULL);
      g_autoptr (CgImagePool) copy = cg_image_pool_new (6, H, W, C, NULL);

      show (copy, 1, 77);
      for (int id = 1; id <= n_before; id++)
        show (pool, (guint64)id, id);
      cg_image_pool_restore (copy, cg_image_pool_get_images (pool), cg_image_pool_get_count (pool));
      g_assert_cmpint (cg_image_pool_get_count (copy), ==, MIN (n_before, 6));

      for (int id = n_before + 1; id <= n_before + 30; id++)
        g_assert_cmpint (show (copy, (guint64)id, id), ==, show (pool, (guint64)id, id));
      g_assert_cmpmem (cg_image_pool_get_images (copy), 6 * FLOATS * sizeof (float), cg_image_pool_get_images (pool),
                       6 * FLOATS * sizeof (float));
    }
}

static void
test_too_large (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cg_image_pool_new (G_MAXINT, G_MAXINT, G_MAXINT, 3, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step/image-pool/off", test_off);
  g_test_add_func ("/step/image-pool/filling", test_filling);
  g_test_add_func ("/step/image-pool/follows-draws", test_follows_draws);
  g_test_add_func ("/step/image-pool/distribution", test_distribution);
  g_test_add_func ("/step/image-pool/halo-untouched", test_halo_untouched);
  g_test_add_func ("/step/image-pool/restore", test_restore);
  g_test_add_func ("/step/image-pool/too-large", test_too_large);
  return g_test_run ();
}
