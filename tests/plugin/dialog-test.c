/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The dialog's contents on a display of their own: every control is changed through its widget, and the pixels must follow. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "dialog-fixture.h"
#include "picture.h"

/* The result at a known place in the range of all controls. */
static float *
apply_base (gsize *n)
{
  Fixture *fixture = fixture_new ("tiny", 160, 120);

  return fixture_apply (fixture, n);
}

static float
differ (const float *a, const float *b, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += fabs ((double)a[i] - b[i]);
  return (float)(sum / (double)n);
}

/* Changes one control and expects another picture. */
static void
expect_change (const char *label, double value)
{
  gsize n;
  g_autofree float *before = apply_base (&n);
  Fixture *fixture = fixture_new ("tiny", 160, 120);
  g_autofree float *after = NULL;

  fixture_set (fixture, label, value);
  after = fixture_apply (fixture, &n);
  g_test_message ("%s", label);
  g_assert_cmpfloat (differ (before, after, n), >, 1e-3f);
}

static void
test_controls (void)
{
  gsize n;
  g_autofree float *once = apply_base (&n);
  g_autofree float *again = apply_base (&n);

  g_assert_cmpfloat (differ (once, again, n), ==, 0.0f);
  expect_change ("Stroke size:", CG_SIZE_FULL);
  expect_change ("Stroke size:", CG_SIZE_AUTO);
  expect_change ("Fineness:", log2 (100.0));
  expect_change ("Detail:", 100.0);
  expect_change ("Apply:", CG_APPLY_COLOUR);
  expect_change ("Apply:", CG_APPLY_LIGHT);
  expect_change ("Strength (%):", 30.0);
  expect_change ("Models:", 0); /* "tiny-2" comes first, as does a hyphen before a dot */
}

static void
test_outputs (void)
{
  Fixture *fixture = fixture_new ("tiny", 160, 120);
  g_auto (CgSettings) settings;

  cg_settings_init (&settings);
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpint (settings.output, ==, CG_OUTPUT_NEW_LAYER);
  fixture_press (fixture, "R_eplace");
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpint (settings.output, ==, CG_OUTPUT_REPLACE);
  fixture_press (fixture, "_Live filter");
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpint (settings.output, ==, CG_OUTPUT_LIVE);
  fixture_press (fixture, "Ne_w layer");
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpint (settings.output, ==, CG_OUTPUT_NEW_LAYER);
  fixture_free (fixture);
}

/* What was done the last time cannot be done to this layer. */
static void
test_refused (void)
{
  Fixture *fixture = fixture_new_refused ("tiny", "locked");
  g_auto (CgSettings) settings;

  cg_settings_init (&settings);
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpint (settings.output, ==, CG_OUTPUT_NEW_LAYER);
  g_assert_true (fixture->ready);
  fixture_free (fixture);
}

static void
test_reset (void)
{
  Fixture *fixture = fixture_new ("tiny", 160, 120);
  g_auto (CgSettings) settings;
  g_auto (CgSettings) defaults;

  cg_settings_init (&settings);
  cg_settings_init (&defaults);
  fixture_set (fixture, "Detail:", 100.0); /* every pixel knows none */
  fixture_set (fixture, "Stroke size:", CG_SIZE_FULL);
  fixture_set (fixture, "Apply:", CG_APPLY_LIGHT);
  fixture_set (fixture, "Strength (%):", 10.0);
  fixture_press (fixture, "R_eplace");
  cg_dialog_reset (fixture->dialog);
  cg_dialog_get_settings (fixture->dialog, &settings);
  g_assert_cmpstr (settings.model, ==, "tiny");
  g_assert_cmpint (settings.size_mode, ==, defaults.size_mode);
  g_assert_cmpint (settings.size, ==, defaults.size);
  g_assert_cmpfloat (settings.detail, ==, defaults.detail);
  g_assert_cmpint (settings.apply, ==, defaults.apply);
  g_assert_cmpfloat (settings.strength, ==, defaults.strength);
  g_assert_cmpint (settings.output, ==, defaults.output);
  fixture_free (fixture);
}

