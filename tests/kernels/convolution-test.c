/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every table's convolution against the reference on awkward shapes, reading and writing nothing it should not. */
#include "kernels-fixture.h"

#include <float.h>

/* Everything that one shape is tested with. */
typedef struct
{
  CgConvShape shape;
  Image x, y;
  float *w, *bias_k, *bias_c;
  size_t n_weights;
} Case;

static Case
case_new (CgConvShape shape)
{
  Case c = { .shape = shape, .n_weights = (size_t)shape.r * shape.s * shape.c * shape.k };
  const int halo = cg_conv_adjoint_halo (&shape);

  c.x = image_new (shape.n, shape.h, shape.w, shape.c, shape.pad);
  image_fill (&c.x, shape.pad, 1);
  c.y = image_new (shape.n, shape.ho, shape.wo, shape.k, halo);
  image_fill (&c.y, 0, 2);
  image_zero_halo (&c.y, halo);
  c.w = g_new (float, c.n_weights);
  fill_array (c.w, c.n_weights, 3);
  c.bias_k = g_new (float, shape.k);
  fill_array (c.bias_k, shape.k, 4);
  c.bias_c = g_new (float, shape.c);
  fill_array (c.bias_c, shape.c, 5);
  return c;
}

static void
case_clear (Case *c)
{
  image_clear (&c->x);
  image_clear (&c->y);
  g_free (c->w);
  g_free (c->bias_k);
  g_free (c->bias_c);
}

static void
run (const CgKernels *kernels, const CgConvShape *shape, CgConvDirection direction, const float *w, const float *bias,
     CgActivation activation, const Image *in, const Image *out, int n_threads)
{
  float *packed = packed_new (kernels, shape, direction, w, n_threads);
  CgWorkspace workspace = workspace_new (n_threads, kernels->conv_scratch_floats (shape));

  if (direction == CG_CONV_FORWARD)
    kernels->conv_forward (shape, packed, bias, activation, in->plane, out->plane, &workspace);
  else
    kernels->conv_adjoint (shape, packed, bias, activation, in->plane, out->plane, &workspace);
  free (workspace.scratch);
  free (packed);
}

static void
run_weight_gradient (const CgKernels *kernels, const CgConvShape *shape, const Image *x, const Image *y, float *dw,
                     int n_threads)
{
  CgWorkspace workspace = workspace_new (n_threads, kernels->conv_weight_gradient_scratch_floats (shape));

  kernels->conv_weight_gradient (shape, x->plane, y->plane, dw, &workspace);
  free (workspace.scratch);
}

/* A sum of n products in float, in any order, is off by about sqrt (n) roundings (half an epsilon each) of its largest
 * partial sum, which is at most the sum of the magnitudes; four times that is not reached by chance, and an error of one
 * product in n is far above it. Winograd's transforms lose digits by cancellation, but their error is spread over a tile, so that
 * it, too, stays below when measured by the largest magnitude instead of the pixel's own. */
static double
get_tolerance (size_t n_terms)
{
  return 2 * sqrt ((double)n_terms) * FLT_EPSILON;
}

static void
describe (const char *table, const CgConvShape *s, const char *what)
{
  g_test_message ("%s %s: n %d, %dx%dx%d -> %dx%dx%d, kernel %dx%d, stride %d, pad %d", table, what, s->n, s->h, s->w,
                  s->c, s->ho, s->wo, s->k, s->r, s->s, s->stride, s->pad);
}

static void
compare (const Image *got, const Image *expected, const Image *magnitude, size_t n_terms)
{
  double worst = 0, largest = 0;

  for (int n = 0; n < got->n; n++)
    for (int i = 0; i < got->h; i++)
      for (int j = 0; j < got->w; j++)
        for (int c = 0; c < got->c; c++)
          {
            const double error = fabs ((double)at (got, n, i, j)[c] - at (expected, n, i, j)[c]);

            g_assert_false (isnan (error));
            worst = MAX (worst, error);
            largest = MAX (largest, at (magnitude, n, i, j)[c]);
          }
  g_assert_cmpfloat (worst, <=, get_tolerance (n_terms) * largest + FLT_EPSILON);
}

