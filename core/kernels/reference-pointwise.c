/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Everything that is not a convolution, one channel after the other, summed in double: the definition of right. */
#include "kernels/reference-pointwise.h"

#include <math.h>

#include "base/parallel.h"
#include "kernels/kernels-private.h"

typedef struct
{
  CgPlane x, dz, out;
  const float *scale, *shift, *a, *b, *d;
  CgActivation activation;
  int h, w, c;
  float *result0, *result1;
  int n;
} Job;

static float
activate (float u, CgActivation activation)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return u <= 0 ? 0 : u;
    case CG_ACTIVATION_LEAKY_RELU:
      return u > 0 ? u : CG_LEAKY_SLOPE * u;
    case CG_ACTIVATION_TANH:
      return (float)tanh (u);
    case CG_ACTIVATION_NONE:
    default:
      return u;
    }
}

/* act' at the point whose image under act is z; sign (z) = sign (u) for both kinds of ReLU. */
static float
slope_from_output (float z, CgActivation activation)
{
  switch (activation)
    {
    case CG_ACTIVATION_RELU:
      return z > 0 ? 1 : 0;
    case CG_ACTIVATION_LEAKY_RELU:
      return z > 0 ? 1 : CG_LEAKY_SLOPE;
    case CG_ACTIVATION_TANH:
      return (float)(1 - (double)z * z);
    case CG_ACTIVATION_NONE:
    default:
      return 1;
    }
}

static float
slope (float u, CgActivation activation)
{
  return slope_from_output (activate (u, activation), activation);
}

size_t
cg_reference_norm_scratch_floats (int n, int h, int w, int c)
{
  return 0;
}

/* Welford 1962, pixel after pixel: with d = x - mean, mean += d / n and m2 += d (x - mean), so that it does not matter where portions
 * begin. One channel of one image. */
static void
add_channel (const Job *job, int n, int c, double count, double *mean, double *m2)
{
  for (int i = 0; i < job->h; i++)
    for (int j = 0; j < job->w; j++)
      {
        const double x = cg_plane_at (&job->x, n, i, j, job->c)[c], distance = x - *mean;

        count++;
        *mean += distance / count;
        *m2 += distance * (x - *mean);
      }
}

void
cg_reference_norm_add_statistics (CgPlane x, int h, int w, int c, double count, double *mean, double *m2,
                                  const CgWorkspace *workspace)
{
  const Job job = { .x = x, .h = h, .w = w, .c = c };

  for (int e = 0; e < c; e++)
    add_channel (&job, 0, e, count, &mean[e], &m2[e]);
}

int
cg_reference_norm_row_tile (int w)
{
  return 1;
}

/* Item is n*c. */
static void
statistics_channel (size_t item, int worker, void *data)
{
  const Job *job = data;
  double mean = 0, m2 = 0;

  add_channel (job, (int)(item / job->c), (int)(item % job->c), 0, &mean, &m2);
  job->result0[item] = (float)mean;
  job->result1[item] = (float)m2;
}

void
cg_reference_norm_statistics (CgPlane x, int n, int h, int w, int c, float *mean, float *m2,
                              const CgWorkspace *workspace)
{
  Job job = { .x = x, .h = h, .w = w, .c = c, .result0 = mean, .result1 = m2 };

  cg_parallel_for (workspace->n_threads, (size_t)n * c, statistics_channel, &job);
}

/* z = act (x * scale + shift) + skip; item is n*h. */
static void
apply_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h);
  const float *scale = job->scale + (size_t)n * job->c, *shift = job->shift + (size_t)n * job->c;

  for (int j = 0; j < job->w; j++)
    for (int c = 0; c < job->c; c++)
      {
        const float u = cg_plane_at (&job->x, n, i, j, job->c)[c] * scale[c] + shift[c];
        const float skip = job->dz.data ? cg_plane_at (&job->dz, n, i, j, job->c)[c] : 0;

        cg_plane_at (&job->out, n, i, j, job->c)[c] = activate (u, job->activation) + skip;
      }
}

void
cg_reference_norm_apply (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane skip,
                         CgPlane z, int n, int h, int w, int c, int n_threads)
{
  Job job = {
    .x = x, .dz = skip, .out = z, .scale = scale, .shift = shift, .activation = activation, .h = h, .w = w, .c = c
  };

  cg_parallel_for (n_threads, (size_t)n * h, apply_row, &job);
}

