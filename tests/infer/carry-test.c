/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* From the network's pixels to the picture's, with made-up networks whose answer is known: the identity, a constant, a map of colours. */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "base/random.h"
#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "tiny-model.h"

#define SEED 20240612

static float *
new_picture (int width, int height)
{
  float *picture = g_new (float, width *height * 3);

  for (int i = 0; i < width * height * 3; i++)
    picture[i] = (float)cg_random_uniform (SEED, CG_RANDOM_TEST, 0, (guint64)i);
  return picture;
}

static float *
reduce (const float *picture, int width, int height, int w, int h)
{
  float *small = g_new (float, w *h * 3);
  g_autofree float *scratch = g_new (float, width * 3);
  CgResizeAxis across, down;

  g_assert_true (cg_resize_axis_init (&across, width, w, NULL) && cg_resize_axis_init (&down, height, h, NULL));
  for (int y = 0; y < h; y++)
    cg_resize_row (&across, &down, 3, picture, 0, (size_t)width * 3, true, y, scratch, small + y * w * 3);
  cg_resize_axis_clear (&across);
  cg_resize_axis_clear (&down);
  for (int i = 0; i < w * h * 3; i++)
    small[i] = cg_clean_sample (small[i]);
  return small;
}

/* Returns: (transfer full): the result; @pixels stay as they are. */
static float *
carry (const CgTranslateOptions *options, int width, int height, const float *in, int w, int h, const float *pixels)
{
  g_autofree float *copy = g_memdup2 (pixels, sizeof (float) * 3 * (size_t)(w * h));
  float *out = g_new0 (float, width *height * 3);
  g_autoptr (GError) error = NULL;

  cg_translate_carry (options, width, height, in, (size_t)width * 3, w, h, copy, out, (size_t)width * 3, &error);
  g_assert_no_error (error);
  return out;
}

static CgTranslateOptions
get_options (double detail)
{
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  options.detail = detail;
  return options;
}

static float
compare (const float *a, const float *b, int n)
{
  float most = 0.0f;

  for (int i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      most = MAX (most, fabsf (a[i] - b[i]));
    }
  return most;
}

/* Noise has a variance of 1/12, or less once reduced, next to which eps = 0.0025 takes up to some 5 % off every deviation from the
 * window's mean, which is 0.5 at most: see He, Sun, Tang 2013, section 3.2. */
static void
test_identity (void)
{
  const CgTranslateOptions options = get_options (1.0);
  g_autofree float *in = new_picture (60, 44);
  g_autofree float *out = carry (&options, 60, 44, in, 60, 44, in);

  g_assert_cmpfloat (compare (out, in, 60 * 44 * 3), <, 0.03f);
}

/* A whole range of details: a constant has no detail to carry, and no photo shines through. */
static void
test_constant (void)
{
  const float colour[3] = { 0.2f, 0.7f, 0.4f };
  g_autofree float *in = new_picture (90, 66);
  g_autofree float *pixels = g_new (float, 30 * 22 * 3);

  for (int i = 0; i < 30 * 22 * 3; i++)
    pixels[i] = colour[i % 3];
  for (int step = 0; step <= 4; step++)
    {
      const CgTranslateOptions options = get_options (0.25 * step);
      g_autofree float *out = carry (&options, 90, 66, in, 30, 22, pixels);

      for (int i = 0; i < 90 * 66 * 3; i++)
        g_assert_cmpfloat_with_epsilon (out[i], colour[i % 3], 2e-6f);
    }
}

