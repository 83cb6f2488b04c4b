/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* cg_translate against the plain network on hand-made input, and its promises about strength, memory, progress and threads. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "nets/pass.h"
#include "tiny-model.h"

#define SEED 20240611
#define UNTOUCHED -7.0f
#define CLOSE 1e-5f /* by rows or whole, statistics are summed in different orders */

static float *
new_picture (int width, int height)
{
  float *picture = g_new (float, width *height * 3);

  for (int i = 0; i < width * height * 3; i++)
    picture[i] = (float)cg_random_uniform (SEED, CG_RANDOM_TEST, 0, (guint64)i);
  return picture;
}

static float *
new_blank (int width, int height)
{
  float *picture = g_new (float, width *height * 3);

  for (int i = 0; i < width * height * 3; i++)
    picture[i] = UNTOUCHED;
  return picture;
}

/* The network alone: [h][w][input_nc] in, [h][w][output_nc] out, both in -1 … 1. */
static float *
run_plain (CgModel *model, const float *in, int w, int h)
{
  CgNetwork *network = cg_model_get_network (model);
  const CgNetworkConfig *config = cg_network_get_config (network);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass
      = cg_pass_new (network, 1, h, w, CG_PASS_INFERENCE, 1, arena, 0, cg_pass_get_span (network), &error);
  float *out = g_new (float, w *h * config->output_nc);

  g_assert_no_error (error);
  cg_arena_commit (arena, &error);
  g_assert_no_error (error);
  for (int y = 0; y < h; y++)
    memcpy (cg_tensor_at (cg_pass_get_input (pass), 0, y, 0), in + y * w * config->input_nc,
            sizeof (float) * (size_t)(w * config->input_nc));
  g_assert_true (cg_pass_forward (pass, NULL, NULL));
  for (int y = 0; y < h; y++)
    memcpy (out + y * w * config->output_nc, cg_tensor_at (cg_pass_get_output (pass), 0, y, 0),
            sizeof (float) * (size_t)(w * config->output_nc));
  return out;
}

/* Where a zigzag over 0 … n-1 is after i steps, told the slow way. */
static int
zigzag (int i, int n)
{
  int at = 0, step = 1;

  for (i = abs (i); i > 0 && n > 1; i--)
    {
      if (at + step < 0 || at + step >= n)
        step = -step;
      at += step;
    }
  return at;
}

/* Pads to the left and top by @margin and to the right and bottom up to w x h, in the network's values. */
static float *
pad (const float *picture, int width, int height, int channels, int margin, int w, int h)
{
  float *padded = g_new (float, w *h *channels);

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int c = 0; c < channels; c++)
        padded[(y * w + x) * channels + c]
            = 2.0f * picture[(zigzag (y - margin, height) * width + zigzag (x - margin, width)) * channels + c] - 1.0f;
  return padded;
}

static void
translate (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in, float *out)
{
  g_autoptr (GError) error = NULL;

  cg_translate (model, options, width, height, in, (size_t)(3 * width), out, (size_t)(3 * width), NULL, NULL, NULL,
                &error);
  g_assert_no_error (error);
}

static CgTranslateOptions
get_options (CgSizeMode mode)
{
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  options.size_mode = mode;
  return options;
}

static void
test_full (void)
{
  const int sizes[][4]
      = { { 16, 12, 16, 12 }, { 17, 40, 20, 40 }, { 13, 9, 16, 12 }, { 3, 5, 8, 8 }, { 1, 1, 8, 8 }, { 1, 30, 8, 32 } };
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 256, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_FULL);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      int w = sizes[i][0], h = sizes[i][1], padded_w = sizes[i][2], padded_h = sizes[i][3];
      g_autofree float *in = new_picture (w, h);
      g_autofree float *out = new_blank (w, h);
      g_autofree float *padded = pad (in, w, h, 3, 0, padded_w, padded_h);
      g_autofree float *expected = run_plain (model, padded, padded_w, padded_h);

      translate (model, &options, w, h, in, out);
      for (int y = 0; y < h; y++)
        for (int x = 0; x < 3 * w; x++)
          g_assert_cmpfloat_with_epsilon (out[y * 3 * w + x], 0.5f * expected[y * 3 * padded_w + x] + 0.5f, CLOSE);
    }
}

