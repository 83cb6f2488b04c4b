/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every table's normalisation passes and sums over pixels against the reference, and the statistics where float fails. */
#include "kernels-fixture.h"

#include <float.h>

typedef struct
{
  int n, h, w, c;
} Size;

static const Size sizes[] = {
  { 1, 1, 1, 1 },    { 2, 3, 5, 3 },   { 1, 17, 70, 5 }, { 2, 33, 31, 17 },
  { 1, 4, 600, 32 }, { 1, 70, 9, 64 }, { 1, 5, 6, 100 },
};

/* Sums of blocks in float, merged in double: blocks are of some hundred numbers of size 1 at most (see norm.c), so a sum is off by
 * about sqrt (512) half epsilons of its block's own sum of magnitudes; four times that, per pixel. */
static double
sum_tolerance (const Size *s)
{
  return 2 * sqrt (512) * FLT_EPSILON * s->h * s->w + FLT_EPSILON;
}

static void
compare_arrays (const float *got, const float *expected, size_t n, double tolerance)
{
  for (size_t e = 0; e < n; e++)
    {
      g_assert_false (isnan (got[e]));
      g_assert_cmpfloat (fabs ((double)got[e] - expected[e]), <=, tolerance);
    }
}

static void
compare_images (const Image *got, const Image *expected, double tolerance)
{
  assert_canaries (got);
  for (int n = 0; n < got->n; n++)
    for (int i = 0; i < got->h; i++)
      for (int j = 0; j < got->w; j++)
        compare_arrays (at (got, n, i, j), at (expected, n, i, j), (size_t)got->c, tolerance);
}

/* Everything of one table at one size and activation, in the order of the arrays below. */
typedef struct
{
  float *mean, *m2, *sum_g, *sum_gu, *db;
  Image z, z_skip, dx, da;
} Results;

typedef struct
{
  Image x, dz, skip, z;
  float *scale, *shift, *a, *b, *d;
} Inputs;

static Results
compute (const CgKernels *kernels, const Size *s, const Inputs *in, CgActivation activation, int n_threads)
{
  const size_t n = (size_t)s->n * s->c;
  const CgPlane none = { 0 };
  CgWorkspace workspace = workspace_new (n_threads, kernels->norm_scratch_floats (s->n, s->h, s->w, s->c));
  Results r = { .mean = g_new (float, n),
                .m2 = g_new (float, n),
                .sum_g = g_new (float, n),
                .sum_gu = g_new (float, n),
                .db = g_new (float, s->c) };

  r.z = image_new (s->n, s->h, s->w, s->c, 1);
  r.z_skip = image_new (s->n, s->h, s->w, s->c, 0);
  r.dx = image_new (s->n, s->h, s->w, s->c, 2);
  r.da = image_new (s->n, s->h, s->w, s->c, 0);
  fill_array (r.db, s->c, 20);
  kernels->norm_statistics (in->x.plane, s->n, s->h, s->w, s->c, r.mean, r.m2, &workspace);
  kernels->norm_apply (in->x.plane, in->scale, in->shift, activation, none, r.z.plane, s->n, s->h, s->w, s->c,
                       n_threads);
  kernels->norm_apply (in->x.plane, in->scale, in->shift, activation, in->skip.plane, r.z_skip.plane, s->n, s->h, s->w,
                       s->c, n_threads);
  kernels->norm_gradient_sums (in->x.plane, in->scale, in->shift, activation, in->dz.plane, s->n, s->h, s->w, s->c,
                               r.sum_g, r.sum_gu, &workspace);
  kernels->norm_gradient_apply (in->x.plane, in->scale, in->shift, activation, in->dz.plane, in->a, in->b, in->d,
                                r.dx.plane, s->n, s->h, s->w, s->c, n_threads);
  kernels->bias_gradient (in->dz.plane, s->n, s->h, s->w, s->c, r.db, &workspace);
  kernels->activation_gradient (activation, in->z.plane, in->dz.plane, r.da.plane, s->n, s->h, s->w, s->c, n_threads);
  free (workspace.scratch);
  return r;
}

