/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* report.html: well-formed, safe, of what was measured, and whole without network. */
#include "report.h"

#include <string.h>

#include "image-fixture.h"
#include "report-series.h"
#include "sample-grid.h"
#include "samples.h"

#define SIDE 20
#define N_SAMPLES 11

typedef struct
{
  char *folder, *metrics, *page;
  CgTrainOptions *options;
  JsonNode *config;
  GPtrArray *paths;
  GArray *steps;
  CgBest best;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  fixture->folder = fixture_folder_new ();
  fixture->metrics = fixture_path (fixture->folder, "metrics.jsonl");
  fixture->page = fixture_path (fixture->folder, "report.html");
  fixture->options = cg_train_options_new ();
  fixture->config
      = json_from_string ("{\"options\": {}, \"kernel\": \"a<b\", \"versions\": {\"glib\": \"2.74\"}}", NULL);
  fixture->paths = g_ptr_array_new_with_free_func (g_free);
  fixture->steps = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->metrics);
  g_free (fixture->page);
  cg_train_options_free (fixture->options);
  json_node_unref (fixture->config);
  g_ptr_array_unref (fixture->paths);
  g_array_unref (fixture->steps);
  fixture_folder_free (fixture->folder);
}

static void
add_samples (Fixture *fixture)
{
  float image[SIDE * SIDE * 3] = { 0.0f };

  for (gint64 step = 100; step <= 100 * N_SAMPLES; step += 100)
    {
      g_autofree char *name = g_strdup_printf ("%d.png", (int)step);
      char *path = fixture_path (fixture->folder, name);
      g_autoptr (CgSampleGrid) grid = cg_sample_grid_new (2 * CG_SAMPLES_COUNT, CG_SAMPLES_COLUMNS, SIDE, SIDE, NULL);

      image[0] = (float)step / 2000.0f;
      cg_sample_grid_set (grid, 0, 1, image);
      g_assert_true (cg_sample_grid_save (grid, path, NULL));
      g_ptr_array_add (fixture->paths, path);
      g_array_append_val (fixture->steps, step);
    }
}

static void
write_metrics (const Fixture *fixture, int n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 1; i <= n; i++)
    {
      g_string_append_printf (
          text,
          "{\"step\":%d,\"lr\":0.0002,\"seconds_per_step\":0.5,\"cycle_A\":%d,\"cycle_B\":2,\"tv_A\":0,\"tv_B\":0}\n",
          i, 1000 / i);
      if (i % 50 == 0)
        g_string_append_printf (
            text, "{\"step\":%d,\"distance_A\":%d,\"floor_A\":40,\"distance_B\":90,\"floor_B\":50}\n", i, 100 - i / 50);
    }
  g_assert_true (g_file_set_contents (fixture->metrics, text->str, -1, NULL));
}

/* Writes the page and parses it: every element is closed and every text escaped. (transfer full) */
static char *
write_page (const Fixture *fixture)
{
  const GMarkupParser parser = { 0 };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, NULL, NULL);
  const CgReport report = { .options = fixture->options,
                            .config = fixture->config,
                            .metrics_path = fixture->metrics,
                            .sample_paths = fixture->paths,
                            .sample_steps = fixture->steps,
                            .best = &fixture->best,
                            .n_steps = 1100,
                            .last_step = 2000,
                            .epoch = 3,
                            .n_epochs = 5 };
  g_autoptr (GError) error = NULL;
  char *page;
  gsize length;

  g_assert_true (cg_report_write (&report, fixture->page, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (fixture->page, &page, &length, NULL));
  g_assert_true (g_utf8_validate (page, (gssize)length, NULL));
  g_assert_true (g_markup_parse_context_parse (context, page, (gssize)length, &error));
  g_assert_no_error (error);
  g_assert_true (g_markup_parse_context_end_parse (context, &error));
  g_assert_no_error (error);
  return page;
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  for (const char *at = strstr (text, part); at; at = strstr (at + 1, part))
    n++;
  return n;
}

static void
test_whole (Fixture *fixture, gconstpointer data)
{
  g_autofree char *page = NULL;

  add_samples (fixture);
  write_metrics (fixture, 1100);
  fixture->best = (CgBest){ .step = { 1050, 0 }, .distance = { 79.25, 0.0 } };
  page = write_page (fixture);

  /* Cycle, distance, learning rate and time; the total variation is 0 throughout, other losses are not there. */
  g_assert_cmpuint (count (page, "<figure>"), ==, 4);
  g_assert_cmpuint (count (page, "<svg class=\"chart\""), ==, 4);
  /* Eight of the eleven pictures, the first and the newest among them, and three more columns. */
  g_assert_cmpuint (count (page, "data:image/jpeg;base64,"), ==, 6 * (8 + 3));
  g_assert_cmpuint (count (page, ">step 100<"), ==, 1);
  g_assert_cmpuint (count (page, ">step 1100<"), ==, 1);
  g_assert_nonnull (strstr (page, "79.2"));
  g_assert_nonnull (strstr (page, "at step 1050"));
  g_assert_null (strstr (page, "Least distance, B to A"));
  g_assert_nonnull (strstr (page, "--gan-mode"));
  g_assert_nonnull (strstr (page, "versions glib"));
  g_assert_nonnull (strstr (page, "prefers-color-scheme:dark"));
  g_assert_null (strstr (page, "://"));
  g_assert_cmpuint (strlen (page), <, 2 * 1024 * 1024);
}

