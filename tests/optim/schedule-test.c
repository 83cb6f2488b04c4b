/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The linear schedule at its corners: flat, then falling, never quite to 0. */
#include <glib.h>

#include "optim/schedule.h"

#define assert_rate(rate, expected) g_assert_cmpfloat_with_epsilon (rate, expected, 1e-18)

static void
test_linear (void)
{
  for (int epoch = 1; epoch <= 100; epoch++)
    g_assert_cmpfloat (cg_schedule_linear (2e-4, epoch, 100, 100), ==, 2e-4);
  assert_rate (cg_schedule_linear (2e-4, 101, 100, 100), 2e-4 * 100.0 / 101.0);
  assert_rate (cg_schedule_linear (2e-4, 150, 100, 100), 2e-4 * 51.0 / 101.0);
  assert_rate (cg_schedule_linear (2e-4, 200, 100, 100), 2e-4 * 1.0 / 101.0);
  g_assert_cmpfloat (cg_schedule_linear (2e-4, 200, 100, 100), >, 0.0);
}

static void
test_no_decay (void)
{
  g_assert_cmpfloat (cg_schedule_linear (1e-3, 1, 1, 0), ==, 1e-3);
  g_assert_cmpfloat (cg_schedule_linear (1e-3, 5, 5, 0), ==, 1e-3);
  assert_rate (cg_schedule_linear (1e-3, 1, 0, 3), 1e-3 * 0.75);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optim/schedule/linear", test_linear);
  g_test_add_func ("/optim/schedule/no-decay", test_no_decay);
  return g_test_run ();
}
