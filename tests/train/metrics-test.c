/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* metrics.jsonl: the members of a line, and what cutting back keeps; the line that a person sees. */
#include "metrics.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "image-fixture.h"
#include "progress.h"

static const CgMetricsLine example = { .step = 1234,
                                       .epoch = 7,
                                       .lr = 2e-4,
                                       .seconds_per_step = 1.5,
                                       .wait_seconds = 0.25,
                                       .wait_share = 0.125,
                                       .losses = { 0.125, 0.2, 3.0, 0.4, 0.0, 0.6, 0.7, 0.8, 0.9, 1e-30 } };

static void
test_line (void)
{
  static const struct
  {
    const char *name;
    double value;
  } members[] = {
    { "lr", 2e-4 }, { "seconds_per_step", 1.5 }, { "wait_seconds", 0.25 }, { "wait_share", 0.125 }, { "D_A", 0.125 },
    { "G_A", 0.2 }, { "cycle_A", 3.0 },          { "idt_A", 0.4 },         { "tv_A", 0.0 },         { "D_B", 0.6 },
    { "G_B", 0.7 }, { "cycle_B", 0.8 },          { "idt_B", 0.9 },         { "tv_B", 1e-30 }
  };
  g_autofree char *text = cg_metrics_line_to_json (&example);
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *object;

  g_assert_null (strchr (text, '\n'));
  g_assert_nonnull (node);
  object = json_node_get_object (node);
  g_assert_cmpuint (json_object_get_size (object), ==, G_N_ELEMENTS (members) + 2);
  g_assert_cmpint (json_object_get_int_member (object, "step"), ==, 1234);
  g_assert_cmpint (json_object_get_int_member (object, "epoch"), ==, 7);
  for (size_t i = 0; i < G_N_ELEMENTS (members); i++)
    g_assert_cmpfloat (json_object_get_double_member (object, members[i].name), ==, members[i].value);
}

static void
assert_cut (const char *before, gint64 last_step, const char *after)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "metrics.jsonl");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, before, -1, NULL));
  cg_metrics_cut (path, last_step, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, after);
  fixture_folder_free (folder);
}

static void
test_cut (void)
{
  g_autoptr (GError) error = NULL;
  const char *three = "{\"step\":10}\n{\"step\":20,\"G_A\":1.5}\n{\"step\":30}\n";

  assert_cut (three, 30, three);
  assert_cut (three, 1000, three);
  assert_cut (three, 29, "{\"step\":10}\n{\"step\":20,\"G_A\":1.5}\n");
  assert_cut (three, 20, "{\"step\":10}\n{\"step\":20,\"G_A\":1.5}\n");
  assert_cut (three, 9, "");
  assert_cut (three, 0, "");
  assert_cut ("", 5, "");
  /* A line that kill -9 cut off, even where it happens to be a whole object, and what a power cut left. */
  assert_cut ("{\"step\":10}\n{\"step\":2", 50, "{\"step\":10}\n");
  assert_cut ("{\"step\":10}\n{\"step\":20}", 50, "{\"step\":10}\n");
  assert_cut ("{\"step\":10}\nrubbish\n{\"step\":30}\n", 50, "{\"step\":10}\n");
  assert_cut ("{\"step\":10}\n[1]\n", 50, "{\"step\":10}\n");

  g_assert_true (cg_metrics_cut ("/nonexistent/metrics.jsonl", 5, &error));
  g_assert_no_error (error);
}

static void
test_append (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "metrics.jsonl");
  g_autofree char *text = NULL;
  g_autofree char *line = cg_metrics_line_to_json (&example);
  g_autofree char *twice = g_strdup_printf ("%s\n%s\n", line, line);
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (CgMetrics) metrics = cg_metrics_open (path, &error);

      g_assert_no_error (error);
      g_assert_true (cg_metrics_append (metrics, &example, &error));
      g_assert_true (cg_metrics_sync (metrics, &error));
    }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, twice);
  g_assert_null (cg_metrics_open (folder, &error));
  g_assert_nonnull (strstr (error->message, folder));
  fixture_folder_free (folder);
}

static void
test_progress (void)
{
  static const struct
  {
    double seconds;
    const char *text;
  } durations[] = { { 0.0, "00:00" },       { 59.6, "01:00" },       { 3599.0, "59:59" },
                    { 3600.0, "01:00:00" }, { 86399.0, "23:59:59" }, { 3 * 86400 + 5.0, "3 d 00:00:05" },
                    { -1.0, "00:00" } };
  CgMetricsLine quick = example;
  g_autofree char *line = cg_progress_format_line (&example, 1334, 200, 2.0);
  g_autofree char *unhindered = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (durations); i++)
    {
      g_autofree char *text = cg_progress_format_duration (durations[i].seconds);

      g_assert_cmpstr (text, ==, durations[i].text);
    }
  g_assert_nonnull (strstr (line, "1234/1334"));
  g_assert_nonnull (strstr (line, "7/200"));
  g_assert_nonnull (strstr (line, "03:20"));
  g_assert_nonnull (strstr (line, "cycle_A 3.000"));
  /* A loss that is switched off is not shown. */
  g_assert_null (strstr (line, "tv_A"));
  g_assert_nonnull (strstr (line, "12 % waiting for images"));
  quick.wait_share = 0.009;
  unhindered = cg_progress_format_line (&quick, 1334, 200, 2.0);
  g_assert_null (strstr (unhindered, "waiting"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/metrics/line", test_line);
  g_test_add_func ("/train/metrics/cut", test_cut);
  g_test_add_func ("/train/metrics/append", test_append);
  g_test_add_func ("/train/metrics/progress", test_progress);
  return g_test_run ();
}
