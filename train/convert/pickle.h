/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reader of Python pickles that can build plain data only: it runs nothing, and knows no name that it was not given. */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "convert/pickle-value.h"

G_BEGIN_DECLS

/* State dicts take some kilobytes, checkpoints with optimiser states some hundreds; these bound memory to 100 MiB. */
#define CG_PICKLE_MAX_BYTES (16u << 20)
#define CG_PICKLE_MAX_VALUES (1u << 19)
#define CG_PICKLE_MAX_ITEMS (1u << 21)
#define CG_PICKLE_MAX_STACK (1u << 16)
#define CG_PICKLE_MAX_MARKS 64u

typedef struct _CgPickle CgPickle;

/**
 * cg_pickle_parse:
 * @globals: (array length=n_globals): must outlive the result
 * @used: (out): bytes up to and including the STOP
 *
 * Fails with CG_ERROR_CORRUPT (truncated, or no pickle), CG_ERROR_UNSUPPORTED (an opcode or a name outside the lists, which the
 * message names; beyond the bounds above). Messages do not name the file.
 */
CgPickle *cg_pickle_parse (const guint8 *bytes, size_t length, const CgPickleGlobal *globals, guint n_globals,
                           size_t *used, GError **error);
void cg_pickle_free (CgPickle *pickle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgPickle, cg_pickle_free)

const CgPickleValue *cg_pickle_get_root (const CgPickle *pickle);

/* Every value the pickle made, in the order they were made, whether reachable from the root or not. */
guint cg_pickle_get_n_values (const CgPickle *pickle);
const CgPickleValue *cg_pickle_get_value (const CgPickle *pickle, guint i);

G_END_DECLS
