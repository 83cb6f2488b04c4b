/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network run by rows against the same network run whole. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "nets/pass.h"
#include "nets/stream.h"

#define SEED 20261123

typedef struct
{
  const float *in;
  float *out;
  int h, w, in_c, out_c;
  int n_read, n_written; /* rows */
  double last;
  double cancel_at;
} Picture;

static CgNetwork *
new_network (int nf, int n_blocks, CgNormKind norm, CgUpsampleKind upsample, gboolean dropout)
{
  const CgNetworkConfig config = { .kind = CG_NET_RESNET,
                                   .input_nc = 3,
                                   .output_nc = 3,
                                   .nf = nf,
                                   .n_blocks = n_blocks,
                                   .norm = norm,
                                   .upsample = upsample,
                                   .dropout = dropout };
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (&config, &error);
  float *weights;

  g_assert_no_error (error);
  cg_network_init (network, CG_INIT_NORMAL, norm == CG_NORM_INSTANCE ? 0.02 : 0.05, SEED);
  weights = cg_network_get_weights (network);
  /* Running statistics and biases that do something. */
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (parameter->n_dims == 1 && !parameter->is_scale)
        for (size_t e = 0; e < parameter->n_floats; e++)
          weights[parameter->offset + e]
              = (parameter->is_buffer ? 0.5f : 0.0f) + 0.3f * (float)cg_random_uniform (SEED, CG_RANDOM_TEST, i, e);
    }
  cg_network_touch (network);
  return network;
}

/* Smooth and rough parts, so that statistics differ from place to place. */
static void
new_picture (Picture *picture, int h, int w)
{
  float *in = g_new (float, h *w * 3);

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int c = 0; c < 3; c++)
        {
          size_t i = (size_t)(y * w + x) * 3 + (size_t)c;
          double noise = cg_random_uniform (SEED, CG_RANDOM_TEST, 999, i) - 0.5;

          in[i] = (float)(0.6 * sin (0.05 * y * (c + 1) + 0.11 * x) + 0.8 * noise * y / h);
        }
  *picture = (Picture){ .in = in, .out = g_new0 (float, h *w * 3), .h = h, .w = w, .cancel_at = 2.0 };
}

static void
clear_picture (Picture *picture)
{
  g_free ((float *)picture->in);
  g_free (picture->out);
}

static float *
run_whole (CgNetwork *network, const Picture *picture)
{
  int h = picture->h, w = picture->w;
  size_t row = (size_t)w * 3 * sizeof (float);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass
      = cg_pass_new (network, 1, h, w, CG_PASS_INFERENCE, 1, arena, 0, cg_pass_get_span (network), &error);
  float *out = g_new (float, h *w * 3);

  g_assert_no_error (error);
  cg_arena_commit (arena, &error);
  g_assert_no_error (error);
  for (int y = 0; y < h; y++)
    memcpy (cg_tensor_at (cg_pass_get_input (pass), 0, y, 0), picture->in + (size_t)(y * w) * 3, row);
  g_assert_true (cg_pass_forward (pass, NULL, NULL));
  for (int y = 0; y < h; y++)
    memcpy (out + (size_t)(y * w) * 3, cg_tensor_at (cg_pass_get_output (pass), 0, y, 0), row);
  return out;
}

static gboolean
read_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  Picture *picture = data;

  g_assert_cmpint (rows->w, ==, picture->w);
  g_assert_cmpint (first + rows->h, <=, picture->h);
  for (int y = 0; y < rows->h; y++)
    memcpy (cg_tensor_at (rows, 0, y, 0), picture->in + (size_t)((first + y) * picture->w) * 3,
            (size_t)picture->w * 3 * sizeof (float));
  picture->n_read += rows->h;
  return TRUE;
}

static gboolean
write_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  Picture *picture = data;

  g_assert_cmpint (first, ==, picture->n_written);
  for (int y = 0; y < rows->h; y++)
    memcpy (picture->out + (size_t)((first + y) * picture->w) * 3, cg_tensor_at (rows, 0, y, 0),
            (size_t)picture->w * 3 * sizeof (float));
  picture->n_written += rows->h;
  return TRUE;
}

