/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Translations by rows against cg_translate, and what sampled statistics change in large pictures. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "infer/translate.h"
#include "tiny-model.h"

#ifndef __has_feature /* clang's */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

#define SEED 20261123

typedef struct
{
  int width, height;
  float *in, *out;
  int n_written;
  int fail_at; /* row */
  double last;
  GCancellable *cancellable;
} Picture;

/* @pixels: [network_height][network_width][3], what is between both halves of a translation */
typedef struct
{
  Picture *picture;
  int network_width, network_height;
  float *pixels;
  int n_written;
} Halves;

/* Brightness and roughness differ from place to place. */
static void
picture_init (Picture *picture, int width, int height)
{
  *picture = (Picture){ .width = width, .height = height, .fail_at = height };
  picture->in = g_new (float, (gsize)width *(gsize)height * 3);
  picture->out = g_new0 (float, (gsize)width *(gsize)height * 3);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        {
          size_t i = ((size_t)y * (size_t)width + (size_t)x) * 3 + (size_t)c;
          float noise = (float)((i * 2654435761u >> 7) % 1024) / 1024.0f - 0.5f;

          picture->in[i] = 0.5f + 0.3f * sinf (0.004f * (float)(x + 50 * c)) + 0.4f * noise * (float)y / (float)height;
        }
}

static void
picture_clear (Picture *picture)
{
  g_free (picture->in);
  g_free (picture->out);
}

static gboolean
read_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  Picture *picture = data;
  size_t stride = 3 * (size_t)picture->width;

  g_assert_cmpint (first, >=, 0);
  g_assert_cmpint (first + n, <=, picture->height);
  if (first + n > picture->fail_at)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, "row %d", first);
      return FALSE;
    }
  memcpy (rows, picture->in + (size_t)first * stride, (size_t)n * stride * sizeof (float));
  return TRUE;
}

static gboolean
write_rows (int first, int n, const float *rows, gpointer data, GError **error)
{
  Picture *picture = data;
  size_t stride = 3 * (size_t)picture->width;

  g_assert_cmpint (first, ==, picture->n_written);
  memcpy (picture->out + (size_t)first * stride, rows, (size_t)n * stride * sizeof (float));
  picture->n_written += n;
  return TRUE;
}

static void
watch (double done, gpointer data)
{
  Picture *picture = data;

  g_assert_cmpfloat (done, >=, picture->last);
  picture->last = done;
  if (picture->cancellable && done > 0.5)
    g_cancellable_cancel (picture->cancellable);
}

static gboolean
translate_rows (CgModel *model, const CgTranslateOptions *options, Picture *picture, GError **error)
{
  picture->n_written = 0;
  picture->last = 0.0;
  return cg_translate_rows (model, options, picture->width, picture->height, read_rows, write_rows, picture, watch,
                            picture, picture->cancellable, error);
}

