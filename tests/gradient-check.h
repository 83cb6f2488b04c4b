/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checks a network's backward pass against its own forward pass: central differences, linearity, adjointness. */
#pragma once

#include <glib.h>

#include "nets/network.h"

typedef struct
{
  int n, h, w;
  guint64 seed;
  /* Relative step of weights and input. */
  double step;
  /* Of the typical size |gradient| * |direction| / sqrt (elements) of a directional derivative. */
  double tolerance;
} GradientCheck;

/* Weights: uniform, of the deviation that keeps activations at their size; biases and running means within 0.1; scales and
 * running variances in 0.5 … 1.5. */
void gradient_check_fill (CgNetwork *network, guint64 seed);

/* For every parameter by itself, and for the input: the central difference of <y, v> along a random direction against
 * <gradient, direction>, taken at a few places of that way. Asserts that the median error of five points is within the
 * tolerance, because an activation that lies at its kink spoils a point. Biases that a norm removes and running statistics:
 * no influence, no gradient. */
void gradient_check_differences (const GradientCheck *check, CgNetwork *network);

/* Backward is linear in the output's gradient, and adds to the parameters' gradients. */
void gradient_check_linearity (const GradientCheck *check, CgNetwork *network);

/* For a network that is linear in its input (no bias): <A x, v> = <x, A' v>, and where @weights says that it is also linear
 * in its weights taken together, = <w, dw>. */
void gradient_check_adjoint (const GradientCheck *check, CgNetwork *network, gboolean weights);
