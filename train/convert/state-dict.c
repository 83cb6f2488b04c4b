/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the three formats apart, gathers their tensors in one list and reads values through strides. */
#include "convert/state-dict.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "convert/torch-legacy.h"
#include "convert/torch-zip.h"
#include "model/safetensors.h"

struct _CgStateDict
{
  char *path, *display_name, *key;
  size_t file_bytes;
  CgStateDictFormat format;
  GArray *tensors; /* CgStateTensor, names owned by `names` */
  GPtrArray *names;
  GHashTable *by_name;

  GMappedFile *mapped; /* PyTorch's formats */
  CgTorchZip *zip;
  GHashTable *storages; /* owns the tensors' storage names */

  CgSafetensors *safetensors;
};

void
cg_state_dict_free (CgStateDict *dict)
{
  if (!dict)
    return;
  g_hash_table_unref (dict->by_name);
  g_array_unref (dict->tensors);
  g_ptr_array_unref (dict->names);
  g_clear_pointer (&dict->storages, g_hash_table_unref);
  g_clear_pointer (&dict->zip, cg_torch_zip_free);
  g_clear_pointer (&dict->mapped, g_mapped_file_unref);
  g_clear_pointer (&dict->safetensors, cg_safetensors_free);
  g_free (dict->path);
  g_free (dict->display_name);
  g_free (dict->key);
  g_free (dict);
}

static gboolean
map_file (CgStateDict *dict, GError **error)
{
  g_autoptr (GError) local = NULL;
  struct stat status;
  /* O_NONBLOCK: a FIFO must not keep the caller waiting for a writer. */
  const int fd = g_open (dict->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  const int code = fd < 0 || fstat (fd, &status) < 0 ? errno : 0;

  if (code)
    g_set_error (&local, G_FILE_ERROR, (int)g_file_error_from_errno (code), "%s", g_strerror (code));
  else if (!S_ISREG (status.st_mode))
    g_set_error (&local, G_FILE_ERROR, S_ISDIR (status.st_mode) ? G_FILE_ERROR_ISDIR : G_FILE_ERROR_INVAL,
                 _ ("is no regular file"));
  else
    dict->mapped = g_mapped_file_new_from_fd (fd, FALSE, &local);
  if (fd >= 0)
    g_close (fd, NULL);
  if (!dict->mapped)
    g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", dict->display_name);
  return dict->mapped != NULL;
}

static void
add_tensor (CgStateDict *dict, const CgStateTensor *tensor, const char *name)
{
  CgStateTensor named = *tensor;

  named.name = g_strdup (name);
  g_ptr_array_add (dict->names, (char *)named.name);
  g_array_append_val (dict->tensors, named);
}

/* --- PyTorch --- */

static gboolean
collect (CgStateDict *dict, const CgPickleValue *found, const char *prefix, GError **error)
{
  for (guint i = 0; i + 1 < cg_pickle_value_get_n_items (found); i += 2)
    {
      const CgPickleValue *key = cg_pickle_value_get_item (found, i), *value = cg_pickle_value_get_item (found, i + 1);
      CgStateTensor tensor = { 0 };

      if (key->kind != CG_PICKLE_STRING || !g_str_has_prefix (key->text, prefix) || !cg_torch_pickle_is_tensor (value))
        continue;
      if (dict->tensors->len >= CG_STATE_DICT_MAX_TENSORS)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("found more than %u tensors"),
                       CG_STATE_DICT_MAX_TENSORS);
          return FALSE;
        }
      if (!cg_torch_pickle_read_tensor (value, dict->storages, &tensor, error))
        {
          g_autofree char *printable = cg_pickle_printable (key->text, -1);

          g_prefix_error (error, _ ("tensor “%s”: "), printable);
          return FALSE;
        }
      add_tensor (dict, &tensor, key->text + strlen (prefix));
    }
  return TRUE;
}

/* (transfer full) */
static CgPickle *
parse_torch (CgStateDict *dict, GError **error)
{
  const guint8 *bytes = (const guint8 *)g_mapped_file_get_contents (dict->mapped);
  const size_t length = g_mapped_file_get_length (dict->mapped);

  if (dict->format == CG_STATE_DICT_LEGACY)
    return cg_torch_legacy_read (bytes, length, &dict->storages, error);
  dict->zip = cg_torch_zip_open (bytes, length, error);
  return dict->zip ? cg_torch_zip_read (dict->zip, &dict->storages, error) : NULL;
}

static gboolean
read_torch (CgStateDict *dict, const char *key, GError **error)
{
  g_autoptr (CgPickle) pickle = parse_torch (dict, error);
  g_autofree char *prefix = NULL;
  const CgPickleValue *found;

  if (!pickle)
    return FALSE;
  found = cg_torch_pickle_find_dict (pickle, key, &dict->key, &prefix, error);
  return found && collect (dict, found, prefix, error);
}

/* --- safetensors --- */

static const CgScalar scalar_of_dtype[] = {
  [CG_DTYPE_F32] = CG_SCALAR_F32, [CG_DTYPE_F16] = CG_SCALAR_F16, [CG_DTYPE_BF16] = CG_SCALAR_BF16,
  [CG_DTYPE_F64] = CG_SCALAR_F64, [CG_DTYPE_I64] = CG_SCALAR_I64,
};

