/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgModel, and the way of a network's parameters into a file and back. */
#include "model/model.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "model/model-config.h"
#include "model/model-library.h"
#include "model/safetensors-header.h"

struct _CgModel
{
  gatomicrefcount references;
  char *path;
  char *title;
  int train_scale;
  GHashTable *metadata;
  CgNetwork *network;
};

static void
model_free (CgModel *model)
{
  g_free (model->path);
  g_free (model->title);
  g_clear_pointer (&model->metadata, g_hash_table_unref);
  g_clear_pointer (&model->network, cg_network_free);
  g_free (model);
}

CgModel *
cg_model_ref (CgModel *model)
{
  g_atomic_ref_count_inc (&model->references);
  return model;
}

void
cg_model_unref (CgModel *model)
{
  if (model && g_atomic_ref_count_dec (&model->references))
    model_free (model);
}

static char *
title_from_path (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  return g_filename_display_name (name);
}

CgModel *
cg_model_load (const char *name_or_path, GError **error)
{
  g_return_val_if_fail (name_or_path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_autoptr (CgModel) model = g_new0 (CgModel, 1);
  g_autoptr (CgSafetensors) file = NULL;
  CgNetworkConfig config;

  g_atomic_ref_count_init (&model->references);
  model->train_scale = 256;
  model->path = cg_model_library_find (name_or_path, error);
  if (!model->path)
    return NULL;
  file = cg_safetensors_open (model->path, error);
  if (!file || !cg_model_config_from_metadata (file, &config, error)
      || !cg_model_metadata_get_int (file, "train_scale", 1, 1 << 16, &model->train_scale, error))
    return NULL;

  g_autofree char *display_name = g_filename_display_name (model->path);

  if (cg_model_config_is_discriminator (&config))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: found a discriminator, expected a generator"),
                   display_name);
      return NULL;
    }
  model->network = cg_network_new (&config, error);
  if (!model->network)
    {
      g_prefix_error (error, "%s: ", display_name);
      return NULL;
    }
  if (!cg_model_read_network (file, model->network, error))
    return NULL;

  model->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (const char *const *key = cg_safetensors_get_metadata_keys (file); *key; key++)
    g_hash_table_insert (model->metadata, g_strdup (*key), g_strdup (cg_safetensors_get_metadata (file, *key)));
  model->title = g_strdup (cg_model_get_metadata (model, "title"));
  if (!model->title || !*model->title)
    {
      g_free (model->title);
      model->title = title_from_path (model->path);
    }
  return g_steal_pointer (&model);
}

const char *
cg_model_get_path (const CgModel *model)
{
  return model->path;
}

const char *
cg_model_get_title (const CgModel *model)
{
  return model->title;
}

const char *
cg_model_get_metadata (const CgModel *model, const char *key)
{
  return g_hash_table_lookup (model->metadata, key);
}

int
cg_model_get_train_scale (const CgModel *model)
{
  return model->train_scale;
}

CgNetwork *
cg_model_get_network (const CgModel *model)
{
  return model->network;
}

/* "[64, 3, 7, 7]". (transfer full) */
static char *
describe_shape (int n_dims, const gint64 *shape)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "", shape[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static gboolean
check_shape (const CgSafetensorsEntry *entry, const CgParameter *parameter, const char *path, GError **error)
{
  g_autofree char *found = NULL, *expected = NULL;

  if (entry->n_dims == parameter->n_dims
      && memcmp (entry->shape, parameter->shape, (size_t)entry->n_dims * sizeof *entry->shape) == 0)
    return TRUE;
  found = describe_shape (entry->n_dims, entry->shape);
  expected = describe_shape (parameter->n_dims, parameter->shape);
  g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("%s: tensor “%s”: found the shape %s, expected %s"), path,
               parameter->name, found, expected);
  return FALSE;
}

