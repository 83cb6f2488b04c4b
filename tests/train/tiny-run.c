/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Makes and compares tiny runs for the tests of the trainer. */
#include "tiny-run.h"

#include <stdarg.h>
#include <string.h>

#include <glib/gstdio.h>

#include "image-fixture.h"
#include "run-folder.h"
#include "run.h"

#define N_A 5
#define N_B 3

void
tiny_fixture_set_up (TinyFixture *fixture, gconstpointer data)
{
  fixture->folder = fixture_folder_new ();
  fixture->dataset = tiny_dataset_new (fixture->folder);
}

void
tiny_fixture_tear_down (TinyFixture *fixture, gconstpointer data)
{
  g_free (fixture->dataset);
  fixture_folder_free (fixture->folder);
}

char *
tiny_fixture_path (const TinyFixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static void
write_images (const char *folder, const char *domain, int count, int tag)
{
  g_autofree char *path = g_build_filename (folder, domain, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0777), ==, 0);
  for (int i = 0; i < count; i++)
    {
      g_autofree char *name = g_strdup_printf ("%02d.png", i);
      g_autofree char *file = g_build_filename (path, name, NULL);

      fixture_write_pattern (file, tag + i, 48 + i, 40);
    }
}

char *
tiny_dataset_new (const char *folder)
{
  char *dataset = g_build_filename (folder, "dataset", NULL);

  write_images (dataset, "trainA", N_A, 1);
  write_images (dataset, "trainB", N_B, 101);
  return dataset;
}

char **
tiny_run_argv (const char *dataset, const char *out, ...)
{
  static const char *const tiny[] = { "--ngf",         "4",        "--ndf",        "4", "--n-blocks",       "1",
                                      "--net-d",       "n_layers", "--n-layers-d", "1", "--load-size",      "34",
                                      "--pool-size",   "3",        "--n-epochs",   "2", "--n-epochs-decay", "2",
                                      "--crop-size",   "32",       "--print-freq", "1", "--threads",        "1",
                                      "--sample-freq", "0" };
  GPtrArray *argv = g_ptr_array_new ();
  va_list arguments;

  g_ptr_array_add (argv, g_strdup ("train"));
  g_ptr_array_add (argv, g_strdup_printf ("--dataroot=%s", dataset));
  g_ptr_array_add (argv, g_strdup_printf ("--out=%s", out));
  for (size_t i = 0; i < G_N_ELEMENTS (tiny); i++)
    g_ptr_array_add (argv, g_strdup (tiny[i]));
  va_start (arguments, out);
  for (const char *text = va_arg (arguments, const char *); text; text = va_arg (arguments, const char *))
    g_ptr_array_add (argv, g_strdup (text));
  va_end (arguments);
  g_ptr_array_add (argv, NULL);
  return (char **)g_ptr_array_free (argv, FALSE);
}

CgTrainOptions *
tiny_run_options (char **argv, guint64 *given)
{
  CgTrainOptions *options = cg_train_options_new ();
  /* The parser takes texts out of the array without freeing them. */
  g_autofree char **rest = g_memdup2 (argv, (g_strv_length (argv) + 1) * sizeof *argv);
  char **cursor = rest;
  int argc = (int)g_strv_length (argv);
  g_autoptr (GError) error = NULL;

  cg_option_table_parse (&cg_train_option_table, options, given, NULL, &argc, &cursor, &error);
  g_assert_no_error (error);
  g_assert_cmpint (argc, ==, 1);
  return options;
}

void
tiny_run_assert (char **argv, int outcome)
{
  guint64 given;
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  g_autoptr (GError) error = NULL;
  CgRunOutcome got = cg_run (options, given, &error);

  g_assert_no_error (error);
  g_assert_cmpint (got, ==, outcome);
  g_strfreev (argv);
}

GError *
tiny_run_fail (char **argv)
{
  guint64 given;
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  GError *error = NULL;

  g_assert_cmpint (cg_run (options, given, &error), ==, CG_RUN_FAILED);
  g_assert_nonnull (error);
  g_strfreev (argv);
  return error;
}

static void
assert_equal_files (const char *path_a, const char *path_b)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) a = cg_safetensors_open (path_a, &error);
  g_autoptr (CgSafetensors) b = NULL;

  g_assert_no_error (error);
  b = cg_safetensors_open (path_b, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cg_safetensors_get_n_entries (a), ==, cg_safetensors_get_n_entries (b));
  g_assert_cmpuint (cg_safetensors_get_n_entries (a), >, 0);
  for (guint i = 0; i < cg_safetensors_get_n_entries (a); i++)
    {
      const CgSafetensorsEntry *entry_a = cg_safetensors_get_entry (a, i);
      const CgSafetensorsEntry *entry_b = cg_safetensors_find (b, entry_a->name);

      g_assert_nonnull (entry_b);
      g_assert_cmpuint (entry_a->n_elements, ==, entry_b->n_elements);
      if (memcmp (entry_a->data, entry_b->data, entry_a->n_elements * sizeof (float)) != 0)
        g_error ("%s differs between %s and %s", entry_a->name, path_a, path_b);
    }
}

static gint64
get_newest (const char *out)
{
  g_autofree char *checkpoints = g_build_filename (out, "checkpoints", NULL);
  g_autoptr (GDir) dir = g_dir_open (checkpoints, 0, NULL);
  const char *name;
  gint64 newest = -1;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    {
      g_assert_true (g_str_has_prefix (name, "step-"));
      newest = MAX (newest, g_ascii_strtoll (name + strlen ("step-"), NULL, 10));
    }
  return newest;
}

void
tiny_run_assert_equal (const char *out_a, const char *out_b, gint64 step)
{
  static const char *const names[] = { "G_A", "G_B", "D_A", "D_B", "state", "average_G_A", "average_G_B" };
  static const char *const models[] = { "G_A.safetensors", "G_B.safetensors" };

  g_assert_cmpint (get_newest (out_a), ==, step);
  g_assert_cmpint (get_newest (out_b), ==, step);
  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *relative = g_strdup_printf ("checkpoints/step-%08d/%s.safetensors", (int)step, names[i]);
      g_autofree char *a = g_build_filename (out_a, relative, NULL);
      g_autofree char *b = g_build_filename (out_b, relative, NULL);

      /* Averages are there with --ema only. */
      if (!g_str_has_prefix (names[i], "average_") || g_file_test (a, G_FILE_TEST_EXISTS)
          || g_file_test (b, G_FILE_TEST_EXISTS))
        assert_equal_files (a, b);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *a = g_build_filename (out_a, models[i], NULL);
      g_autofree char *b = g_build_filename (out_b, models[i], NULL);

      assert_equal_files (a, b);
    }
}

GArray *
tiny_run_get_metric_steps (const char *out)
{
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (gint64));

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (**line)
      {
        g_autoptr (JsonNode) node = json_from_string (*line, &error);
        gint64 step;

        g_assert_no_error (error);
        step = json_object_get_int_member (json_node_get_object (node), "step");
        g_array_append_val (steps, step);
      }
  return steps;
}