static gboolean
watch (double done, gpointer data)
{
  Picture *picture = data;

  g_assert_cmpfloat (done, >=, picture->last);
  g_assert_cmpfloat (done, <=, 1.0 + 1e-9);
  picture->last = done;
  return done < picture->cancel_at;
}

static void
run_stream (CgNetwork *network, Picture *picture, CgStreamMode mode, CgNorms *norms, GError **error)
{
  const CgStreamCalls calls = { read_rows, write_rows, watch, picture };
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgStream) stream = cg_stream_new (network, 1, picture->h, picture->w, mode, norms, 1, arena, 0, error);

  g_assert_nonnull (stream);
  g_assert_true (cg_arena_commit (arena, error));
  picture->n_read = picture->n_written = 0;
  picture->last = 0.0;
  memset (picture->out, 0, (size_t)(picture->h * picture->w) * 3 * sizeof (float));
  cg_stream_run (stream, &calls, error);
}

static double
get_distance (const float *a, const float *b, int n)
{
  double most = 0.0;

  /* Not fmax(), over which gcc 12 for ARM stumbles when it makes vectors of this loop. */
  for (int i = 0; i < n; i++)
    most = MAX (most, fabs ((double)a[i] - b[i]));
  return most;
}

/* The same bits, for every sum is formed in the same order. */
static void
assert_equal (const Picture *picture, const float *expected, const char *mode)
{
  size_t n = (size_t)(picture->h * picture->w) * 3;

  g_test_message ("%s, %d x %d: off by %g", mode, picture->w, picture->h,
                  get_distance (picture->out, expected, (int)n));
  g_assert_cmpmem (picture->out, n * sizeof (float), expected, n * sizeof (float));
}

/* Exact, and then frozen with what exact settled. */
static void
compare (CgNetwork *network, int h, int w)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNorms) norms = cg_norms_new (network);
  g_autofree float *expected = NULL;
  Picture picture;

  new_picture (&picture, h, w);
  expected = run_whole (network, &picture);
  run_stream (network, &picture, CG_STREAM_EXACT, norms, &error);
  g_assert_no_error (error);
  g_assert_cmpint (picture.n_written, ==, h);
  g_assert_cmpint (picture.n_read, ==, cg_norms_depend_on_picture (network) ? 2 * h : h);
  g_assert_cmpfloat_with_epsilon (picture.last, 1.0, 1e-9);
  assert_equal (&picture, expected, "exact");

  run_stream (network, &picture, CG_STREAM_SETTLED, norms, &error);
  g_assert_no_error (error);
  g_assert_cmpint (picture.n_written, ==, h);
  g_assert_cmpint (picture.n_read, ==, h);
  assert_equal (&picture, expected, "settled");
  clear_picture (&picture);
}

static void
test_sizes (void)
{
  const int sizes[][2] = { { 8, 8 }, { 12, 8 }, { 8, 200 }, { 404, 8 }, { 300, 20 }, { 100, 116 }, { 36, 1204 } };

  for (CgUpsampleKind upsample = CG_UPSAMPLE_TRANSPOSE; upsample <= CG_UPSAMPLE_RESIZE; upsample++)
    {
      CgNetwork *network = new_network (4, 2, CG_NORM_INSTANCE, upsample, FALSE);

      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        compare (network, sizes[i][0], sizes[i][1]);
      cg_network_free (network);
    }
}

static void
test_blocks (void)
{
  const int blocks[] = { 0, 1, 3, 6, 9 };

  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    {
      CgNetwork *network = new_network (8, blocks[i], CG_NORM_INSTANCE, (CgUpsampleKind)(i % 2), i % 3 == 1);

      compare (network, 260, 44);
      cg_network_free (network);
    }
}

static void
test_norms (void)
{
  for (CgNormKind norm = CG_NORM_BATCH; norm <= CG_NORM_NONE; norm++)
    for (int dropout = 0; dropout <= 1; dropout++)
      {
        CgNetwork *network = new_network (4, 2, norm, CG_UPSAMPLE_RESIZE, dropout);

        g_assert_false (cg_norms_depend_on_picture (network));
        compare (network, 140, 36);
        cg_network_free (network);
      }
}

