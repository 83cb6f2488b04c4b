/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which images are compared, and that the three distances are of what they are called. */
#include "set-meter.h"

#include <cyclegan-train.h>

#define SIDE 16
#define N_FLOATS (SIDE * SIDE * 3)

/* Kinds of images: stripes across, stripes along, and noise. */
typedef enum
{
  ACROSS,
  ALONG,
  NOISE
} Kind;

static void
draw (Kind kind, int number, float *values)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32)number + 1);

  for (int i = 0; i < N_FLOATS; i++)
    {
      int y = i / (SIDE * 3), x = i / 3 % SIDE;
      double noise = g_rand_double_range (random, -1.0, 1.0);

      values[i] = (float)(kind == NOISE ? noise : 0.2 * noise + ((kind == ACROSS ? x : y) / 2 % 2 ? 0.7 : -0.7));
    }
}

static CgSetDistance
measure (int n_real, int n_input, int max_images, Kind real, Kind fake, Kind input)
{
  g_autoptr (CgSetMeter) meter = NULL;
  float values[N_FLOATS];
  CgSetDistance distance;

  meter = cg_set_meter_new (n_real, n_input, max_images, SIDE, SIDE, 3, TRUE, 1, NULL);
  g_assert_nonnull (meter);
  for (int i = 0; i < n_real; i++)
    {
      draw (real, i, values);
      cg_set_meter_offer (meter, CG_SET_REAL, i, values);
    }
  for (int i = 0; i < n_input; i++)
    {
      draw (fake, 1000 + i, values);
      cg_set_meter_offer (meter, CG_SET_FAKE, i, values);
      draw (input, 2000 + i, values);
      cg_set_meter_offer (meter, CG_SET_INPUT, i, values);
    }
  g_assert_true (cg_set_meter_compute (meter, &distance, NULL));
  return distance;
}

/* A perfect generator's images are about as far from the real ones as these among themselves; others are not. */
static void
test_distances (void)
{
  CgSetDistance perfect = measure (24, 15, 0, ACROSS, ACROSS, ALONG);
  CgSetDistance none = measure (24, 15, 0, ACROSS, ALONG, ALONG);

  g_assert_cmpint (perfect.n_images, ==, 12);
  g_assert_cmpfloat (perfect.floor, >, 0.0);
  g_assert_cmpfloat (perfect.fake, <, 1.3 * perfect.floor);
  g_assert_cmpfloat (perfect.input, >, 2.0 * perfect.floor);
  g_assert_cmpfloat (none.floor, ==, perfect.floor);
  g_assert_cmpfloat (none.fake, >, 2.0 * none.floor);
}

static int
count_wanted (const CgSetMeter *meter, CgSetRole role, int n)
{
  int count = 0;

  for (int i = 0; i < n; i++)
    count += cg_set_meter_wants (meter, role, i);
  return count;
}

static void
check_counts (int n_real, int n_input, int max_images, int expected)
{
  g_autoptr (CgSetMeter) meter
      = cg_set_meter_new (n_real, n_input, max_images, SIDE, SIDE, 3, max_images % 2 == 0, 1, NULL);

  g_assert_nonnull (meter);
  g_assert_cmpint (count_wanted (meter, CG_SET_REAL, n_real), ==, 2 * expected);
  g_assert_cmpint (count_wanted (meter, CG_SET_FAKE, n_input), ==, expected);
  g_assert_cmpint (count_wanted (meter, CG_SET_INPUT, n_input), ==, max_images % 2 == 0 ? expected : 0);
}

static void
test_counts (void)
{
  check_counts (2, 1, 0, 1);
  check_counts (3, 9, 0, 1);
  check_counts (40, 7, 0, 7);
  check_counts (15, 80, 0, 7);
  check_counts (100, 100, 10, 10);
  check_counts (100, 100, 11, 11);
}

/* Not the first ones: folders are often sorted by what they show. */
static void
test_drawn (void)
{
  g_autoptr (CgSetMeter) meter = cg_set_meter_new (1000, 1000, 50, SIDE, SIDE, 3, TRUE, 1, NULL);
  int first_half = 0;

  for (int i = 0; i < 500; i++)
    first_half += cg_set_meter_wants (meter, CG_SET_REAL, i);
  g_assert_cmpint (first_half, >, 30);
  g_assert_cmpint (first_half, <, 70);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/set-meter/distances", test_distances);
  g_test_add_func ("/train/set-meter/counts", test_counts);
  g_test_add_func ("/train/set-meter/drawn", test_drawn);
  return g_test_run ();
}
