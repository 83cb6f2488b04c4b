/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a pickle holds: plain data, names, and calls that were written down instead of made. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  CG_PICKLE_NONE,
  CG_PICKLE_BOOL,
  CG_PICKLE_INT,
  CG_PICKLE_LARGE, /* an integer beyond 64 bits, whose value is not kept */
  CG_PICKLE_REAL,
  CG_PICKLE_STRING,
  CG_PICKLE_TUPLE,
  CG_PICKLE_LIST,
  CG_PICKLE_DICT,
  CG_PICKLE_GLOBAL,    /* a name of the list, not called */
  CG_PICKLE_CALL,      /* such a name with arguments; what it means is for the caller to know */
  CG_PICKLE_PERSISTENT /* something outside the pickle, known by its identification */
} CgPickleKind;

/* What may be done with a global name. */
typedef enum
{
  CG_PICKLE_NAME,   /* only named: calling it is refused */
  CG_PICKLE_RECORD, /* a call becomes a CG_PICKLE_CALL */
  CG_PICKLE_MAKE_DICT,
  CG_PICKLE_PASS /* a call with one argument is that argument */
} CgPickleUse;

/**
 * CgPickleGlobal: a name that a pickle may use.
 * @tag: for the caller
 */
typedef struct
{
  const char *module, *name;
  CgPickleUse use;
  int tag;
} CgPickleGlobal;

typedef struct _CgPickleValue CgPickleValue;

/**
 * CgPickleValue:
 * @integer: BOOL, INT
 * @text: STRING, valid UTF-8, NUL-terminated, without NUL inside
 * @global: GLOBAL, CALL
 * @items: TUPLE, LIST: members; DICT: key, value, key, value …; CALL: arguments; PERSISTENT: one, the identification.
 *   NULL when empty. Values may be shared and may contain themselves: walkers need bounds of their own.
 */
struct _CgPickleValue
{
  CgPickleKind kind;
  union
  {
    gint64 integer;
    double real;
    char *text;
    const CgPickleGlobal *global;
  };
  GPtrArray *items;
};

/* 0 for values without items. */
guint cg_pickle_value_get_n_items (const CgPickleValue *value);
const CgPickleValue *cg_pickle_value_get_item (const CgPickleValue *value, guint i);

/* The value of a DICT under a STRING key, the last if it is there twice; NULL if there is none. */
const CgPickleValue *cg_pickle_value_lookup (const CgPickleValue *dict, const char *key);

/* Text of a file, fit for a message: escaped, shortened. (transfer full) */
char *cg_pickle_printable (const char *text, gssize length);

G_END_DECLS