/* Channels as wide as the fast convolutions want them, heights that leave rests of their tiles and of statistics' blocks. */
static void
test_channels (void)
{
  const int sizes[][2] = { { 100, 68 }, { 204, 36 }, { 412, 12 }, { 12, 100 }, { 20, 532 } };

  for (CgUpsampleKind upsample = CG_UPSAMPLE_TRANSPOSE; upsample <= CG_UPSAMPLE_RESIZE; upsample++)
    for (CgNormKind norm = CG_NORM_INSTANCE; norm <= CG_NORM_BATCH; norm++)
      {
        CgNetwork *network = new_network (32, 2, norm, upsample, FALSE);

        for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
          compare (network, sizes[i][0], sizes[i][1]);
        cg_network_free (network);
      }
}

/* Norms from @n copies of the picture, of which @area counts. */
static void
settle_samples (CgNetwork *network, const Picture *picture, int n, const CgStreamArea *area, CgNorms *norms)
{
  const CgStreamCalls calls = { NULL, NULL, watch, (gpointer)picture };
  g_autoptr (GError) error = NULL;
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgStream) stream
      = cg_stream_new (network, n, picture->h, picture->w, CG_STREAM_SAMPLES, norms, 1, arena, 0, &error);
  g_autofree CgStreamArea *areas = g_new (CgStreamArea, n);
  const CgTensor *input;

  g_assert_no_error (error);
  g_assert_true (cg_arena_commit (arena, &error));
  input = cg_stream_get_input (stream);
  for (int i = 0; i < n; i++)
    {
      areas[i] = *area;
      for (int y = 0; y < picture->h; y++)
        memcpy (cg_tensor_at (input, i, y, 0), picture->in + (size_t)(y * picture->w) * 3,
                (size_t)picture->w * 3 * sizeof (float));
    }
  ((Picture *)picture)->last = 0.0;
  cg_stream_set_areas (stream, areas);
  g_assert_true (cg_stream_run (stream, &calls, &error));
}

static double
get_norm_distance (const CgNorms *a, const CgNorms *b)
{
  double most = 0.0;

  for (size_t i = 0; i < a->n_floats; i++)
    most = fmax (most, fabs (a->scale[i] / b->scale[i] - 1.0) + fabs ((double)a->shift[i] - b->shift[i]));
  return most;
}

/* A picture that is its own sample, once or more, says the same as the picture; a part of it says something else. */
static void
test_samples (void)
{
  CgNetwork *network = new_network (8, 2, CG_NORM_INSTANCE, CG_UPSAMPLE_TRANSPOSE, FALSE);
  g_autoptr (CgNorms) exact = cg_norms_new (network);
  g_autoptr (CgNorms) norms = cg_norms_new (network);
  const CgStreamArea all = { 0, 0, 44, 120 }, part = { 8, 60, 20, 32 };
  g_autoptr (GError) error = NULL;
  Picture picture;

  new_picture (&picture, 120, 44);
  run_stream (network, &picture, CG_STREAM_EXACT, exact, &error);
  g_assert_no_error (error);
  for (int n = 1; n <= 3; n++)
    {
      settle_samples (network, &picture, n, &all, norms);
      g_assert_cmpfloat (get_norm_distance (norms, exact), <, 1e-4);
    }
  settle_samples (network, &picture, 1, &part, norms);
  g_assert_cmpfloat (get_norm_distance (norms, exact), >, 0.01);
  clear_picture (&picture);
  cg_network_free (network);
}

