/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to the unpickler: its stack, marks and memo, and how opcodes take from and add to them. */
#pragma once

#include "convert/pickle.h"

struct _CgPickle
{
  GPtrArray *values; /* owns all */
  const CgPickleValue *root;
};

typedef struct
{
  CgPickle *pickle;
  const guint8 *start, *at, *end;
  const CgPickleGlobal *globals;
  guint n_globals;
  GPtrArray *stack;
  GArray *marks;   /* guint: heights of the stack */
  GPtrArray *memo; /* Python numbers what it memorises without gaps */
  guint n_items;   /* in all containers */
} CgPickleMachine;

/* Each sets its error and returns FALSE. @what: "values", translated. */
gboolean cg_pickle_machine_fail_large (const char *what, guint most, GError **error);
gboolean cg_pickle_machine_fail_truncated (const CgPickleMachine *m, GError **error);
gboolean cg_pickle_machine_fail_damaged (const CgPickleMachine *m, GError **error);

/* The next @n bytes of the pickle; NULL if there are fewer. */
const guint8 *cg_pickle_machine_take (CgPickleMachine *m, size_t n, GError **error);

gboolean cg_pickle_machine_push (CgPickleMachine *m, CgPickleValue *value, GError **error);
/* A new value, on the stack. NULL where the bounds forbid it. */
CgPickleValue *cg_pickle_machine_push_new (CgPickleMachine *m, CgPickleKind kind, GError **error);
gboolean cg_pickle_machine_push_integer (CgPickleMachine *m, CgPickleKind kind, gint64 integer, GError **error);

/* The lowest place of the stack that opcodes may take from: above the latest mark. */
guint cg_pickle_machine_get_floor (const CgPickleMachine *m);
CgPickleValue *cg_pickle_machine_pop (CgPickleMachine *m, GError **error);
/* Whether a value of @kind lies on top. */
gboolean cg_pickle_machine_peek (CgPickleMachine *m, CgPickleKind kind, GError **error);
/* Ends the latest mark; @first: (out): the first place above it. */
gboolean cg_pickle_machine_pop_mark (CgPickleMachine *m, guint *first, GError **error);

/* Counted, for one list may be made the items of any number of dicts. */
gboolean cg_pickle_machine_add_item (CgPickleMachine *m, CgPickleValue *value, CgPickleValue *item, GError **error);
/* Moves the stack from @first on into a new tuple. */
gboolean cg_pickle_machine_make_tuple (CgPickleMachine *m, guint first, GError **error);
/* Moves the stack from @first on into the LIST or DICT below it. */
gboolean cg_pickle_machine_add_from_stack (CgPickleMachine *m, CgPickleKind kind, guint first, GError **error);
