/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* SHA-256 of model files, remembered while they do not change: a host asks for them at every render. */
#include "model/model-version.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/model-library.h"

/* Enough to tell two versions apart for a reader. */
#define SHOWN 12

/**
 * Known: what a file was when its hash was computed.
 * @inode, @size, @modified: as stat() told; nanoseconds
 */
typedef struct
{
  guint64 inode;
  gint64 size, modified;
  char *hash;
} Known;

static GMutex mutex;
static GHashTable *known_files; /* path -> Known; as long as the process */

static void
known_free (gpointer data)
{
  g_free (((Known *)data)->hash);
  g_free (data);
}

/* By a mapping: the file may be larger than what is worth holding. */
static char *
compute (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);

  if (!file)
    return NULL;
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)g_mapped_file_get_contents (file),
                                      g_mapped_file_get_length (file));
}

char *
cg_model_version_get (const char *path, GError **error)
{
  Known now = { 0 };
  GStatBuf status;
  const Known *known;

  /* What cannot be looked at cannot be read either, which says why. */
  if (g_stat (path, &status) != 0)
    return compute (path, error);
  /* A FIFO would keep the host waiting for a writer. */
  if (!S_ISREG (status.st_mode))
    {
      g_autofree char *display = g_filename_display_name (path);

      g_set_error (error, G_FILE_ERROR, S_ISDIR (status.st_mode) ? G_FILE_ERROR_ISDIR : G_FILE_ERROR_INVAL,
                   _ ("%s: is not a regular file"), display);
      return NULL;
    }
  now.inode = status.st_ino;
  now.size = status.st_size;
  now.modified = (gint64)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;

  g_mutex_lock (&mutex);
  if (!known_files)
    known_files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, known_free);
  known = g_hash_table_lookup (known_files, path);
  if (known && known->inode == now.inode && known->size == now.size && known->modified == now.modified)
    now.hash = g_strdup (known->hash);
  else
    {
      now.hash = compute (path, error);
      if (now.hash)
        {
          Known *kept = g_memdup2 (&now, sizeof now);

          kept->hash = g_strdup (now.hash);
          g_hash_table_replace (known_files, g_strdup (path), kept);
        }
    }
  g_mutex_unlock (&mutex);
  return now.hash;
}

char *
cg_model_version_find (const char *name, const char *version, GError **error)
{
  g_auto (GStrv) folders = cg_model_library_get_folders ();
  g_autofree char *first = cg_model_library_find (name, error);
  g_autofree char *base = first ? g_path_get_basename (first) : NULL;
  g_autofree char *found = first ? cg_model_version_get (first, error) : NULL;
  g_autofree char *display = NULL;

  if (!found)
    return NULL;
  if (strcmp (found, version) == 0)
    return g_steal_pointer (&first);
  for (char **folder = folders; *folder && !strchr (name, G_DIR_SEPARATOR); folder++)
    {
      g_autofree char *path = g_build_filename (*folder, base, NULL);
      g_autofree char *other = cg_model_version_get (path, NULL); /* NULL where the folder has none of this name */

      if (g_strcmp0 (other, version) == 0)
        return g_steal_pointer (&path);
    }
  display = g_filename_display_name (first);
  /* Translators: the first is a file, the others are the beginnings of two SHA-256 sums. */
  g_set_error (error, CG_ERROR, CG_ERROR_VERSION, _ ("%s: found a model of SHA-256 %.*s…, expected %.*s…"), display,
               SHOWN, found, SHOWN, version);
  return NULL;
}
