/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgStateDict: the named tensors of a PyTorch checkpoint (both formats) or a safetensors file, behind one door. */
#pragma once

#include <glib.h>

#include "convert/scalar.h"

G_BEGIN_DECLS

typedef enum
{
  CG_STATE_DICT_SAFETENSORS,
  CG_STATE_DICT_LEGACY, /* torch.save before PyTorch 1.6 */
  CG_STATE_DICT_ZIP     /* torch.save since then */
} CgStateDictFormat;

#define CG_STATE_DICT_MAX_DIMS 8
/* Of all dicts of a file together. The lookups stay fast whatever names a file makes up. */
#define CG_STATE_DICT_MAX_TENSORS 16384u

/**
 * CgStateTensor: what a file says of one tensor; all of it is checked against the storage it lies in.
 * @stride: in elements, of @shape's dimensions
 * @data: the element with all indices 0, in the mapped file
 */
typedef struct
{
  const char *name;
  CgScalar scalar;
  int n_dims;
  gint64 shape[CG_STATE_DICT_MAX_DIMS];
  gint64 stride[CG_STATE_DICT_MAX_DIMS];
  size_t n_elements;
  const guint8 *data;
  const char *storage; /* what holds the data, where the format has such a thing, or NULL */
} CgStateTensor;

typedef struct _CgStateDict CgStateDict;

/**
 * cg_state_dict_open:
 * @key: (nullable): which dict of a file with several, as "G" or "nets.G", or what all names of one network in a dict begin with;
 *   NULL where there is only one dict with weights
 *
 * Reads no values. "module." (DataParallel) and "_orig_mod." (torch.compile) before all names are taken away; entries that are
 * no tensors are left out. Errors name the file: G_FILE_ERROR, CG_ERROR_FORMAT (no such kind of file, no or too many dicts of
 * tensors), CG_ERROR_CORRUPT (truncated, damaged), CG_ERROR_UNSUPPORTED (asks for more than data; see pickle.h).
 */
CgStateDict *cg_state_dict_open (const char *path, const char *key, GError **error);
void cg_state_dict_free (CgStateDict *dict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgStateDict, cg_state_dict_free)

/* The keys that cg_state_dict_open() wants one of where a file has several dicts; fails as it does. (transfer full) */
char **cg_state_dict_list_keys (const char *path, GError **error);

CgStateDictFormat cg_state_dict_get_format (const CgStateDict *dict);
/* For people, translated: "PyTorch, zip format". */
const char *cg_state_dict_get_format_name (const CgStateDict *dict);
/* The path as messages show it. */
const char *cg_state_dict_get_display_name (const CgStateDict *dict);
size_t cg_state_dict_get_file_bytes (const CgStateDict *dict);
/* Which dict of the file this is; "" for the outermost. */
const char *cg_state_dict_get_key (const CgStateDict *dict);

/* In the file's order. */
guint cg_state_dict_get_n_tensors (const CgStateDict *dict);
const CgStateTensor *cg_state_dict_get_tensor (const CgStateDict *dict, guint i);
const CgStateTensor *cg_state_dict_find (const CgStateDict *dict, const char *name); /* or NULL */

/* A string of a safetensors file's metadata, or NULL. */
const char *cg_state_dict_get_metadata (const CgStateDict *dict, const char *key);

/**
 * cg_state_dict_read:
 * @values: (out): n_elements floats in the order of the shape, overwritten
 *
 * Fails with CG_ERROR_CORRUPT, naming file and tensor: a value that is not finite, a wrong checksum.
 */
gboolean cg_state_dict_read (CgStateDict *dict, const CgStateTensor *tensor, float *values, GError **error);

/* "[64, 3, 7, 7]"; "[]" for a scalar. (transfer full) */
char *cg_state_dict_shape_to_string (int n_dims, const gint64 *shape);

G_END_DECLS