/* Texts that are typed or read come in as texts. */
static void
test_safe (Fixture *fixture, gconstpointer data)
{
  g_autofree char *page = NULL;

  g_free (fixture->options->title);
  g_free (fixture->options->description);
  fixture->options->title = g_strdup ("<script>alert(1)</script>");
  fixture->options->description = g_strdup ("\"fish\" & <b>chips</b>");
  write_metrics (fixture, 2);
  page = write_page (fixture);
  g_assert_null (strstr (page, "<script"));
  g_assert_null (strstr (page, "<b>chips"));
  g_assert_nonnull (strstr (page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  g_assert_nonnull (strstr (page, "&amp; &lt;b&gt;chips"));
  g_assert_nonnull (strstr (page, "a&lt;b"));
}

/* Nothing measured, no picture, or a damaged one: a page all the same. */
static void
test_little (Fixture *fixture, gconstpointer data)
{
  g_autofree char *empty = write_page (fixture);
  g_autofree char *page = NULL;

  g_assert_cmpuint (count (empty, "<figure>"), ==, 0);
  g_assert_cmpuint (count (empty, "data:image"), ==, 0);
  g_assert_nonnull (strstr (empty, "--gan-mode"));

  add_samples (fixture);
  fixture_truncate (g_ptr_array_index (fixture->paths, N_SAMPLES - 1), 100);
  g_assert_true (
      g_file_set_contents (fixture->metrics,
                           "no JSON\n[]\n{\"step\":1,\"cycle_A\":1e999}\n{\"step\":\"x\"}\n{\"step\":2,\"cycle_A\":3}\n"
                           "{\"step\":3,\"cycle_A\":4}\n{\"step\":9999,\"cycle_A\":7}\n{\"step\":4,\"cyc",
                           -1, NULL));
  page = write_page (fixture);
  g_assert_cmpuint (count (page, "<figure>"), ==, 1);
  g_assert_cmpuint (count (page, "data:image/jpeg;base64,"), ==, 6 * (7 + 3));
  g_assert_null (strstr (page, "nan"));
  g_assert_null (strstr (page, "inf"));
}

/* Where a point comes to lie: 0 at the axis, steps from edge to edge, and the mean of neighbours where there are too many. */
static void
test_chart (void)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, sizeof (CgReportPoint));
  g_autoptr (GString) html = g_string_new (NULL);
  const CgReportPoint two[] = { { 100.0, 0.0 }, { 300.0, 5.0 } };
  CgReportCurve curve = { "curve", points, CG_REPORT_LINE_A, FALSE };

  g_array_append_vals (points, two, 1);
  cg_report_chart_append (html, "one", "", &curve, 1, FALSE);
  g_assert_cmpuint (html->len, ==, 0);
  g_array_append_vals (points, two + 1, 1);
  cg_report_chart_append (html, "two", "note", &curve, 1, FALSE);
  g_assert_nonnull (strstr (html->str, "class=\"line a\" d=\"M50.0 196.0L550.0 "));

  g_array_set_size (points, 0);
  for (int i = 0; i < 100000; i++)
    {
      CgReportPoint point = { i, i % 2 ? 3.0 : 1.0 };

      g_array_append_val (points, point);
    }
  g_string_truncate (html, 0);
  cg_report_chart_append (html, "many", "", &curve, 1, TRUE);
  g_assert_cmpuint (html->len, <, 20000);
  g_assert_nonnull (strstr (html->str, "<b>2.000</b>"));
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    const char *text;
  } rows[] = { { 0.0, "0" },      { 0.0002, "0.0002" }, { 0.5, "0.500" },
               { 12.34, "12.3" }, { 4567.8, "4568" },   { -3.0, "-3.000" } };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = cg_report_format_number (rows[i].value);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function) g_test_add ("/train/report/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("whole", test_whole);
  ADD ("safe", test_safe);
  ADD ("little", test_little);
  g_test_add_func ("/train/report/chart", test_chart);
  g_test_add_func ("/train/report/numbers", test_numbers);
  return g_test_run ();
}
