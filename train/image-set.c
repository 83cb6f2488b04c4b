/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a folder of images to measure with; apart from the trainer's folders, where a damaged image has a stand-in and crops are random. */
#include "image-set.h"

#include <cyclegan-train.h>
#include <glib/gi18n.h>
#include <string.h>

#include "channels.h"
#include "file-names.h"
#include "image-io.h"
#include "resize.h"

struct _CgImageSet
{
  int load_size, crop_size;
  GPtrArray *stems;  /* names without their endings */
  GPtrArray *pixels; /* guint8 [crop][crop][3] */
};

void
cg_image_set_free (CgImageSet *set)
{
  if (!set)
    return;
  g_ptr_array_unref (set->stems);
  g_ptr_array_unref (set->pixels);
  g_free (set);
}

/* Short side to the load size, the long one by the same factor, rounded. */
static CgImage *
load_scaled (const CgImageSet *set, const char *file, GError **error)
{
  g_autoptr (CgImage) image = cg_image_load (file, error);
  CgImage *scaled;
  gint64 shorter;

  if (!image)
    return NULL;
  shorter = MIN (image->width, image->height);
  scaled = cg_image_resize (image, (int)((2 * (gint64)image->width * set->load_size + shorter) / (2 * shorter)),
                            (int)((2 * (gint64)image->height * set->load_size + shorter) / (2 * shorter)), error);
  if (!scaled)
    g_prefix_error (error, "%s: ", file);
  return scaled;
}

/* The middle of @image; NULL if there is no memory. */
static guint8 *
crop (const CgImageSet *set, const CgImage *image)
{
  gsize row = (gsize)set->crop_size * 3;
  gsize x = (gsize)(image->width - set->crop_size) / 2, y = (gsize)(image->height - set->crop_size) / 2;
  guint8 *pixels = g_try_malloc (row * (gsize)set->crop_size);

  for (gsize line = 0; pixels && line < (gsize)set->crop_size; line++)
    memcpy (pixels + line * row, image->pixels + ((y + line) * (gsize)image->width + x) * 3, row);
  return pixels;
}

static char *
get_stem (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot && dot != name ? g_strndup (name, (gsize)(dot - name)) : g_strdup (name);
}

static gboolean
add_file (CgImageSet *set, const char *folder, const char *name, GError **error)
{
  g_autofree char *file = g_build_filename (folder, name, NULL);
  g_autoptr (GError) problem = NULL;
  g_autoptr (CgImage) image = load_scaled (set, file, &problem);
  guint8 *pixels;

  if (!image && g_error_matches (problem, CG_ERROR, CG_ERROR_MEMORY))
    {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
  if (!image)
    {
      g_warning (_ ("skipped: %s"), problem->message);
      return TRUE;
    }
  pixels = crop (set, image);
  if (!pixels)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for %u images of %d x %d pixels"), folder,
                   set->pixels->len + 1, set->crop_size, set->crop_size);
      return FALSE;
    }
  g_ptr_array_add (set->stems, get_stem (name));
  g_ptr_array_add (set->pixels, pixels);
  return TRUE;
}

CgImageSet *
cg_image_set_open (const char *path, int load_size, int crop_size, int max_images, GError **error)
{
  g_autoptr (CgImageSet) set = g_new0 (CgImageSet, 1);
  g_autoptr (GPtrArray) names = NULL;

  g_return_val_if_fail (crop_size >= 1 && crop_size <= load_size, NULL);

  set->load_size = load_size;
  set->crop_size = crop_size;
  set->stems = g_ptr_array_new_with_free_func (g_free);
  set->pixels = g_ptr_array_new_with_free_func (g_free);
  names = cg_file_names_list (path, error);
  if (!names)
    return NULL;
  for (guint i = 0; i < names->len && (max_images == 0 || set->pixels->len < (guint)max_images); i++)
    if (!add_file (set, path, g_ptr_array_index (names, i), error))
      return NULL;
  if (set->pixels->len == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("%s: holds no image that can be read (%u files were tried), expected at least one"), path,
                   names->len);
      return NULL;
    }
  return g_steal_pointer (&set);
}

int
cg_image_set_get_size (const CgImageSet *set)
{
  return (int)set->pixels->len;
}

int
cg_image_set_find (const CgImageSet *set, const CgImageSet *other, int index)
{
  const char *stem = g_ptr_array_index (other->stems, index);

  for (guint i = 0; i < set->stems->len; i++)
    if (strcmp (g_ptr_array_index (set->stems, i), stem) == 0)
      return (int)i;
  return -1;
}

void
cg_image_set_get (const CgImageSet *set, int index, int n_channels, float *values)
{
  const guint8 *pixels = g_ptr_array_index (set->pixels, index);
  gsize n = (gsize)set->crop_size * (gsize)set->crop_size;

  g_return_if_fail (n_channels == 1 || n_channels == 3);

  if (n_channels == 3)
    for (gsize i = 0; i < 3 * n; i++)
      values[i] = (float)pixels[i] / 127.5f - 1.0f;
  else
    for (gsize i = 0; i < n; i++, pixels += 3)
      values[i] = (float)cg_channels_get_luma (pixels[0], pixels[1], pixels[2]) / 127.5f - 1.0f;
}