gboolean
cg_model_check_tensors (const CgSafetensors *file, const CgNetwork *network, GError **error)
{
  g_autofree char *path = g_filename_display_name (cg_safetensors_get_path (file));
  const guint n_parameters = cg_network_get_n_parameters (network);

  for (guint i = 0; i < n_parameters; i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      const CgSafetensorsEntry *entry = cg_safetensors_find (file, parameter->name);

      if (!entry)
        {
          g_autofree char *expected = describe_shape (parameter->n_dims, parameter->shape);

          g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                       _ ("%s: tensor “%s”: found nothing, expected it with the shape %s"), path, parameter->name,
                       expected);
          return FALSE;
        }
      if (!check_shape (entry, parameter, path, error))
        return FALSE;
    }
  /* Names are unique on both sides, so only a surplus is left to look for. */
  for (guint i = 0; cg_safetensors_get_n_entries (file) > n_parameters && i <= n_parameters; i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);

      if (!cg_network_find_parameter (network, entry->name))
        {
          g_autofree char *found = describe_shape (entry->n_dims, entry->shape);
          g_autofree char *name = cg_safetensors_printable (entry->name);

          g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                       _ ("%s: tensor “%s”: found it with the shape %s, expected only the %u of the network"), path,
                       name, found, n_parameters);
          return FALSE;
        }
    }
  return TRUE;
}

static size_t
largest_parameter (const CgNetwork *network)
{
  size_t n_floats = 1;

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    n_floats = MAX (n_floats, cg_network_get_parameter (network, i)->n_floats);
  return n_floats;
}

static void
set_memory_error (size_t n_floats, const char *path, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for %zu numbers of its network"), path, n_floats);
}

gboolean
cg_model_read_network (const CgSafetensors *file, CgNetwork *network, GError **error)
{
  g_autofree char *path = g_filename_display_name (cg_safetensors_get_path (file));
  const size_t n_floats = cg_network_get_n_floats (network), n_largest = largest_parameter (network);
  g_autofree float *weights = NULL, *values = NULL;

  if (!cg_model_check_tensors (file, network, error))
    return FALSE;
  weights = g_try_new0 (float, MAX (n_floats, 1));
  values = g_try_new (float, n_largest);
  if (!weights || !values)
    {
      set_memory_error (n_floats + n_largest, path, error);
      return FALSE;
    }
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (!cg_safetensors_read (file, cg_safetensors_find (file, parameter->name), values, error))
        return FALSE;
      cg_network_write_parameter (network, i, weights, values);
    }
  memcpy (cg_network_get_weights (network), weights, n_floats * sizeof *weights);
  cg_network_touch (network);
  return TRUE;
}

static void
set_metadata (CgSafetensorsWriter *writer, GHashTable *metadata)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc)strcmp);

  for (GList *key = keys; key; key = key->next)
    if (!cg_model_config_owns_key (key->data))
      cg_safetensors_writer_set_metadata (writer, key->data, g_hash_table_lookup (metadata, key->data));
}

gboolean
cg_model_save (CgNetwork *network, CgDtype dtype, GHashTable *metadata, const char *path, GError **error)
{
  g_return_val_if_fail (network != NULL && path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autofree char *display_name = g_filename_display_name (path);
  const size_t n_largest = largest_parameter (network);
  g_autofree float *values = g_try_new (float, n_largest);

  if (!values)
    {
      set_memory_error (n_largest, display_name, error);
      return FALSE;
    }
  cg_model_config_to_metadata (cg_network_get_config (network), writer);
  if (metadata)
    set_metadata (writer, metadata);
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      cg_network_read_parameter (network, i, cg_network_get_weights (network), values);
      if (!cg_safetensors_writer_add (writer, parameter->name, dtype, parameter->n_dims, parameter->shape, values,
                                      error))
        {
          g_prefix_error (error, "%s: ", display_name);
          return FALSE;
        }
    }
  return cg_safetensors_writer_write (writer, path, error);
}