/* u = x*scale + shift, g = dz * act'(u): sum_g = sum g, sum_gx = sum g*u; item is n*c. */
static void
gradient_sums_channel (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->c), c = (int)(item % job->c);
  double sum_g = 0, sum_gx = 0;

  for (int i = 0; i < job->h; i++)
    for (int j = 0; j < job->w; j++)
      {
        const float u = cg_plane_at (&job->x, n, i, j, job->c)[c] * job->scale[item] + job->shift[item];
        const double g = (double)cg_plane_at (&job->dz, n, i, j, job->c)[c] * slope (u, job->activation);

        sum_g += g;
        sum_gx += g * u;
      }
  job->result0[item] = (float)sum_g;
  job->result1[item] = (float)sum_gx;
}

void
cg_reference_norm_gradient_sums (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane dz,
                                 int n, int h, int w, int c, float *sum_g, float *sum_gx, const CgWorkspace *workspace)
{
  Job job = { .x = x,
              .dz = dz,
              .scale = scale,
              .shift = shift,
              .activation = activation,
              .h = h,
              .w = w,
              .c = c,
              .result0 = sum_g,
              .result1 = sum_gx };

  cg_parallel_for (workspace->n_threads, (size_t)n * c, gradient_sums_channel, &job);
}

/* dx = a*g + b + d*u, with g and u as above; item is n*h. */
static void
gradient_apply_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h);
  const size_t first = (size_t)n * job->c;

  for (int j = 0; j < job->w; j++)
    for (int c = 0; c < job->c; c++)
      {
        const float u = cg_plane_at (&job->x, n, i, j, job->c)[c] * job->scale[first + c] + job->shift[first + c];
        const float g = cg_plane_at (&job->dz, n, i, j, job->c)[c] * slope (u, job->activation);

        cg_plane_at (&job->out, n, i, j, job->c)[c] = job->a[first + c] * g + job->b[first + c] + job->d[first + c] * u;
      }
}

void
cg_reference_norm_gradient_apply (CgPlane x, const float *scale, const float *shift, CgActivation activation,
                                  CgPlane dz, const float *a, const float *b, const float *d, CgPlane dx, int n, int h,
                                  int w, int c, int n_threads)
{
  Job job = { .x = x,
              .dz = dz,
              .out = dx,
              .scale = scale,
              .shift = shift,
              .a = a,
              .b = b,
              .d = d,
              .activation = activation,
              .h = h,
              .w = w,
              .c = c };

  cg_parallel_for (n_threads, (size_t)n * h, gradient_apply_row, &job);
}

/* db[c] += sum_{n,i,j} dy[n,i,j,c]; item is c. */
static void
bias_gradient_channel (size_t item, int worker, void *data)
{
  const Job *job = data;
  double sum = 0;

  for (int n = 0; n < job->n; n++)
    for (int i = 0; i < job->h; i++)
      for (int j = 0; j < job->w; j++)
        sum += cg_plane_at (&job->dz, n, i, j, job->c)[item];
  job->result0[item] = (float)(job->result0[item] + sum);
}

void
cg_reference_bias_gradient (CgPlane dy, int n, int h, int w, int c, float *db, const CgWorkspace *workspace)
{
  Job job = { .dz = dy, .n = n, .h = h, .w = w, .c = c, .result0 = db };

  cg_parallel_for (workspace->n_threads, (size_t)c, bias_gradient_channel, &job);
}

/* dx = dz * act'(u) with act' read off z = act (u); item is n*h. */
static void
activation_gradient_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h);
  const float *z = cg_plane_at (&job->x, n, i, 0, job->c), *dz = cg_plane_at (&job->dz, n, i, 0, job->c);
  float *dx = cg_plane_at (&job->out, n, i, 0, job->c);

  for (size_t e = 0; e < (size_t)job->w * job->c; e++)
    dx[e] = dz[e] * slope_from_output (z[e], job->activation);
}

void
cg_reference_activation_gradient (CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx, int n, int h, int w,
                                  int c, int n_threads)
{
  Job job = { .x = z, .dz = dz, .out = dx, .activation = activation, .h = h, .w = w, .c = c };

  cg_parallel_for (n_threads, (size_t)n * h, activation_gradient_row, &job);
}

/* m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g; w -= step_size * m / (sqrt (v) / sqrt_bias2 + eps) (Kingma & Ba 2015). */
void
cg_reference_adam (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1, double beta2,
                   float sqrt_bias2, float eps, int n_threads)
{
  /* 1 - 0.999 in float would be off by 5e-5, and every second moment with it. */
  float b1 = (float)beta1, b2 = (float)beta2, rest1 = (float)(1.0 - beta1), rest2 = (float)(1.0 - beta2);

  for (size_t e = 0; e < n; e++)
    {
      m[e] = b1 * m[e] + rest1 * g[e];
      v[e] = b2 * v[e] + rest2 * g[e] * g[e];
      w[e] -= step_size * m[e] / (sqrtf (v[e]) / sqrt_bias2 + eps);
    }
}
