/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of names that a checkpoint may use, and what they mean; nothing here looks at more than the pickle. */
#include "convert/torch-pickle.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"

#define MAX_DICT_DEPTH 8
#define MAX_DICTS 16384u
#define MAX_LISTED 64u
#define MAX_KEY_BYTES 255u

/* Tags of what is called; those of storage types are CgScalar. */
enum
{
  CALL_OTHER,
  CALL_TENSOR,
  CALL_PARAMETER
};

#define STORAGE(module, prefix, scalar)                                                                                \
  {                                                                                                                    \
    module, prefix "Storage", CG_PICKLE_NAME, scalar                                                                   \
  }
#define STORAGES(module)                                                                                               \
  STORAGE (module, "Float", CG_SCALAR_F32), STORAGE (module, "Half", CG_SCALAR_F16),                                   \
      STORAGE (module, "BFloat16", CG_SCALAR_BF16), STORAGE (module, "Double", CG_SCALAR_F64),                         \
      STORAGE (module, "Long", CG_SCALAR_I64), STORAGE (module, "Int", CG_SCALAR_I32),                                 \
      STORAGE (module, "Short", CG_SCALAR_I16), STORAGE (module, "Char", CG_SCALAR_I8),                                \
      STORAGE (module, "Byte", CG_SCALAR_U8), STORAGE (module, "Bool", CG_SCALAR_BOOL)

static const CgPickleGlobal globals[] = {
  { "collections", "OrderedDict", CG_PICKLE_MAKE_DICT, CALL_OTHER },
  { "torch._utils", "_rebuild_tensor", CG_PICKLE_RECORD, CALL_TENSOR },
  { "torch._utils", "_rebuild_tensor_v2", CG_PICKLE_RECORD, CALL_TENSOR },
  { "torch._utils", "_rebuild_parameter", CG_PICKLE_RECORD, CALL_PARAMETER },
  { "torch", "Size", CG_PICKLE_PASS, CALL_OTHER },
  STORAGES ("torch"),
  STORAGES ("torch.cuda"),
  /* Bytes of no type. */
  { "torch.storage", "UntypedStorage", CG_PICKLE_NAME, CG_SCALAR_U8 },
  { "torch.storage", "_UntypedStorage", CG_PICKLE_NAME, CG_SCALAR_U8 },
};

const CgPickleGlobal *
cg_torch_pickle_get_globals (guint *n_globals)
{
  *n_globals = G_N_ELEMENTS (globals);
  return globals;
}

static gboolean
fail_call (const char *what, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: the pickle describes %s in a way that PyTorch does not"),
               what);
  return FALSE;
}

static const CgPickleValue *
get_item (const CgPickleValue *value, guint i, CgPickleKind kind)
{
  const CgPickleValue *item = i < cg_pickle_value_get_n_items (value) ? cg_pickle_value_get_item (value, i) : NULL;

  return item && item->kind == kind ? item : NULL;
}

/* --- storages: ("storage", type, key, device, elements[, (name, first element, elements) of a view, or None]) --- */

static void
storage_free (gpointer data)
{
  g_free (((CgTorchStorage *)data)->key);
  g_free (data);
}

static gboolean
add_storage (GHashTable *storages, const CgPickleValue *persistent, GError **error)
{
  const CgPickleValue *id = get_item (persistent, 0, CG_PICKLE_TUPLE);
  const CgPickleValue *word = id ? get_item (id, 0, CG_PICKLE_STRING) : NULL;
  const CgPickleValue *type = word ? get_item (id, 1, CG_PICKLE_GLOBAL) : NULL;
  const CgPickleValue *key = type ? get_item (id, 2, CG_PICKLE_STRING) : NULL;
  const CgPickleValue *n = key ? get_item (id, 4, CG_PICKLE_INT) : NULL;
  CgTorchStorage *storage;

  if (word && strcmp (word->text, "module") == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("refused: the file holds a Python module with its source code, expected a state dict. If the "
                      "file is yours, "
                      "save the weights alone: torch.save(net.state_dict(), …)"));
      return FALSE;
    }
  if (!n || strcmp (word->text, "storage") != 0 || type->global->use != CG_PICKLE_NAME || n->integer < 0
      || strlen (key->text) > MAX_KEY_BYTES)
    return fail_call (_ ("a storage"), error);

  storage = g_hash_table_lookup (storages, key->text);
  if (storage)
    return (storage->scalar == (CgScalar)type->global->tag && storage->n_elements == (guint64)n->integer)
           || fail_call (_ ("a storage"), error);
  if (g_hash_table_size (storages) >= CG_STATE_DICT_MAX_TENSORS)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("found more than %u storages"), CG_STATE_DICT_MAX_TENSORS);
      return FALSE;
    }
  storage = g_new0 (CgTorchStorage, 1);
  storage->key = g_strdup (key->text);
  storage->scalar = (CgScalar)type->global->tag;
  storage->n_elements = (guint64)n->integer;
  g_hash_table_insert (storages, storage->key, storage);
  return TRUE;
}

