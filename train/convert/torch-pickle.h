/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What PyTorch means by the calls of its pickles: storages, tensors, and which dict of a checkpoint holds the weights. */
#pragma once

#include "convert/pickle.h"
#include "convert/state-dict.h"

G_BEGIN_DECLS

/**
 * CgTorchStorage: a run of elements that tensors are views of.
 * @key: its name among the file's records
 * @n_elements: as the pickle claims
 * @data, @bytes: where it lies in the file; NULL, 0 until its container has been asked
 */
typedef struct
{
  char *key;
  CgScalar scalar;
  guint64 n_elements;
  const guint8 *data;
  size_t bytes;
} CgTorchStorage;

/* The names that state dicts need, for cg_pickle_parse(). */
const CgPickleGlobal *cg_torch_pickle_get_globals (guint *n_globals);

/**
 * cg_torch_pickle_find_storages:
 *
 * All storages that the pickle mentions. Fails with CG_ERROR_CORRUPT, CG_ERROR_UNSUPPORTED, as all below do.
 * Returns: (transfer full): (element-type char* CgTorchStorage*)
 */
GHashTable *cg_torch_pickle_find_storages (const CgPickle *pickle, GError **error);

/**
 * cg_torch_pickle_find_dict:
 * @key: (nullable): which dict; or, for networks that share a dict, what their names begin with
 * @found: (out) (transfer full): the key of the dict that was found, "" for the outermost
 * @prefix: (out) (transfer full): what the names of the tensors that are meant begin with: "", or "G."
 *
 * The dict with tensors in it. Where there are several, those count that hold one named "…weight" (an optimiser's do not); where
 * there still are, CG_ERROR_FORMAT names them.
 */
const CgPickleValue *cg_torch_pickle_find_dict (const CgPickle *pickle, const char *key, char **found, char **prefix,
                                                GError **error);

/* The keys of those among which it asks to choose, 64 at most. (transfer full) */
char **cg_torch_pickle_list_keys (const CgPickle *pickle);

/* Whether the value is a call that makes a tensor. */
gboolean cg_torch_pickle_is_tensor (const CgPickleValue *value);

/* Fills all of @tensor but its name; every index it can reach lies in its storage. */
gboolean cg_torch_pickle_read_tensor (const CgPickleValue *value, GHashTable *storages, CgStateTensor *tensor,
                                      GError **error);

G_END_DECLS