/* Mean difference of levels. */
static double
compare (GdkPixbuf *a, GdkPixbuf *b)
{
  int width = gdk_pixbuf_get_width (a), height = gdk_pixbuf_get_height (a);
  double sum = 0.0;

  g_assert_cmpint (gdk_pixbuf_get_width (b), ==, width);
  g_assert_cmpint (gdk_pixbuf_get_height (b), ==, height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        sum += abs (gdk_pixbuf_read_pixels (a)[y * gdk_pixbuf_get_rowstride (a) + 4 * x + c]
                    - gdk_pixbuf_read_pixels (b)[y * gdk_pixbuf_get_rowstride (b) + 4 * x + c]);
  return sum / (3.0 * width * height);
}

/* One run of the network serves the preview, all that is changed in it, and what is applied. */
static void
test_preview (void)
{
  const struct
  {
    const char *label;
    double value;
  } changes[] = { { "Strength (%):", 40.0 }, { "Detail:", 0.0 }, { "Apply:", CG_APPLY_COLOUR } };
  Fixture *fixture = fixture_new ("tiny", 600, 500);
  guint before = cg_translation_count_runs ();
  gsize n;
  g_autofree float *applied = NULL;

  g_assert_null (cg_dialog_get_after (fixture->dialog));
  fixture_preview (fixture);
  g_assert_cmpuint (cg_translation_count_runs (), ==, before + 1);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (GdkPixbuf) old = cg_dialog_get_after (fixture->dialog);
      g_autoptr (GdkPixbuf) new = NULL;
      clock_t begin = clock ();

      fixture_set (fixture, changes[i].label, changes[i].value);
      fixture_settle ();
      g_test_message ("%s seen after %.0f ms of work", changes[i].label,
                      1e3 * (double)(clock () - begin) / CLOCKS_PER_SEC);
      new = cg_dialog_get_after (fixture->dialog);
      g_assert_cmpfloat (compare (old, new), >, 0.5);
    }
  g_assert_cmpuint (cg_translation_count_runs (), ==, before + 1);
  applied = fixture_apply (fixture, &n);
  g_assert_cmpuint (cg_translation_count_runs (), ==, before + 1);
}

/* What is seen is what comes of it: nearly so from afar, but for rounding at 100 %. */
static void
test_truth (void)
{
  for (int zoom = 0; zoom < 2; zoom++)
    {
      Fixture *fixture = fixture_new ("tiny", 600, 500);
      g_autoptr (GdkPixbuf) after = NULL;
      g_autoptr (GdkPixbuf) expected = NULL;
      g_autoptr (GeglBuffer) result = NULL;
      int width, height;
      double scale;

      fixture_set (fixture, "Zoom:", zoom);
      fixture_preview (fixture);
      after = cg_dialog_get_after (fixture->dialog);
      result = fixture_apply_buffer (fixture);
      width = gdk_pixbuf_get_width (after);
      height = gdk_pixbuf_get_height (after);
      scale = zoom ? 1.0 : width / 600.0;
      expected = gdk_pixbuf_new (GDK_COLORSPACE_RGB, TRUE, 8, width, height);
      gegl_buffer_get (result, GEGL_RECTANGLE (zoom ? 300 - width / 2 : 0, zoom ? 250 - height / 2 : 0, width, height),
                       scale, babl_format ("R'G'B'A u8"), gdk_pixbuf_get_pixels (expected),
                       gdk_pixbuf_get_rowstride (expected), GEGL_ABYSS_CLAMP);
      g_test_message ("zoom %d: %d x %d, %g levels", zoom, width, height, compare (after, expected));
      g_assert_cmpfloat (compare (after, expected), <, zoom ? 1.5 : 8.0);
    }
}

/* Of every pixel only a part is seen, which can be moved. */
static void
test_every_pixel (void)
{
  Fixture *fixture = fixture_new ("tiny", 600, 500);
  g_autoptr (GdkPixbuf) first = NULL;
  g_autoptr (GdkPixbuf) second = NULL;
  g_autoptr (CgTranslation) translation = NULL;

  fixture_set (fixture, "Stroke size:", CG_SIZE_FULL);
  g_assert_nonnull (strstr (fixture_get_text (fixture), "approximate"));
  fixture_preview (fixture);
  first = cg_dialog_get_after (fixture->dialog);
  fixture_key (fixture, "Preview", GDK_KEY_Right);
  fixture_settle ();
  translation = cg_dialog_get_translation (fixture->dialog);
  g_assert_null (translation);
  fixture_preview (fixture);
  second = cg_dialog_get_after (fixture->dialog);
  g_assert_cmpfloat (compare (first, second), >, 0.5);
  fixture_free (fixture);
}

