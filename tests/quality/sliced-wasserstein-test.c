/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The sliced Wasserstein distance against numpy, and what any distance of sets has to be: zero, symmetric, growing. */
#include "quality/sliced-wasserstein.h"

#include <string.h>

#include "../golden-file.h"
#include "base/error.h"
#include "golden-image.h"

static int
get_int (const CgSafetensors *golden, const char *name, const char *key)
{
  return (int)golden_get_number (golden, "%s %s", name, key);
}

static void
check_case (const CgSafetensors *golden, const char *name)
{
  int n_sets = get_int (golden, name, "n_sets"), n_images = get_int (golden, name, "n_images");
  int h = get_int (golden, name, "h"), w = get_int (golden, name, "w"), c = get_int (golden, name, "c");
  CgSlicedWassersteinOptions options = { .n_patches = get_int (golden, name, "n_patches"),
                                         .n_directions = get_int (golden, name, "n_directions"),
                                         .seed = (guint64)golden_get_number (golden, "%s seed", name),
                                         .n_threads = 2 };
  g_autofree float *expected = golden_get_floats (golden, NULL, NULL, "%s distances", name);
  g_autofree double *distances = g_new (double, (gsize)n_sets *n_sets);
  g_autoptr (CgSlicedWasserstein) swd = NULL;
  g_autoptr (GError) error = NULL;

  swd = cg_sliced_wasserstein_new (&options, n_sets, n_images, h, w, c, &error);
  g_assert_no_error (error);
  for (int set = 0; set < n_sets; set++)
    for (int i = 0; i < n_images; i++)
      {
        g_autofree float *image = golden_image_new (set * n_images + i, h, w, c);

        cg_sliced_wasserstein_set_image (swd, set, i, image);
      }
  g_assert_true (cg_sliced_wasserstein_compute (swd, distances, &error));
  g_assert_no_error (error);
  for (int a = 0; a < n_sets; a++)
    for (int b = 0; b < n_sets; b++)
      {
        double wanted = expected[a * n_sets + b];

        /* float32 pyramids and projections of values around 1, in a distance of some hundreds */
        g_assert_cmpfloat_with_epsilon (distances[a * n_sets + b], wanted, 2e-5 * wanted + 1e-9);
        g_assert_cmpfloat (distances[a * n_sets + b], ==, distances[b * n_sets + a]);
      }
}

static void
test_golden (void)
{
  g_autoptr (CgSafetensors) golden = golden_open ("quality");
  g_auto (GStrv) cases = golden_get_words (golden, "cases");

  g_assert_cmpuint (g_strv_length (cases), ==, 3);
  for (char **name = cases; *name; name++)
    check_case (golden, *name);
}

#define SIDE 32
#define N_IMAGES 12

/* Noise, blurred along the rows @rounds times. */
static float *
noise_image_new (guint32 seed, int rounds)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  float *image = g_new (float, SIDE *SIDE * 3);

  for (int i = 0; i < SIDE * SIDE * 3; i++)
    image[i] = (float)g_rand_double_range (random, -1.0, 1.0);
  for (int round = 0; round < rounds; round++)
    for (int i = 3; i < SIDE * SIDE * 3; i++)
      image[i] = 0.5f * image[i] + 0.5f * image[i - 3];
  return image;
}

/* Distances of @n_sets sets, of which set s is blurred rounds[s] times and begins with image first[s]. */
static void
measure (int n_sets, const int *rounds, const int *first, int n_threads, double *distances)
{
  CgSlicedWassersteinOptions options;
  g_autoptr (CgSlicedWasserstein) swd = NULL;

  cg_sliced_wasserstein_options_init (&options);
  options.n_threads = n_threads;
  swd = cg_sliced_wasserstein_new (&options, n_sets, N_IMAGES, SIDE, SIDE, 3, NULL);
  g_assert_nonnull (swd);
  for (int set = 0; set < n_sets; set++)
    for (int i = 0; i < N_IMAGES; i++)
      {
        g_autofree float *image = noise_image_new ((guint32)(first[set] + i), rounds[set]);

        cg_sliced_wasserstein_set_image (swd, set, i, image);
      }
  g_assert_true (cg_sliced_wasserstein_compute (swd, distances, NULL));
}

