/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the legacy format: magic number, version, machine, object, list of storages as pickles; then (count, elements) each. */
#include "convert/torch-legacy.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"

#define VERSION 1001

/* The pickle of the integer 0x1950a86a20f9469cfc6c. */
static const guint8 magic[]
    = { 0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.' };

gboolean
cg_torch_legacy_is (const guint8 *bytes, size_t length)
{
  return length >= sizeof magic && memcmp (bytes, magic, sizeof magic) == 0;
}

/* The next of the pickles, which all but the object use no names. */
static CgPickle *
next_pickle (const guint8 *bytes, size_t length, size_t *at, gboolean names, GError **error)
{
  guint n_globals = 0;
  const CgPickleGlobal *globals = names ? cg_torch_pickle_get_globals (&n_globals) : NULL;
  size_t used = 0;
  CgPickle *pickle = cg_pickle_parse (bytes + *at, length - *at, globals, n_globals, &used, error);

  *at += used;
  return pickle;
}

static gboolean
check_version (const CgPickle *pickle, GError **error)
{
  const CgPickleValue *root = cg_pickle_get_root (pickle);

  if (root->kind == CG_PICKLE_INT && root->integer == VERSION)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_VERSION, _ ("found version %lld of the legacy format, expected %d"),
               root->kind == CG_PICKLE_INT ? (long long)root->integer : -1, VERSION);
  return FALSE;
}

static gboolean
check_machine (const CgPickle *pickle, GError **error)
{
  const CgPickleValue *root = cg_pickle_get_root (pickle);
  const CgPickleValue *little = root->kind == CG_PICKLE_DICT ? cg_pickle_value_lookup (root, "little_endian") : NULL;

  if (little && little->kind == CG_PICKLE_BOOL && little->integer)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
               _ ("was written on a big-endian machine, expected a little-endian one"));
  return FALSE;
}

static gboolean
fail_list (GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: its list of storages does not fit its tensors"));
  return FALSE;
}

/* Takes one storage from *at on. *complete: whether the file goes on far enough. */
static gboolean
read_storage (const guint8 *bytes, size_t length, size_t *at, CgTorchStorage *storage, gboolean *complete,
              GError **error)
{
  const size_t size = cg_scalar_get_size (storage->scalar);
  guint64 n_elements;

  *complete = length - *at >= sizeof n_elements;
  if (!*complete)
    return TRUE;
  memcpy (&n_elements, bytes + *at, sizeof n_elements);
  n_elements = GUINT64_FROM_LE (n_elements);
  *at += sizeof n_elements;
  if (n_elements != storage->n_elements)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: found a storage of %llu elements, expected %llu"),
                   (unsigned long long)n_elements, (unsigned long long)storage->n_elements);
      return FALSE;
    }
  *complete = n_elements <= (length - *at) / size;
  if (*complete)
    {
      storage->data = bytes + *at;
      storage->bytes = (size_t)n_elements * size;
      *at += storage->bytes;
    }
  return TRUE;
}

/* Gives every storage its bytes, in the order of @keys. */
static gboolean
find_data (const guint8 *bytes, size_t length, size_t at, const CgPickleValue *keys, GHashTable *storages,
           GError **error)
{
  const guint n_keys = cg_pickle_value_get_n_items (keys);

  if (n_keys != g_hash_table_size (storages))
    return fail_list (error);
  for (guint i = 0; i < n_keys; i++)
    {
      const CgPickleValue *key = cg_pickle_value_get_item (keys, i);
      CgTorchStorage *storage = key->kind == CG_PICKLE_STRING ? g_hash_table_lookup (storages, key->text) : NULL;
      gboolean complete;

      if (!storage || storage->data)
        return fail_list (error);
      if (!read_storage (bytes, length, &at, storage, &complete, error))
        return FALSE;
      if (!complete)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("truncated: found %u of %u storages in %zu bytes"), i,
                       n_keys, length);
          return FALSE;
        }
    }
  return TRUE;
}

CgPickle *
cg_torch_legacy_read (const guint8 *bytes, size_t length, GHashTable **storages, GError **error)
{
  size_t at = sizeof magic;
  g_autoptr (CgPickle) version = next_pickle (bytes, length, &at, FALSE, error);
  g_autoptr (CgPickle) machine = NULL, object = NULL, keys = NULL;
  g_autoptr (GHashTable) found = NULL;

  if (!version || !check_version (version, error))
    return NULL;
  machine = next_pickle (bytes, length, &at, FALSE, error);
  if (!machine || !check_machine (machine, error))
    return NULL;
  object = next_pickle (bytes, length, &at, TRUE, error);
  if (!object)
    return NULL;
  found = cg_torch_pickle_find_storages (object, error);
  if (!found)
    return NULL;
  keys = next_pickle (bytes, length, &at, FALSE, error);
  if (!keys)
    return NULL;
  if (cg_pickle_get_root (keys)->kind != CG_PICKLE_LIST)
    {
      fail_list (error);
      return NULL;
    }
  if (!find_data (bytes, length, at, cg_pickle_get_root (keys), found, error))
    return NULL;
  *storages = g_steal_pointer (&found);
  return g_steal_pointer (&object);
}
