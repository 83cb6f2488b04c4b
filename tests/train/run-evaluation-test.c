/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* --eval-freq: the distances in metrics.jsonl, the best generators, and both after an interruption. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "best.h"
#include "image-fixture.h"
#include "image-io.h"
#include "run.h"
#include "tiny-run.h"

/* The lines of metrics.jsonl that hold distances, as text. */
static char **
get_lines (const char *out)
{
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) all = NULL;
  GPtrArray *lines = g_ptr_array_new ();

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  all = g_strsplit (text, "\n", -1);
  for (char **line = all; *line; line++)
    if (strstr (*line, "\"distance_A\""))
      g_ptr_array_add (lines, g_strdup (*line));
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (lines, FALSE);
}

static double
get_member (const char *line, const char *name)
{
  g_autoptr (JsonNode) node = json_from_string (line, NULL);

  g_assert_nonnull (node);
  g_assert_true (json_object_has_member (json_node_get_object (node), name));
  return json_object_get_double_member (json_node_get_object (node), name);
}

/* The best generator's metadata. (transfer full) */
static char *
get_metadata (const char *out, const char *name, const char *key)
{
  g_autofree char *path = g_build_filename (out, "best", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = cg_model_load (path, &error);

  g_assert_no_error (error);
  return g_strdup (cg_model_get_metadata (model, key));
}

/* That the best generator is the one of the line with the smallest distance. */
static void
assert_best (const char *out, char **lines, const char *member, const char *name)
{
  g_autofree char *step = get_metadata (out, name, "steps");
  g_autofree char *distance = get_metadata (out, name, "distance");
  double best = (double)INFINITY;
  gint64 best_step = 0;

  for (char **line = lines; *line; line++)
    if (get_member (*line, member) < best)
      {
        best = get_member (*line, member);
        best_step = (gint64)get_member (*line, "step");
      }
  g_assert_cmpint (g_ascii_strtoll (step, NULL, 10), ==, best_step);
  g_assert_cmpfloat_with_epsilon (g_ascii_strtod (distance, NULL), best, 1e-3);
}

static void
assert_equal_bytes (const char *out_a, const char *out_b, const char *name)
{
  g_autofree char *path_a = g_build_filename (out_a, "best", name, NULL);
  g_autofree char *path_b = g_build_filename (out_b, "best", name, NULL);
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  gsize length_a, length_b;

  g_assert_true (g_file_get_contents (path_a, &a, &length_a, NULL));
  g_assert_true (g_file_get_contents (path_b, &b, &length_b, NULL));
  g_assert_cmpmem (a, length_a, b, length_b);
}

static void
test_best (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *report = g_build_filename (out, "report.html", NULL);
  g_autofree char *page = NULL;
  g_auto (GStrv) lines = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "9", "--eval-freq", "2", "--lr", "0.01",
                                  "--save-freq", "100", "--print-freq", "5", NULL),
                   CG_RUN_COMPLETE);
  lines = get_lines (out);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  for (int i = 0; i < 4; i++)
    {
      g_assert_cmpfloat (get_member (lines[i], "step"), ==, 2.0 * (i + 1));
      g_assert_cmpfloat (get_member (lines[i], "distance_A"), >, 0.0);
      /* Of images that do not change. */
      g_assert_cmpfloat (get_member (lines[i], "floor_A"), ==, get_member (lines[0], "floor_A"));
      g_assert_cmpfloat (get_member (lines[i], "input_B"), ==, get_member (lines[0], "input_B"));
    }
  g_assert_cmpfloat (get_member (lines[0], "distance_A"), !=, get_member (lines[1], "distance_A"));
  assert_best (out, lines, "distance_A", "G_A.safetensors");
  assert_best (out, lines, "distance_B", "G_B.safetensors");

  g_assert_true (g_file_get_contents (report, &page, NULL, NULL));
  g_assert_nonnull (strstr (page, "Distance from real images"));
  g_assert_nonnull (strstr (page, "Least distance, B to A"));
}

/* The distance that counts is that of the averages, where they are what is published. */
static void
test_ema (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *plain = tiny_fixture_path (fixture, "plain");
  g_autofree char *ema = tiny_fixture_path (fixture, "ema");
  g_auto (GStrv) lines_plain = NULL;
  g_auto (GStrv) lines_ema = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, plain, "--max-steps", "3", "--eval-freq", "3", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, ema, "--max-steps", "3", "--eval-freq", "3", "--ema", "0.99", NULL),
                   CG_RUN_COMPLETE);
  lines_plain = get_lines (plain);
  lines_ema = get_lines (ema);
  g_assert_cmpfloat (get_member (lines_plain[0], "floor_A"), ==, get_member (lines_ema[0], "floor_A"));
  g_assert_cmpfloat (get_member (lines_plain[0], "distance_A"), !=, get_member (lines_ema[0], "distance_A"));
  assert_best (ema, lines_ema, "distance_A", "G_A.safetensors");
}

