/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Derivatives by central differences, with sums in double; apart because layers and whole networks are checked alike. */
#include "gradient-check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pass-fixture.h"

#define N_POINTS 5
#define N_SAMPLES 4
#define N_THREADS 1 /* thousands of passes too small to share */

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
  guint64 seed;
  float *x, *y, *v, *dx;
  float *gradients; /* a copy */
} Subject;

/* The gradients of <y, v> where the last forward pass was. */
static void
differentiate (Subject *subject)
{
  cg_network_zero_gradients (subject->network);
  pass_fixture_backward (&subject->pass, subject->v, TRUE, subject->dx);
}

static void
subject_init (Subject *subject, const GradientCheck *check, CgNetwork *network, guint64 point)
{
  g_autoptr (GError) error = NULL;

  cg_network_need_gradients (network, &error);
  g_assert_no_error (error);
  subject->check = check;
  subject->network = network;
  subject->seed = check->seed + (point << 32);
  pass_fixture_init (&subject->pass, network, check->n, check->h, check->w, CG_PASS_TRAINING | CG_PASS_INPUT_GRADIENT,
                     N_THREADS);
  cg_pass_set_dropout (subject->pass.pass, subject->seed, 3, 5);
  subject->x = pass_fixture_random (subject->seed, STREAM_INPUT, subject->pass.n_inputs, 1.0);
  subject->v = pass_fixture_random (subject->seed, STREAM_OUTPUT, subject->pass.n_outputs, 1.0);
  subject->y = g_new (float, subject->pass.n_outputs);
  subject->dx = g_new (float, subject->pass.n_inputs);
  pass_fixture_forward (&subject->pass, subject->x, subject->y);
  differentiate (subject);
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

/* What a check moves: [n] floats at @place of size @size, which the network reads, and where their gradient appears. */
typedef struct
{
  float *place;
  const float *gradient;
  size_t n;
  double size;
} Variable;

/* The error along one random direction, in units of a typical derivative. What backward says is the mean over N_SAMPLES places of
 * the way, the midpoint rule of
 *
 *     f (b) - f (a) = integral of < gradient, db > from a to b,
 *
 * which holds across kinks, too: an activation that steps over one is off by a sample's share at most. */
static double
get_error (Subject *subject, const Variable *variable)
{
  size_t n = variable->n;
  float *place = variable->place;
  g_autofree float *start = g_memdup2 (place, n * sizeof (float));
  g_autofree float *upper = g_new (float, n);
  g_autofree float *lower = g_new (float, n);
  g_autofree float *direction
      = pass_fixture_random (subject->seed, STREAM_DIRECTION, n, subject->check->step * variable->size);
  double difference, expected = 0.0, moved = 0.0, squares = 0.0;

  for (size_t i = 0; i < n; i++)
    upper[i] = place[i] = start[i] + direction[i];
  difference = evaluate (subject);
  for (size_t i = 0; i < n; i++)
    lower[i] = place[i] = start[i] - direction[i];
  difference -= evaluate (subject);

  for (int sample = 0; sample < N_SAMPLES; sample++)
    {
      double share = (sample + 0.5) / N_SAMPLES;

      for (size_t i = 0; i < n; i++)
        place[i] = (float)(lower[i] + share * ((double)upper[i] - lower[i]));
      evaluate (subject);
      differentiate (subject);
      /* The way is what floats made of it, so rounding of the step itself does no harm. */
      for (size_t i = 0; i < n; i++)
        expected += variable->gradient[i] * ((double)upper[i] - lower[i]) / N_SAMPLES;
      squares += pass_fixture_dot (variable->gradient, variable->gradient, n) / N_SAMPLES;
    }
  for (size_t i = 0; i < n; i++)
    moved += ((double)upper[i] - lower[i]) * ((double)upper[i] - lower[i]);
  memcpy (place, start, n * sizeof (float));
  cg_network_touch (subject->network);
  g_assert_cmpfloat (squares * moved, >, 0.0);
  return fabs (difference - expected) / sqrt (squares * moved / (double)n);
}

/* What has no influence on the output, and so no gradient. */
static void
assert_idle (Subject *subject, const CgParameter *parameter)
{
  float *weights = cg_network_get_weights (subject->network) + parameter->offset;
  double before = evaluate (subject);

  for (size_t e = 0; e < parameter->n_floats; e++)
    {
      g_assert_cmpfloat (subject->gradients[parameter->offset + e], ==, 0.0f);
      weights[e] += 0.5f;
    }
  g_assert_cmpfloat (evaluate (subject), ==, before);
  for (size_t e = 0; e < parameter->n_floats; e++)
    weights[e] -= 0.5f;
}

/* One error per parameter, and then the input's, at one random point: input, output gradient, direction. */
static void
measure_point (const GradientCheck *check, CgNetwork *network, guint64 point, double *errors)
{
  guint n_parameters = cg_network_get_n_parameters (network);
  Subject subject;

  subject_init (&subject, check, network, point);
  for (guint i = 0; i < n_parameters; i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      float *weights = cg_network_get_weights (network) + parameter->offset;
      size_t n = parameter->n_floats;
      Variable variable
          = { .place = weights, .gradient = cg_network_get_gradients (network) + parameter->offset, .n = n };

      if (parameter->norm_removes || parameter->is_buffer)
        {
          assert_idle (&subject, parameter);
          errors[i] = 0.0;
          continue;
        }
      /* What is added to activations moves as they do, near 1; what multiplies them as its own size. */
      variable.size = parameter->n_dims == 1 ? 1.0 : sqrt (pass_fixture_dot (weights, weights, n) / (double)n);
      errors[i] = get_error (&subject, &variable);
    }
  {
    const Variable variable = { .place = subject.x, .gradient = subject.dx, .n = subject.pass.n_inputs, .size = 1.0 };

    errors[n_parameters] = get_error (&subject, &variable);
  }
  subject_clear (&subject);
}

void
gradient_check_differences (const GradientCheck *check, CgNetwork *network)
{
  guint n_checked = cg_network_get_n_parameters (network) + 1;
  g_autofree double *errors = g_new (double, N_POINTS *n_checked);

  for (guint point = 0; point < N_POINTS; point++)
    measure_point (check, network, point, errors + point * n_checked);
  for (guint i = 0; i < n_checked; i++)
    {
      const char *name = i + 1 < n_checked ? cg_network_get_parameter (network, i)->name : "the input";
      double sorted[N_POINTS];

      for (guint point = 0; point < N_POINTS; point++)
        sorted[point] = errors[point * n_checked + i];
      qsort (sorted, N_POINTS, sizeof sorted[0], compare_doubles);
      g_test_message ("%s: %.1e", name, sorted[N_POINTS / 2]);
      if (!(sorted[N_POINTS / 2] <= check->tolerance))
        g_error ("the gradient of %s is off by %g of its size (seed %" G_GUINT64_FORMAT ")", name, sorted[N_POINTS / 2],
                 check->seed);
    }
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

  subject_init (&subject, check, network, 0);
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
  if (n_floats > 0)
    memcpy (g_other, gradients, n_floats * sizeof (float));
  pass_fixture_backward (&subject.pass, sum, FALSE, dx_sum);
  if (n_floats > 0)
    g_assert_cmpmem (gradients, n_floats * sizeof (float), g_other, n_floats * sizeof (float));
  subject_clear (&subject);
}

void
gradient_check_adjoint (const GradientCheck *check, CgNetwork *network, gboolean weights)
{
  Subject subject;
  size_t n_floats = cg_network_get_n_floats (network);
  double left, right, scale;

  subject_init (&subject, check, network, 0);
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