/* 60 x 45 at train_scale 20 is 40 x 30 for the network: reduced, 32 reflected pixels around it, enlarged again. */
static void
test_auto (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 20, SEED);
  CgTranslateOptions options = { .size_mode = CG_SIZE_AUTO, .strength = 1.0 };
  g_autofree float *in = new_picture (60, 45);
  g_autofree float *out = new_blank (60, 45);
  g_autofree float *small = g_new (float, 40 * 30 * 3);
  g_autofree float *padded = NULL;
  g_autofree float *translated = NULL;
  CgResizeAxis across, down;
  float row[60 * 3], scratch[104 * 3];

  g_assert_true (cg_resize_axis_init (&across, 60, 40, NULL) && cg_resize_axis_init (&down, 45, 30, NULL));
  for (int y = 0; y < 30; y++)
    cg_resize_row (&across, &down, 3, in, 0, 60 * 3, false, y, scratch, small + y * 40 * 3);
  cg_resize_axis_clear (&across);
  cg_resize_axis_clear (&down);
  for (int i = 0; i < 40 * 30 * 3; i++)
    small[i] = CLAMP (small[i], 0.0f, 1.0f);
  padded = pad (small, 40, 30, 3, 32, 104, 96);
  translated = run_plain (model, padded, 104, 96);

  translate (model, &options, 60, 45, in, out);
  g_assert_true (cg_resize_axis_init (&across, 40, 60, NULL) && cg_resize_axis_init (&down, 30, 45, NULL));
  for (int y = 0; y < 45; y++)
    {
      cg_resize_row (&across, &down, 3, translated + (32 * 104 + 32) * 3, 0, 104 * 3, false, y, scratch, row);
      for (int x = 0; x < 60 * 3; x++)
        g_assert_cmpfloat_with_epsilon (out[y * 60 * 3 + x], CLAMP (0.5f * row[x] + 0.5f, 0.0f, 1.0f), CLOSE);
    }
  cg_resize_axis_clear (&across);
  cg_resize_axis_clear (&down);
}

static void
test_small_pictures (void)
{
  const int sizes[][2] = { { 1, 1 }, { 3, 5 }, { 17, 40 }, { 1, 300 } };
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 16, SEED);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (CgSizeMode mode = CG_SIZE_AUTO; mode <= CG_SIZE_FULL; mode++)
      {
        int w = sizes[i][0], h = sizes[i][1];
        CgTranslateOptions options = get_options (mode);
        g_autofree float *in = new_picture (w, h);
        g_autofree float *out = new_blank (w, h);

        options.size = 20;
        translate (model, &options, w, h, in, out);
        for (int p = 0; p < w * h * 3; p++)
          g_assert_true (out[p] >= 0.0f && out[p] <= 1.0f);
      }
}

static void
test_strength (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 256, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_FULL);
  g_autofree float *in = new_picture (20, 16);
  g_autofree float *full = new_blank (20, 16);
  g_autofree float *half = new_blank (20, 16);
  g_autofree float *none = new_blank (20, 16);

  /* A highlight is clipped for the network, but not where the picture shows through. */
  in[100] = 4.0f;
  in[200] = INFINITY;
  in[201] = NAN;
  translate (model, &options, 20, 16, in, full);
  options.strength = 0.5;
  translate (model, &options, 20, 16, in, half);
  options.strength = 0.0;
  translate (model, &options, 20, 16, in, none);
  g_assert_cmpmem (none, 20 * 16 * 3 * sizeof (float), in, 20 * 16 * 3 * sizeof (float));
  g_assert_true (isinf (half[200]));
  half[200] = in[200] = full[200] = 0.0f;
  in[201] = 0.0f;
  for (int i = 0; i < 20 * 16 * 3; i++)
    {
      g_assert_true (full[i] >= 0.0f && full[i] <= 1.0f);
      g_assert_cmpfloat_with_epsilon (half[i], 0.5f * (in[i] + full[i]), 1e-6f);
    }
}

static void
test_not_a_number (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 20, SEED);

  for (CgSizeMode mode = CG_SIZE_AUTO; mode <= CG_SIZE_FULL; mode += CG_SIZE_FULL)
    {
      CgTranslateOptions options = { .size_mode = mode, .strength = 1.0 };
      g_autofree float *in = new_picture (33, 29);
      g_autofree float *clean = new_picture (33, 29);
      g_autofree float *out = new_blank (33, 29);
      g_autofree float *expected = new_blank (33, 29);

      in[50] = NAN, clean[50] = 0.0f;
      in[51] = -INFINITY, clean[51] = 0.0f;
      in[52] = 1e30f, clean[52] = 1.0f;
      translate (model, &options, 33, 29, in, out);
      translate (model, &options, 33, 29, clean, expected);
      g_assert_cmpmem (out, 33 * 29 * 3 * sizeof (float), expected, 33 * 29 * 3 * sizeof (float));
    }
}

