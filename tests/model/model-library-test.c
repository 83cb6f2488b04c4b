/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where models are looked for, in which order, and what is said when there is none. */
#include "model/model-library.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/model-version.h"

/* Beside $XDG_DATA_HOME and $XDG_DATA_DIRS, which main() sets before GLib reads them, two folders for $CYCLEGAN_MODEL_PATH. */
static char *root, *first, *second, *user, *system_wide;

static const struct
{
  char **folder;
  const char *name;
} files[] = {
  { &second, "b.safetensors" },
  { &second, "ü x.safetensors" },
  { &second, "c.png" },
  { &second, ".cyclegan-XYZ.safetensors" },
  { &first, "b.safetensors" },
  { &user, "c.safetensors" },
  { &user, "b.safetensors" },
  { &system_wide, "a.safetensors" },
  { &system_wide, "c.safetensors" },
};

static void
set_up (gpointer *fixture, gconstpointer data)
{
  g_autofree char *path = g_strdup_printf (":%s:%s:/no/such/folder", first, second);

  g_setenv ("CYCLEGAN_MODEL_PATH", path, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (*files[i].folder, files[i].name, NULL);

      g_assert_cmpint (g_mkdir_with_parents (*files[i].folder, 0700), ==, 0);
      g_assert_true (g_file_set_contents (file, "", 0, NULL));
    }
}

static void
tear_down (gpointer *fixture, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename (*files[i].folder, files[i].name, NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
    }
}

/* Removes the folder, then those that hold it, @levels in all, and frees the name. */
static void
remove_folders (char *folder, int levels)
{
  for (int i = 0; i < levels; i++)
    {
      char *parent = g_path_get_dirname (folder);

      g_rmdir (folder);
      g_free (folder);
      folder = parent;
    }
  g_free (folder);
}