static void
check_direction (const Case *c, CgConvDirection direction, CgActivation activation, gboolean with_bias)
{
  const CgConvShape *shape = &c->shape;
  const CgKernels *const *tables = get_tables ();
  const gboolean forward = direction == CG_CONV_FORWARD;
  const Image *in = forward ? &c->x : &c->y, *like = forward ? &c->y : &c->x;
  const float *bias = !with_bias ? NULL : forward ? c->bias_k : c->bias_c;
  const size_t n_terms = (size_t)shape->r * shape->s * in->c;
  Image expected = image_new (like->n, like->h, like->w, like->c, 0);
  Image magnitude = image_new (like->n, like->h, like->w, like->c, 0);
  Image positive = image_absolute (in);
  g_autofree float *positive_w = g_new (float, c->n_weights);

  for (size_t e = 0; e < c->n_weights; e++)
    positive_w[e] = fabsf (c->w[e]);
  describe (tables[0]->name, shape, forward ? "forward" : "adjoint");
  run (tables[0], shape, direction, c->w, bias, activation, in, &expected, 1);
  run (tables[0], shape, direction, positive_w, NULL, CG_ACTIVATION_NONE, &positive, &magnitude, 1);
  assert_canaries (&expected);

  for (int t = 1; tables[t]; t++)
    {
      Image got = image_new (like->n, like->h, like->w, like->c, 0);

      describe (tables[t]->name, shape, forward ? "forward" : "adjoint");
      run (tables[t], shape, direction, c->w, bias, activation, in, &got, 2);
      assert_canaries (&got);
      compare (&got, &expected, &magnitude, n_terms);
      image_clear (&got);
    }
  image_clear (&expected);
  image_clear (&magnitude);
  image_clear (&positive);
}

/* dw starts from numbers that must be added to. */
static void
check_weight_gradient (const Case *c)
{
  const CgKernels *const *tables = get_tables ();
  const CgConvShape *shape = &c->shape;
  const size_t n_terms = (size_t)shape->n * shape->ho * shape->wo;
  Image positive_x = image_absolute (&c->x), positive_y = image_absolute (&c->y);
  g_autofree float *expected = g_new (float, c->n_weights);
  g_autofree float *magnitude = g_new0 (float, c->n_weights);
  g_autofree float *got = g_new (float, c->n_weights + 1);

  fill_array (expected, c->n_weights, 6);
  describe (tables[0]->name, shape, "weight gradient");
  run_weight_gradient (tables[0], shape, &c->x, &c->y, expected, 1);
  run_weight_gradient (tables[0], shape, &positive_x, &positive_y, magnitude, 1);

  for (int t = 1; tables[t]; t++)
    {
      double worst = 0, largest = 1;

      describe (tables[t]->name, shape, "weight gradient");
      fill_array (got, c->n_weights, 6);
      got[c->n_weights] = make_canary ();
      run_weight_gradient (tables[t], shape, &c->x, &c->y, got, 2);
      g_assert_true (is_canary (got[c->n_weights]));
      for (size_t e = 0; e < c->n_weights; e++)
        {
          const double error = fabs ((double)got[e] - expected[e]);

          g_assert_false (isnan (error));
          worst = MAX (worst, error);
          largest = MAX (largest, magnitude[e]);
        }
      g_assert_cmpfloat (worst, <=, get_tolerance (n_terms) * largest);
    }
  image_clear (&positive_x);
  image_clear (&positive_y);
}

static void
check_shape (CgConvShape shape, int variant)
{
  Case c = case_new (shape);

  check_direction (&c, CG_CONV_FORWARD, (CgActivation)(variant % 4), variant % 3 != 0);
  check_direction (&c, CG_CONV_ADJOINT, (CgActivation)((variant + 1) % 4), variant % 2 != 0);
  check_weight_gradient (&c);
  case_clear (&c);
}

static CgConvShape
make_shape (int n, int h, int w, int c, int k, int r, int s, int stride, int pad)
{
  return (
      CgConvShape){ n, h, w, c, (h + 2 * pad - r) / stride + 1, (w + 2 * pad - s) / stride + 1, k, r, s, stride, pad };
}