static void
test_grey (void)
{
  g_autoptr (CgModel) from_grey = cg_tiny_model_new (1, 3, 256, SEED);
  g_autoptr (CgModel) to_grey = cg_tiny_model_new (3, 1, 256, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_FULL);
  g_autofree float *in = new_picture (12, 8);
  g_autofree float *out = new_blank (12, 8);
  g_autofree float *padded = pad (in, 12, 8, 3, 0, 12, 8);
  g_autofree float *expected = run_plain (to_grey, padded, 12, 8);
  float luma[12 * 8];

  translate (to_grey, &options, 12, 8, in, out);
  for (int i = 0; i < 12 * 8 * 3; i++)
    g_assert_cmpfloat_with_epsilon (out[i], 0.5f * expected[i / 3] + 0.5f, CLOSE);

  for (int i = 0; i < 12 * 8; i++)
    luma[i] = 2.0f * (0.299f * in[3 * i] + 0.587f * in[3 * i + 1] + 0.114f * in[3 * i + 2]) - 1.0f;
  g_free (expected);
  expected = run_plain (from_grey, luma, 12, 8);
  translate (from_grey, &options, 12, 8, in, out);
  for (int i = 0; i < 12 * 8 * 3; i++)
    g_assert_cmpfloat_with_epsilon (out[i], 0.5f * expected[i] + 0.5f, 1e-5f);
}

/* Rows may be apart, and the result may take the picture's place. */
static void
test_strides (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 16, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_AUTO);
  g_autofree float *in = new_picture (24, 18);
  g_autofree float *expected = new_blank (24, 18);
  g_autofree float *wide = new_blank (30, 18);
  g_autoptr (GError) error = NULL;

  translate (model, &options, 24, 18, in, expected);
  for (int y = 0; y < 18; y++)
    memcpy (wide + y * 90, in + y * 72, 72 * sizeof (float));
  cg_translate (model, &options, 24, 18, wide, 90, wide, 90, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (int y = 0; y < 18; y++)
    {
      g_assert_cmpmem (wide + y * 90, 72 * sizeof (float), expected + y * 72, 72 * sizeof (float));
      for (int x = 72; x < 90; x++)
        g_assert_cmpfloat (wide[y * 90 + x], ==, UNTOUCHED);
    }
}

static void
test_memory_limit (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 32, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_SIZE);
  g_autofree float *in = new_picture (90, 60);
  g_autofree float *out = new_blank (90, 60);
  g_autoptr (GError) error = NULL;
  guint64 bytes;
  int w, h;

  options.size = 32;
  g_assert_true (cg_translate_estimate (model, &options, 90, 60, &w, &h, &bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpint (w, ==, 48);
  g_assert_cmpint (h, ==, 32);
  /* At least the two widest values of the network, which live at the same time. */
  g_assert_cmpuint (bytes, >, (48 + 64) * (32 + 64) * (3 + 4) * sizeof (float));

  options.memory_limit = bytes - 1;
  g_assert_false (cg_translate (model, &options, 90, 60, in, 270, out, 270, NULL, NULL, NULL, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "112 x 96"));
  g_assert_nonnull (strstr (error->message, "MiB"));
  for (int i = 0; i < 90 * 60 * 3; i++)
    g_assert_cmpfloat (out[i], ==, UNTOUCHED);
  options.memory_limit = bytes;
  translate (model, &options, 90, 60, in, out);
}

static void
test_bad_requests (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 32, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_SIZE);
  float pixel[3] = { 0.0f, 0.0f, 0.0f };
  g_autoptr (GError) error = NULL;

  options.size = 15;
  g_assert_false (cg_translate (model, &options, 1, 1, pixel, 3, pixel, 3, NULL, NULL, NULL, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
  g_clear_error (&error);
  options.size = 16;
  g_assert_false (cg_translate (model, &options, 0, 5, pixel, 3, pixel, 3, NULL, NULL, NULL, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_SHAPE);
}

typedef struct
{
  GArray *reports;
  GCancellable *cancellable;
  double cancel_at;
  GThread *thread;
} Log;

static void
log_progress (double done, gpointer data)
{
  Log *log = data;

  g_assert_true (g_thread_self () == log->thread);
  g_array_append_val (log->reports, done);
  if (log->cancellable && done >= log->cancel_at)
    g_cancellable_cancel (log->cancellable);
}

static void
test_progress (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 32, SEED);
  g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (double));
  Log log = { .reports = reports, .thread = g_thread_self () };
  g_autofree float *in = new_picture (40, 40);
  g_autoptr (GError) error = NULL;

  for (int strength = 0; strength <= 1; strength++)
    {
      CgTranslateOptions options = get_options (CG_SIZE_AUTO);

      options.strength = strength;
      g_array_set_size (reports, 0);
      cg_translate (model, &options, 40, 40, in, 120, in, 120, log_progress, &log, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (reports->len, >, strength ? 8 : 1);
      g_assert_true (g_array_index (reports, double, 0) == 0.0);
      g_assert_true (g_array_index (reports, double, reports->len - 1) == 1.0);
      for (guint i = 1; i < reports->len; i++)
        g_assert_true (g_array_index (reports, double, i) >= g_array_index (reports, double, i - 1));
    }
}

static void
test_cancel (void)
{
  const double moments[] = { 0.0, 0.3, 0.7 };
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 32, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_AUTO);
  g_autofree float *in = new_picture (40, 40);
  g_autofree float *out = new_blank (40, 40);

  for (guint m = 0; m < G_N_ELEMENTS (moments); m++)
    {
      g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (double));
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Log log = { .reports = reports, .cancellable = cancellable, .cancel_at = moments[m], .thread = g_thread_self () };
      g_autoptr (GError) error = NULL;

      g_assert_false (
          cg_translate (model, &options, 40, 40, in, 120, out, 120, log_progress, &log, cancellable, &error));
      g_assert_error (error, CG_ERROR, CG_ERROR_CANCELLED);
      /* Nothing is told after the wish to stop. */
      for (guint i = 0; i + 1 < reports->len; i++)
        g_assert_true (g_array_index (reports, double, i) < moments[m]);
      for (int i = 0; i < 40 * 40 * 3; i++)
        g_assert_cmpfloat (out[i], ==, UNTOUCHED);
    }
}