GHashTable *
cg_torch_pickle_find_storages (const CgPickle *pickle, GError **error)
{
  g_autoptr (GHashTable) storages = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, storage_free);

  for (guint i = 0; i < cg_pickle_get_n_values (pickle); i++)
    {
      const CgPickleValue *value = cg_pickle_get_value (pickle, i);

      if (value->kind == CG_PICKLE_PERSISTENT && !add_storage (storages, value, error))
        return NULL;
    }
  return g_steal_pointer (&storages);
}

/* --- tensors --- */

gboolean
cg_torch_pickle_is_tensor (const CgPickleValue *value)
{
  return value->kind == CG_PICKLE_CALL && value->global->tag != CALL_OTHER;
}

/* The part of a storage that a view of old files shows; all of it otherwise. */
static gboolean
read_view (const CgPickleValue *id, const CgTorchStorage *storage, guint64 *first, guint64 *n_elements, GError **error)
{
  const CgPickleValue *view = get_item (id, 5, CG_PICKLE_TUPLE);
  const CgPickleValue *view_first = view ? get_item (view, 1, CG_PICKLE_INT) : NULL;
  const CgPickleValue *view_size = view ? get_item (view, 2, CG_PICKLE_INT) : NULL;

  *first = 0;
  *n_elements = storage->n_elements;
  if (!view)
    return TRUE;
  if (!view_first || !view_size || view_first->integer < 0 || view_size->integer < 0
      || (guint64)view_first->integer > storage->n_elements
      || (guint64)view_size->integer > storage->n_elements - (guint64)view_first->integer)
    return fail_call (_ ("a view of a storage"), error);
  *first = (guint64)view_first->integer;
  *n_elements = (guint64)view_size->integer;
  return TRUE;
}

/* A tuple (or list) of numbers that are not negative. */
static gboolean
read_numbers (const CgPickleValue *value, int *n, gint64 *numbers)
{
  const guint n_items = cg_pickle_value_get_n_items (value);

  if ((value->kind != CG_PICKLE_TUPLE && value->kind != CG_PICKLE_LIST) || n_items > CG_STATE_DICT_MAX_DIMS)
    return FALSE;
  for (guint i = 0; i < n_items; i++)
    {
      const CgPickleValue *item = get_item (value, i, CG_PICKLE_INT);

      if (!item || item->integer < 0)
        return FALSE;
      numbers[i] = item->integer;
    }
  *n = (int)n_items;
  return TRUE;
}

/* The tensor has no more elements than its storage, and the last lies in it: offset + Σ (shape_i - 1) * stride_i. */
static gboolean
check_extent (CgStateTensor *tensor, guint64 offset, guint64 available, GError **error)
{
  guint64 n = 1, last = offset, step;

  for (int i = 0; i < tensor->n_dims; i++)
    if (tensor->shape[i] == 0)
      {
        tensor->n_elements = 0;
        return TRUE;
      }
  for (int i = 0; i < tensor->n_dims; i++)
    if (!g_uint64_checked_mul (&n, n, (guint64)tensor->shape[i])
        || !g_uint64_checked_mul (&step, (guint64)tensor->shape[i] - 1, (guint64)tensor->stride[i])
        || !g_uint64_checked_add (&last, last, step))
      {
        n = G_MAXUINT64;
        break;
      }
  if (n > available || last >= available)
    {
      g_autofree char *shape = cg_state_dict_shape_to_string (tensor->n_dims, tensor->shape);

      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("damaged: found a tensor of shape %s in a storage of %llu elements"), shape,
                   (unsigned long long)available);
      return FALSE;
    }
  tensor->n_elements = (size_t)n;
  return TRUE;
}

