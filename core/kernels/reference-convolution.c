/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The convolution, its adjoint and its weight gradient by their definitions, summed in double: the definition of right. */
#include "kernels/reference-convolution.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "kernels/kernels-private.h"

typedef struct
{
  const CgConvShape *shape;
  const float *w;
  const float *bias;
  CgActivation activation;
  CgPlane x, y;
  float *dw;
  const CgWorkspace *workspace;
} Job;

static float
activate (double value, CgActivation activation)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return value <= 0 ? 0.0f : (float)value;
    case CG_ACTIVATION_LEAKY_RELU:
      return (float)(value > 0 ? value : CG_LEAKY_SLOPE * value);
    case CG_ACTIVATION_TANH:
      return (float)tanh (value);
    case CG_ACTIVATION_NONE:
    default:
      return (float)value;
    }
}

static size_t
weight_floats (const CgConvShape *shape)
{
  return (size_t)shape->r * shape->s * shape->c * shape->k;
}

size_t
cg_reference_conv_packed_floats (const CgConvShape *shape, CgConvDirection direction)
{
  return weight_floats (shape);
}

void
cg_reference_conv_pack (const CgConvShape *shape, CgConvDirection direction, const float *w, float *packed,
                        int n_threads)
{
  memcpy (packed, w, weight_floats (shape) * sizeof (float));
}

/* One double per channel of the wider side. */
size_t
cg_reference_conv_scratch_floats (const CgConvShape *shape)
{
  return cg_round_line (2 * (size_t)MAX (shape->c, shape->k));
}

int
cg_reference_conv_row_tile (const CgConvShape *shape, CgConvDirection direction)
{
  return direction == CG_CONV_FORWARD ? 1 : shape->stride;
}

/* y[n,i,j,k] = sum_{r,s,c} x[n, i*stride - pad + r, j*stride - pad + s, c] * w[r,s,c,k], one row (n, i) per item. */
static void
forward_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const int n = (int)(item / sh->ho), i = (int)(item % sh->ho);
  double *sum = (double *)cg_workspace_get (job->workspace, worker);

  for (int j = 0; j < sh->wo; j++)
    {
      float *out = cg_plane_at (&job->y, n, i, j, sh->k);

      for (int k = 0; k < sh->k; k++)
        sum[k] = job->bias ? job->bias[k] : 0;
      for (int r = 0; r < sh->r; r++)
        for (int s = 0; s < sh->s; s++)
          {
            const float *in
                = cg_plane_at (&job->x, n, i * sh->stride - sh->pad + r, j * sh->stride - sh->pad + s, sh->c);

            for (int c = 0; c < sh->c; c++)
              {
                const float *w = job->w + (((size_t)r * sh->s + s) * sh->c + c) * sh->k;

                for (int k = 0; k < sh->k; k++)
                  sum[k] += (double)in[c] * w[k];
              }
          }
      for (int k = 0; k < sh->k; k++)
        out[k] = activate (sum[k], job->activation);
    }
}

void
cg_reference_conv_forward (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                           CgPlane x, CgPlane y, const CgWorkspace *workspace)
{
  Job job = { shape, packed, bias, activation, x, y, NULL, workspace };

  cg_parallel_for (workspace->n_threads, (size_t)shape->n * shape->ho, forward_row, &job);
}

/* x[n,p,q,c] = sum over the (i, r) with i*stride - pad + r = p and the (j, s) with j*stride - pad + s = q, and over k, of
 * y[n,i,j,k] * w[r,s,c,k]: the sum above with the roles of x and y exchanged. Pixels outside y count as zero. */
static void
adjoint_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const int n = (int)(item / sh->h), p = (int)(item % sh->h);
  double *sum = (double *)cg_workspace_get (job->workspace, worker);

  for (int q = 0; q < sh->w; q++)
    {
      float *out = cg_plane_at (&job->x, n, p, q, sh->c);

      for (int c = 0; c < sh->c; c++)
        sum[c] = job->bias ? job->bias[c] : 0;
      for (int r = 0; r < sh->r; r++)
        for (int s = 0; s < sh->s; s++)
          {
            const int top = p + sh->pad - r, left = q + sh->pad - s;
            const int i = top / sh->stride, j = left / sh->stride;

            if (top < 0 || left < 0 || top % sh->stride || left % sh->stride || i >= sh->ho || j >= sh->wo)
              continue;
            for (int c = 0; c < sh->c; c++)
              {
                const float *in = cg_plane_at (&job->y, n, i, j, sh->k);
                const float *w = job->w + (((size_t)r * sh->s + s) * sh->c + c) * sh->k;
                double dot = 0;

                for (int k = 0; k < sh->k; k++)
                  dot += (double)in[k] * w[k];
                sum[c] += dot;
              }
          }
      for (int c = 0; c < sh->c; c++)
        out[c] = activate (sum[c], job->activation);
    }
}

void
cg_reference_conv_adjoint (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                           CgPlane y, CgPlane x, const CgWorkspace *workspace)
{
  Job job = { shape, packed, bias, activation, x, y, NULL, workspace };

  cg_parallel_for (workspace->n_threads, (size_t)shape->n * shape->h, adjoint_row, &job);
}

/* dw[r,s,c,k] += sum_{n,i,j} x[n, i*stride - pad + r, j*stride - pad + s, c] * y[n,i,j,k], one (r, s, c) per item. */
static void
weight_gradient_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const int c = (int)(item % sh->c), s = (int)(item / sh->c % sh->s), r = (int)(item / sh->c / sh->s);
  double *sum = (double *)cg_workspace_get (job->workspace, worker);
  float *dw = job->dw + item * sh->k;

  for (int k = 0; k < sh->k; k++)
    sum[k] = 0;
  for (int n = 0; n < sh->n; n++)
    for (int i = 0; i < sh->ho; i++)
      for (int j = 0; j < sh->wo; j++)
        {
          const float x
              = cg_plane_at (&job->x, n, i * sh->stride - sh->pad + r, j * sh->stride - sh->pad + s, sh->c)[c];
          const float *y = cg_plane_at (&job->y, n, i, j, sh->k);

          for (int k = 0; k < sh->k; k++)
            sum[k] += (double)x * y[k];
        }
  for (int k = 0; k < sh->k; k++)
    dw[k] = (float)(dw[k] + sum[k]);
}

void
cg_reference_conv_weight_gradient (const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                                   const CgWorkspace *workspace)
{
  Job job = { shape, NULL, NULL, CG_ACTIVATION_NONE, x, y, dw, workspace };

  cg_parallel_for (workspace->n_threads, (size_t)shape->r * shape->s * shape->c, weight_gradient_row, &job);
}
