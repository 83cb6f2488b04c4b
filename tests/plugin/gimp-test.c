/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The procedure in the real GIMP, which runs gimp-rows.scm once; each test looks at what came of one kind of drawable. */
#define _GNU_SOURCE /* memmem() */
#include <math.h>
#include <string.h>

#include "gimp-session.h"
#include "picture.h"
#include "tiny-model.h"

/* A level of 8 bits, and what half a level of rounding on either side adds. */
#define TOLERANCE (1.0f / 255.0f + 1e-4f)

static char *folder;
static CgModel *model;
static char *said;
static char *errors;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* What the script said about @key. */
static void
expect (const char *key, const char *value)
{
  g_autofree char *line = g_strdup_printf ("\n%s: %s\n", key, value);

  if (!strstr (said, line))
    g_test_message ("expected %s in:\n%s", line, said);
  g_assert_nonnull (strstr (said, line));
}

/* GIMP 3 checks the values of arguments, and keeps those of the last time, by itself. */
static gboolean
is_gimp2 (void)
{
  return strstr (said, "\nversion: 2\n") != NULL;
}

static float *
load (const char *name, const char *format)
{
  g_autofree char *path = in_folder (name);
  g_autoptr (GeglBuffer) picture = cg_picture_load (path);

  return cg_picture_get (picture, babl_format (format));
}

/* What the network makes of a stored picture. */
static float *
translate_so (const char *name, CgSizeMode mode, double detail, CgApply apply, double strength, gsize *n)
{
  g_autofree char *path = in_folder (name);
  g_autoptr (GeglBuffer) picture = cg_picture_load (path);
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  options.size_mode = mode;
  options.size = 20;
  options.detail = detail;
  options.apply = apply;
  options.strength = strength;
  *n = (gsize)gegl_buffer_get_width (picture) * (gsize)gegl_buffer_get_height (picture) * 3;
  return cg_picture_translate (picture, model, &options);
}

static float *
translate (const char *name, CgSizeMode mode, double strength, gsize *n)
{
  return translate_so (name, mode, 0.7, CG_APPLY_ALL, strength, n);
}

/* In the picture's own space, where a level is a level. */
static void
expect_picture (const char *name, const float *expected, gsize n)
{
  g_autofree char *file = g_strconcat (name, "-replaced.png", NULL);
  g_autofree char *path = in_folder (file);
  g_autoptr (GeglBuffer) picture = cg_picture_load (path);
  const Babl *space = babl_format_get_space (gegl_buffer_get_format (picture));
  const Babl *format = babl_format_with_space ("R'G'B' float", space);
  g_autofree float *pixels = cg_picture_get (picture, format);
  g_autofree float *converted = g_new (float, n);

  g_test_message ("%s", name);
  babl_process (babl_fish (babl_format ("R'G'B' float"), format), expected, converted, (long)(n / 3));
  g_assert_cmpfloat (cg_picture_compare (pixels, converted, n), <=, TOLERANCE);
}

