/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Adam over the flat vector of one network, as PyTorch computes it. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "base/visibility.h"

typedef struct
{
  double lr, beta1, beta2, eps;
} CgAdamOptions;

/* @m, @v: first and second moments, @n_floats each. @t: steps taken. */
typedef struct
{
  size_t n_floats;
  gint64 t;
  float *m;
  float *v;
} CgAdam;

/* Zeroed moments; CG_ERROR_MEMORY. */
CG_INTERNAL CgAdam *cg_adam_new (size_t n_floats, GError **error);
CG_INTERNAL void cg_adam_free (CgAdam *adam);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgAdam, cg_adam_free)

/* t += 1; w -= lr/(1-b1^t) * m / (sqrt(v)/sqrt(1-b2^t) + eps). */
CG_INTERNAL void cg_adam_step (CgAdam *adam, const CgAdamOptions *options, float *w, const float *g, int n_threads);
