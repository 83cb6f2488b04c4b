/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives by central differences, with sums in double; apart because layers and whole networks are checked alike. */
#include "gradient-check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pass-fixture.h"

#define N_DIRECTIONS 5
#define N_THREADS 2

/* Streams of random numbers. */
enum
{
  STREAM_INPUT = 1,
  STREAM_OUTPUT,
  STREAM_OUTPUT_2,
  STREAM_DIRECTION,
  STREAM_WEIGHTS = 1000
};

void
gradient_check_fill (CgNetwork *network, guint64 seed)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      float *weights = cg_network_get_weights (network) + parameter->offset;
      gboolean around_one = parameter->is_scale || g_str_has_suffix (parameter->name, "running_var");
      double limit = around_one ? 0.5 : 0.1;
      g_autofree float *values = NULL;

      /* He et al. 2015; a transposed convolution's taps meet one input pixel in stride² = 4. */
      if (parameter->n_dims == 4)
        limit = sqrt (3.0 * 2.0 / (double)(parameter->shape[1] * parameter->shape[2] * parameter->shape[3]));
      values = pass_fixture_random (seed, STREAM_WEIGHTS + i, parameter->n_floats, limit);
      for (size_t e = 0; e < parameter->n_floats; e++)
        weights[e] = values[e] + (around_one ? 1.0f : 0.0f);
    }
  cg_network_touch (network);
}

/* A network in one pass, with its input, an output gradient v, and what backward makes of it. */
typedef struct
{
  const GradientCheck *check;
  CgNetwork *network;
  PassFixture pass;
  float *x, *y, *v, *dx;
  float *gradients; /* a copy */
} Subject;

static void
subject_init (Subject *subject, const GradientCheck *check, CgNetwork *network)
{
  g_autoptr (GError) error = NULL;

  cg_network_need_gradients (network, &error);
  g_assert_no_error (error);
  subject->check = check;
  subject->network = network;
  pass_fixture_init (&subject->pass, network, check->n, check->h, check->w, CG_PASS_TRAINING | CG_PASS_INPUT_GRADIENT,
                     N_THREADS);
  cg_pass_set_dropout (subject->pass.pass, check->seed, 3, 5);
  subject->x = pass_fixture_random (check->seed, STREAM_INPUT, subject->pass.n_inputs, 1.0);
  subject->v = pass_fixture_random (check->seed, STREAM_OUTPUT, subject->pass.n_outputs, 1.0);
  subject->y = g_new (float, subject->pass.n_outputs);
  subject->dx = g_new (float, subject->pass.n_inputs);
  pass_fixture_forward (&subject->pass, subject->x, subject->y);
  cg_network_zero_gradients (network);
  pass_fixture_backward (&subject->pass, subject->v, TRUE, subject->dx);
  subject->gradients
      = g_memdup2 (cg_network_get_gradients (network), cg_network_get_n_floats (network) * sizeof (float));
}

static void
subject_clear (Subject *subject)
{
  pass_fixture_clear (&subject->pass);
  g_free (subject->x);
  g_free (subject->y);
  g_free (subject->v);
  g_free (subject->dx);
  g_free (subject->gradients);
}

/* <y, v> after a forward pass. */
static double
evaluate (Subject *subject)
{
  cg_network_touch (subject->network);
  pass_fixture_forward (&subject->pass, subject->x, subject->y);
  return pass_fixture_dot (subject->y, subject->v, subject->pass.n_outputs);
}

static int
compare_doubles (const void *a, const void *b)
{
  double difference = *(const double *)a - *(const double *)b;

  return (difference > 0.0) - (difference < 0.0);
}

/* The median error over random directions of moving @place, [n] floats of size @size that the network reads, in units of a typical
 * derivative. What was really added to a float is measured, so that rounding of the step itself does no harm. */
static double
get_error (Subject *subject, float *place, const float *gradient, size_t n, double size)
{
  g_autofree float *start = g_memdup2 (place, n * sizeof (float));
  g_autofree float *upper = g_new (float, n);
  double errors[N_DIRECTIONS];

  for (int k = 0; k < N_DIRECTIONS; k++)
    {
      g_autofree float *direction
          = pass_fixture_random (subject->check->seed, STREAM_DIRECTION + (guint64)k, n, subject->check->step * size);
      double above, below, expected = 0.0, moved = 0.0, typical;

      for (size_t i = 0; i < n; i++)
        upper[i] = place[i] = start[i] + direction[i];
      above = evaluate (subject);
      for (size_t i = 0; i < n; i++)
        {
          double step;

          place[i] = start[i] - direction[i];
          step = (double)upper[i] - place[i];
          expected += step * gradient[i];
          moved += step * step;
        }
      below = evaluate (subject);
      memcpy (place, start, n * sizeof (float));
      typical = sqrt (pass_fixture_dot (gradient, gradient, n) * moved / (double)n);
      g_assert_cmpfloat (typical, >, 0.0);
      errors[k] = fabs (above - below - expected) / typical;
    }
  cg_network_touch (subject->network);
  qsort (errors, N_DIRECTIONS, sizeof errors[0], compare_doubles);
  return errors[N_DIRECTIONS / 2];
}