static void
test_replaced (void)
{
  const struct
  {
    const char *name, *from;
    CgSizeMode mode;
    double detail;
    CgApply apply;
    double strength;
  } rows[] = {
    { "rgb", "rgb.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
    { "half", "rgb.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 0.5 },
    { "size", "rgb.png", CG_SIZE_SIZE, 0.7, CG_APPLY_ALL, 1.0 },
    { "full", "rgb.png", CG_SIZE_FULL, 0.7, CG_APPLY_ALL, 1.0 },
    { "painterly", "rgb.png", CG_SIZE_SIZE, 0.0, CG_APPLY_ALL, 1.0 },
    { "sharp", "rgb.png", CG_SIZE_SIZE, 1.0, CG_APPLY_ALL, 1.0 },
    { "colour", "rgb.png", CG_SIZE_SIZE, 0.5, CG_APPLY_COLOUR, 1.0 },
    { "light", "rgb.png", CG_SIZE_SIZE, 0.5, CG_APPLY_LIGHT, 0.5 },
    { "deep", "deep.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
    { "adobe", "adobe.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
    { "float", "rgb.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
    { "pixel", "pixel.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
    { "small", "rgb.png", CG_SIZE_AUTO, 0.7, CG_APPLY_ALL, 1.0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gsize n;
      g_autofree float *expected
          = translate_so (rows[i].from, rows[i].mode, rows[i].detail, rows[i].apply, rows[i].strength, &n);

      for (gsize j = 0; j < n; j++)
        expected[j] = CLAMP (expected[j], 0.0f, 1.0f);
      expect_picture (rows[i].name, expected, n);
    }
  expect ("rgb-same", "#t");
}

static void
test_last_values (void)
{
  gsize n;
  g_autofree float *expected = translate ("rgb.png", CG_SIZE_SIZE, 1.0, &n);

  if (!is_gimp2 ())
    {
      g_test_skip ("GIMP 3 keeps the values of the last time by itself");
      return;
    }
  for (gsize i = 0; i < n; i++)
    expected[i] = CLAMP (expected[i], 0.0f, 1.0f);
  expect_picture ("last", expected, n);
}

/* A grey layer stays one: what is stored is the luminance of the translation. */
static void
test_grey (void)
{
  gsize n;
  g_autofree float *colours = translate ("grey.png", CG_SIZE_AUTO, 1.0, &n);
  g_autofree float *expected = g_new (float, n / 3);
  g_autofree float *pixels = load ("grey-replaced.png", "Y' float");

  babl_process (babl_fish (babl_format ("R'G'B' float"), babl_format ("Y' float")), colours, expected, (long)(n / 3));
  g_assert_cmpfloat (cg_picture_compare (pixels, expected, n / 3), <=, TOLERANCE);
}

/* The opaque rest of a picture with alpha decides; alpha itself stays. */
static void
expect_with_alpha (const char *name)
{
  g_autofree char *path = in_folder ("rgba.png");
  g_autofree char *file = g_strconcat (name, ".png", NULL);
  g_autoptr (GeglBuffer) picture = cg_picture_load (path);
  int width = gegl_buffer_get_width (picture), height = gegl_buffer_get_height (picture);
  gsize n = (gsize)(width * height);
  g_autofree float *source = cg_picture_get (picture, babl_format ("R'G'B'A float"));
  g_autofree float *alpha = g_new (float, n);
  g_autofree float *rgb = cg_picture_get (picture, babl_format ("R'G'B' float"));
  g_autofree float *pixels = load (file, "R'G'B'A float");
  g_autoptr (GError) error = NULL;
  CgTranslateOptions options;

  for (gsize i = 0; i < n; i++)
    alpha[i] = source[4 * i + 3];
  g_assert_true (cg_fill_hidden_pixels (rgb, 3 * (gsize)width, alpha, (gsize)width, width, height));
  cg_translate_options_init (&options);
  options.detail = 0.7;
  cg_translate (model, &options, width, height, rgb, 3 * (gsize)width, rgb, 3 * (gsize)width, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_cmpfloat (pixels[4 * i + 3], ==, source[4 * i + 3]);
      for (gsize c = 0; c < 3 && source[4 * i + 3] > 0.0f; c++)
        g_assert_cmpfloat (fabsf (pixels[4 * i + c] - CLAMP (rgb[3 * i + c], 0.0f, 1.0f)), <=, TOLERANCE);
    }
}

static void
test_alpha (void)
{
  expect_with_alpha ("rgba-replaced");
}

static void
expect_equal (const char *a, const char *b, const char *format, gsize n)
{
  g_autofree float *pixels_a = load (a, format);
  g_autofree float *pixels_b = load (b, format);

  g_test_message ("%s and %s", a, b);
  g_assert_cmpfloat (cg_picture_compare (pixels_a, pixels_b, n), ==, 0.0f);
}

static void
test_new_layer (void)
{
  expect ("new-layers", "(Background – tiny Background)");
  expect ("new-position", "0");
  expect ("new-source-active", "#t");
  expect ("new-mask", "-1");
  expect_with_alpha ("new");
  expect_equal ("new-source.png", "rgba.png", "R'G'B'A float", 48 * 36 * 4);
  expect_equal ("zero.png", "rgba.png", "R'G'B'A float", 48 * 36 * 4);
}

static void
test_place (void)
{
  expect ("small-offsets", "(30 40)");
  expect ("small-in-group", "#t");
  expect ("small-position", "0");
  expect ("group-parent", "-1");
  expect ("group-position", "0");
  expect ("group-size", "(48 36)");
}

/* Outside of a selection nothing changes, inside of it everything, at its soft edge something between the two. */
static void
test_selection (void)
{
  gsize n, n_soft = 0, n_outside = 0;
  g_autofree float *expected = translate ("rgb.png", CG_SIZE_AUTO, 1.0, &n);
  g_autofree float *source = load ("rgb.png", "R'G'B' float");
  g_autofree float *selection = load ("selection.png", "Y' float");
  g_autofree float *pixels = load ("selected.png", "R'G'B' float");

  for (gsize i = 0; i < n; i++)
    {
      float amount = selection[i / 3], target = CLAMP (expected[i], 0.0f, 1.0f);

      if (amount <= 0.0f)
        {
          g_assert_cmpfloat (pixels[i], ==, source[i]);
          n_outside++;
        }
      else
        {
          g_assert_cmpfloat (pixels[i], >=, MIN (source[i], target) - TOLERANCE);
          g_assert_cmpfloat (pixels[i], <=, MAX (source[i], target) + TOLERANCE);
          n_soft += fabsf (source[i] - target) > 0.1f && fabsf (pixels[i] - source[i]) > 0.02f;
        }
    }
  g_assert_cmpuint (n_outside, >, n / 4);
  g_assert_cmpuint (n_soft, >, n / 10);
}

static void
test_masks (void)
{
  gsize n;
  g_autofree float *expected = translate ("rgb.png", CG_SIZE_AUTO, 1.0, &n);

  for (gsize i = 0; i < n; i++)
    expected[i] = CLAMP (expected[i], 0.0f, 1.0f);
  expect_picture ("selected-layer", expected, n);
  expect_equal ("selected-mask.png", "selection.png", "Y' float", 48 * 36);
  expect_equal ("kept-mask.png", "selection.png", "Y' float", 48 * 36);
}

/* Whoever opens the file needs the very model, wherever it lies there. */
static void
expect_stored (const char *name)
{
  g_autofree char *path = in_folder (name);
  g_autofree char *version = cg_model_version_get (cg_model_get_path (model), NULL);
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  const char *bytes = g_mapped_file_get_contents (file);
  gsize n = g_mapped_file_get_length (file);

  g_assert_nonnull (memmem (bytes, n, version, strlen (version)));
  g_assert_null (memmem (bytes, n, "tiny.safetensors", strlen ("tiny.safetensors")));
}

/* GIMP itself runs the operation, before and after the image has been a file. */
static void
test_live_filter (void)
{
  gsize n;
  g_autofree float *expected = translate ("rgb.png", CG_SIZE_SIZE, 0.5, &n);

  if (is_gimp2 ())
    {
      g_test_skip ("GIMP 2.10 has no live filters");
      return;
    }
  for (gsize i = 0; i < n; i++)
    expected[i] = CLAMP (expected[i], 0.0f, 1.0f);
  expect ("live-same", "#t");
  expect ("live-layers", "(Background)");
  expect_picture ("live", expected, n);
  expect_picture ("live-loaded", expected, n);
  expect_stored ("live.xcf");
  expect ("live-selected", "-1");
  g_assert_nonnull (strstr (errors, "a live filter needs the whole layer"));
  expect ("live-missing", "-1");
  expect ("live-path", "-1");
  g_assert_nonnull (strstr (errors, "a live filter needs an installed model"));
  expect ("live-slow", "-1");
  g_assert_nonnull (strstr (errors, "“Sheet”: a live filter would take"));
}

/* Several layers are translated each for itself. */
static void
test_several (void)
{
  gsize n, n_small;
  g_autofree float *expected = translate ("rgb.png", CG_SIZE_AUTO, 1.0, &n);
  g_autofree float *small = translate ("pixel.png", CG_SIZE_AUTO, 1.0, &n_small);

  if (is_gimp2 ())
    {
      g_test_skip ("GIMP 2.10 selects one layer only");
      return;
    }
  for (gsize i = 0; i < n; i++)
    expected[i] = CLAMP (expected[i], 0.0f, 1.0f);
  for (gsize i = 0; i < n_small; i++)
    small[i] = CLAMP (small[i], 0.0f, 1.0f);
  expect ("several-results", "2");
  expect ("several-layers", "4");
  expect_picture ("several-0", small, n_small);
  expect_picture ("several-1", expected, n);
}

static void
test_refused (void)
{
  const struct
  {
    const char *key, *message;
  } rows[] = {
    { "group-replaced", "is a layer group, which has no pixels to replace" },
    { "mask-translated", "is a layer mask, which has no colours" },
    { "channel-translated", "“Depth” is a channel, which has no colours" },
    { "unselected-translated", "Nothing of “Background” is selected" },
    { "nameless-translated", "model: found nothing" },
    { "missing-translated", "missing: found no installed model of this name" },
    { "broken-translated", "broken.safetensors: " },
    { "locked-translated", "The pixels of “Background” are locked" },
    { "indexed-translated", "is in an indexed image" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      expect (rows[i].key, "-1");
      g_test_message ("%s", rows[i].message);
      g_assert_nonnull (strstr (errors, rows[i].message));
    }
  if (is_gimp2 ())
    {
      expect ("mode-translated", "-1");
      g_assert_nonnull (strstr (errors, "size-mode: found 3, expected 0 to 2"));
      expect ("strength-translated", "-1");
      g_assert_nonnull (strstr (errors, "strength: found 1.5, expected 0 to 1"));
    }
  expect ("refused-layers", "(Background)");
  expect ("locked-copied", "#t");
  expect_equal ("refused.png", "rgb.png", "R'G'B' float", 48 * 36 * 3);
}

static void
save_picture (const char *name, int width, int height, const Babl *format, int bits)
{
  g_autofree char *path = in_folder (name);
  g_autoptr (GeglBuffer) picture = cg_picture_new (width, height, format);

  cg_picture_save (picture, path, bits);
}

/* The values of the last time, for the script to use. */
static void
prepare_home (void)
{
  g_autofree char *last = in_folder ("gimp/cyclegan-last-values");
  g_autoptr (GError) error = NULL;

  gimp_session_prepare (folder);
  g_file_set_contents (last, "{'model': <b'tiny'>, 'size-mode': <1>, 'size': <20>, 'detail': <0.7>, 'output': <1>}", -1,
                       &error);
  g_assert_no_error (error);
}

static void
run_gimp (void)
{
  g_autofree char *said_path = in_folder ("said.txt");
  g_autofree char *told = NULL;

  prepare_home ();
  errors = gimp_session_run (folder, g_getenv ("CG_TEST_SCRIPT"), NULL, NULL);
  g_file_get_contents (said_path, &told, NULL, NULL);
  said = g_strconcat ("\n", told, NULL);
  if (!strstr (said, "\nend: #t\n"))
    g_error ("the script broke off after\n%s\nwith\n%s", said, errors);
}

int
main (int argc, char **argv)
{
  g_autofree char *tiny = NULL;
  g_autofree char *broken = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  gegl_init (NULL, NULL);
  folder = cg_picture_make_folder ();
  tiny = in_folder ("tiny.safetensors");
  broken = in_folder ("broken.safetensors");
  cg_tiny_model_save (tiny, 3, 3, 24, 7);
  g_file_set_contents (broken, "not a model", -1, &error);
  g_assert_no_error (error);
  model = cg_model_load (tiny, &error);
  g_assert_no_error (error);
  save_picture ("rgb.png", 48, 36, babl_format ("R'G'B' u8"), 8);
  save_picture ("rgba.png", 48, 36, babl_format ("R'G'B'A u8"), 8);
  save_picture ("grey.png", 48, 36, babl_format ("Y' u8"), 8);
  save_picture ("deep.png", 48, 36, babl_format ("R'G'B' u16"), 16);
  save_picture ("pixel.png", 1, 1, babl_format ("R'G'B' u8"), 8);
  save_picture ("adobe.png", 48, 36, babl_format_with_space ("R'G'B' u8", babl_space ("Adobish")), 8);
  run_gimp ();

  g_test_add_func ("/gimp/replaced", test_replaced);
  g_test_add_func ("/gimp/last-values", test_last_values);
  g_test_add_func ("/gimp/grey", test_grey);
  g_test_add_func ("/gimp/alpha", test_alpha);
  g_test_add_func ("/gimp/new-layer", test_new_layer);
  g_test_add_func ("/gimp/place", test_place);
  g_test_add_func ("/gimp/selection", test_selection);
  g_test_add_func ("/gimp/masks", test_masks);
  g_test_add_func ("/gimp/refused", test_refused);
  g_test_add_func ("/gimp/live-filter", test_live_filter);
  g_test_add_func ("/gimp/several", test_several);
  status = g_test_run ();

  cg_model_unref (model);
  g_free (said);
  g_free (errors);
  cg_picture_remove_folder (folder);
  gegl_exit ();
  return status;
}