/* Grey images of A, where what is not translated cannot be compared with B. */
static void
test_grey (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_auto (GStrv) lines = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "2", "--eval-freq", "1", "--input-nc", "1",
                                  "--lambda-identity", "0", NULL),
                   CG_RUN_COMPLETE);
  lines = get_lines (out);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  g_assert_cmpfloat (get_member (lines[1], "distance_B"), >, 0.0);
  g_assert_null (strstr (lines[1], "input_A"));
}

/* An interrupted run ends with the lines and the best generators of one that was not; what is measured changes no weight. */
static void
test_resume (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *parts = tiny_fixture_path (fixture, "parts");
  g_autofree char *without = tiny_fixture_path (fixture, "without");
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) lines_parts = NULL;

  tiny_run_assert (
      tiny_run_argv (fixture->dataset, whole, "--max-steps", "8", "--eval-freq", "2", "--lr", "0.01", NULL),
      CG_RUN_COMPLETE);
  tiny_run_assert (
      tiny_run_argv (fixture->dataset, parts, "--max-steps", "5", "--eval-freq", "2", "--lr", "0.01", NULL),
      CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "8", "--resume", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, without, "--max-steps", "8", "--lr", "0.01", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, parts, 8);
  tiny_run_assert_equal (whole, without, 8);
  lines = get_lines (whole);
  lines_parts = get_lines (parts);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  g_assert_cmpuint (g_strv_length (lines_parts), ==, 4);
  for (int i = 0; i < 4; i++)
    g_assert_cmpstr (lines[i], ==, lines_parts[i]);
  assert_best (parts, lines, "distance_A", "G_A.safetensors");
  assert_equal_bytes (whole, parts, "G_A.safetensors");
  assert_equal_bytes (whole, parts, "G_B.safetensors");
}

static void
test_too_few (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *folder = g_build_filename (fixture->dataset, "testB", NULL);
  g_autofree char *image = g_build_filename (folder, "0.png", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  fixture_write_pattern (image, 9, 48, 40);
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--max-steps", "3", "--eval-freq", "2", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "testB"));
  /* Nothing is left of the attempt that would have the next one refused. */
  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
}

/* What is written is read; the first distance is the best there is; equal ones are no better. */
static void
test_stored (void)
{
  g_autofree char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "state.safetensors");
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autoptr (CgSafetensors) file = NULL;
  g_autoptr (GError) error = NULL;
  CgBest best = { 0 }, stored = { .step = { 7, 7 } };
  const gint64 shape[] = { 1 };
  const float value = 1.0f;

  g_assert_true (cg_best_improve (&best, 1, 100, 12.34567890123));
  g_assert_false (cg_best_improve (&best, 1, 200, 12.34567890123));
  g_assert_true (cg_best_improve (&best, 1, 300, 12.3));
  g_assert_cmpint (best.step[0], ==, 0);
  g_assert_cmpint (best.step[1], ==, 300);
  cg_best_write (&best, writer);
  g_assert_true (cg_safetensors_writer_add (writer, "x", CG_DTYPE_F32, 1, shape, &value, NULL));
  g_assert_true (cg_safetensors_writer_write (writer, path, &error));
  file = cg_safetensors_open (path, &error);
  g_assert_no_error (error);
  g_assert_true (cg_best_read (&stored, file, &error));
  g_assert_cmpmem (&best, sizeof best, &stored, sizeof stored);

  cg_safetensors_writer_set_metadata (writer, "best_distance_G_B", "near");
  g_assert_true (cg_safetensors_writer_write (writer, path, &error));
  g_clear_pointer (&file, cg_safetensors_free);
  file = cg_safetensors_open (path, &error);
  g_assert_false (cg_best_read (&stored, file, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "best_distance_G_B"));
  g_clear_pointer (&file, cg_safetensors_free);
  fixture_folder_free (g_steal_pointer (&folder));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/run-evaluation/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("best", test_best);
  ADD ("ema", test_ema);
  ADD ("grey", test_grey);
  ADD ("resume", test_resume);
  ADD ("too-few", test_too_few);
  g_test_add_func ("/train/run-evaluation/stored", test_stored);
  return g_test_run ();
}