static gboolean
read_safetensors (CgStateDict *dict, const char *key, GError **error)
{
  g_autofree char *prefix = key ? g_strconcat (key, ".", NULL) : g_strdup ("");

  dict->safetensors = cg_safetensors_open_foreign (dict->path, error);
  if (!dict->safetensors)
    return FALSE;
  dict->key = g_strdup (key ? key : "");
  if (cg_safetensors_get_n_entries (dict->safetensors) > CG_STATE_DICT_MAX_TENSORS)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("%s: found %u tensors, expected at most %u"),
                   dict->display_name, cg_safetensors_get_n_entries (dict->safetensors), CG_STATE_DICT_MAX_TENSORS);
      return FALSE;
    }
  for (guint i = 0; i < cg_safetensors_get_n_entries (dict->safetensors); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (dict->safetensors, i);
      CgStateTensor tensor = { .scalar = scalar_of_dtype[entry->dtype],
                               .n_dims = entry->n_dims,
                               .n_elements = entry->n_elements,
                               .data = entry->data };
      gint64 stride = 1;

      G_STATIC_ASSERT (CG_SAFETENSORS_MAX_DIMS <= CG_STATE_DICT_MAX_DIMS);
      for (int j = entry->n_dims - 1; j >= 0; j--)
        {
          tensor.shape[j] = entry->shape[j];
          tensor.stride[j] = stride;
          stride *= MAX (entry->shape[j], 1);
        }
      if (g_str_has_prefix (entry->name, prefix))
        add_tensor (dict, &tensor, entry->name + strlen (prefix));
    }
  if (dict->tensors->len == 0)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                 key ? _ ("%s: holds no tensors under the key “%s”")
                     : _ ("%s: holds no tensors, expected a state dict"),
                 dict->display_name, key);
  return dict->tensors->len > 0;
}

/* --- the door --- */

/* Takes away what a wrapper put before all names of a network's state dict. Returns: whether it was there. */
static gboolean
strip_prefix (CgStateDict *dict, const char *prefix)
{
  for (guint i = 0; i < dict->tensors->len; i++)
    if (!g_str_has_prefix (g_array_index (dict->tensors, CgStateTensor, i).name, prefix))
      return FALSE;
  for (guint i = 0; i < dict->tensors->len; i++)
    g_array_index (dict->tensors, CgStateTensor, i).name += strlen (prefix);
  return dict->tensors->len > 0;
}

