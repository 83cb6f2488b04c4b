/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A libFuzzer target: any bytes as the pickle of a checkpoint, up to the choice of its dict. */
#include "convert/torch-pickle.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* As a container would, gives storages what they claim; FALSE where that is too much for this test. */
static gboolean
fill_storages (GHashTable *storages)
{
  static const guint8 room[1 << 20];
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, storages);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      CgTorchStorage *storage = value;

      if (storage->n_elements > sizeof room / cg_scalar_get_size (storage->scalar))
        return FALSE;
      storage->data = room;
      storage->bytes = (size_t)storage->n_elements * cg_scalar_get_size (storage->scalar);
    }
  return TRUE;
}

static void
read_tensors (const CgPickleValue *dict, GHashTable *storages)
{
  for (guint i = 0; i + 1 < cg_pickle_value_get_n_items (dict); i += 2)
    {
      const CgPickleValue *value = cg_pickle_value_get_item (dict, i + 1);
      CgStateTensor tensor = { 0 };

      if (cg_torch_pickle_is_tensor (value) && cg_torch_pickle_read_tensor (value, storages, &tensor, NULL))
        {
          const CgTorchStorage *storage = g_hash_table_lookup (storages, tensor.storage);

          g_assert (tensor.n_dims <= CG_STATE_DICT_MAX_DIMS && tensor.n_elements <= storage->n_elements);
          g_assert (tensor.data >= storage->data && tensor.data <= storage->data + storage->bytes);
        }
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  guint n_globals;
  const CgPickleGlobal *globals = cg_torch_pickle_get_globals (&n_globals);
  g_autoptr (GError) error = NULL;
  size_t used = 0;
  g_autoptr (CgPickle) pickle = cg_pickle_parse (data, size, globals, n_globals, &used, &error);
  g_autoptr (GHashTable) storages = NULL;
  g_autofree char *key = NULL, *prefix = NULL;
  g_auto (GStrv) keys = NULL;
  const CgPickleValue *dict;

  g_assert ((pickle == NULL) == (error != NULL));
  if (!pickle)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert (used <= size);
  storages = cg_torch_pickle_find_storages (pickle, NULL);
  dict = storages ? cg_torch_pickle_find_dict (pickle, NULL, &key, &prefix, &error) : NULL;
  if (error)
    g_assert (g_utf8_validate (error->message, -1, NULL));
  keys = cg_torch_pickle_list_keys (pickle);
  for (char **listed = keys; *listed; listed++)
    g_assert (g_utf8_validate (*listed, -1, NULL));
  if (dict && fill_storages (storages))
    read_tensors (dict, storages);
  return 0;
}
