/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whole runs with every way of preprocessing: they train, they go on to the same bits whatever is kept in memory, and tell
 * how long they waited for images; images that do not fit are wrong usage. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "commands.h"
#include "image-fixture.h"
#include "program.h"
#include "run.h"
#include "tiny-run.h"

#define STEPS "4"

/* Stopped after two steps and going on without a cache, beside an uninterrupted run with one. */
static void
test_modes (void)
{
  /* The images' widths differ, so that only one of each folder can be taken as it is. */
  static const char *const modes[][2]
      = { { "resize_and_crop", "0" }, { "zoom_and_crop", "0" },        { "crop", "0" },
          { "scale_width", "0" },     { "scale_width_and_crop", "0" }, { "none", "1" } };
  char *folder = fixture_folder_new ();
  g_autofree char *dataset = tiny_dataset_new (folder);

  for (size_t i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *whole = g_build_filename (folder, modes[i][0], NULL);
      g_autofree char *parted = g_strconcat (whole, "-parted", NULL);

      tiny_run_assert (tiny_run_argv (dataset, whole, "--max-steps", STEPS, "--preprocess", modes[i][0], "--load-size",
                                      "36", "--max-dataset-size", modes[i][1], NULL),
                       CG_RUN_COMPLETE);
      tiny_run_assert (tiny_run_argv (dataset, parted, "--max-steps", "2", "--preprocess", modes[i][0], "--load-size",
                                      "36", "--max-dataset-size", modes[i][1], NULL),
                       CG_RUN_COMPLETE);
      tiny_run_assert (tiny_run_argv (dataset, parted, "--max-steps", STEPS, "--preprocess", modes[i][0], "--load-size",
                                      "36", "--max-dataset-size", modes[i][1], "--cache-size", "0", "--resume", NULL),
                       CG_RUN_COMPLETE);
      tiny_run_assert_equal (whole, parted, 4);
    }
  fixture_folder_free (folder);
}

static void
test_sizes_differ (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *dataset = tiny_dataset_new (folder);
  g_autofree char *out = g_build_filename (folder, "run", NULL);
  g_auto (GStrv) argv = tiny_run_argv (dataset, out, "--preprocess", "none", NULL);
  guint64 given;
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (cg_run (options, given, &error), ==, CG_RUN_FAILED);
  g_assert_cmpstr (g_quark_to_string (error->domain), ==, g_quark_to_string (G_OPTION_ERROR));
  g_assert_nonnull (strstr (error->message, "all images must have one size"));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  fixture_folder_free (folder);
}

/* Every line tells the time waited so far, which never falls, and the share of it. */
static void
test_waiting (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *dataset = tiny_dataset_new (folder);
  g_autofree char *out = g_build_filename (folder, "run", NULL);
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  double before = 0.0;
  int n = 0;

  tiny_run_assert (tiny_run_argv (dataset, out, "--max-steps", STEPS, NULL), CG_RUN_COMPLETE);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; **line; line++, n++)
    {
      g_autoptr (JsonNode) node = json_from_string (*line, NULL);
      JsonObject *object = json_node_get_object (node);
      double seconds = json_object_get_double_member (object, "wait_seconds");
      double share = json_object_get_double_member (object, "wait_share");
      double elapsed = json_object_get_double_member (object, "seconds_per_step");

      g_assert_cmpfloat (seconds, >=, before);
      g_assert_cmpfloat (share, >=, 0.0);
      g_assert_cmpfloat (share, <=, 1.0);
      g_assert_cmpfloat_with_epsilon (share * elapsed, seconds - before, 1e-6);
      before = seconds;
    }
  g_assert_cmpint (n, ==, 4);
  fixture_folder_free (folder);
}

/* The command itself: a bad file is told and counted like a message of its own, without ending anything; a folder of bad
 * ones ends it; sizes that differ are wrong usage. */
static void
test_messages (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *dataset = tiny_dataset_new (folder);
  g_autofree char *out = g_build_filename (folder, "run", NULL);
  g_autofree char *other = g_build_filename (folder, "other", NULL);
  g_autofree char *bad = g_build_filename (dataset, "trainA", "words.png", NULL);
  g_autofree char *messages = NULL;

  g_assert_true (g_file_set_contents (bad, "words", -1, NULL));
  g_assert_cmpint (
      program_finish (program_start (tiny_run_argv (dataset, out, "--max-steps", "1", NULL)), NULL, &messages), ==,
      CG_EXIT_OK);
  g_assert_true (g_str_has_prefix (messages, "cyclegan: skipped: "));
  g_assert_nonnull (strstr (messages, "trainA/words.png: not an image"));
  g_assert_nonnull (strstr (messages, "\n1 file could not be used\n"));
  g_assert_null (strstr (messages, "WARNING"));
  g_clear_pointer (&messages, g_free);

  g_assert_cmpint (
      program_finish (program_start (tiny_run_argv (dataset, other, "--preprocess", "none", NULL)), NULL, &messages),
      ==, CG_EXIT_USAGE);
  g_assert_nonnull (strstr (messages, "all images must have one size"));
  g_clear_pointer (&messages, g_free);

  g_assert_cmpint (
      program_finish (program_start (tiny_run_argv (dataset, other, "--preprocess", "crop", "--crop-size", "64", NULL)),
                      NULL, &messages),
      ==, CG_EXIT_FAILED);
  g_assert_nonnull (strstr (messages, "trainA/00.png: 48 x 40 pixels, too small for a crop of 64 x 64"));
  g_assert_nonnull (strstr (messages, "trainA: holds no image that can be used (6 files were tried)"));
  g_assert_false (g_file_test (other, G_FILE_TEST_EXISTS));
  fixture_folder_free (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
  g_test_add_func ("/train/run-data/modes", test_modes);
  g_test_add_func ("/train/run-data/sizes-differ", test_sizes_differ);
  g_test_add_func ("/train/run-data/waiting", test_waiting);
  g_test_add_func ("/train/run-data/messages", test_messages);
  return g_test_run ();
}