/* The convolutions of the networks, small. */
static void
test_networks (void)
{
  check_shape (make_shape (1, 20, 23, 3, 64, 7, 7, 1, 3), 0); /* first of the generator */
  check_shape (make_shape (1, 26, 29, 3, 64, 7, 7, 1, 0), 1); /* its gradient, halo counted as image */
  check_shape (make_shape (1, 40, 37, 64, 3, 7, 7, 1, 3), 3); /* last */
  check_shape (make_shape (2, 22, 25, 32, 3, 7, 7, 1, 0), 4);
  check_shape (make_shape (1, 18, 21, 64, 72, 3, 3, 2, 1), 5); /* down */
  check_shape (make_shape (1, 22, 19, 64, 64, 3, 3, 1, 1), 6); /* block */
  check_shape (make_shape (2, 13, 17, 40, 33, 3, 3, 1, 0), 7);
  check_shape (make_shape (1, 9, 70, 33, 47, 3, 3, 1, 2), 8);
  check_shape (make_shape (1, 24, 24, 3, 64, 4, 4, 2, 1), 9);   /* first of the discriminator */
  check_shape (make_shape (1, 9, 9, 128, 1, 4, 4, 1, 1), 10);   /* last */
  check_shape (make_shape (1, 2, 2, 128, 128, 4, 4, 2, 1), 11); /* bottom of a U-Net */
  check_shape (make_shape (1, 8, 8, 64, 128, 1, 1, 1, 0), 12);  /* pixel discriminator */
  check_shape (make_shape (1, 300, 5, 17, 2, 3, 3, 1, 1), 13);  /* more rows than one block */
  check_shape (make_shape (1, 5, 300, 17, 2, 5, 3, 1, 1), 14);  /* more columns */
}

/* Shapes drawn from the lists, as many as there is time for. */
static void
test_random_shapes (void)
{
  static const int channels[] = { 1, 3, 5, 17, 32, 64 }, kernels[] = { 1, 3, 4, 7, 2, 5 };
  guint64 index = 0;
  int n_shapes = 0;

  while (n_shapes < 120)
    {
      int draw[10];

      for (int d = 0; d < 10; d++)
        draw[d] = (int)cg_random_below (SEED, CG_RANDOM_TEST, 10, index++, 840);

      const int r = kernels[draw[0] % 6], s = draw[1] % 4 == 0 ? kernels[draw[2] % 6] : r;
      const CgConvShape shape = make_shape (1 + draw[3] % 2, 1 + draw[4] % 70, 1 + draw[5] % 70, channels[draw[6] % 6],
                                            channels[draw[7] % 6], r, s, 1 + draw[8] % 2, draw[9] % 4);
      const double products = (double)shape.n * shape.ho * shape.wo * shape.c * shape.k * r * s;

      /* What the reference can do in a moment, and only outputs that exist. */
      if (shape.h + 2 * shape.pad < r || shape.w + 2 * shape.pad < s || products > 1.5e6)
        continue;
      check_shape (shape, n_shapes++);
    }
}

static double
inner_product (const Image *a, const Image *b)
{
  double sum = 0;

  for (int n = 0; n < a->n; n++)
    for (int i = 0; i < a->h; i++)
      for (int j = 0; j < a->w; j++)
        for (int c = 0; c < a->c; c++)
          sum += (double)at (a, n, i, j)[c] * at (b, n, i, j)[c];
  return sum;
}

