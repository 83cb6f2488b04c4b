/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Single training steps against PyTorch, each from PyTorch's own weights and moments: losses, gradients, updated weights. */
#include <math.h>
#include <string.h>

#include "step-fixture.h"

#define LOSS_TOLERANCE 1e-5
#define GRADIENT_TOLERANCE                                                                                             \
  1e-4 /* of a network's largest; activations and L1 stay clear of kinks (generate.py insists) */

/* Relative, or three times what float32 PyTorch is off by where a loss nearly cancels (a mean of logits around 0). */
static void
check_losses (const CgSafetensors *file, const char *name, const CgStepLosses *losses)
{
  for (size_t i = 0; i < G_N_ELEMENTS (step_fixture_losses); i++)
    {
      const char *loss = step_fixture_losses[i].name;
      double found = step_fixture_get_loss (losses, i);
      double truth = golden_get_number (file, "%s/%s", name, loss);
      double e32 = golden_get_number (file, "%s/e32/%s", name, loss);

      if (!(fabs (found - truth) <= MAX (LOSS_TOLERANCE * fabs (truth), 3.0 * e32)))
        g_error ("%s: loss %s is %.9g, expected %.9g", name, loss, found, truth);
    }
}

/* What Adam subtracts from a weight, in double. */
static double
get_update (const StepFixture *fixture, double g, double m, double v, gint64 t)
{
  const CgStepOptions *o = &fixture->options;

  m = o->beta1 * m + (1.0 - o->beta1) * g;
  v = o->beta2 * v + (1.0 - o->beta2) * g * g;
  return fixture->lr / (1.0 - pow (o->beta1, (double)t)) * m
         / (sqrt (v) / sqrt (1.0 - pow (o->beta2, (double)t)) + o->eps);
}

/* A gradient may be off by GRADIENT_TOLERANCE of the largest. Where gradient and second moment are as small as that, Adam
 * makes a large part of lr out of it (in the first step it is lr times the sign), so every weight is allowed just what such
 * an error does to its own update, and 1e-3 of lr for float32's rounding. */
static void
check_weights (const CgSafetensors *file, const char *name, const StepFixture *fixture, int i, const float *m,
               const float *v, gint64 t)
{
  CgNetwork *network = fixture->networks[i];
  const float *weights = cg_network_get_weights (network);
  size_t n_floats = cg_network_get_n_floats (network), n_checked = 0, n_loose = 0;
  g_autofree char *after = g_strdup_printf ("%s/after/%s", name, step_fixture_names[i]);
  g_autofree char *gradients = g_strdup_printf ("%s/g/%s", name, step_fixture_names[i]);
  g_autofree float *truth = g_new0 (float, n_floats);
  g_autofree float *g = g_new0 (float, n_floats);
  double delta;

  golden_read_vector (file, after, network, GOLDEN_WITHOUT_REMOVED, truth);
  golden_read_vector (file, gradients, network, GOLDEN_WITHOUT_REMOVED | GOLDEN_WITHOUT_BUFFERS, g);
  delta = GRADIENT_TOLERANCE * golden_get_largest (g, n_floats);
  for (guint p = 0; p < cg_network_get_n_parameters (network); p++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, p);

      for (size_t e = parameter->offset; e < parameter->offset + parameter->n_floats; e++)
        {
          double update = get_update (fixture, g[e], m[e], v[e], t);
          double loose = MAX (fabs (get_update (fixture, g[e] - delta, m[e], v[e], t) - update),
                              fabs (get_update (fixture, g[e] + delta, m[e], v[e], t) - update));

          if (parameter->norm_removes)
            continue;
          if (parameter->is_buffer)
            loose = 1e-5;
          if (!(fabs ((double)weights[e] - truth[e]) <= loose + 1e-3 * fixture->lr + 0x1p-23 * fabs (truth[e])))
            g_error ("%s: %s %s[%zu] is %.9g, expected %.9g", name, step_fixture_names[i], parameter->name,
                     e - parameter->offset, weights[e], truth[e]);
          n_checked++;
          n_loose += !parameter->is_buffer && loose > 0.1 * fixture->lr;
        }
    }
  /* The exception must not become the rule. (Behind a dead ReLU every gradient is 0.) */
  g_assert_cmpuint (n_loose * 10, <, n_checked);
}

