/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A run's folder: which checkpoints are kept, what is swept away, who is kept out. */
#include "run-folder.h"

#include <glib/gstdio.h>
#include <string.h>

#include "image-fixture.h"

static gboolean
write_file (const char *path, gpointer data, GError **error)
{
  g_autofree char *file = g_build_filename (path, "file", NULL);

  return g_file_set_contents (file, data, -1, error);
}

static gboolean
write_half (const char *path, gpointer data, GError **error)
{
  g_assert_true (write_file (path, "half", NULL));
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "full");
  return FALSE;
}

static char *
list (const CgRunFolder *folder)
{
  g_autoptr (GArray) steps = cg_run_folder_list_checkpoints (folder, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    g_string_append_printf (text, " %" G_GINT64_FORMAT, g_array_index (steps, gint64, i));
  return g_string_free (text, FALSE);
}

static void
test_kept (void)
{
  char *root = fixture_folder_new ();
  g_autofree char *path = g_build_filename (root, "run", NULL);
  g_autoptr (CgRunFolder) folder = cg_run_folder_open (path, FALSE, NULL);
  g_autoptr (GError) error = NULL;
  static const struct
  {
    gint64 step;
    const char *kept;
  } cases[] = { { 4, " 4" },
                { 8, " 4 8" },
                { 10, " 8 10" },
                { 12, " 10 12" },
                { 16, " 10 12 16" },
                { 20, " 10 16 20" },
                { 123456789, " 10 20 123456789" } };

  /* A checkpoint of every tenth step stays for good. */
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *kept = NULL;

      cg_run_folder_add_checkpoint (folder, cases[i].step, write_file, "whole", &error);
      g_assert_no_error (error);
      cg_run_folder_prune_checkpoints (folder, 10, &error);
      g_assert_no_error (error);
      kept = list (folder);
      g_assert_cmpstr (kept, ==, cases[i].kept);
    }
  {
    g_autofree char *kept = NULL;

    cg_run_folder_prune_checkpoints (folder, 0, &error);
    g_assert_no_error (error);
    kept = list (folder);
    g_assert_cmpstr (kept, ==, " 20 123456789");
  }
  g_clear_pointer (&folder, cg_run_folder_free);
  fixture_folder_free (root);
}

/* Neither a failure nor an interruption leaves anything that looks like a checkpoint. */
static void
test_incomplete (void)
{
  char *root = fixture_folder_new ();
  g_autofree char *path = g_build_filename (root, "run", NULL);
  g_autofree char *config = cg_run_folder_config_path (path);
  g_autofree char *half = g_build_filename (path, "checkpoints", ".step-00000009.new", NULL);
  g_autofree char *half_file = g_build_filename (half, "G_A.safetensors", NULL);
  g_autofree char *stray = g_build_filename (path, ".cyclegan-a1b2c3", NULL);
  g_autofree char *steps = NULL;
  g_autoptr (CgRunFolder) folder = cg_run_folder_open (path, FALSE, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (cg_run_folder_add_checkpoint (folder, 5, write_half, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_clear_error (&error);
  g_assert_true (cg_run_folder_add_checkpoint (folder, 5, write_file, "first", NULL));
  g_assert_true (cg_run_folder_add_checkpoint (folder, 5, write_file, "second", NULL));
  {
    g_autofree char *checkpoint = cg_run_folder_get_checkpoint_path (folder, 5);
    g_autofree char *file = g_build_filename (checkpoint, "file", NULL);
    g_autofree char *text = NULL;

    g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
    g_assert_cmpstr (text, ==, "second");
  }
  g_clear_pointer (&folder, cg_run_folder_free);

  g_assert_true (g_file_set_contents (config, "{}", -1, NULL));
  g_assert_cmpint (g_mkdir (half, 0777), ==, 0);
  g_assert_true (g_file_set_contents (half_file, "half", -1, NULL));
  g_assert_true (g_file_set_contents (stray, "half", -1, NULL));
  folder = cg_run_folder_open (path, TRUE, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (half, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (stray, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (config, G_FILE_TEST_EXISTS));
  steps = list (folder);
  g_assert_cmpstr (steps, ==, " 5");
  g_clear_pointer (&folder, cg_run_folder_free);
  fixture_folder_free (root);
}

static void
test_kept_out (void)
{
  char *root = fixture_folder_new ();
  g_autofree char *path = g_build_filename (root, "run", NULL);
  g_autofree char *model = g_build_filename (path, "G_A.safetensors", NULL);
  g_autoptr (CgRunFolder) folder = NULL;
  g_autoptr (CgRunFolder) second = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (cg_run_folder_open (path, TRUE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);

  folder = cg_run_folder_open (path, FALSE, &error);
  g_assert_no_error (error);
  second = cg_run_folder_open (path, FALSE, &error);
  g_assert_null (second);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN);
  g_clear_error (&error);
  g_clear_pointer (&folder, cg_run_folder_free);

  /* Anything of a run is reason enough not to write here. */
  g_assert_true (g_file_set_contents (model, "precious", -1, NULL));
  g_assert_null (cg_run_folder_open (path, FALSE, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  g_assert_nonnull (strstr (error->message, "--resume"));
  fixture_folder_free (root);
}

/* What other files take is asked for like what checkpoints take, and nothing is left of the asking. */
static void
test_room (void)
{
  char *root = fixture_folder_new ();
  g_autofree char *path = g_build_filename (root, "run", NULL);
  g_autoptr (CgRunFolder) folder = cg_run_folder_open (path, FALSE, NULL);
  g_autoptr (GArray) little = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GArray) much = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GError) error = NULL;
  const guint64 bytes = 4096, absurd = G_GUINT64_CONSTANT (1) << 62;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_array_append_val (little, bytes);
  g_array_append_val (much, absurd);
  g_assert_true (cg_run_folder_check_room (folder, little, little, 3, &error));
  g_assert_no_error (error);
  g_assert_false (cg_run_folder_check_room (folder, little, much, 0, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_clear_error (&error);
  g_assert_false (cg_run_folder_check_room (folder, much, little, 0, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_clear_error (&error);
  g_assert_false (cg_run_folder_check_room (folder, little, little, G_MAXINT64 / 2, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  dir = g_dir_open (path, 0, NULL);
  while ((name = g_dir_read_name (dir)))
    g_assert_true (strcmp (name, "checkpoints") == 0 || strcmp (name, "samples") == 0);
  g_clear_pointer (&folder, cg_run_folder_free);
  fixture_folder_free (root);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/run-folder/kept", test_kept);
  g_test_add_func ("/train/run-folder/incomplete", test_incomplete);
  g_test_add_func ("/train/run-folder/kept-out", test_kept_out);
  g_test_add_func ("/train/run-folder/room", test_room);
  return g_test_run ();
}
