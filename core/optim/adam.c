/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Keeps Adam's moments and its step count; apart from the kernel, which knows only arrays. */
#include "optim/adam.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"
#include "base/size.h"
#include "kernels/kernels.h"

/* NULL if it cannot be had. */
static float *
moments_new (size_t n_floats)
{
  size_t bytes;

  if (!cg_size_mul (n_floats, sizeof (float), &bytes))
    return NULL;
  return cg_pages_new (bytes);
}

CgAdam *
cg_adam_new (size_t n_floats, GError **error)
{
  g_autoptr (CgAdam) adam = NULL;

  /* Asked for here, so that a step cannot fail. */
  if (cg_kernels_get (error) == NULL)
    return NULL;

  adam = g_new0 (CgAdam, 1);
  adam->n_floats = n_floats;
  adam->m = moments_new (n_floats);
  adam->v = moments_new (n_floats);
  if (adam->m == NULL || adam->v == NULL)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
                   _ ("Not enough memory: the optimiser of %zu weights needs two buffers of %zu MiB"), n_floats,
                   n_floats / (((size_t)1 << 20) / sizeof (float)));
      return NULL;
    }
  return g_steal_pointer (&adam);
}

void
cg_adam_free (CgAdam *adam)
{
  if (adam == NULL)
    return;
  free (adam->m);
  free (adam->v);
  g_free (adam);
}

void
cg_adam_step (CgAdam *adam, const CgAdamOptions *options, float *w, const float *g, int n_threads)
{
  const CgKernels *kernels = cg_kernels_get (NULL);
  double step_size, sqrt_bias2;

  g_assert (kernels != NULL);

  /* Kingma & Ba 2015, algorithm 1, with eps outside the corrected root, as PyTorch has it. The corrections are taken in
   * double: 1 - 0.999^t loses half its digits in float. */
  adam->t++;
  step_size = options->lr / (1.0 - pow (options->beta1, (double)adam->t));
  sqrt_bias2 = sqrt (1.0 - pow (options->beta2, (double)adam->t));

  kernels->adam (w, g, adam->m, adam->v, adam->n_floats, (float)step_size, options->beta1, options->beta2,
                 (float)sqrt_bias2, (float)options->eps, n_threads);
}