static void
check_step (const CgSafetensors *file, const char *name, const char *start, const char *images, const char *mode,
            gint64 t)
{
  StepFixture fixture;
  CgStepLosses losses;
  g_autoptr (GError) error = NULL;
  g_autofree float *a = golden_get_image (file, NULL, "%sa", images);
  g_autofree float *b = golden_get_image (file, NULL, "%sb", images);
  float *m[CG_STEP_N_NETWORKS], *v[CG_STEP_N_NETWORKS];

  step_fixture_init (&fixture, file, mode);
  step_fixture_load (&fixture, file, start, t - 1);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      const CgAdam *adam = cg_step_get_adam (fixture.step, (CgStepNetwork)i);

      m[i] = g_memdup2 (adam->m, adam->n_floats * sizeof (float));
      v[i] = g_memdup2 (adam->v, adam->n_floats * sizeof (float));
    }

  g_assert_true (cg_step_run (fixture.step, t, fixture.lr, a, b, &losses, &error));
  g_assert_no_error (error);
  check_losses (file, name, &losses);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      g_autofree char *gradients = g_strdup_printf ("%s/g/%s", name, step_fixture_names[i]);

      golden_assert_gradients (file, gradients, fixture.networks[i], GRADIENT_TOLERANCE);
      check_weights (file, name, &fixture, i, m[i], v[i], t);
      g_assert_cmpint (cg_step_get_adam (fixture.step, (CgStepNetwork)i)->t, ==, t);
      g_free (m[i]);
      g_free (v[i]);
    }
  step_fixture_clear (&fixture);
}

/* Float32 PyTorch leaves its float64 twin by 1e-3 within a few steps, so each compared step starts from stored state. */
static void
test_trajectory (gconstpointer data)
{
  g_autoptr (CgSafetensors) file = golden_open (data);
  g_auto (GStrv) steps = golden_get_words (file, "steps");

  for (int i = 0; steps[i]; i++)
    {
      g_autofree char *images = g_strconcat (steps[i], "/", NULL);

      check_step (file, steps[i], steps[i], images, NULL, g_ascii_strtoll (steps[i], NULL, 10));
    }
}

static void
test_modes (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("step-modes");
  g_auto (GStrv) modes = golden_get_words (file, "steps");

  for (int i = 0; modes[i]; i++)
    check_step (file, modes[i], "start", "", modes[i], 1);
}

/* The learning rate is 0: only what the pools choose makes the discriminators' losses what they are. */
static void
test_pool (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("step-pool");
  int n_steps = (int)golden_get_number (file, "n_steps");
  StepFixture fixture;

  step_fixture_init (&fixture, file, NULL);
  step_fixture_load (&fixture, file, "start", 0);
  for (int t = 1; t <= n_steps; t++)
    {
      g_autofree float *a = golden_get_image (file, NULL, "%d/a", t);
      g_autofree float *b = golden_get_image (file, NULL, "%d/b", t);
      double d_a = golden_get_number (file, "%d/D_A", t), d_b = golden_get_number (file, "%d/D_B", t);
      CgStepLosses losses;
      g_autoptr (GError) error = NULL;

      g_assert_true (cg_step_run (fixture.step, t, fixture.lr, a, b, &losses, &error));
      g_assert_no_error (error);
      g_assert_cmpfloat_with_epsilon (losses.D_A, d_a, LOSS_TOLERANCE * d_a);
      g_assert_cmpfloat_with_epsilon (losses.D_B, d_b, LOSS_TOLERANCE * d_b);
    }
  g_assert_cmpint (cg_image_pool_get_count (cg_step_get_pool_a (fixture.step)), ==, fixture.options.pool_size);
  step_fixture_clear (&fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/step/golden/trajectory", "step", test_trajectory);
  g_test_add_data_func ("/step/golden/total-variation", "step-tv", test_trajectory);
  g_test_add_data_func ("/step/golden/batch-norm", "step-batch", test_trajectory);
  g_test_add_func ("/step/golden/modes", test_modes);
  g_test_add_func ("/step/golden/pool", test_pool);
  return g_test_run ();
}
