/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Schedules against the rates that PyTorch 1.13's schedulers gave (constants below), and at their corners. */
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

static void
test_step (void)
{
  assert_rate (cg_schedule_step (2e-4, 1, 50), 2e-4);
  assert_rate (cg_schedule_step (2e-4, 50, 50), 2e-4);
  assert_rate (cg_schedule_step (2e-4, 51, 50), 2e-5);
  assert_rate (cg_schedule_step (2e-4, 148, 50), 2e-6);
}

static void
test_cosine (void)
{
  const double expected[]
      = { 2e-4, 0.00015877852522924743, 6.909830056250538e-05, 4.8943483704846551e-06, 1.9098300562505222e-05 };

  for (int i = 0; i < (int)G_N_ELEMENTS (expected); i++)
    g_assert_cmpfloat_with_epsilon (cg_schedule_cosine (2e-4, 1 + 30 * i, 100), expected[i], 1e-15);
}

/* Metrics that improve by less and by more than 1 %, and the rate before each epoch. */
static void
test_plateau (void)
{
  const double metrics[]
      = { 10, 9, 8.95, 8.95, 8.93, 8.92, 8.925, 8.95, 8.95, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
  const double rates[] = { 2e-4, 2e-4, 2e-4, 2e-4, 2e-4, 2e-4, 2e-4, 2e-4, 4e-5, 4e-5, 4e-5,   4e-5,
                           4e-5, 4e-5, 4e-5, 4e-5, 8e-6, 8e-6, 8e-6, 8e-6, 8e-6, 8e-6, 1.6e-6, 1.6e-6 };
  CgSchedulePlateau plateau;

  cg_schedule_plateau_init (&plateau, 2e-4);
  for (size_t i = 0; i < G_N_ELEMENTS (metrics); i++)
    {
      assert_rate (plateau.lr, rates[i]);
      cg_schedule_plateau_report (&plateau, metrics[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optim/schedule/linear", test_linear);
  g_test_add_func ("/optim/schedule/no-decay", test_no_decay);
  g_test_add_func ("/optim/schedule/step", test_step);
  g_test_add_func ("/optim/schedule/cosine", test_cosine);
  g_test_add_func ("/optim/schedule/plateau", test_plateau);
  return g_test_run ();
}