/* One affine map everywhere, mixing the channels, learned from the reduced picture and found again at full size. */
static void
test_colour_map (void)
{
  const float map[3][4] = { { 0.3f, 0.4f, 0.0f, 0.1f }, { 0.0f, 0.5f, 0.2f, 0.2f }, { -0.4f, 0.0f, 0.6f, 0.4f } };
  const CgTranslateOptions options = get_options (1.0);
  g_autofree float *in = new_picture (96, 80);
  g_autofree float *expected = g_new (float, 96 * 80 * 3);
  g_autofree float *small = NULL;
  g_autofree float *pixels = g_new (float, 48 * 40 * 3);
  g_autofree float *out = NULL;

  /* Blocks of 8 pixels, so that the reduced picture varies as much as the large one. */
  for (int y = 0; y < 80; y++)
    for (int x = 0; x < 96; x++)
      memcpy (in + (y * 96 + x) * 3, in + ((y & ~7) * 96 + (x & ~7)) * 3, 3 * sizeof (float));
  small = reduce (in, 96, 80, 48, 40);
  for (int i = 0; i < 48 * 40 * 3; i++)
    {
      const float *p = small + i / 3 * 3, *m = map[i % 3];

      pixels[i] = m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3];
    }
  for (int i = 0; i < 96 * 80 * 3; i++)
    {
      const float *p = in + i / 3 * 3, *m = map[i % 3];

      expected[i] = m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3];
    }
  out = carry (&options, 96, 80, in, 48, 40, pixels);
  /* What eps takes from windows of a few blocks, some of them of nearly one colour. */
  g_assert_cmpfloat (compare (out, expected, 96 * 80 * 3), <, 0.06f);
}

/* A step from 0.1 to 0.9 between two pixels of the photo, which the network sees four times smaller. */
static void
test_edge (void)
{
  const double details[] = { 0.0, 0.7, 1.0 };
  float steps[3];
  g_autofree float *in = g_new (float, 128 * 40 * 3);
  g_autofree float *small = NULL;

  for (int i = 0; i < 128 * 40 * 3; i++)
    in[i] = i / 3 % 128 < 62 ? 0.1f : 0.9f;
  small = reduce (in, 128, 40, 32, 10);
  for (int d = 0; d < 3; d++)
    {
      const CgTranslateOptions options = get_options (details[d]);
      g_autofree float *out = carry (&options, 128, 40, in, 32, 10, small);

      steps[d] = out[(20 * 128 + 62) * 3] - out[(20 * 128 + 61) * 3];
    }
  g_assert_cmpfloat (steps[0], <, 0.3f);
  g_assert_cmpfloat (steps[1], >, 0.7f);
  g_assert_cmpfloat (steps[2], >, 0.76f);
  g_assert_cmpfloat (steps[2], <, 0.8001f);
}

/* No jump at either end, for the network's pixels of another picture. */
static void
test_continuous (void)
{
  g_autofree float *in = new_picture (70, 50);
  g_autofree float *other = new_picture (200, 100);
  g_autofree float *pixels = reduce (other, 200, 100, 28, 20);

  for (double end = 0.0; end <= 1.0; end += 1.0)
    {
      const CgTranslateOptions at = get_options (end), beside = get_options (fabs (end - 1e-4));
      g_autofree float *a = carry (&at, 70, 50, in, 28, 20, pixels);
      g_autofree float *b = carry (&beside, 70, 50, in, 28, 20, pixels);

      g_assert_cmpfloat (compare (a, b, 70 * 50 * 3), <, 2e-3f);
      g_assert_cmpfloat (compare (a, b, 70 * 50 * 3), >, 0.0f);
    }
}

/* Full is the plain network, whatever the detail. */
static void
test_full (void)
{
  CgTranslateOptions options = get_options (1.0);
  g_autofree float *in = new_picture (20, 16);
  g_autofree float *small = g_new (float, 20 * 16 * 3);
  g_autofree float *out = NULL;

  for (int i = 0; i < 20 * 16 * 3; i++)
    small[i] = 1.0f - in[i];
  options.size_mode = CG_SIZE_FULL;
  out = carry (&options, 20, 16, in, 20, 16, small);
  g_assert_cmpmem (out, 20 * 16 * 3 * sizeof (float), small, 20 * 16 * 3 * sizeof (float));
}

