/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whole networks against PyTorch: outputs, gradients of all parameters and of the input, running statistics. */
#include <string.h>

#include "../golden-file.h"
#include "../pass-fixture.h"

/* Of the largest gradient in the network: float32 PyTorch's own error is below 3e-5 in all cases, and activations stay clear of
 * kinks (generate.py insists on both), so what is left is the order of summation. */
#define GRADIENT_TOLERANCE 1e-4

#define N_THREADS 2

/* @winograd: transformed 3x3 convolutions subtract large numbers that nearly cancel (Lavin & Gray 2016), so they may lose
 * more than the summation order of the direct path, which is all that distinguishes that from PyTorch's. */
static double
get_tolerance (double e32, gboolean winograd)
{
  return winograd ? MIN (MAX (1e-5, 10.0 * e32), 5e-4) : MAX (1e-5, 3.0 * e32);
}

static CgNetwork *
load_network (const CgSafetensors *file, const char *name)
{
  CgNetwork *network = golden_make_network (golden_get_text (file, "%s/config", name));
  g_autofree char *prefix = g_strconcat (name, "/w", NULL);

  golden_read_vector (file, prefix, network, GOLDEN_ALL, cg_network_get_weights (network));
  cg_network_touch (network);
  return network;
}

static void
assert_close (const char *name, const char *what, const float *found, const float *truth, size_t n, double tolerance)
{
  double distance = golden_get_distance (found, truth, n);

  g_test_message ("%s: %s is off by %.1e, allowed are %.1e", name, what, distance, tolerance);
  if (distance > tolerance)
    g_error ("%s: %s is off by %g, allowed are %g", name, what, distance, tolerance);
}

static void
check_inference (const CgSafetensors *file, const char *name, gboolean winograd)
{
  g_autoptr (CgNetwork) network = load_network (file, name);
  gboolean batch = cg_network_get_config (network)->norm == CG_NORM_BATCH;
  int size[4], out[4];
  g_autofree float *x = golden_get_image (file, size, "%s/x", name);
  g_autofree float *truth = golden_get_image (file, out, "%s/y%s", name, batch ? ".inference" : "");
  g_autofree float *y = NULL;
  PassFixture fixture;

  pass_fixture_init (&fixture, network, size[0], size[1], size[2], CG_PASS_INFERENCE, N_THREADS);
  g_assert_cmpint (fixture.output->h, ==, out[1]);
  g_assert_cmpint (fixture.output->w, ==, out[2]);
  g_assert_cmpint (fixture.output->c, ==, out[3]);
  y = g_new (float, fixture.n_outputs);
  pass_fixture_forward (&fixture, x, y);
  assert_close (name, "inference", y, truth, fixture.n_outputs,
                get_tolerance (golden_get_number (file, "%s/e32", name), winograd));
  pass_fixture_clear (&fixture);
}

/* Running statistics: numbers near 1 that one float32 division and multiplication away from PyTorch's. */
static void
check_buffers (const CgSafetensors *file, const char *name, CgNetwork *network)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      g_autofree float *truth = NULL;

      if (!parameter->is_buffer)
        continue;
      truth = golden_get_floats (file, NULL, NULL, "%s/after/%s", name, parameter->name);
      assert_close (name, parameter->name, cg_network_get_weights (network) + parameter->offset, truth,
                    parameter->n_floats, 1e-5);
    }
}

/* Those that the file has, where it has not room for all. */
static void
check_some_gradients (const CgSafetensors *file, const char *name, CgNetwork *network)
{
  double largest = golden_get_number (file, "%s/largest", name);
  guint n_found = 0;

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      g_autofree char *key = g_strdup_printf ("%s/g/%s", name, parameter->name);
      g_autofree float *truth = NULL, *found = NULL;

      if (!cg_safetensors_find (file, key))
        continue;
      truth = golden_get_floats (file, NULL, NULL, "%s", key);
      found = g_new (float, parameter->n_floats);
      cg_network_read_parameter (network, i, cg_network_get_gradients (network), found);
      assert_close (name, key, found, truth, parameter->n_floats, GRADIENT_TOLERANCE * largest);
      n_found++;
    }
  g_assert_cmpuint (n_found, >, 0);
}

static void
check_training (const CgSafetensors *file, const char *name, gboolean winograd)
{
  g_autoptr (CgNetwork) network = load_network (file, name);
  g_autoptr (GError) error = NULL;
  g_autofree char *gradients = g_strconcat (name, "/g", NULL);
  int size[4];
  g_autofree float *x = golden_get_image (file, size, "%s/x", name);
  g_autofree float *dy = golden_get_image (file, NULL, "%s/dy", name);
  g_autofree float *y_truth = golden_get_image (file, NULL, "%s/y", name);
  g_autofree float *dx_truth = golden_get_image (file, NULL, "%s/dx", name);
  g_autofree float *y = NULL, *dx = NULL;
  PassFixture fixture;

  cg_network_need_gradients (network, &error);
  g_assert_no_error (error);
  pass_fixture_init (&fixture, network, size[0], size[1], size[2], CG_PASS_TRAINING | CG_PASS_INPUT_GRADIENT,
                     N_THREADS);
  y = g_new (float, fixture.n_outputs);
  dx = g_new (float, fixture.n_inputs);
  pass_fixture_forward (&fixture, x, y);
  assert_close (name, "output", y, y_truth, fixture.n_outputs,
                get_tolerance (golden_get_number (file, "%s/e32", name), winograd));

  pass_fixture_backward (&fixture, dy, TRUE, dx);
  if (winograd)
    check_some_gradients (file, name, network);
  else
    golden_assert_gradients (file, gradients, network, GRADIENT_TOLERANCE);
  assert_close (name, "input gradient", dx, dx_truth, fixture.n_inputs,
                GRADIENT_TOLERANCE * golden_get_largest (dx_truth, fixture.n_inputs));

  cg_pass_update (fixture.pass);
  check_buffers (file, name, network);
  pass_fixture_clear (&fixture);
}

static void
test_file (gconstpointer data)
{
  const char *name = data;
  g_autoptr (CgSafetensors) file = golden_open (name);
  g_auto (GStrv) cases = golden_get_words (file, "cases");
  gboolean winograd = strcmp (name, "winograd") == 0;

  for (int i = 0; cases[i]; i++)
    {
      check_inference (file, cases[i], winograd);
      check_training (file, cases[i], winograd);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nets/golden/resnet", "resnet", test_file);
  g_test_add_data_func ("/nets/golden/unet", "unet", test_file);
  g_test_add_data_func ("/nets/golden/discriminator", "discriminator", test_file);
  g_test_add_data_func ("/nets/golden/winograd", "winograd", test_file);
  return g_test_run ();
}