/* Equal sets are at no distance; two sets of one kind are near; the more one is blurred, the farther it is. */
static void
test_order (void)
{
  static const int rounds[] = { 0, 0, 0, 2, 4, 8 }, first[] = { 1, 1, 101, 201, 301, 401 };
  double d[36];

  measure (6, rounds, first, 1, d);
  g_assert_cmpfloat (d[0 * 6 + 1], ==, 0.0);
  g_assert_cmpfloat (d[0 * 6 + 2], >, 0.0);
  g_assert_cmpfloat (d[0 * 6 + 3], >, 1.2 * d[0 * 6 + 2]);
  g_assert_cmpfloat (d[0 * 6 + 4], >, 1.1 * d[0 * 6 + 3]);
  g_assert_cmpfloat (d[0 * 6 + 5], >, 1.1 * d[0 * 6 + 4]);
  for (int a = 0; a < 6; a++)
    for (int b = 0; b < 6; b++)
      for (int c = 0; c < 6; c++)
        g_assert_cmpfloat (d[a * 6 + c], <=, d[a * 6 + b] + d[b * 6 + c] + 1e-9);
}

/* Bit by bit, on any number of threads, and for whatever other sets are there. */
static void
test_same (void)
{
  static const int rounds[] = { 0, 2, 1 }, first[] = { 1, 51, 81 };
  static const int rounds_swapped[] = { 2, 0 }, first_swapped[] = { 51, 1 };
  double one[9], three[9], swapped[4];

  measure (3, rounds, first, 1, one);
  measure (3, rounds, first, 3, three);
  measure (2, rounds_swapped, first_swapped, 2, swapped);
  g_assert_cmpmem (one, sizeof one, three, sizeof three);
  g_assert_cmpfloat (swapped[1], ==, one[1]);
}

/* A later image takes the place of an earlier one, and the seed matters. */
static void
test_replace (void)
{
  CgSlicedWassersteinOptions options = { .n_patches = 20, .n_directions = 20, .seed = 3 };
  g_autoptr (CgSlicedWasserstein) swd = cg_sliced_wasserstein_new (&options, 2, 1, SIDE, SIDE, 3, NULL);
  g_autoptr (CgSlicedWasserstein) other = NULL;
  g_autofree float *a = noise_image_new (1, 0);
  g_autofree float *b = noise_image_new (2, 3);
  double first[4], second[4], third[4];

  cg_sliced_wasserstein_set_image (swd, 0, 0, a);
  cg_sliced_wasserstein_set_image (swd, 1, 0, b);
  g_assert_true (cg_sliced_wasserstein_compute (swd, first, NULL));
  g_assert_cmpfloat (first[1], >, 0.0);
  cg_sliced_wasserstein_set_image (swd, 1, 0, a);
  g_assert_true (cg_sliced_wasserstein_compute (swd, second, NULL));
  g_assert_cmpfloat (second[1], ==, 0.0);

  options.seed = 4;
  other = cg_sliced_wasserstein_new (&options, 2, 1, SIDE, SIDE, 3, NULL);
  cg_sliced_wasserstein_set_image (other, 0, 0, a);
  cg_sliced_wasserstein_set_image (other, 1, 0, b);
  g_assert_true (cg_sliced_wasserstein_compute (other, third, NULL));
  g_assert_cmpfloat (third[1], !=, first[1]);
}

/* Images of one colour have no deviation to be divided by. */
static void
test_flat (void)
{
  CgSlicedWassersteinOptions options = { .n_patches = 20, .n_directions = 20 };
  g_autoptr (CgSlicedWasserstein) swd = cg_sliced_wasserstein_new (&options, 2, 1, SIDE, SIDE, 3, NULL);
  g_autofree float *flat = g_new0 (float, SIDE *SIDE * 3);
  g_autofree float *noise = noise_image_new (2, 0);
  double d[4];

  cg_sliced_wasserstein_set_image (swd, 0, 0, flat);
  cg_sliced_wasserstein_set_image (swd, 1, 0, noise);
  g_assert_true (cg_sliced_wasserstein_compute (swd, d, NULL));
  g_assert_cmpfloat (d[1], >, 100.0);
  g_assert_cmpfloat (d[1], <, 10000.0);
}

static void
test_small (void)
{
  CgSlicedWassersteinOptions options;
  g_autoptr (GError) error = NULL;

  cg_sliced_wasserstein_options_init (&options);
  g_assert_null (cg_sliced_wasserstein_new (&options, 2, 1, 32, 6, 3, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "6 x 32"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quality/sliced-wasserstein/golden", test_golden);
  g_test_add_func ("/quality/sliced-wasserstein/order", test_order);
  g_test_add_func ("/quality/sliced-wasserstein/same", test_same);
  g_test_add_func ("/quality/sliced-wasserstein/replace", test_replace);
  g_test_add_func ("/quality/sliced-wasserstein/flat", test_flat);
  g_test_add_func ("/quality/sliced-wasserstein/small", test_small);
  return g_test_run ();
}
