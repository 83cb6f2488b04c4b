/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Activation gradients and Adam in pieces for threads; no sums, so the pieces are free to be anything. */
#include "kernels/pointwise.h"

#include "base/parallel.h"
#include "kernels/kernels-private.h"

#define ADAM_PIECE ((size_t)16 * 1024)

typedef struct
{
  const CgRows *rows;
  CgActivation activation;
  CgPlane z, dz, dx;
  int h, w, c;
} GradientJob;

static void
gradient_row (size_t item, int worker, void *data)
{
  const GradientJob *job = data;
  const int n = (int)(item / (size_t)job->h), i = (int)(item % (size_t)job->h);

  job->rows->activation_gradient (job->activation, cg_plane_at (&job->z, n, i, 0, job->c),
                                  cg_plane_at (&job->dz, n, i, 0, job->c), cg_plane_at (&job->dx, n, i, 0, job->c),
                                  (size_t)job->w * (size_t)job->c);
}

void
cg_packed_activation_gradient (const CgRows *rows, CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx, int n,
                               int h, int w, int c, int n_threads)
{
  GradientJob job = { rows, activation, z, dz, dx, h, w, c };

  cg_parallel_for (n_threads, (size_t)n * (size_t)h, gradient_row, &job);
}

typedef struct
{
  const CgRows *rows;
  float *w;
  const float *g;
  float *m, *v;
  size_t n;
  double beta1, beta2;
  float step_size, sqrt_bias2, eps;
} AdamJob;

static void
adam_piece (size_t item, int worker, void *data)
{
  const AdamJob *job = data;
  const size_t first = item * ADAM_PIECE;

  job->rows->adam (job->w + first, job->g + first, job->m + first, job->v + first, MIN (ADAM_PIECE, job->n - first),
                   job->step_size, job->beta1, job->beta2, job->sqrt_bias2, job->eps);
}

void
cg_packed_adam (const CgRows *rows, float *w, const float *g, float *m, float *v, size_t n, float step_size,
                double beta1, double beta2, float sqrt_bias2, float eps, int n_threads)
{
  AdamJob job = { rows, w, g, m, v, n, beta1, beta2, step_size, sqrt_bias2, eps };

  cg_parallel_for (n_threads, (n + ADAM_PIECE - 1) / ADAM_PIECE, adam_piece, &job);
}