/* Rows give the picture, whatever the mode and the size. */
static void
check_equal (CgModel *model)
{
  const int sizes[][2] = { { 1, 1 }, { 3, 5 }, { 70, 131 }, { 130, 66 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int variant = 0; variant < 6; variant++)
      {
        Picture picture;
        CgTranslateOptions options;
        g_autofree float *expected = NULL;
        size_t stride = 3 * (size_t)sizes[i][0];
        g_autoptr (GError) error = NULL;

        picture_init (&picture, sizes[i][0], sizes[i][1]);
        cg_translate_options_init (&options);
        options.size_mode = variant < 4 ? CG_SIZE_FULL : CG_SIZE_AUTO;
        options.strength = variant == 1 ? 0.3 : variant == 2 ? 0.0 : 1.0;
        options.apply = variant == 3 ? CG_APPLY_COLOUR : CG_APPLY_ALL;
        options.detail = variant == 4 ? 0.0 : 0.7;
        expected = g_new (float, stride *(size_t)picture.height);
        cg_translate (model, &options, picture.width, picture.height, picture.in, stride, expected, stride, NULL, NULL,
                      NULL, &error);
        g_assert_no_error (error);
        translate_rows (model, &options, &picture, &error);
        g_assert_no_error (error);
        g_assert_cmpint (picture.n_written, ==, picture.height);
        g_assert_true (picture.last == 1.0);
        g_assert_cmpmem (picture.out, stride * (size_t)picture.height * sizeof (float), expected,
                         stride * (size_t)picture.height * sizeof (float));
        picture_clear (&picture);
      }
}

static void
test_equal (void)
{
  g_autoptr (CgModel) resnet = cg_tiny_model_new (3, 3, 40, SEED);
  g_autoptr (CgModel) unet = cg_tiny_model_new_unet (40, SEED);

  check_equal (resnet);
  check_equal (unet);
}

static gboolean
read_own_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  const Halves *halves = data;

  g_assert_cmpint (first + n, <=, halves->network_height);
  memcpy (rows, halves->pixels + (size_t)first * 3 * (size_t)halves->network_width,
          (size_t)n * 3 * (size_t)halves->network_width * sizeof (float));
  return TRUE;
}

static gboolean
write_own_rows (int first, int n, const float *rows, gpointer data, GError **error)
{
  Halves *halves = data;

  g_assert_cmpint (first, ==, halves->n_written);
  memcpy (halves->pixels + (size_t)first * 3 * (size_t)halves->network_width, rows,
          (size_t)n * 3 * (size_t)halves->network_width * sizeof (float));
  halves->n_written += n;
  return TRUE;
}

static gboolean
read_for_halves (int first, int n, float *rows, gpointer data, GError **error)
{
  return read_rows (first, n, rows, ((Halves *)data)->picture, error);
}

static gboolean
write_for_halves (int first, int n, const float *rows, gpointer data, GError **error)
{
  return write_rows (first, n, rows, ((Halves *)data)->picture, error);
}