/* A highlight of 4.0 in a bright sky stays one, its neighbours do not notice, and nothing unreal comes out of what is not a number. */
static void
test_headroom (void)
{
  const CgTranslateOptions options = get_options (1.0);
  g_autofree float *in = new_picture (64, 48);
  g_autofree float *small = NULL;
  g_autofree float *out = NULL;
  const int at = (24 * 64 + 32) * 3;

  for (int c = 0; c < 3; c++)
    in[at + c] = 4.0f;
  in[300] = NAN;
  in[600] = INFINITY;
  in[900] = -INFINITY;
  small = reduce (in, 64, 48, 32, 24);
  out = carry (&options, 64, 48, in, 32, 24, small);
  for (int c = 0; c < 3; c++)
    g_assert_true (out[at + c] > 3.0f && out[at + c] <= 4.0f);
  for (int i = 0; i < 64 * 48 * 3; i++)
    {
      g_assert_true (isfinite (out[i]));
      if (i / 3 != at / 3 && i / 3 != 200 && i / 3 != 300)
        g_assert_true (out[i] >= 0.0f && out[i] <= 1.0f);
    }
  g_assert_cmpfloat (out[600], >, 1000.0f);
}

/* sRGB (IEC 61966-2-1) to CIE Lab under D50, Bradford-adapted matrix; told here for itself, to check babl's. */
static void
get_lab (const float *rgb, double *lab)
{
  const double matrix[3][3] = { { 0.4360747, 0.3850649, 0.1430804 },
                                { 0.2225045, 0.7168786, 0.0606169 },
                                { 0.0139322, 0.0971045, 0.7141733 } };
  const double white[3] = { 0.96422, 1.0, 0.82521 };
  double f[3];

  for (int i = 0; i < 3; i++)
    {
      double xyz = 0.0;

      for (int c = 0; c < 3; c++)
        xyz += matrix[i][c] * (rgb[c] <= 0.04045f ? rgb[c] / 12.92 : pow ((rgb[c] + 0.055) / 1.055, 2.4));
      f[i]
          = xyz / white[i] > 216.0 / 24389.0 ? cbrt (xyz / white[i]) : (24389.0 / 27.0 * xyz / white[i] + 16.0) / 116.0;
    }
  lab[0] = 116.0 * f[1] - 16.0;
  lab[1] = 500.0 * (f[0] - f[1]);
  lab[2] = 200.0 * (f[1] - f[2]);
}

/* Soft colours, so that every mixture exists. Light and colour are each of one picture and not of the other. */
static void
test_apply (void)
{
  g_autofree float *in = new_picture (40, 30);
  g_autofree float *pixels = new_picture (80, 30);

  for (int i = 0; i < 40 * 30 * 3; i++)
    {
      pixels[i] = 0.45f + 0.1f * pixels[i + 40 * 30 * 3];
      in[i] = 0.45f + 0.15f * in[i];
    }
  for (CgApply apply = CG_APPLY_ALL; apply <= CG_APPLY_LIGHT; apply++)
    {
      CgTranslateOptions options = get_options (0.0);
      g_autofree float *out = NULL;

      options.apply = apply;
      out = carry (&options, 40, 30, in, 40, 30, pixels);
      for (int p = 0; p < 40 * 30; p++)
        {
          double photo[3], network[3], result[3];

          get_lab (in + 3 * p, photo);
          get_lab (pixels + 3 * p, network);
          get_lab (out + 3 * p, result);
          for (int c = 0; c < 3; c++)
            {
              gboolean from_photo = c == 0 ? apply == CG_APPLY_COLOUR : apply == CG_APPLY_LIGHT;

              /* babl's tables and polynomials, on a scale of 100. */
              g_assert_cmpfloat_with_epsilon (result[c], from_photo ? photo[c] : network[c], 0.05);
            }
        }
    }
}

/* The photo's light keeps its headroom, whatever the network says. */
static void
test_apply_headroom (void)
{
  CgTranslateOptions options = get_options (0.0);
  g_autofree float *in = new_picture (20, 20);
  g_autofree float *pixels = new_picture (20, 20);
  g_autofree float *out = NULL;

  for (int i = 600; i < 603; i++)
    {
      in[i] = 4.0f;
      pixels[i] = 0.5f;
    }
  options.apply = CG_APPLY_COLOUR;
  out = carry (&options, 20, 20, in, 20, 20, pixels);
  for (int i = 600; i < 603; i++)
    g_assert_cmpfloat_with_epsilon (out[i], 4.0f, 0.05f);
}

