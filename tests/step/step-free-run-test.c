/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* 200 steps on end against the spread of PyTorch's own runs, whose starting weights differ by 1e-7 of themselves. */
#include <math.h>

#include "step-fixture.h"

/* Means over windows of steps. Rounding sends runs apart, ours as any other, so ours may lie where a 25th run of PyTorch would:
 * within 6 deviations of the runs' mean (Student's t, 23 degrees of freedom, 6: 4e-6 per number, 80 numbers). The first
 * window hardly spreads yet; there 1e-4 of the mean stands for ours summing in another order. */
#define N_DEVIATIONS 6.0
#define LEAST_SPREAD 1e-4

static void
test_free_run (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("free-run");
  int n_steps = (int)golden_get_number (file, "n_steps"), window = (int)golden_get_number (file, "window");
  g_autofree float *mean = golden_get_floats (file, NULL, NULL, "mean");
  g_autofree float *deviation = golden_get_floats (file, NULL, NULL, "deviation");
  double sums[G_N_ELEMENTS (step_fixture_losses)] = { 0.0 };
  float *a[4], *b[4];
  StepFixture fixture;

  for (int i = 0; i < 4; i++)
    {
      a[i] = golden_get_image (file, NULL, "a/%d", i);
      b[i] = golden_get_image (file, NULL, "b/%d", i);
    }
  step_fixture_init (&fixture, file, NULL);
  step_fixture_load (&fixture, file, "start", 0);
  for (int t = 0; t < n_steps; t++)
    {
      CgStepLosses losses;
      g_autoptr (GError) error = NULL;

      g_assert_true (cg_step_run (fixture.step, t + 1, fixture.lr, a[t % 4], b[(t * 3 + t / 4) % 4], &losses, &error));
      g_assert_no_error (error);
      for (size_t i = 0; i < G_N_ELEMENTS (sums); i++)
        {
          size_t at = (size_t)(t / window) * G_N_ELEMENTS (sums) + i;
          double found;

          sums[i] += step_fixture_get_loss (&losses, i);
          if (t % window != window - 1)
            continue;
          found = sums[i] / window;
          sums[i] = 0.0;
          g_test_message ("step %d, %s: %.6f, PyTorch %.6f ± %.6f", t + 1, step_fixture_losses[i].name, found, mean[at],
                          deviation[at]);
          g_assert_cmpfloat (fabs (found - mean[at]), <=,
                             MAX (N_DEVIATIONS * deviation[at], LEAST_SPREAD * fabs (mean[at])));
        }
    }
  step_fixture_clear (&fixture);
  for (int i = 0; i < 4; i++)
    {
      g_free (a[i]);
      g_free (b[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step/golden/free-run", test_free_run);
  return g_test_run ();
}