static void
test_stop (void)
{
  Fixture *fixture = fixture_new ("tiny", 2000, 1500);

  fixture_set (fixture, "Stroke size:", CG_SIZE_SIZE);
  fixture_set (fixture, "Fineness:", log2 (1500.0));
  fixture_press (fixture, "_Preview");
  fixture_press (fixture, "Sto_p");
  fixture_wait_for_button (fixture, "_Preview");
  g_assert_null (cg_dialog_get_after (fixture->dialog));
  fixture_free (fixture);
}

/* The window is closed while the network runs. */
static void
test_closed (void)
{
  Fixture *fixture = fixture_new ("tiny", 2000, 1500);

  fixture_press (fixture, "_Preview");
  fixture_free (fixture);
  fixture_settle ();
}

static void
test_vanished (void)
{
  Fixture *fixture = fixture_new ("gone", 60, 50);

  g_assert_false (fixture->ready);
  g_assert_nonnull (strstr (fixture_get_text (fixture), "The model “gone”, used last, is no longer there"));
  fixture_set (fixture, "Models:", 0);
  g_assert_true (fixture->ready);
  fixture_free (fixture);
}

static void
test_broken (void)
{
  Fixture *fixture = fixture_new ("wrong", 60, 50);
  g_autofree char *copied = NULL;

  fixture_wait_for_text (fixture, "wrong.safetensors");
  g_assert_false (fixture->ready);
  fixture_press (fixture, "Copy");
  copied = gtk_clipboard_wait_for_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD));
  g_test_message ("%s", copied);
  g_assert_nonnull (strstr (copied, "wrong.safetensors: "));
  g_assert_nonnull (strstr (copied, "\nmodel: wrong\ngimp-cyclegan "));
  g_assert_true (fixture_is_shown (fixture, "Details"));
  fixture_set (fixture, "Models:", 1);
  g_assert_false (fixture_is_shown (fixture, "Details"));
  fixture_free (fixture);
}

static void
test_estimate (void)
{
  Fixture *fixture = fixture_new ("tiny", 600, 500);

  fixture_wait_for_text (fixture, "of memory");
  fixture_set (fixture, "Stroke size:", CG_SIZE_FULL);
  g_assert_nonnull (strstr (fixture_get_text (fixture), "600 × 500 pixels"));
  fixture_free (fixture);
}

/* What the network would see is twice as large as the limit, a quarter of this machine's memory. */
static void
test_memory (void)
{
  const int size = 1024, width = 16;
  double pixels = 0.5 * (double)sysconf (_SC_PHYS_PAGES) * (double)sysconf (_SC_PAGESIZE) / (2 * 3 * sizeof (float));
  Fixture *fixture = fixture_new_fine ("tiny", width, (int)(pixels / size / size * width), size);
  g_autofree char *copied = NULL;

  fixture_press (fixture, "_Preview");
  fixture_wait_for_text (fixture, "of memory, the limit is");
  g_assert_null (cg_dialog_get_after (fixture->dialog));
  g_assert_true (fixture_is_shown (fixture, "Details"));
  fixture_press (fixture, "Copy");
  copied = gtk_clipboard_wait_for_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD));
  g_assert_nonnull (strstr (copied, "of memory, the limit is"));
  g_assert_nonnull (strstr (copied, "\nmodel: tiny\ngimp-cyclegan "));
  fixture_free (fixture);
}

/* Every control once, those to the right after those to the left, and no text that can only be read. */
static void
test_tab (void)
{
  const char *const expected[]
      = { "Open File…",    "Install Model…", "Remove",  "Stroke size:", "Fineness:",       "Detail:", "Apply:",
          "Strength (%):", "New layer",      "Preview", "Zoom:",        "Before / after:", "Preview", "Models:" };
  Fixture *fixture = fixture_new ("tiny", 60, 50);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (fixture_tab (fixture), ==, expected[i]);
  fixture_free (fixture);
}

int
main (int argc, char **argv)
{
  return fixture_main (argc, argv,
                       (const FixtureTest[]){ { "/dialog/controls", test_controls },
                                              { "/dialog/outputs", test_outputs },
                                              { "/dialog/refused", test_refused },
                                              { "/dialog/reset", test_reset },
                                              { "/dialog/preview", test_preview },
                                              { "/dialog/truth", test_truth },
                                              { "/dialog/every-pixel", test_every_pixel },
                                              { "/dialog/stop", test_stop },
                                              { "/dialog/closed", test_closed },
                                              { "/dialog/vanished", test_vanished },
                                              { "/dialog/broken", test_broken },
                                              { "/dialog/estimate", test_estimate },
                                              { "/dialog/memory", test_memory },
                                              { "/dialog/tab", test_tab },
                                              { NULL, NULL } });
}