static void
test_tiny (void)
{
  const int sizes[][4]
      = { { 1, 1, 1, 1 }, { 1, 1, 16, 16 }, { 3, 5, 3, 5 }, { 3, 5, 16, 27 }, { 1, 300, 1, 16 }, { 17, 2, 5, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (double detail = 0.0; detail <= 1.0; detail += 0.5)
      {
        const CgTranslateOptions options = get_options (detail);
        int n = sizes[i][0] * sizes[i][1] * 3;
        g_autofree float *in = new_picture (sizes[i][0], sizes[i][1]);
        g_autofree float *pixels = g_new (float, sizes[i][2] * sizes[i][3] * 3);
        g_autofree float *out = NULL;

        for (int p = 0; p < sizes[i][2] * sizes[i][3] * 3; p++)
          pixels[p] = 0.25f;
        out = carry (&options, sizes[i][0], sizes[i][1], in, sizes[i][2], sizes[i][3], pixels);
        for (int p = 0; p < n; p++)
          g_assert_cmpfloat_with_epsilon (out[p], 0.25f, 1e-6f);
      }
}

static void
test_threads (void)
{
  CgTranslateOptions options = get_options (0.7);
  g_autofree float *in = new_picture (130, 110);
  g_autofree float *other = new_picture (150, 130);
  g_autofree float *pixels = reduce (other, 150, 130, 65, 55);
  g_autofree float *expected = NULL;

  cg_parallel_set_wish (7);
  for (options.n_threads = 1; options.n_threads <= 7; options.n_threads += 3)
    {
      g_autofree float *out = carry (&options, 130, 110, in, 65, 55, pixels);

      if (!expected)
        expected = g_steal_pointer (&out);
      else
        g_assert_cmpmem (out, 130 * 110 * 3 * sizeof (float), expected, 130 * 110 * 3 * sizeof (float));
    }
  cg_parallel_set_wish (0);
}

/* The two halves, of which a caller may repeat the second, are the whole. */
static void
test_halves (void)
{
  g_autoptr (CgModel) model = cg_tiny_model_new (3, 3, 20, SEED);
  CgTranslateOptions options = get_options (0.7);
  g_autofree float *in = new_picture (60, 45);
  g_autofree float *expected = g_new0 (float, 60 * 45 * 3);
  g_autofree float *out = NULL;
  g_autofree float *pixels = NULL;
  g_autoptr (GError) error = NULL;
  int w, h;

  options.strength = 0.8;
  g_assert_true (cg_translate (model, &options, 60, 45, in, 180, expected, 180, NULL, NULL, NULL, &error));
  g_assert_true (cg_translate_estimate (model, &options, 60, 45, &w, &h, NULL, &error));
  pixels = g_new (float, w *h * 3);
  g_assert_true (cg_translate_network (model, &options, 60, 45, in, 180, pixels, NULL, NULL, NULL, &error));
  out = carry (&options, 60, 45, in, w, h, pixels);
  g_assert_no_error (error);
  g_assert_cmpmem (out, 60 * 45 * 3 * sizeof (float), expected, 60 * 45 * 3 * sizeof (float));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/carry/identity", test_identity);
  g_test_add_func ("/carry/constant", test_constant);
  g_test_add_func ("/carry/colour-map", test_colour_map);
  g_test_add_func ("/carry/edge", test_edge);
  g_test_add_func ("/carry/continuous", test_continuous);
  g_test_add_func ("/carry/full", test_full);
  g_test_add_func ("/carry/headroom", test_headroom);
  g_test_add_func ("/carry/apply", test_apply);
  g_test_add_func ("/carry/apply-headroom", test_apply_headroom);
  g_test_add_func ("/carry/tiny", test_tiny);
  g_test_add_func ("/carry/threads", test_threads);
  g_test_add_func ("/carry/halves", test_halves);
  return g_test_run ();
}
