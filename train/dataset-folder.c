/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetFolder: one folder's readable images in sorted order, preprocessed up to the crop, kept in memory while
 * there is room. */
#include "dataset-folder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "dataset-shape.h"
#include "file-names.h"
#include "resize.h"

typedef struct
{
  char *name;
  int width, height; /* after scaling */
  CgImage *image;    /* where it is kept in memory */
  gboolean bad;      /* damaged behind a good header */
} Entry;

struct _CgDatasetFolder
{
  char *path;
  CgDatasetOptions options;
  int height, width;
  gssize *cache_left; /* bytes that may still be filled, shared between folders; NULL: none */

  GArray *entries; /* Entry, those with a readable header */
  int n_rounded;   /* of those that had to be resized to multiples of 4 */
  char *first_rounded;

  GMutex lock; /* over the entries' images and badness and the number below */
  int n_skipped;
};

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  cg_image_free (entry->image);
}

void
cg_dataset_folder_free (CgDatasetFolder *folder)
{
  if (!folder)
    return;
  g_array_unref (folder->entries);
  g_free (folder->first_rounded);
  g_free (folder->path);
  g_mutex_clear (&folder->lock);
  g_free (folder);
}

/* FALSE with an error: this image and the first cannot be trained on together. */
static gboolean
check_uncropped (CgDatasetFolder *folder, const char *file, const Entry *entry, GError **error)
{
  g_autofree char *name = NULL;

  if (folder->height == 0)
    {
      folder->height = entry->height;
      folder->width = entry->width;
    }
  if (entry->height == folder->height && entry->width == folder->width)
    return TRUE;
  name = g_filename_display_name (file);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               _ ("%s: %d x %d pixels after preprocessing, but %d x %d in the images before it: where nothing is "
                  "cropped, all images must have one size; --preprocess zoom_and_crop takes any"),
               name, entry->width, entry->height, folder->width, folder->height);
  return FALSE;
}

/* FALSE with *problem: the file is to be skipped. */
static gboolean
probe_file (CgDatasetFolder *folder, const char *file, Entry *entry, GError **problem)
{
  g_autofree char *name = g_filename_display_name (file);
  int width, height;
  gboolean rounded;

  if (!cg_image_probe (file, &width, &height, problem))
    return FALSE;
  cg_preprocess_get_size (&folder->options, width, height, &entry->width, &entry->height, &rounded);
  if (!cg_preprocess_is_uncropped (folder->options.preprocess)
      && (entry->height < folder->height || entry->width < folder->width))
    {
      g_set_error (problem, CG_ERROR, CG_ERROR_SHAPE, _ ("%s: %d x %d pixels, too small for a crop of %d x %d"), name,
                   entry->width, entry->height, folder->width, folder->height);
      return FALSE;
    }
  if (rounded && folder->n_rounded++ == 0)
    folder->first_rounded = g_steal_pointer (&name);
  return TRUE;
}

/* Takes those of @names, in order, that announce a fitting image, at most max_dataset_size. */
static gboolean
probe_files (CgDatasetFolder *folder, GPtrArray *names, GError **error)
{
  guint most = folder->options.max_dataset_size > 0 ? (guint)folder->options.max_dataset_size : G_MAXUINT;

  for (guint i = 0; i < names->len && folder->entries->len < most; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *file = g_build_filename (folder->path, name, NULL);
      g_autoptr (GError) problem = NULL;
      Entry entry = { 0 };

      if (!probe_file (folder, file, &entry, &problem))
        {
          g_warning (_ ("skipped: %s"), problem->message);
          folder->n_skipped++;
          continue;
        }
      if (cg_preprocess_is_uncropped (folder->options.preprocess) && !check_uncropped (folder, file, &entry, error))
        return FALSE;
      entry.name = g_strdup (name);
      g_array_append_val (folder->entries, entry);
    }
  return TRUE;
}

