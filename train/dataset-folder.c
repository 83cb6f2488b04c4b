/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetFolder: one folder's readable images in sorted order, preprocessed up to the crop, kept in memory while
 * there is room. */
#include "dataset-folder.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "resize.h"

struct _CgDatasetFolder
{
  char *path;
  CgPreprocess preprocess;
  int load_size;
  int height, width;

  GPtrArray *names; /* char *, those with a readable header */
  CgImage **images; /* [names->len] cached ones */
  gboolean *bad;    /* [names->len] damaged behind a good header */

  GMutex lock; /* over images, bad and the numbers below */
  gsize cache_left;
  int n_unreadable;
};

void
cg_dataset_folder_free (CgDatasetFolder *folder)
{
  if (!folder)
    return;
  for (guint i = 0; folder->images && i < folder->names->len; i++)
    cg_image_free (folder->images[i]);
  g_free (folder->images);
  g_free (folder->bad);
  g_ptr_array_unref (folder->names);
  g_free (folder->path);
  g_mutex_clear (&folder->lock);
  g_free (folder);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* Everything in the folder that is neither hidden nor a folder. */
static GPtrArray *
list_files (const char *path, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  g_autoptr (GPtrArray) names = NULL;
  const char *name;

  if (!dir)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (name[0] != '.' && !g_file_test (file, G_FILE_TEST_IS_DIR))
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* Without preprocessing all images have one size, which the networks can halve twice. */
static gboolean
check_unscaled (CgDatasetFolder *folder, const char *file, int height, int width, GError **error)
{
  g_autofree char *name = g_filename_display_name (file);

  if (folder->height == 0)
    {
      folder->height = height;
      folder->width = width;
    }
  if (height != folder->height || width != folder->width)
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                 _ ("%s: %d x %d pixels, expected %d x %d: without preprocessing all images must have one size"), name,
                 width, height, folder->width, folder->height);
  else if (height % 4 || width % 4)
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                 _ ("%s: %d x %d pixels, expected multiples of 4 where nothing is preprocessed"), name, width, height);
  else
    return TRUE;
  return FALSE;
}

/* Moves the names of files with a readable header, at most max_files, from @candidates to the folder. */
static gboolean
probe_files (CgDatasetFolder *folder, GPtrArray *candidates, int max_files, GError **error)
{
  for (guint i = 0; i < candidates->len && (max_files == 0 || folder->names->len < (guint)max_files); i++)
    {
      const char *name = g_ptr_array_index (candidates, i);
      g_autofree char *file = g_build_filename (folder->path, name, NULL);
      g_autoptr (GError) problem = NULL;
      int width, height;

      if (!cg_image_probe (file, &width, &height, &problem))
        {
          g_warning (_ ("skipped: %s"), problem->message);
          folder->n_unreadable++;
          continue;
        }
      if (folder->preprocess == CG_PREPROCESS_NONE && !check_unscaled (folder, file, height, width, error))
        return FALSE;
      g_ptr_array_add (folder->names, g_strdup (name));
    }
  return TRUE;
}

CgDatasetFolder *
cg_dataset_folder_open (const char *path, const CgDatasetOptions *options, gsize cache_bytes, int *height, int *width,
                        GError **error)
{
  g_autoptr (CgDatasetFolder) folder = g_new0 (CgDatasetFolder, 1);
  g_autoptr (GPtrArray) candidates = NULL;
  g_autofree char *display = g_filename_display_name (path);

  g_mutex_init (&folder->lock);
  folder->path = g_strdup (path);
  folder->names = g_ptr_array_new_with_free_func (g_free);
  folder->preprocess = options->preprocess;
  folder->load_size = options->load_size;
  folder->height = *height;
  folder->width = *width;
  folder->cache_left = cache_bytes;

  candidates = list_files (path, error);
  if (!candidates || !probe_files (folder, candidates, options->max_dataset_size, error))
    return NULL;
  if (folder->names->len == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("%s: holds no image that can be read (%u files were tried), expected at least one"), display,
                   candidates->len);
      return NULL;
    }
  folder->images = g_new0 (CgImage *, folder->names->len);
  folder->bad = g_new0 (gboolean, folder->names->len);
  *height = folder->height;
  *width = folder->width;
  return g_steal_pointer (&folder);
}