/* <A x, y> = <x, A' y> = <w, dw>, with a zero halo around x: three ways to sum the same products. */
static void
test_adjoint (gconstpointer data)
{
  const CgKernels *kernels = data;
  const CgConvShape shapes[] = {
    make_shape (2, 21, 18, 32, 48, 3, 3, 1, 1), make_shape (1, 21, 18, 5, 17, 3, 3, 2, 1),
    make_shape (1, 16, 16, 17, 3, 7, 7, 1, 3),  make_shape (1, 17, 14, 3, 32, 7, 7, 1, 3),
    make_shape (2, 12, 15, 6, 7, 4, 4, 2, 1),   make_shape (1, 10, 11, 5, 4, 1, 1, 2, 0),
    make_shape (1, 12, 13, 5, 4, 5, 3, 3, 2),
  };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      Case c = case_new (shapes[i]);
      const CgConvShape *shape = &shapes[i];
      Image ax = image_new (shape->n, shape->ho, shape->wo, shape->k, 0);
      Image aty = image_new (shape->n, shape->h, shape->w, shape->c, 0);
      g_autofree float *dw = g_new0 (float, c.n_weights);
      double first, second, third = 0;

      describe (kernels->name, shape, "adjoint");
      image_zero_halo (&c.x, shape->pad);
      run (kernels, shape, CG_CONV_FORWARD, c.w, NULL, CG_ACTIVATION_NONE, &c.x, &ax, 2);
      run (kernels, shape, CG_CONV_ADJOINT, c.w, NULL, CG_ACTIVATION_NONE, &c.y, &aty, 2);
      run_weight_gradient (kernels, shape, &c.x, &c.y, dw, 2);
      first = inner_product (&ax, &c.y);
      second = inner_product (&c.x, &aty);
      for (size_t e = 0; e < c.n_weights; e++)
        third += (double)c.w[e] * dw[e];

      /* Rounding of float sums of random signs: errors average out, so the mean magnitude of <Ax, Ax> is the scale. */
      const double scale = sqrt (inner_product (&ax, &ax) * inner_product (&c.y, &c.y));

      g_assert_cmpfloat (scale, >, 0);
      g_assert_cmpfloat (fabs (first - second), <=, 2e-6 * scale);
      g_assert_cmpfloat (fabs (first - third), <=, 2e-6 * scale);
      image_clear (&ax);
      image_clear (&aty);
      case_clear (&c);
    }
}

/* Bit for bit the same with any number of threads. */
static void
test_threads (gconstpointer data)
{
  const CgKernels *kernels = data;
  const CgConvShape shapes[] = {
    make_shape (2, 33, 30, 64, 64, 3, 3, 1, 1), make_shape (1, 70, 65, 3, 64, 7, 7, 1, 3),
    make_shape (1, 70, 65, 32, 3, 7, 7, 1, 3),  make_shape (1, 31, 34, 32, 64, 3, 3, 2, 1),
    make_shape (1, 4, 4, 64, 128, 4, 4, 2, 1),  make_shape (3, 40, 41, 128, 96, 3, 3, 1, 1),
  };
  const int n_threads[] = { 2, 3, 7 };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      const CgConvShape *shape = &shapes[i];
      Case c = case_new (*shape);
      Image y = image_new (shape->n, shape->ho, shape->wo, shape->k, 0);
      Image x = image_new (shape->n, shape->h, shape->w, shape->c, 0);
      g_autofree float *dw = g_new0 (float, c.n_weights);

      run (kernels, shape, CG_CONV_FORWARD, c.w, c.bias_k, CG_ACTIVATION_TANH, &c.x, &y, 1);
      run (kernels, shape, CG_CONV_ADJOINT, c.w, NULL, CG_ACTIVATION_NONE, &c.y, &x, 1);
      run_weight_gradient (kernels, shape, &c.x, &c.y, dw, 1);
      for (guint t = 0; t < G_N_ELEMENTS (n_threads); t++)
        {
          Image other_y = image_new (shape->n, shape->ho, shape->wo, shape->k, 0);
          Image other_x = image_new (shape->n, shape->h, shape->w, shape->c, 0);
          g_autofree float *other_dw = g_new0 (float, c.n_weights);

          describe (kernels->name, shape, "threads");
          run (kernels, shape, CG_CONV_FORWARD, c.w, c.bias_k, CG_ACTIVATION_TANH, &c.x, &other_y, n_threads[t]);
          run (kernels, shape, CG_CONV_ADJOINT, c.w, NULL, CG_ACTIVATION_NONE, &c.y, &other_x, n_threads[t]);
          run_weight_gradient (kernels, shape, &c.x, &c.y, other_dw, n_threads[t]);
          g_assert_cmpmem (y.block, y.n_floats * sizeof (float), other_y.block, other_y.n_floats * sizeof (float));
          g_assert_cmpmem (x.block, x.n_floats * sizeof (float), other_x.block, other_x.n_floats * sizeof (float));
          g_assert_cmpmem (dw, c.n_weights * sizeof (float), other_dw, c.n_weights * sizeof (float));
          image_clear (&other_y);
          image_clear (&other_x);
        }
      image_clear (&y);
      image_clear (&x);
      case_clear (&c);
    }
}