static void
test_thread_counts (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 100, SEED);
  CgTranslateOptions options = get_options (CG_SIZE_AUTO);
  g_autofree float *in = new_picture (150, 110);
  g_autofree float *expected = new_blank (150, 110);
  g_autofree float *out = new_blank (150, 110);

  options.n_threads = 1;
  translate (model, &options, 150, 110, in, expected);
  cg_parallel_set_wish (7);
  for (int n = 2; n <= 7; n += 5)
    {
      options.n_threads = n;
      cg_parallel_reset_peak_workers ();
      for (int i = 0; i < 500 && cg_parallel_get_peak_workers () < 2; i++) /* a busy machine may let one do it all */
        translate (model, &options, 150, 110, in, out);
      g_assert_cmpint (cg_parallel_get_peak_workers (), >, 1);
      g_assert_cmpmem (out, 150 * 110 * 3 * sizeof (float), expected, 150 * 110 * 3 * sizeof (float));
    }
  cg_parallel_set_wish (0);
}

typedef struct
{
  CgModel *model;
  const float *in;
  float *out;
} Caller;

static gpointer
call (gpointer data)
{
  Caller *caller = data;
  CgTranslateOptions options = get_options (CG_SIZE_FULL);

  options.n_threads = 1;
  translate (caller->model, &options, 64, 48, caller->in, caller->out);
  return NULL;
}

/* A fresh model, so that the callers also meet over its first use. */
static void
test_concurrent_callers (void)
{
  g_autofree float *in = new_picture (64, 48);
  g_autofree float *expected = NULL;

  for (int round = 0; round < 20; round++)
    {
      g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 256, SEED);
      Caller callers[3];
      GThread *threads[3];

      for (int i = 0; i < 3; i++)
        {
          callers[i] = (Caller){ model, in, new_blank (64, 48) };
          threads[i] = g_thread_new ("caller", call, &callers[i]);
        }
      for (int i = 0; i < 3; i++)
        {
          g_thread_join (threads[i]);
          if (!expected)
            expected = g_memdup2 (callers[i].out, 64 * 48 * 3 * sizeof (float));
          g_assert_cmpmem (callers[i].out, 64 * 48 * 3 * sizeof (float), expected, 64 * 48 * 3 * sizeof (float));
          g_free (callers[i].out);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/translate/full", test_full);
  g_test_add_func ("/translate/auto", test_auto);
  g_test_add_func ("/translate/small-pictures", test_small_pictures);
  g_test_add_func ("/translate/strength", test_strength);
  g_test_add_func ("/translate/not-a-number", test_not_a_number);
  g_test_add_func ("/translate/grey", test_grey);
  g_test_add_func ("/translate/strides", test_strides);
  g_test_add_func ("/translate/memory-limit", test_memory_limit);
  g_test_add_func ("/translate/bad-requests", test_bad_requests);
  g_test_add_func ("/translate/progress", test_progress);
  g_test_add_func ("/translate/cancel", test_cancel);
  g_test_add_func ("/translate/thread-counts", test_thread_counts);
  g_test_add_func ("/translate/concurrent-callers", test_concurrent_callers);
  return g_test_run ();
}