static void
results_clear (Results *r)
{
  g_free (r->mean);
  g_free (r->m2);
  g_free (r->sum_g);
  g_free (r->sum_gu);
  g_free (r->db);
  image_clear (&r->z);
  image_clear (&r->z_skip);
  image_clear (&r->dx);
  image_clear (&r->da);
}

static float *
new_array (size_t n, guint64 stream)
{
  float *array = g_new (float, n);

  fill_array (array, n, stream);
  return array;
}

/* Numbers on a grid of 1/1024 off zero, so that no pre-activation lies so near the kink that rounding decides its side. */
static void
avoid_kinks (Image *image)
{
  for (size_t e = 0; e < image->n_floats; e++)
    if (!is_canary (image->block[e]))
      image->block[e] = (floorf (image->block[e] * 512) + 0.5f) / 512;
}

static void
inputs_init (Inputs *in, const Size *s)
{
  const size_t n = (size_t)s->n * s->c;

  in->x = image_new (s->n, s->h, s->w, s->c, 1);
  image_fill (&in->x, 0, 11);
  avoid_kinks (&in->x);
  in->dz = image_new (s->n, s->h, s->w, s->c, 0);
  image_fill (&in->dz, 0, 12);
  in->skip = image_new (s->n, s->h, s->w, s->c, 2);
  image_fill (&in->skip, 0, 13);
  in->z = image_new (s->n, s->h, s->w, s->c, 0);
  image_fill (&in->z, 0, 14);
  in->scale = new_array (n, 15);
  in->shift = new_array (n, 16);
  in->a = new_array (n, 17);
  in->b = new_array (n, 18);
  in->d = new_array (n, 19);
  for (size_t e = 0; e < n; e++)
    {
      /* u = 2^m x + q/256 is exact, so every table sees the same sign. */
      in->scale[e] = in->scale[e] < 0 ? 2.0f : 1.0f;
      in->shift[e] = floorf (in->shift[e] * 256) / 256;
    }
}

static void
inputs_clear (Inputs *in)
{
  image_clear (&in->x);
  image_clear (&in->dz);
  image_clear (&in->skip);
  image_clear (&in->z);
  g_free (in->scale);
  g_free (in->shift);
  g_free (in->a);
  g_free (in->b);
  g_free (in->d);
}

static void
test_against_reference (void)
{
  const CgKernels *const *tables = get_tables ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int activation = CG_ACTIVATION_NONE; activation <= CG_ACTIVATION_TANH; activation++)
      {
        const Size *s = &sizes[i];
        const size_t n = (size_t)s->n * s->c;
        Inputs in;
        Results expected;

        inputs_init (&in, s);
        expected = compute (tables[0], s, &in, (CgActivation)activation, 1);
        for (int t = 1; tables[t]; t++)
          {
            Results got = compute (tables[t], s, &in, (CgActivation)activation, 2);

            g_test_message ("%s: %d x %dx%dx%d, activation %d", tables[t]->name, s->n, s->h, s->w, s->c, activation);
            /* The mean of numbers below 1 and its distances, in a handful of roundings per block. */
            compare_arrays (got.mean, expected.mean, n, 4 * FLT_EPSILON);
            compare_arrays (got.m2, expected.m2, n, sum_tolerance (s));
            /* tanh of the tables is good to 2e-7, its slope 1 - z^2 to 4e-7; sums add that up over the pixels. */
            compare_arrays (got.sum_g, expected.sum_g, n, sum_tolerance (s) + 4e-7 * s->h * s->w);
            compare_arrays (got.sum_gu, expected.sum_gu, n, 4 * (sum_tolerance (s) + 4e-7 * s->h * s->w));
            compare_arrays (got.db, expected.db, (size_t)s->c, sum_tolerance (s) * s->n + FLT_EPSILON);
            compare_images (&got.z, &expected.z, 8 * FLT_EPSILON);
            compare_images (&got.z_skip, &expected.z_skip, 8 * FLT_EPSILON);
            compare_images (&got.dx, &expected.dx, 2e-6);
            compare_images (&got.da, &expected.da, 4 * FLT_EPSILON);
            results_clear (&got);
          }
        results_clear (&expected);
        inputs_clear (&in);
      }
}