/* Both halves, one after the other, are the whole; so are the halves in memory. */
static void
test_halves (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 40, SEED);

  for (int variant = 0; variant < 9; variant++)
    {
      Picture picture;
      Halves halves = { .picture = &picture };
      CgTranslateOptions options;
      g_autofree float *expected = NULL;
      size_t stride = 3 * 90, n = stride * 70;
      g_autoptr (GError) error = NULL;

      picture_init (&picture, 90, 70);
      cg_translate_options_init (&options);
      options.size_mode = (CgSizeMode)(variant % 3);
      options.size = 150; /* larger than the picture */
      options.detail = 0.5 * (variant / 3);
      options.apply = variant % 2 ? CG_APPLY_LIGHT : CG_APPLY_ALL;
      options.strength = variant == 8 ? 0.4 : 1.0;
      expected = g_new (float, n);
      cg_translate (model, &options, 90, 70, picture.in, stride, expected, stride, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      cg_translate_estimate (model, &options, 90, 70, &halves.network_width, &halves.network_height, NULL, &error);
      g_assert_no_error (error);
      halves.pixels = g_new (float, 3 * halves.network_width * halves.network_height);
      cg_translate_network_rows (model, &options, 90, 70, read_for_halves, write_own_rows, &halves, NULL, NULL, NULL,
                                 &error);
      g_assert_no_error (error);
      g_assert_cmpint (halves.n_written, ==, halves.network_height);
      cg_translate_carry_rows (&options, 90, 70, read_for_halves, halves.network_width, halves.network_height,
                               read_own_rows, write_for_halves, &halves, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (picture.n_written, ==, 70);
      g_assert_cmpmem (picture.out, n * sizeof (float), expected, n * sizeof (float));

      cg_translate_network (model, &options, 90, 70, picture.in, stride, halves.pixels, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      memset (picture.out, 0, n * sizeof (float));
      cg_translate_carry (&options, 90, 70, picture.in, stride, halves.network_width, halves.network_height,
                          halves.pixels, picture.out, stride, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (picture.out, n * sizeof (float), expected, n * sizeof (float));
      g_free (halves.pixels);
      picture_clear (&picture);
    }
}

static void
test_failures (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 40, SEED);
  CgTranslateOptions options;
  g_autoptr (GError) error = NULL;
  Picture picture;

  picture_init (&picture, 40, 300);
  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_FULL;
  picture.fail_at = 200;
  g_assert_false (translate_rows (model, &options, &picture, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
  g_clear_error (&error);

  picture.fail_at = 300;
  options.memory_limit = 1000;
  g_assert_false (translate_rows (model, &options, &picture, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
  g_assert_cmpint (picture.n_written, ==, 0);
  g_clear_error (&error);

  options.memory_limit = 0;
  picture.cancellable = g_cancellable_new ();
  g_assert_false (translate_rows (model, &options, &picture, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_CANCELLED);
  g_object_unref (picture.cancellable);
  picture_clear (&picture);
}

/* Below the least size sampled is exact; above it differs a little, though a random network makes much of it. */
static void
test_statistics (void)
{
  const int sizes[][2] = { { 300, 200 }, { 2400, 1900 } };
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 40, SEED);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      Picture picture;
      CgTranslateOptions options;
      g_autofree float *exact = NULL;
      size_t n = (size_t)sizes[i][0] * (size_t)sizes[i][1] * 3;
      double sum = 0.0;
      g_autoptr (GError) error = NULL;

      picture_init (&picture, sizes[i][0], sizes[i][1]);
      cg_translate_options_init (&options);
      options.size_mode = CG_SIZE_FULL;
      /* Both are small enough for auto to be exact. */
      g_assert_true (translate_rows (model, &options, &picture, &error));
      exact = g_memdup2 (picture.out, n * sizeof (float));
      options.statistics = CG_STATISTICS_EXACT;
      g_assert_true (translate_rows (model, &options, &picture, &error));
      g_assert_cmpmem (picture.out, n * sizeof (float), exact, n * sizeof (float));
      options.statistics = CG_STATISTICS_SAMPLED;
      g_assert_true (translate_rows (model, &options, &picture, &error));
      for (size_t e = 0; e < n; e++)
        sum += 255.0 * fabs ((double)picture.out[e] - exact[e]);
      g_test_message ("%d x %d: %.4f levels", picture.width, picture.height, sum / (double)n);
      g_assert_cmpfloat (sum / (double)n, <, 3.0);
      if (i == 0)
        g_assert_true (sum == 0.0);
      else
        g_assert_true (sum > 0.0);
      picture_clear (&picture);
    }
}

/* What sampled statistics are for: memory hardly grows with the picture. Auto goes by the size alone. */
static void
test_estimate (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 40, SEED);
  CgTranslateOptions options;
  guint64 bytes[3], pixels = (guint64)6000 * 4000 * 3 * sizeof (float);

  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_FULL;
  for (int statistics = CG_STATISTICS_AUTO; statistics <= CG_STATISTICS_SAMPLED; statistics++)
    {
      options.statistics = (CgStatistics)statistics;
      options.memory_limit = (guint64)1 << (20 + statistics);
      g_assert_true (cg_translate_estimate (model, &options, 6000, 4000, NULL, NULL, &bytes[statistics], NULL));
    }
  g_assert_cmpuint (bytes[CG_STATISTICS_AUTO], ==, bytes[CG_STATISTICS_SAMPLED]);
  /* 64 channels would be 200 bytes per pixel. */
  g_assert_cmpuint (bytes[CG_STATISTICS_EXACT] - pixels, >, (guint64)6000 * 4000 * 130 / 16);
  g_assert_cmpuint (bytes[CG_STATISTICS_SAMPLED] - pixels, <, (guint64)100 << 20);
}

/* In bytes, from a line of /proc/self/status. */
static double
get_status (const char *key)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, key);
  g_assert_nonnull (line);
  return 1024.0 * g_ascii_strtod (line + strlen (key), NULL);
}

/* One way to translate; @rows: by rows, which needs less at full size. */
typedef struct
{
  CgSizeMode mode;
  CgStatistics statistics;
  gboolean rows;
} Way;

static const Way ways[] = {
  { CG_SIZE_FULL, CG_STATISTICS_EXACT, FALSE }, { CG_SIZE_FULL, CG_STATISTICS_SAMPLED, FALSE },
  { CG_SIZE_FULL, CG_STATISTICS_EXACT, TRUE },  { CG_SIZE_FULL, CG_STATISTICS_SAMPLED, TRUE },
  { CG_SIZE_SIZE, CG_STATISTICS_AUTO, FALSE },  { CG_SIZE_SIZE, CG_STATISTICS_AUTO, TRUE },
};

/* What was estimated is what is taken, within a tenth: with room for the heap's own. */
static void
test_peak (void)
{
  if (SANITIZED)
    g_test_skip ("a sanitizer takes memory of its own");
  for (guint i = 0; i < G_N_ELEMENTS (ways) && !SANITIZED; i++)
    {
      g_autofree char *path = g_strdup_printf ("/translate-rows/peak/subprocess/%u", i);

      g_test_trap_subprocess (path, 0, 0);
      g_test_trap_assert_passed ();
    }
}

/* The MiB that a run by rows says it needs, where it may have hardly any. */
static double
ask_for_need (CgModel *model, CgTranslateOptions options, Picture *picture)
{
  g_autoptr (GError) error = NULL;
  const char *number;

  options.memory_limit = 1000;
  g_assert_false (translate_rows (model, &options, picture, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
  number = strstr (error->message, "need ");
  g_assert_nonnull (number);
  return g_ascii_strtod (number + 5, NULL);
}

static void
measure_peak (gconstpointer data)
{
  const Way *way = data;
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 40, SEED);
  Picture picture;
  CgTranslateOptions options;
  guint64 bytes;
  double before, peak;
  g_autoptr (GError) error = NULL;

  picture_init (&picture, 2800, 2400);
  memset (picture.out, 1, (size_t)2800 * 2400 * 3 * sizeof (float));
  cg_translate_options_init (&options);
  options.size_mode = way->mode;
  options.size = 800;
  options.statistics = way->statistics;
  options.n_threads = 1;
  g_assert_true (cg_translate_estimate (model, &options, 2800, 2400, NULL, NULL, &bytes, NULL));
  if (way->rows)
    bytes = (guint64)(ask_for_need (model, options, &picture) * 1048576.0);
  options.memory_limit = bytes;
  before = get_status ("VmRSS:");
  if (way->rows)
    translate_rows (model, &options, &picture, &error);
  else
    cg_translate (model, &options, 2800, 2400, picture.in, 2800 * 3, picture.out, 2800 * 3, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  peak = get_status ("VmHWM:") - before;
  g_test_message ("estimated %.1f MiB, took %.1f MiB", (double)bytes / 1048576.0, peak / 1048576.0);
  g_assert_cmpfloat (peak, <, 1.1 * (double)bytes);
  g_assert_cmpfloat (peak, >, 0.9 * (double)bytes);
  picture_clear (&picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/translate-rows/equal", test_equal);
  g_test_add_func ("/translate-rows/halves", test_halves);
  g_test_add_func ("/translate-rows/failures", test_failures);
  g_test_add_func ("/translate-rows/statistics", test_statistics);
  g_test_add_func ("/translate-rows/estimate", test_estimate);
  g_test_add_func ("/translate-rows/peak", test_peak);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strdup_printf ("/translate-rows/peak/subprocess/%u", i);

      g_test_add_data_func (path, &ways[i], measure_peak);
    }
  return g_test_run ();
}