static void
assert_found (const char *name, const char *folder, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_build_filename (folder, file, NULL);
  g_autofree char *path = cg_model_library_find (name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
}

static void
test_folders (gpointer *fixture, gconstpointer data)
{
  g_auto (GStrv) folders = cg_model_library_get_folders ();

  g_assert_cmpuint (g_strv_length (folders), ==, 6);
  g_assert_cmpstr (folders[0], ==, first);
  g_assert_cmpstr (folders[1], ==, second);
  g_assert_cmpstr (folders[2], ==, "/no/such/folder");
  g_assert_cmpstr (folders[3], ==, user);
  g_assert_cmpstr (folders[4], ==, system_wide);
  g_assert_cmpstr (folders[5], ==, "/no/such/cyclegan/models");

  g_unsetenv ("CYCLEGAN_MODEL_PATH");

  g_auto (GStrv) plain = cg_model_library_get_folders ();

  g_assert_cmpuint (g_strv_length (plain), ==, 3);
  g_assert_cmpstr (plain[0], ==, user);
}

static void
test_find (gpointer *fixture, gconstpointer data)
{
  assert_found ("b", first, "b.safetensors");
  assert_found ("b.safetensors", first, "b.safetensors");
  assert_found ("ü x", second, "ü x.safetensors");
  assert_found ("c", user, "c.safetensors");
  assert_found ("a", system_wide, "a.safetensors");
  assert_found ("./b", ".", "b");
  assert_found ("/no/such.file", "/no", "such.file");
}

static void
test_not_found (gpointer *fixture, gconstpointer data)
{
  static const char *const names[] = { "nothing", "", "c.png", ".cyclegan-XYZ" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (cg_model_library_find (names[i], &error));
      g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
      g_assert_true (g_str_has_prefix (error->message, names[i]));
      g_assert_nonnull (strstr (error->message, "expected one of: a, b, c, ü x ("));
      g_assert_nonnull (strstr (error->message, first));
      g_assert_nonnull (strstr (error->message, user));
    }
}

static void
test_list (gpointer *fixture, gconstpointer data)
{
  g_auto (GStrv) paths = cg_model_library_list ();
  g_autofree char *a = g_build_filename (system_wide, "a.safetensors", NULL);
  g_autofree char *b = g_build_filename (first, "b.safetensors", NULL);
  g_autofree char *c = g_build_filename (user, "c.safetensors", NULL);

  g_assert_cmpuint (g_strv_length (paths), ==, 4);
  g_assert_cmpstr (paths[0], ==, a);
  g_assert_cmpstr (paths[1], ==, b);
  g_assert_cmpstr (paths[2], ==, c);
  g_assert_true (g_str_has_suffix (paths[3], "/ü x.safetensors"));
}

#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
write_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
assert_version (const char *name, const char *version, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_build_filename (folder, "b.safetensors", NULL);
  g_autofree char *path = cg_model_version_find (name, version, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
}

/* The name says which file comes first, the sum which one is meant; a file that changes is another version. */
static void
test_version (gpointer *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (first, "b.safetensors", NULL);
  g_autoptr (GError) wrong = NULL;
  g_autoptr (GError) absent = NULL;
  g_autoptr (GError) unreadable = NULL;
  g_autoptr (GError) no_file = NULL;
  g_autofree char *fifo = g_build_filename (second, "fifo.safetensors", NULL);
  g_autofree char *before = cg_model_version_get (path, NULL);
  g_autofree char *after = NULL;

  g_assert_cmpstr (before, ==, SHA256_OF_NOTHING);
  assert_version ("b", SHA256_OF_NOTHING, first);
  write_file (first, "b.safetensors", "abc");
  after = cg_model_version_get (path, NULL);
  g_assert_cmpstr (after, ==, SHA256_OF_ABC);
  assert_version ("b", SHA256_OF_ABC, first);
  assert_version ("b", SHA256_OF_NOTHING, second);
  assert_version (path, SHA256_OF_ABC, first);

  g_assert_null (cg_model_version_find ("b", "0123456789abcdef", &wrong));
  g_assert_error (wrong, CG_ERROR, CG_ERROR_VERSION);
  g_assert_nonnull (strstr (wrong->message, path));
  g_assert_nonnull (strstr (wrong->message, "found a model of SHA-256 ba7816bf8f01…, expected 0123456789ab…"));
  g_assert_null (cg_model_version_find ("nothing", SHA256_OF_ABC, &absent));
  g_assert_error (absent, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_null (cg_model_version_get ("/no/such/file", &unreadable));
  g_assert_error (unreadable, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (cg_model_version_get (fifo, &no_file)); /* at once, though nobody writes */
  g_assert_error (no_file, G_FILE_ERROR, G_FILE_ERROR_INVAL);
  g_remove (fifo);
}

static void
test_nothing_installed (void)
{
  g_autoptr (GError) error = NULL;

  g_unsetenv ("CYCLEGAN_MODEL_PATH");

  g_auto (GStrv) paths = cg_model_library_list ();

  g_assert_cmpuint (g_strv_length (paths), ==, 0);
  g_assert_null (cg_model_library_find ("a", &error));
  g_assert_nonnull (strstr (error->message, "expected one of: none ("));
}

int
main (int argc, char **argv)
{
  g_autofree char *home = NULL, *data_dirs = NULL;
  int status;

  root = g_dir_make_tmp ("cyclegan-test-XXXXXX", NULL);
  home = g_build_filename (root, "home", NULL);
  data_dirs = g_strdup_printf ("%s/system:/no/such", root);
  first = g_build_filename (root, "first", NULL);
  second = g_build_filename (root, "second", NULL);
  user = g_build_filename (home, "cyclegan", "models", NULL);
  system_wide = g_build_filename (root, "system", "cyclegan", "models", NULL);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_setenv ("XDG_DATA_DIRS", data_dirs, TRUE);

  g_test_init (&argc, &argv, NULL);

#define ADD(name, function) g_test_add ("/model/model-library/" name, gpointer, NULL, set_up, function, tear_down)

  ADD ("folders", test_folders);
  ADD ("find", test_find);
  ADD ("not-found", test_not_found);
  ADD ("list", test_list);
  ADD ("version", test_version);
  g_test_add_func ("/model/model-library/nothing-installed", test_nothing_installed);
  status = g_test_run ();

  remove_folders (user, 3);
  remove_folders (system_wide, 3);
  remove_folders (first, 1);
  remove_folders (second, 2);
  g_free (root);
  return status;
}
