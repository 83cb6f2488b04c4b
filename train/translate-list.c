/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking folders and naming results; apart from the work itself, for here nothing of pictures is known but their names. */
#include "translate-list.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "photo-writer.h"

typedef struct
{
  GPtrArray *items;
  const char *out;
  gboolean to_folder;
  GStatBuf out_status; /* its st_ino is 0 where there is no such folder yet */
} Walk;

static void
item_free (gpointer data)
{
  CgTranslateItem *item = data;

  g_free (item->path);
  g_free (item->result);
  g_clear_error (&item->error);
  g_free (item);
}

static CgTranslateItem *
add_item (Walk *walk, const char *path)
{
  CgTranslateItem *item = g_new0 (CgTranslateItem, 1);

  item->path = g_strdup (path);
  g_ptr_array_add (walk->items, item);
  return item;
}

/* @place: the photo's name below the folder that was named, or the name alone. */
static void
add_photo (Walk *walk, const char *path, const char *place)
{
  CgTranslateItem *item = add_item (walk, path);
  g_autofree char *stem = NULL;
  g_autofree char *name = NULL;
  char *dot;

  if (!walk->to_folder)
    item->result = g_strdup (walk->out);
  else if (cg_photo_can_save (place))
    item->result = g_build_filename (walk->out, place, NULL);
  else
    {
      stem = g_strdup (place);
      dot = strrchr (stem, '.');
      if (dot && dot != stem && dot[-1] != G_DIR_SEPARATOR && !strchr (dot, G_DIR_SEPARATOR))
        *dot = '\0';
      name = g_strconcat (stem, ".png", NULL);
      item->result = g_build_filename (walk->out, name, NULL);
    }
}

static gboolean
is_picture_name (const char *name)
{
  static const char *const endings[]
      = { ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".gif", ".pnm", ".ppm", ".pgm", ".pbm", ".exr", ".hdr" };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* @place: "" for the folder that was named, else where we are below it. */
static void
walk_folder (Walk *walk, const char *folder, const char *place)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &error);
  const char *name;

  if (!dir)
    {
      add_item (walk, folder)->error = g_steal_pointer (&error);
      return;
    }
  while ((name = g_dir_read_name (dir)))
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, names->pdata[i], NULL);
      g_autofree char *below = *place ? g_build_filename (place, names->pdata[i], NULL) : g_strdup (names->pdata[i]);
      GStatBuf status;

      if (g_lstat (path, &status) != 0)
        continue;
      if (S_ISDIR (status.st_mode))
        {
          if (status.st_ino != walk->out_status.st_ino || status.st_dev != walk->out_status.st_dev)
            walk_folder (walk, path, below);
        }
      else if (is_picture_name (names->pdata[i]))
        add_photo (walk, path, below);
    }
}

static void
add_input (Walk *walk, const char *path)
{
  guint before = walk->items->len;
  g_autofree char *name = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      name = g_path_get_basename (path);
      add_photo (walk, path, name);
      return;
    }
  walk_folder (walk, path, "");
  if (walk->items->len == before)
    g_set_error (&add_item (walk, path)->error, G_FILE_ERROR, G_FILE_ERROR_NOENT, _ ("%s: no pictures in this folder"),
                 path);
}

/* Which file it is, whatever its name: the key of a hash table. (transfer full) (nullable) */
static char *
identify (const char *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)status.st_dev, (guint64)status.st_ino);
}

static void
check_results (GPtrArray *items)
{
  g_autoptr (GHashTable) inputs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) results = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < items->len; i++)
    {
      CgTranslateItem *item = items->pdata[i];
      char *identity = item->error ? NULL : identify (item->path);

      if (identity)
        g_hash_table_add (inputs, identity);
    }
  for (guint i = 0; i < items->len; i++)
    {
      CgTranslateItem *item = items->pdata[i];
      g_autofree char *identity = item->error ? NULL : identify (item->result);
      const CgTranslateItem *other;

      if (item->error)
        continue;
      other = g_hash_table_lookup (results, item->result);
      if (identity && g_hash_table_contains (inputs, identity))
        g_set_error (&item->error, G_FILE_ERROR, G_FILE_ERROR_EXIST, _ ("%s: would overwrite an input"), item->result);
      else if (other)
        g_set_error (&item->error, G_FILE_ERROR, G_FILE_ERROR_EXIST, _ ("%s: is the result of %s already"),
                     item->result, other->path);
      else
        g_hash_table_insert (results, item->result, item);
    }
}

GPtrArray *
cg_translate_list_new (char **inputs, const char *out, gboolean to_folder)
{
  Walk walk = { .items = g_ptr_array_new_with_free_func (item_free), .out = out, .to_folder = to_folder };

  if (!to_folder || g_stat (out, &walk.out_status) != 0)
    memset (&walk.out_status, 0, sizeof walk.out_status);
  for (char **input = inputs; *input; input++)
    add_input (&walk, *input);
  check_results (walk.items);
  return walk.items;
}