gboolean
cg_torch_pickle_read_tensor (const CgPickleValue *value, GHashTable *storages, CgStateTensor *tensor, GError **error)
{
  const CgPickleValue *persistent, *offset;
  CgTorchStorage *storage;
  guint64 first, available;
  int n_strides;

  if (value->global->tag == CALL_PARAMETER)
    {
      value = get_item (value, 0, CG_PICKLE_CALL);
      if (!value || value->global->tag != CALL_TENSOR)
        return fail_call (_ ("a parameter"), error);
    }

  /* (storage, offset, shape, stride, …); gradients and hooks do not matter. */
  persistent = get_item (value, 0, CG_PICKLE_PERSISTENT);
  offset = get_item (value, 1, CG_PICKLE_INT);
  if (!persistent || !offset || offset->integer < 0 || cg_pickle_value_get_n_items (value) < 4
      || !read_numbers (cg_pickle_value_get_item (value, 2), &tensor->n_dims, tensor->shape)
      || !read_numbers (cg_pickle_value_get_item (value, 3), &n_strides, tensor->stride) || n_strides != tensor->n_dims)
    return fail_call (_ ("a tensor"), error);

  persistent = cg_pickle_value_get_item (persistent, 0);
  storage = g_hash_table_lookup (storages, cg_pickle_value_get_item (persistent, 2)->text);
  if (!read_view (persistent, storage, &first, &available, error)
      || !check_extent (tensor, (guint64)offset->integer, available, error))
    return FALSE;
  tensor->scalar = storage->scalar;
  tensor->storage = storage->key;
  tensor->data = tensor->n_elements == 0
                     ? storage->data
                     : storage->data + (first + (guint64)offset->integer) * cg_scalar_get_size (storage->scalar);
  return TRUE;
}

/* --- dicts --- */

typedef struct
{
  const CgPickleValue *dict;
  char *key;
  int depth;
  gboolean has_tensors, has_weights;
} Candidate;

static void
candidate_free (gpointer data)
{
  g_free (((Candidate *)data)->key);
  g_free (data);
}

static void
add_candidate (GPtrArray *candidates, GHashTable *seen, const CgPickleValue *dict, const Candidate *outer,
               const char *key)
{
  Candidate *candidate;

  if (candidates->len >= MAX_DICTS || !g_hash_table_add (seen, (gpointer)dict))
    return;
  candidate = g_new0 (Candidate, 1);
  candidate->dict = dict;
  candidate->depth = outer ? outer->depth + 1 : 0;
  candidate->key = outer && *outer->key ? g_strconcat (outer->key, ".", key, NULL) : g_strdup (key);
  g_ptr_array_add (candidates, candidate);
}

/* All dicts inside each other, each once, the outer ones first. */
static GPtrArray *
list_candidates (const CgPickleValue *root)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func (candidate_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  add_candidate (candidates, seen, root, NULL, "");
  for (guint i = 0; i < candidates->len; i++)
    {
      Candidate *candidate = g_ptr_array_index (candidates, i);

      for (guint j = 0; j + 1 < cg_pickle_value_get_n_items (candidate->dict); j += 2)
        {
          const CgPickleValue *key = get_item (candidate->dict, j, CG_PICKLE_STRING);
          const CgPickleValue *value = cg_pickle_value_get_item (candidate->dict, j + 1);

          if (!key || strlen (key->text) > MAX_KEY_BYTES)
            continue;
          if (value->kind == CG_PICKLE_DICT && candidate->depth < MAX_DICT_DEPTH)
            add_candidate (candidates, seen, value, candidate, key->text);
          else if (cg_torch_pickle_is_tensor (value))
            {
              candidate->has_tensors = TRUE;
              candidate->has_weights |= g_str_has_suffix (key->text, "weight");
            }
        }
    }
  return candidates;
}

/* "“G”, “D”", and an ellipsis where there are many. */
static char *
list_keys (GPtrArray *candidates)
{
  GString *list = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = g_ptr_array_index (candidates, i);
      g_autofree char *printable = cg_pickle_printable (candidate->key, -1);

      if (!candidate->has_tensors)
        continue;
      if (n++ == 8)
        {
          g_string_append (list, ", …");
          break;
        }
      g_string_append_printf (list, "%s“%s”", list->len ? ", " : "", printable);
    }
  return g_string_free (list, FALSE);
}