void
gradient_check_differences (const GradientCheck *check, CgNetwork *network)
{
  Subject subject;
  double error;

  subject_init (&subject, check, network);
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      float *weights = cg_network_get_weights (network) + parameter->offset;
      const float *gradient = subject.gradients + parameter->offset;

      if (parameter->norm_removes || parameter->is_buffer)
        {
          double before = evaluate (&subject);

          for (size_t e = 0; e < parameter->n_floats; e++)
            {
              g_assert_cmpfloat (gradient[e], ==, 0.0f);
              weights[e] += 0.5f;
            }
          g_assert_cmpfloat (evaluate (&subject), ==, before);
          for (size_t e = 0; e < parameter->n_floats; e++)
            weights[e] -= 0.5f;
          continue;
        }
      /* What is added to activations moves as they do, near 1; what multiplies them as its own size. */
      error = get_error (&subject, weights, gradient, parameter->n_floats,
                         parameter->n_dims == 1
                             ? 1.0
                             : sqrt (pass_fixture_dot (weights, weights, parameter->n_floats) / parameter->n_floats));
      g_test_message ("%s: %.1e", parameter->name, error);
      if (!(error <= check->tolerance))
        g_error ("the gradient of %s is off by %g of its size (seed %" G_GUINT64_FORMAT ")", parameter->name, error,
                 check->seed);
    }
  error = get_error (&subject, subject.x, subject.dx, subject.pass.n_inputs, 1.0);
  g_test_message ("input: %.1e", error);
  if (!(error <= check->tolerance))
    g_error ("the gradient of the input is off by %g of its size (seed %" G_GUINT64_FORMAT ")", error, check->seed);
  subject_clear (&subject);
}

/* Asserts |found - (a + factor * b)| <= 1e-5 of the largest: backward of one state is a linear map, up to float32's rounding of its
 * inner products. */
static void
assert_combination (const float *found, const float *a, double factor, const float *b, size_t n)
{
  double largest = 0.0;

  for (size_t i = 0; i < n; i++)
    largest = MAX (largest, fabs ((double)found[i]));
  for (size_t i = 0; i < n; i++)
    g_assert_cmpfloat (fabs (found[i] - (a[i] + factor * b[i])), <=, 1e-5 * largest);
}

void
gradient_check_linearity (const GradientCheck *check, CgNetwork *network)
{
  Subject subject;
  size_t n_floats = cg_network_get_n_floats (network);
  g_autofree float *other = NULL, *sum = NULL, *dx_other = NULL, *dx_sum = NULL, *g_other = NULL;
  const float *gradients = cg_network_get_gradients (network);

  subject_init (&subject, check, network);
  gradients = cg_network_get_gradients (network);
  other = pass_fixture_random (check->seed, STREAM_OUTPUT_2, subject.pass.n_outputs, 1.0);
  sum = g_new (float, subject.pass.n_outputs);
  dx_other = g_new (float, subject.pass.n_inputs);
  dx_sum = g_new (float, subject.pass.n_inputs);
  for (size_t i = 0; i < subject.pass.n_outputs; i++)
    sum[i] = subject.v[i] - 2.0f * other[i];

  cg_network_zero_gradients (network);
  pass_fixture_backward (&subject.pass, other, TRUE, dx_other);
  g_other = g_memdup2 (gradients, n_floats * sizeof (float));
  cg_network_zero_gradients (network);
  pass_fixture_backward (&subject.pass, sum, TRUE, dx_sum);
  assert_combination (dx_sum, subject.dx, -2.0, dx_other, subject.pass.n_inputs);
  assert_combination (gradients, subject.gradients, -2.0, g_other, n_floats);

  /* Without zeroing they add; without parameters they stay. */
  pass_fixture_backward (&subject.pass, other, TRUE, dx_other);
  assert_combination (gradients, subject.gradients, -1.0, g_other, n_floats);
  memcpy (g_other, gradients, n_floats * sizeof (float));
  pass_fixture_backward (&subject.pass, sum, FALSE, dx_sum);
  g_assert_cmpmem (gradients, n_floats * sizeof (float), g_other, n_floats * sizeof (float));
  subject_clear (&subject);
}

void
gradient_check_adjoint (const GradientCheck *check, CgNetwork *network, gboolean weights)
{
  Subject subject;
  size_t n_floats = cg_network_get_n_floats (network);
  double left, right, scale;

  subject_init (&subject, check, network);
  left = pass_fixture_dot (subject.y, subject.v, subject.pass.n_outputs);
  right = pass_fixture_dot (subject.x, subject.dx, subject.pass.n_inputs);
  /* Every product <y, v> is a sum of terms of float32's accuracy; their size is |y| |v|. */
  scale = sqrt (pass_fixture_dot (subject.y, subject.y, subject.pass.n_outputs)
                * pass_fixture_dot (subject.v, subject.v, subject.pass.n_outputs));
  g_assert_cmpfloat (fabs (left - right), <=, 1e-6 * scale);
  if (weights)
    {
      right = pass_fixture_dot (cg_network_get_weights (network), subject.gradients, n_floats);
      g_assert_cmpfloat (fabs (left - right), <=, 1e-6 * scale);
    }
  subject_clear (&subject);
}