static void
test_cancel (void)
{
  CgNetwork *network = new_network (4, 1, CG_NORM_INSTANCE, CG_UPSAMPLE_RESIZE, FALSE);
  g_autoptr (CgNorms) norms = cg_norms_new (network);

  for (int mode = CG_STREAM_SETTLED; mode <= CG_STREAM_EXACT; mode++)
    {
      g_autoptr (GError) error = NULL;
      Picture picture;

      new_picture (&picture, 200, 24);
      picture.cancel_at = 0.5;
      run_stream (network, &picture, (CgStreamMode)mode, norms, &error);
      g_assert_error (error, CG_ERROR, CG_ERROR_CANCELLED);
      g_assert_cmpint (picture.n_written, <, 200);
      clear_picture (&picture);
    }
  cg_network_free (network);
}

/* Memory of settled norms depends on the width alone, once the picture is higher than the windows. */
static void
test_memory (void)
{
  CgNetwork *network = new_network (16, 9, CG_NORM_INSTANCE, CG_UPSAMPLE_TRANSPOSE, FALSE);
  g_autoptr (CgNorms) norms = cg_norms_new (network);
  size_t bytes[2][3];

  for (int mode = CG_STREAM_SETTLED; mode <= CG_STREAM_EXACT; mode++)
    for (int i = 0; i < 3; i++)
      {
        g_autoptr (CgArena) arena = cg_arena_new ();
        g_autoptr (CgStream) stream
            = cg_stream_new (network, 1, 4000 << i, 2000, (CgStreamMode)mode, norms, 1, arena, 0, NULL);

        g_assert_nonnull (stream);
        bytes[mode][i] = cg_arena_measure (arena);
      }
  g_assert_cmpuint (bytes[CG_STREAM_SETTLED][1], ==, bytes[CG_STREAM_SETTLED][0]);
  g_assert_cmpuint (bytes[CG_STREAM_SETTLED][2], ==, bytes[CG_STREAM_SETTLED][0]);
  /* A quarter of the channels of 64 take a quarter of some 200 bytes per pixel. */
  g_assert_cmpuint (bytes[CG_STREAM_EXACT][2], <, (size_t)2000 * 16000 * 200 / 4);
  g_assert_cmpuint (bytes[CG_STREAM_EXACT][2], >, (size_t)2000 * 16000 * 130 / 4);
  cg_network_free (network);
}

/* What may run in 1024 MiB: the usual generator on 24 and on 96 megapixels, with some of that left for the picture's own rows. */
static void
test_limit (void)
{
  for (CgUpsampleKind upsample = CG_UPSAMPLE_TRANSPOSE; upsample <= CG_UPSAMPLE_RESIZE; upsample++)
    {
      const CgNetworkConfig config = { .kind = CG_NET_RESNET,
                                       .input_nc = 3,
                                       .output_nc = 3,
                                       .nf = 64,
                                       .n_blocks = 9,
                                       .norm = CG_NORM_INSTANCE,
                                       .upsample = upsample };
      CgNetwork *network = cg_network_new (&config, NULL);
      g_autoptr (CgNorms) norms = cg_norms_new (network);
      size_t packed;

      g_assert_true (cg_network_measure_packed (network, &packed, NULL));
      for (int times = 1; times <= 2; times++)
        {
          g_autoptr (CgArena) arena = cg_arena_new ();
          g_autoptr (CgStream) stream
              = cg_stream_new (network, 1, 4000 * times, 6000 * times, CG_STREAM_SETTLED, norms, 2, arena, 0, NULL);

          g_assert_nonnull (stream);
          g_test_message ("%d x %d: %.0f MiB and %.0f of weights", 6000 * times, 4000 * times,
                          (double)cg_arena_measure (arena) / 1048576.0, (double)packed / 1048576.0);
          g_assert_cmpuint (cg_arena_measure (arena) + packed, <, (size_t)1010 << 20);
        }
      cg_network_free (network);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream/sizes", test_sizes);
  g_test_add_func ("/stream/blocks", test_blocks);
  g_test_add_func ("/stream/norms", test_norms);
  g_test_add_func ("/stream/channels", test_channels);
  g_test_add_func ("/stream/samples", test_samples);
  g_test_add_func ("/stream/cancel", test_cancel);
  g_test_add_func ("/stream/memory", test_memory);
  g_test_add_func ("/stream/limit", test_limit);
  return g_test_run ();
}