static void
test_threads (gconstpointer data)
{
  const CgKernels *kernels = data;
  const Size s = { 2, 70, 61, 37 };
  const size_t n = (size_t)s.n * s.c;
  Inputs in;
  Results one;

  inputs_init (&in, &s);
  one = compute (kernels, &s, &in, CG_ACTIVATION_LEAKY_RELU, 1);
  for (int n_threads = 2; n_threads <= 7; n_threads += n_threads == 3 ? 4 : 1)
    {
      Results many = compute (kernels, &s, &in, CG_ACTIVATION_LEAKY_RELU, n_threads);

      g_assert_cmpmem (one.mean, n * sizeof (float), many.mean, n * sizeof (float));
      g_assert_cmpmem (one.m2, n * sizeof (float), many.m2, n * sizeof (float));
      g_assert_cmpmem (one.sum_g, n * sizeof (float), many.sum_g, n * sizeof (float));
      g_assert_cmpmem (one.sum_gu, n * sizeof (float), many.sum_gu, n * sizeof (float));
      g_assert_cmpmem (one.db, (size_t)s.c * sizeof (float), many.db, (size_t)s.c * sizeof (float));
      g_assert_cmpmem (one.dx.block, one.dx.n_floats * sizeof (float), many.dx.block,
                       many.dx.n_floats * sizeof (float));
      g_assert_cmpmem (one.z.block, one.z.n_floats * sizeof (float), many.z.block, many.z.n_floats * sizeof (float));
      results_clear (&many);
    }
  results_clear (&one);
  inputs_clear (&in);
}

/* Mean 1000, deviation 1: sum (x^2) - mean^2 in float would leave no digit of the variance. */
static void
test_far_mean (gconstpointer data)
{
  const CgKernels *kernels = data;
  const int h = 61, w = 67, c = 19;
  Image x = image_new (1, h, w, c, 0);
  CgWorkspace workspace = workspace_new (3, kernels->norm_scratch_floats (1, h, w, c));
  float mean[19], m2[19];

  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++)
      for (int e = 0; e < c; e++)
        at (&x, 0, i, j)[e] = (float)(1000 + cg_random_normal (SEED, CG_RANDOM_TEST, 30, ((guint64)i * w + j) * c + e));
  kernels->norm_statistics (x.plane, 1, h, w, c, mean, m2, &workspace);
  for (int e = 0; e < c; e++)
    {
      double exact_mean = 0, exact_m2 = 0;

      for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
          exact_mean += at (&x, 0, i, j)[e];
      exact_mean /= h * w;
      for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
          exact_m2 += (at (&x, 0, i, j)[e] - exact_mean) * (at (&x, 0, i, j)[e] - exact_mean);
      /* The mean is rounded to float once, to half an epsilon of 1000; m2 is a sum of blocks of a few hundred roundings. */
      g_assert_cmpfloat (fabs (mean[e] - exact_mean), <=, 0.51 * 1024 * FLT_EPSILON);
      g_assert_cmpfloat (fabs (m2[e] - exact_m2), <=, 2e-6 * exact_m2);
    }
  free (workspace.scratch);
  image_clear (&x);
}