CgDatasetFolder *
cg_dataset_folder_open (const char *path, const CgDatasetOptions *options, gssize *cache_left, int *height, int *width,
                        GError **error)
{
  g_autoptr (CgDatasetFolder) folder = g_new0 (CgDatasetFolder, 1);
  g_autoptr (GPtrArray) names = NULL;
  g_autofree char *display = g_filename_display_name (path);

  g_mutex_init (&folder->lock);
  folder->path = g_strdup (path);
  folder->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (folder->entries, entry_clear);
  folder->options = *options;
  folder->height = *height;
  folder->width = *width;
  folder->cache_left = cache_left;

  names = cg_file_names_list (path, error);
  if (!names || !probe_files (folder, names, error))
    return NULL;
  if (folder->entries->len == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("%s: holds no image that can be used (%u files were tried), expected at least one"), display,
                   names->len);
      return NULL;
    }
  *height = folder->height;
  *width = folder->width;
  return g_steal_pointer (&folder);
}

int
cg_dataset_folder_get_size (const CgDatasetFolder *folder)
{
  return (int)folder->entries->len;
}

int
cg_dataset_folder_get_n_skipped (CgDatasetFolder *folder)
{
  int n;

  g_mutex_lock (&folder->lock);
  n = folder->n_skipped;
  g_mutex_unlock (&folder->lock);
  return n;
}

const char *
cg_dataset_folder_get_rounded (const CgDatasetFolder *folder, int *n_rounded)
{
  *n_rounded = folder->n_rounded;
  return folder->first_rounded;
}

static int
compare_ints (gconstpointer a, gconstpointer b)
{
  return *(const int *)a - *(const int *)b;
}

int
cg_dataset_folder_get_median_side (const CgDatasetFolder *folder)
{
  guint n = folder->entries->len;
  g_autofree int *sides = g_new (int, n);

  for (guint i = 0; i < n; i++)
    {
      const Entry *entry = &g_array_index (folder->entries, Entry, i);

      sides[i] = MIN (entry->width, entry->height);
    }
  qsort (sides, n, sizeof *sides, compare_ints);
  return sides[n / 2];
}

guint64
cg_dataset_folder_get_uncached_bytes (CgDatasetFolder *folder)
{
  guint64 bytes = 0;

  g_mutex_lock (&folder->lock);
  for (guint i = 0; i < folder->entries->len; i++)
    {
      const Entry *entry = &g_array_index (folder->entries, Entry, i);

      if (!entry->image && !entry->bad)
        bytes += (guint64)entry->width * (guint64)entry->height * 3;
    }
  g_mutex_unlock (&folder->lock);
  return bytes;
}

/* Decodes and scales. A header that promised another size than the pixels have is damage. */
static CgImage *
load_scaled (const CgDatasetFolder *folder, const char *file, const Entry *entry, GError **error)
{
  g_autoptr (CgImage) image = cg_image_load (file, error);
  g_autofree char *name = g_filename_display_name (file);
  CgImage *scaled;
  int width, height;
  gboolean rounded;

  if (!image)
    return NULL;
  cg_preprocess_get_size (&folder->options, image->width, image->height, &width, &height, &rounded);
  if (width != entry->width || height != entry->height)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("%s: %d x %d pixels after preprocessing, expected %d x %d"),
                   name, width, height, entry->width, entry->height);
      return NULL;
    }
  if (width == image->width && height == image->height)
    return g_steal_pointer (&image);
  scaled = cg_image_resize (image, width, height, error);
  if (!scaled)
    g_prefix_error (error, "%s: ", name);
  return scaled;
}

/* The lock is held; another thread may have done the same meanwhile. */
static void
mark_bad (CgDatasetFolder *folder, Entry *entry, const GError *problem)
{
  if (entry->bad)
    return;
  g_warning (_ ("skipped: %s"), problem->message);
  entry->bad = TRUE;
  folder->n_skipped++;
}

