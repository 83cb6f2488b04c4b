/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The search for installed models. No path of a build tree is compiled in, so that an installed library never looks
 * where a tree happened to lie: uninstalled programs run with $CYCLEGAN_MODEL_PATH set, as `meson devenv` and the
 * tests do. */
#include "model/model-library.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/bundle.h"
#include "base/error.h"

#define SUFFIX ".safetensors"

char **
cg_model_library_get_folders (void)
{
  g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();
  const char *path = g_getenv ("CYCLEGAN_MODEL_PATH");
  g_auto (GStrv) first = g_strsplit (path ? path : "", G_SEARCHPATH_SEPARATOR_S, -1);
  g_autofree char *user = g_build_filename (g_get_user_data_dir (), "cyclegan", "models", NULL);

  for (char **folder = first; *folder; folder++)
    if (**folder)
      g_strv_builder_add (folders, *folder);
  g_strv_builder_add (folders, user);
  if (cg_bundle_get_data_dir ())
    {
      g_autofree char *bundled = g_build_filename (cg_bundle_get_data_dir (), "cyclegan", "models", NULL);

      g_strv_builder_add (folders, bundled);
    }
  for (const char *const *data = g_get_system_data_dirs (); *data; data++)
    {
      g_autofree char *folder = g_build_filename (*data, "cyclegan", "models", NULL);

      g_strv_builder_add (folders, folder);
    }
  return g_strv_builder_end (folders);
}

/* Temporary files of a writer begin with a dot. */
static gboolean
is_model (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return name[0] != '.' && g_str_has_suffix (name, SUFFIX) && g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* By file name; by path where these are equal, which they never are within one list. */
static int
compare_paths (gconstpointer a, gconstpointer b)
{
  const char *path_a = *(const char *const *)a, *path_b = *(const char *const *)b;

  return strcmp (strrchr (path_a, G_DIR_SEPARATOR), strrchr (path_b, G_DIR_SEPARATOR));
}

char **
cg_model_library_list (void)
{
  g_auto (GStrv) folders = cg_model_library_get_folders ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *paths = g_ptr_array_new ();

  for (char **folder = folders; *folder; folder++)
    {
      g_autoptr (GDir) dir = g_dir_open (*folder, 0, NULL);
      const char *name;

      while (dir && (name = g_dir_read_name (dir)))
        if (is_model (*folder, name) && g_hash_table_add (seen, g_strdup (name)))
          g_ptr_array_add (paths, g_build_filename (*folder, name, NULL));
    }
  g_ptr_array_sort (paths, compare_paths);
  g_ptr_array_add (paths, NULL);
  return (char **)g_ptr_array_free (paths, FALSE);
}

/* The installed models' names, joined by commas, or "none". (transfer full) */
static char *
describe_models (void)
{
  g_auto (GStrv) paths = cg_model_library_list ();
  GString *names = g_string_new (NULL);

  for (char **path = paths; *path; path++)
    {
      g_autofree char *file = g_path_get_basename (*path);
      g_autofree char *name = g_filename_display_name (file);

      g_string_append_printf (names, "%s%.*s", names->len ? ", " : "", (int)(strlen (name) - strlen (SUFFIX)), name);
    }
  if (!names->len)
    g_string_append (names, _ ("none"));
  return g_string_free (names, FALSE);
}

char *
cg_model_library_find (const char *name_or_path, GError **error)
{
  g_return_val_if_fail (name_or_path != NULL, NULL);

  g_auto (GStrv) folders = cg_model_library_get_folders ();
  g_autofree char *file = NULL, *name = NULL, *searched = NULL, *display_folders = NULL, *models = NULL;

  if (strchr (name_or_path, G_DIR_SEPARATOR))
    return g_strdup (name_or_path);
  file = g_str_has_suffix (name_or_path, SUFFIX) ? g_strdup (name_or_path) : g_strconcat (name_or_path, SUFFIX, NULL);
  for (char **folder = folders; *folder; folder++)
    if (is_model (*folder, file))
      return g_build_filename (*folder, file, NULL);

  name = g_filename_display_name (name_or_path);
  searched = g_strjoinv (", ", folders);
  display_folders = g_filename_display_name (searched);
  models = describe_models ();
  g_set_error (
      error, CG_ERROR, CG_ERROR_FORMAT,
      _ ("%s: found no installed model of this name, expected one of: %s (searched: %s; a path has a “/” in it)"), name,
      models, display_folders);
  return NULL;
}