/* Packed weights may not depend on the size of the image they were packed for. */
static void
test_packed_any_size (void)
{
  const CgKernels *const *tables = get_tables ();

  for (int t = 0; tables[t]; t++)
    {
      const CgConvShape none = { .c = 40, .k = 36, .r = 3, .s = 3, .stride = 1, .pad = 1 };
      const CgConvShape some = make_shape (1, 9, 11, 40, 36, 3, 3, 1, 1);

      for (int direction = 0; direction < 2; direction++)
        {
          const size_t n_packed = tables[t]->conv_packed_floats (&none, (CgConvDirection)direction);
          g_autofree float *w = g_new (float, 9 * 40 * 36);

          fill_array (w, 9 * 40 * 36, 3);
          g_assert_cmpuint (n_packed, ==, tables[t]->conv_packed_floats (&some, (CgConvDirection)direction));

          float *a = packed_new (tables[t], &none, (CgConvDirection)direction, w, 1);
          float *b = packed_new (tables[t], &some, (CgConvDirection)direction, w, 3);

          g_assert_cmpmem (a, n_packed * sizeof (float), b, n_packed * sizeof (float));
          free (a);
          free (b);
        }
    }
}

/* By hand: a row of three pixels and a kernel of two taps. */
static void
test_by_hand (void)
{
  const CgKernels *const *tables = get_tables ();
  const CgConvShape shape = { .n = 1, .h = 1, .w = 3, .c = 1, .ho = 1, .wo = 2, .k = 1, .r = 1, .s = 2, .stride = 1 };
  const float w[2] = { 10, 1 };

  for (int t = 0; tables[t]; t++)
    {
      Image x = image_new (1, 1, 3, 1, 0), y = image_new (1, 1, 2, 1, 1), back = image_new (1, 1, 3, 1, 0);
      float dw[2] = { 100, 200 };

      for (int j = 0; j < 3; j++)
        *at (&x, 0, 0, j) = (float)(j + 1);
      run (tables[t], &shape, CG_CONV_FORWARD, w, NULL, CG_ACTIVATION_NONE, &x, &y, 1);
      g_assert_cmpfloat (*at (&y, 0, 0, 0), ==, 12);
      g_assert_cmpfloat (*at (&y, 0, 0, 1), ==, 23);
      g_assert_cmpint (cg_conv_adjoint_halo (&shape), ==, 1);
      image_zero_halo (&y, 1);
      run (tables[t], &shape, CG_CONV_ADJOINT, w, NULL, CG_ACTIVATION_NONE, &y, &back, 1);
      g_assert_cmpfloat (*at (&back, 0, 0, 0), ==, 120);
      g_assert_cmpfloat (*at (&back, 0, 0, 1), ==, 242);
      g_assert_cmpfloat (*at (&back, 0, 0, 2), ==, 23);
      run_weight_gradient (tables[t], &shape, &x, &y, dw, 1);
      g_assert_cmpfloat (dw[0], ==, 100 + 12 + 46);
      g_assert_cmpfloat (dw[1], ==, 200 + 24 + 69);
      image_clear (&x);
      image_clear (&y);
      image_clear (&back);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  require_wish ();

  g_test_add_func ("/kernels/convolution/by-hand", test_by_hand);
  g_test_add_func ("/kernels/convolution/networks", test_networks);
  g_test_add_func ("/kernels/convolution/random-shapes", test_random_shapes);
  g_test_add_func ("/kernels/convolution/packed-any-size", test_packed_any_size);
  for (const CgKernels *const *table = get_tables (); *table; table++)
    {
      g_autofree char *adjoint = g_strdup_printf ("/kernels/convolution/adjoint/%s", (*table)->name);
      g_autofree char *threads = g_strdup_printf ("/kernels/convolution/threads/%s", (*table)->name);

      g_test_add_data_func (adjoint, *table, test_adjoint);
      g_test_add_data_func (threads, *table, test_threads);
    }

  return g_test_run ();
}