/* Takes @bytes from what is left for the cache, if they are there. */
static gboolean
reserve (gssize *left, gssize bytes)
{
  if (!left)
    return FALSE;
  if (g_atomic_pointer_add (left, -bytes) >= bytes)
    return TRUE;
  g_atomic_pointer_add (left, bytes);
  return FALSE;
}

/* The lock is held. The first images to come stay: every image comes once an epoch, so throwing the oldest out would
 * throw all out in turn. */
static const CgImage *
keep (CgDatasetFolder *folder, Entry *entry, CgImage *image, CgImage **owned)
{
  if (!entry->image && reserve (folder->cache_left, (gssize)image->width * image->height * 3))
    return entry->image = image;
  *owned = image;
  return image;
}

/* NULL without an error: the file is damaged. */
static const CgImage *
get_one (CgDatasetFolder *folder, guint index, CgImage **owned, GError **error)
{
  Entry *entry = &g_array_index (folder->entries, Entry, index);
  g_autofree char *file = NULL;
  g_autoptr (GError) problem = NULL;
  const CgImage *image;
  CgImage *loaded;
  gboolean bad;

  g_mutex_lock (&folder->lock);
  image = entry->image;
  bad = entry->bad;
  g_mutex_unlock (&folder->lock);
  if (image || bad)
    return image;

  file = g_build_filename (folder->path, entry->name, NULL);
  loaded = load_scaled (folder, file, entry, &problem);
  if (!loaded && g_error_matches (problem, CG_ERROR, CG_ERROR_MEMORY))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  g_mutex_lock (&folder->lock);
  if (loaded)
    image = keep (folder, entry, loaded, owned);
  else
    mark_bad (folder, entry, problem);
  g_mutex_unlock (&folder->lock);
  return image;
}

const CgImage *
cg_dataset_folder_get_image (CgDatasetFolder *folder, int index, CgImage **owned, GError **error)
{
  guint n = folder->entries->len;
  const CgImage *image = NULL;
  GError *problem = NULL;

  *owned = NULL;
  for (guint i = 0; i < n && !image && !problem; i++)
    image = get_one (folder, ((guint)index + i) % n, owned, &problem);
  if (problem)
    g_propagate_error (error, problem);
  else if (!image)
    {
      g_autofree char *name = g_filename_display_name (folder->path);

      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("%s: none of its %u images can be decoded"), name, n);
    }
  return image;
}

static gboolean
add_file (const char *file, const char *name, GChecksum *checksum, GError **error)
{
  g_autofree guchar *block = g_malloc (1 << 16);
  FILE *stream = g_fopen (file, "rbe");
  gint64 size = 0;
  g_autofree char *tail = NULL;
  gsize n;
  gboolean ok;

  if (stream)
    {
      g_checksum_update (checksum, (const guchar *)name, (gssize)strlen (name) + 1);
      while ((n = fread (block, 1, 1 << 16, stream)) > 0)
        {
          g_checksum_update (checksum, block, (gssize)n);
          size += (gint64)n;
        }
      tail = g_strdup_printf ("%" G_GINT64_FORMAT, size);
      g_checksum_update (checksum, (const guchar *)tail, (gssize)strlen (tail) + 1);
    }
  ok = stream && !ferror (stream);
  if (!ok)
    {
      int code = errno;
      g_autofree char *display = g_filename_display_name (file);

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", display, g_strerror (code));
    }
  if (stream)
    fclose (stream);
  return ok;
}

gboolean
cg_dataset_folder_add_to_checksum (const CgDatasetFolder *folder, GChecksum *checksum, GError **error)
{
  for (guint i = 0; i < folder->entries->len; i++)
    {
      const char *name = g_array_index (folder->entries, Entry, i).name;
      g_autofree char *file = g_build_filename (folder->path, name, NULL);

      if (!add_file (file, name, checksum, error))
        return FALSE;
    }
  return TRUE;
}