static gboolean
index_names (CgStateDict *dict, GError **error)
{
  for (guint i = 0; i < dict->tensors->len; i++)
    {
      CgStateTensor *tensor = &g_array_index (dict->tensors, CgStateTensor, i);

      if (!g_hash_table_insert (dict->by_name, (char *)tensor->name, tensor))
        {
          g_autofree char *printable = cg_pickle_printable (tensor->name, -1);

          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: found two tensors named “%s”"), printable);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
fail_unknown (const guint8 *bytes, size_t length, GError **error)
{
  const char *reason = _ ("found no kind of file that is known here");

  if (length == 0)
    reason = _ ("is empty");
  else if (length >= 4 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
    reason = _ ("is a Python pickle, but not one that torch.save wrote in its standard way");
  else if (length >= 262 && memcmp (bytes + 257, "ustar", 5) == 0)
    reason = _ ("is a tar archive (PyTorch before 0.1.10?)");
  g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s; expected a PyTorch checkpoint or a safetensors file"), reason);
  return FALSE;
}

/* Maps the file and tells its format. */
static CgStateDict *
open_file (const char *path, GError **error)
{
  g_autoptr (CgStateDict) dict = g_new0 (CgStateDict, 1);
  const guint8 *bytes;

  dict->path = g_strdup (path);
  dict->display_name = g_filename_display_name (path);
  dict->tensors = g_array_new (FALSE, FALSE, sizeof (CgStateTensor));
  dict->names = g_ptr_array_new_with_free_func (g_free);
  dict->by_name = g_hash_table_new (g_str_hash, g_str_equal);

  if (!map_file (dict, error))
    return NULL;
  bytes = (const guint8 *)g_mapped_file_get_contents (dict->mapped);
  dict->file_bytes = g_mapped_file_get_length (dict->mapped);
  if (dict->file_bytes > 8 && bytes[8] == '{')
    dict->format = CG_STATE_DICT_SAFETENSORS;
  else if (cg_torch_zip_is (bytes, dict->file_bytes))
    dict->format = CG_STATE_DICT_ZIP;
  else if (cg_torch_legacy_is (bytes, dict->file_bytes))
    dict->format = CG_STATE_DICT_LEGACY;
  else
    {
      fail_unknown (bytes, dict->file_bytes, error);
      g_prefix_error (error, "%s: ", dict->display_name);
      return NULL;
    }
  return g_steal_pointer (&dict);
}

CgStateDict *
cg_state_dict_open (const char *path, const char *key, GError **error)
{
  g_autoptr (CgStateDict) dict = NULL;

  g_return_val_if_fail (path, NULL);

  dict = open_file (path, error);
  if (!dict)
    return NULL;
  if (dict->format == CG_STATE_DICT_SAFETENSORS)
    {
      g_clear_pointer (&dict->mapped, g_mapped_file_unref);
      if (!read_safetensors (dict, key, error))
        return NULL;
    }
  else if (!read_torch (dict, key, error))
    {
      g_prefix_error (error, "%s: ", dict->display_name);
      return NULL;
    }
  /* Whichever of them was put around the other. */
  while (strip_prefix (dict, "module.") || strip_prefix (dict, "_orig_mod."))
    ;
  if (!index_names (dict, error))
    {
      g_prefix_error (error, "%s: ", dict->display_name);
      return NULL;
    }
  return g_steal_pointer (&dict);
}

char **
cg_state_dict_list_keys (const char *path, GError **error)
{
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (CgPickle) pickle = NULL;

  g_return_val_if_fail (path, NULL);

  dict = open_file (path, error);
  if (!dict)
    return NULL;
  if (dict->format == CG_STATE_DICT_SAFETENSORS)
    return g_new0 (char *, 1);
  pickle = parse_torch (dict, error);
  if (!pickle)
    {
      g_prefix_error (error, "%s: ", dict->display_name);
      return NULL;
    }
  return cg_torch_pickle_list_keys (pickle);
}

CgStateDictFormat
cg_state_dict_get_format (const CgStateDict *dict)
{
  return dict->format;
}

const char *
cg_state_dict_get_format_name (const CgStateDict *dict)
{
  switch (dict->format)
    {
    case CG_STATE_DICT_LEGACY:
      return _ ("PyTorch, legacy format (before 1.6)");
    case CG_STATE_DICT_ZIP:
      return _ ("PyTorch, zip format");
    case CG_STATE_DICT_SAFETENSORS:
    default:
      return _ ("safetensors");
    }
}

const char *
cg_state_dict_get_display_name (const CgStateDict *dict)
{
  return dict->display_name;
}

size_t
cg_state_dict_get_file_bytes (const CgStateDict *dict)
{
  return dict->file_bytes;
}

const char *
cg_state_dict_get_key (const CgStateDict *dict)
{
  return dict->key;
}

guint
cg_state_dict_get_n_tensors (const CgStateDict *dict)
{
  return dict->tensors->len;
}

const CgStateTensor *
cg_state_dict_get_tensor (const CgStateDict *dict, guint i)
{
  g_return_val_if_fail (i < dict->tensors->len, NULL);
  return &g_array_index (dict->tensors, CgStateTensor, i);
}

const CgStateTensor *
cg_state_dict_find (const CgStateDict *dict, const char *name)
{
  return g_hash_table_lookup (dict->by_name, name);
}

const char *
cg_state_dict_get_metadata (const CgStateDict *dict, const char *key)
{
  return dict->safetensors ? cg_safetensors_get_metadata (dict->safetensors, key) : NULL;
}

/* Decodes along the last dimension, or in one go where strides have no gaps and no turns. Returns the first bad element. */
static size_t
decode (const CgStateTensor *tensor, float *values)
{
  const size_t size = cg_scalar_get_size (tensor->scalar);
  gint64 at[CG_STATE_DICT_MAX_DIMS] = { 0 }, dense = 1;
  gboolean is_dense = TRUE;

  for (int i = tensor->n_dims - 1; i >= 0; i--)
    {
      is_dense &= tensor->shape[i] == 1 || tensor->stride[i] == dense;
      dense *= tensor->shape[i];
    }
  if (is_dense)
    return cg_scalar_decode (tensor->scalar, tensor->data, tensor->n_elements, values);

  for (size_t i = 0; i < tensor->n_elements; i++)
    {
      size_t element = 0;

      for (int j = 0; j < tensor->n_dims; j++)
        element += (size_t)at[j] * (size_t)tensor->stride[j];
      if (cg_scalar_decode (tensor->scalar, tensor->data + element * size, 1, &values[i]) == 0)
        return i;
      for (int j = tensor->n_dims - 1; j >= 0 && ++at[j] == tensor->shape[j]; j--)
        at[j] = 0;
    }
  return tensor->n_elements;
}

gboolean
cg_state_dict_read (CgStateDict *dict, const CgStateTensor *tensor, float *values, GError **error)
{
  size_t bad;

  if (dict->zip && tensor->n_elements > 0 && !cg_torch_zip_verify (dict->zip, tensor->storage, error))
    {
      g_prefix_error (error, "%s: ", dict->display_name);
      return FALSE;
    }
  bad = tensor->n_elements ? decode (tensor, values) : 0;
  if (bad < tensor->n_elements)
    {
      g_autofree char *printable = cg_pickle_printable (tensor->name, -1);

      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("%s: tensor “%s”: found a value that is not finite at element %zu"), dict->display_name,
                   printable, bad);
      return FALSE;
    }
  return TRUE;
}

char *
cg_state_dict_shape_to_string (int n_dims, const gint64 *shape)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i ? ", " : "", shape[i]);
  return g_string_free (g_string_append_c (text, ']'), FALSE);
}