/* Whether a tensor of @dict has a name that begins with @prefix. */
static gboolean
has_prefix (const CgPickleValue *dict, const char *prefix)
{
  for (guint i = 0; i + 1 < cg_pickle_value_get_n_items (dict); i += 2)
    {
      const CgPickleValue *key = get_item (dict, i, CG_PICKLE_STRING);

      if (key && g_str_has_prefix (key->text, prefix)
          && cg_torch_pickle_is_tensor (cg_pickle_value_get_item (dict, i + 1)))
        return TRUE;
    }
  return FALSE;
}

/* The dict that @key names, or whose tensors' names begin with the rest of @key: *prefix is that rest and a dot. */
static const Candidate *
choose_by_key (GPtrArray *candidates, const char *key, char **prefix)
{
  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = g_ptr_array_index (candidates, i);

      if (candidate->has_tensors && strcmp (candidate->key, key) == 0)
        {
          *prefix = g_strdup ("");
          return candidate;
        }
    }
  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = g_ptr_array_index (candidates, i);
      g_autofree char *outer = *candidate->key ? g_strconcat (candidate->key, ".", NULL) : g_strdup ("");
      g_autofree char *rest = g_str_has_prefix (key, outer) ? g_strconcat (key + strlen (outer), ".", NULL) : NULL;

      if (rest && candidate->has_tensors && has_prefix (candidate->dict, rest))
        {
          *prefix = g_steal_pointer (&rest);
          return candidate;
        }
    }
  return NULL;
}

/* The only dict with weights; with tensors, where none has weights. */
static const Candidate *
choose_only (GPtrArray *candidates)
{
  const Candidate *tensors = NULL, *weights = NULL;
  guint n_tensors = 0, n_weights = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = g_ptr_array_index (candidates, i);

      if (candidate->has_tensors && n_tensors++ == 0)
        tensors = candidate;
      if (candidate->has_weights && n_weights++ == 0)
        weights = candidate;
    }
  if (n_weights == 0 && n_tensors == 1)
    return tensors;
  return n_weights == 1 ? weights : NULL;
}

const CgPickleValue *
cg_torch_pickle_find_dict (const CgPickle *pickle, const char *key, char **found, char **prefix, GError **error)
{
  const CgPickleValue *root = cg_pickle_get_root (pickle);
  g_autoptr (GPtrArray) candidates = NULL;
  const Candidate *chosen;
  g_autofree char *keys = NULL;

  if (root->kind != CG_PICKLE_DICT)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("holds no dict, expected a state dict or a dict with one in it"));
      return NULL;
    }
  candidates = list_candidates (root);
  chosen = key ? choose_by_key (candidates, key, prefix) : choose_only (candidates);
  if (chosen)
    {
      *found = g_strdup (key ? key : chosen->key);
      if (!key)
        *prefix = g_strdup ("");
      return chosen->dict;
    }

  keys = list_keys (candidates);
  if (!*keys)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("holds no tensors, expected a state dict"));
  else if (key)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("holds no tensors under the key “%s”; found %s"), key, keys);
  else
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("holds several dicts of tensors: %s; choose one with --key"),
                 keys);
  return NULL;
}

char **
cg_torch_pickle_list_keys (const CgPickle *pickle)
{
  const CgPickleValue *root = cg_pickle_get_root (pickle);
  g_autoptr (GPtrArray) candidates = root->kind == CG_PICKLE_DICT ? list_candidates (root) : NULL;
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();
  gboolean any_weights = FALSE;
  guint n = 0;

  for (guint i = 0; candidates && i < candidates->len; i++)
    any_weights |= ((const Candidate *)g_ptr_array_index (candidates, i))->has_weights;
  for (guint i = 0; candidates && i < candidates->len && n < MAX_LISTED; i++)
    {
      const Candidate *candidate = g_ptr_array_index (candidates, i);

      if (any_weights ? candidate->has_weights : candidate->has_tensors)
        {
          g_strv_builder_add (keys, candidate->key);
          n++;
        }
    }
  return g_strv_builder_end (keys);
}
