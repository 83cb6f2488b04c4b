/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells users of a model where it comes from; apart because nothing of this has to do with training. */
#include "publish.h"

#include <glib/gi18n.h>

static void
add_text (GHashTable *metadata, const char *key, const char *text)
{
  if (text && *text)
    g_hash_table_insert (metadata, g_strdup (key), g_strdup (text));
}

static void
add_number (GHashTable *metadata, const char *key, gint64 number)
{
  g_hash_table_insert (metadata, g_strdup (key), g_strdup_printf ("%" G_GINT64_FORMAT, number));
}

/* The given title is that of the way there; the way back is named after its domains, or as the inverse. */
static char *
get_title (const CgTrainOptions *options, gboolean inverse)
{
  const char *from = inverse ? options->domain_to : options->domain_from;
  const char *to = inverse ? options->domain_from : options->domain_to;

  if (options->title && !inverse)
    return g_strdup (options->title);
  if (from && to)
    return g_strdup_printf ("%s to %s", from, to);
  return options->title ? g_strdup_printf ("%s, inverse", options->title) : NULL;
}

GHashTable *
cg_publish_get_metadata (const CgTrainOptions *options, CgDataset *dataset, gint64 n_steps, gboolean inverse)
{
  GHashTable *metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *title = get_title (options, inverse);
  g_autofree char *name = g_path_get_basename (options->dataroot);
  g_autofree char *trained_on = g_strdup_printf (
      "%s: %d images of A, %d of B", name, cg_dataset_get_size (dataset, 'A'), cg_dataset_get_size (dataset, 'B'));
  int height, width;

  cg_dataset_get_crop_size (dataset, &height, &width);
  add_text (metadata, "title", title);
  add_text (metadata, "description", options->description);
  add_text (metadata, "domain_from", inverse ? options->domain_to : options->domain_from);
  add_text (metadata, "domain_to", inverse ? options->domain_from : options->domain_to);
  add_text (metadata, "author", options->author);
  add_text (metadata, "license", options->license);
  add_text (metadata, "trained_on", trained_on);
  add_number (metadata, "crop_size", MIN (height, width));
  add_number (metadata, "train_scale", cg_dataset_get_train_scale (dataset, inverse ? 'B' : 'A'));
  add_number (metadata, "steps", n_steps);
  return metadata;
}
