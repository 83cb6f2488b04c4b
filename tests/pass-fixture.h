/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network's pass with an arena of its own, fed and read as dense [N][H][W][C] arrays; shared by the tests of nets and layers. */
#pragma once

#include <glib.h>

#include "base/random.h"
#include "nets/pass.h"
#include "tensor/dense.h"

typedef struct
{
  CgArena *arena;
  CgPass *pass;
  const CgTensor *input, *output;
  size_t n_inputs, n_outputs;
} PassFixture;

static inline void
pass_fixture_init (PassFixture *fixture, CgNetwork *network, int n, int h, int w, CgPassFlags flags, int n_threads)
{
  g_autoptr (GError) error = NULL;

  fixture->arena = cg_arena_new ();
  fixture->pass
      = cg_pass_new (network, n, h, w, flags, n_threads, fixture->arena, 0, cg_pass_get_span (network), &error);
  g_assert_no_error (error);
  cg_arena_commit (fixture->arena, &error);
  g_assert_no_error (error);
  fixture->input = cg_pass_get_input (fixture->pass);
  fixture->output = cg_pass_get_output (fixture->pass);
  fixture->n_inputs = (size_t)n * (size_t)h * (size_t)w * (size_t)fixture->input->c;
  fixture->n_outputs = (size_t)n * (size_t)fixture->output->h * (size_t)fixture->output->w * (size_t)fixture->output->c;
}

static inline void
pass_fixture_clear (PassFixture *fixture)
{
  cg_pass_free (fixture->pass);
  cg_arena_free (fixture->arena);
}

static inline void
pass_fixture_forward (PassFixture *fixture, const float *x, float *y)
{
  cg_tensor_from_dense (fixture->input, x);
  g_assert_true (cg_pass_forward (fixture->pass, NULL, NULL));
  cg_tensor_to_dense (fixture->output, y);
}

/* @dx: NULL if the pass computes none. */
static inline void
pass_fixture_backward (PassFixture *fixture, const float *dy, gboolean parameters, float *dx)
{
  cg_tensor_from_dense (cg_pass_get_output_gradient (fixture->pass), dy);
  cg_pass_backward (fixture->pass, parameters);
  if (dx)
    cg_tensor_to_dense (cg_pass_get_input_gradient (fixture->pass), dx);
}

/* Uniform numbers in [-limit, limit), a different stream for every @stream; (transfer full). */
static inline float *
pass_fixture_random (guint64 seed, guint64 stream, size_t n, double limit)
{
  float *values = g_new (float, n);

  for (size_t i = 0; i < n; i++)
    values[i] = (float)(limit * (2.0 * cg_random_uniform (seed, CG_RANDOM_TEST, stream, i) - 1.0));
  return values;
}

static inline double
pass_fixture_dot (const float *a, const float *b, size_t n)
{
  double sum = 0.0;

  for (size_t i = 0; i < n; i++)
    sum += (double)a[i] * b[i];
  return sum;
}
