/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Adam against PyTorch over five steps, with gradients from 0 through 1e-12 to 1e3 and a learning rate that changes. */
#include <math.h>
#include <string.h>

#include "../golden-file.h"
#include "optim/adam.h"

static void
test_adam (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("adam");
  g_auto (GStrv) rates = golden_get_words (file, "rates");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgAdam) adam = NULL;
  size_t n;
  g_autofree float *w = golden_get_floats (file, NULL, &n, "w");

  adam = cg_adam_new (n, &error);
  g_assert_no_error (error);
  for (int t = 0; rates[t]; t++)
    {
      CgAdamOptions options = { .lr = g_ascii_strtod (rates[t], NULL), .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8 };
      g_autofree float *g = golden_get_floats (file, NULL, NULL, "%d/g", t + 1);
      g_autofree float *w_truth = golden_get_floats (file, NULL, NULL, "%d/w", t + 1);
      g_autofree float *m_truth = golden_get_floats (file, NULL, NULL, "%d/m", t + 1);
      g_autofree float *v_truth = golden_get_floats (file, NULL, NULL, "%d/v", t + 1);

      cg_adam_step (adam, &options, w, g, 2);
      for (size_t i = 0; i < n; i++)
        {
          /* Weights lie in [-1, 1] and are rounded once per step, by 2^-25 at most; the update itself is lr times at most a
           * few units, known to a few roundings. Moments sum at most five terms that may differ in sign, so theirs is an
           * error relative to the largest gradient so far of this element: that is 1e3 at most, and scales repeat every 8. */
          double scale = (double[]){ 0.0, 1e-12, 1e-9, 1e-8, 1e-6, 1e-3, 1.0, 1e3 }[i % 8];

          g_assert_cmpfloat (fabs (w[i] - w_truth[i]), <=, (t + 1) * 0x1p-25 + 1e-6 * options.lr + 0x1p-25);
          g_assert_cmpfloat (fabs (adam->m[i] - m_truth[i]), <=, 5e-7 * scale);
          g_assert_cmpfloat (fabs (adam->v[i] - v_truth[i]), <=, 5e-7 * scale * scale * 1e-3 + 1e-44);
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/optim/golden/adam", test_adam);
  return g_test_run ();
}