int
cg_dataset_folder_get_size (const CgDatasetFolder *folder)
{
  return (int)folder->names->len;
}

int
cg_dataset_folder_get_n_unreadable (CgDatasetFolder *folder)
{
  int n;

  g_mutex_lock (&folder->lock);
  n = folder->n_unreadable;
  g_mutex_unlock (&folder->lock);
  return n;
}

/* Short side to @target, the long one by the same factor, rounded. */
static CgImage *
zoom (const CgImage *image, int target, GError **error)
{
  gint64 shorter = MIN (image->width, image->height), longer = MAX (image->width, image->height);
  int scaled = (int)((2 * longer * target + shorter) / (2 * shorter));

  if (image->width < image->height)
    return cg_image_resize (image, target, scaled, error);
  return cg_image_resize (image, scaled, target, error);
}

static CgImage *
load_preprocessed (const CgDatasetFolder *folder, const char *file, GError **error)
{
  g_autoptr (CgImage) image = cg_image_load (file, error);
  g_autoptr (CgImage) scaled = NULL;
  g_autofree char *name = g_filename_display_name (file);

  if (!image)
    return NULL;
  if (folder->preprocess == CG_PREPROCESS_RESIZE_AND_CROP)
    scaled = cg_image_resize (image, folder->load_size, folder->load_size, error);
  else if (folder->preprocess == CG_PREPROCESS_ZOOM_AND_CROP)
    scaled = zoom (image, MAX (folder->load_size, MAX (folder->height, folder->width)), error);
  else
    scaled = g_steal_pointer (&image);
  if (!scaled)
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }
  if (folder->preprocess == CG_PREPROCESS_NONE ? scaled->height != folder->height || scaled->width != folder->width
                                               : scaled->height < folder->height || scaled->width < folder->width)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("%s: %d x %d pixels after preprocessing, expected %d x %d"),
                   name, scaled->width, scaled->height, folder->width, folder->height);
      return NULL;
    }
  return g_steal_pointer (&scaled);
}

/* The lock is held. NULL without an error: the file is damaged. */
static const CgImage *
get_one (CgDatasetFolder *folder, guint index, CgImage **owned, GError **error)
{
  g_autofree char *file = NULL;
  g_autoptr (GError) problem = NULL;
  CgImage *image;
  gsize bytes;

  if (folder->images[index] || folder->bad[index])
    return folder->images[index];
  file = g_build_filename (folder->path, g_ptr_array_index (folder->names, index), NULL);
  image = load_preprocessed (folder, file, &problem);
  if (!image)
    {
      if (g_error_matches (problem, CG_ERROR, CG_ERROR_MEMORY))
        g_propagate_error (error, g_steal_pointer (&problem));
      else
        {
          g_warning (_ ("skipped: %s"), problem->message);
          folder->bad[index] = TRUE;
          folder->n_unreadable++;
        }
      return NULL;
    }

  /* The first ones to come stay: every image comes once an epoch, so throwing the oldest out would throw all out
   * in turn. */
  bytes = (gsize)image->width * image->height * 3;
  if (bytes <= folder->cache_left)
    {
      folder->cache_left -= bytes;
      folder->images[index] = image;
    }
  else
    *owned = image;
  return image;
}

const CgImage *
cg_dataset_folder_get_image (CgDatasetFolder *folder, int index, CgImage **owned, GError **error)
{
  guint n = folder->names->len;
  const CgImage *image = NULL;
  GError *problem = NULL;

  *owned = NULL;
  g_mutex_lock (&folder->lock);
  for (guint i = 0; i < n && !image && !problem; i++)
    image = get_one (folder, ((guint)index + i) % n, owned, &problem);
  g_mutex_unlock (&folder->lock);
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
  for (guint i = 0; i < folder->names->len; i++)
    {
      const char *name = g_ptr_array_index (folder->names, i);
      g_autofree char *file = g_build_filename (folder->path, name, NULL);

      if (!add_file (file, name, checksum, error))
        return FALSE;
    }
  return TRUE;
}