/* What diverged must be seen to have diverged. */
static void
test_nan_passes (gconstpointer data)
{
  const CgKernels *kernels = data;
  const float scale[3] = { 1, 1, 1 }, shift[3] = { 0, 0, 0 };

  for (int activation = CG_ACTIVATION_NONE; activation <= CG_ACTIVATION_TANH; activation++)
    {
      Image x = image_new (1, 2, 3, 3, 0), z = image_new (1, 2, 3, 3, 0);

      image_fill (&x, 0, 31);
      at (&x, 0, 1, 1)[1] = NAN;
      kernels->norm_apply (x.plane, scale, shift, (CgActivation)activation, (CgPlane){ 0 }, z.plane, 1, 2, 3, 3, 1);
      g_assert_true (isnan (at (&z, 0, 1, 1)[1]));
      g_assert_false (isnan (at (&z, 0, 1, 1)[0]));
      image_clear (&x);
      image_clear (&z);
    }
}

static void
test_tanh (gconstpointer data)
{
  const CgKernels *kernels = data;
  const float one = 1, zero = 0;
  const int n = 20001;
  Image x = image_new (1, 1, n, 1, 0), z = image_new (1, 1, n, 1, 0);

  for (int j = 0; j < n; j++)
    *at (&x, 0, 0, j) = (float)(j - n / 2) * 1e-3f;
  *at (&x, 0, 0, 0) = -INFINITY;
  *at (&x, 0, 0, n - 1) = INFINITY;
  kernels->norm_apply (x.plane, &one, &zero, CG_ACTIVATION_TANH, (CgPlane){ 0 }, z.plane, 1, 1, n, 1, 1);
  for (int j = 0; j < n; j++)
    g_assert_cmpfloat (fabs (*at (&z, 0, 0, j) - tanh (*at (&x, 0, 0, j))), <=, 2e-7);
  image_clear (&x);
  image_clear (&z);
}

static void
test_adam (void)
{
  const CgKernels *const *tables = get_tables ();
  const size_t n = 40003;
  g_autofree float *g = new_array (n, 40);

  for (int t = 0; tables[t]; t++)
    {
      g_autofree float *w = new_array (n + 1, 41);
      g_autofree float *start = new_array (n + 1, 41);
      g_autofree float *m = new_array (n, 42);
      g_autofree float *v = new_array (n, 43);
      g_autofree float *old_m = new_array (n, 42);

      for (size_t e = 0; e < n; e++)
        v[e] = fabsf (v[e]);
      tables[t]->adam (w, g, m, v, n, 1e-3f, 0.5, 0.999, 0.5f, 1e-8f, 3);
      g_assert_cmpfloat (w[n], ==, start[n]);
      for (size_t e = 0; e < n; e++)
        {
          const double old_v = fabs (cg_random_uniform (SEED, CG_RANDOM_TEST, 43, e) * 2 - 1);
          const double new_m = 0.5 * old_m[e] + 0.5 * g[e], new_v = 0.999 * old_v + 0.001 * (double)g[e] * g[e];
          const double step = 1e-3 * new_m / (sqrt (new_v) / 0.5 + 1e-8);

          /* A few roundings of each; the step is as exact as the moments, whose quotient may be large where v is small. */
          g_assert_cmpfloat (fabs (m[e] - new_m), <=, 2 * FLT_EPSILON);
          g_assert_cmpfloat (fabs (v[e] - new_v), <=, 2 * FLT_EPSILON);
          g_assert_cmpfloat (fabs (w[e] - (start[e] - step)), <=, FLT_EPSILON + 1e-5 * fabs (step));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  require_wish ();

  g_test_add_func ("/kernels/norm/against-reference", test_against_reference);
  g_test_add_func ("/kernels/norm/adam", test_adam);
  for (const CgKernels *const *table = get_tables (); *table; table++)
    {
      static const struct
      {
        const char *name;
        GTestDataFunc func;
      } tests[] = { { "threads", test_threads },
                    { "far-mean", test_far_mean },
                    { "nan-passes", test_nan_passes },
                    { "tanh", test_tanh } };

      for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
        {
          g_autofree char *path = g_strdup_printf ("/kernels/norm/%s/%s", tests[i].name, (*table)->name);

          g_test_add_data_func (path, *table, tests[i].func);
        }
    }

  return g_test_run ();
}
