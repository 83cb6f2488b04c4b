/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of options from which command line, help, range checks and JSON derive, so that an option is written down
 * once. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* What the field of the values at @offset is: gboolean, gint64, double, int (index into choices), char *, char *. */
typedef enum
{
  CG_OPTION_FLAG,
  CG_OPTION_INT,
  CG_OPTION_REAL,
  CG_OPTION_CHOICE,
  CG_OPTION_TEXT,
  CG_OPTION_PATH /* made absolute */
} CgOptionKind;

typedef enum
{
  CG_OPTION_STORED = 1 << 0,    /* part of the JSON */
  CG_OPTION_CHANGEABLE = 1 << 1 /* may differ from the stored value when a run goes on */
} CgOptionFlags;

/**
 * CgOption:
 * @name: as typed after "--"; in JSON '_' stands for '-'
 * @standard: the default, as one would type it; NULL for FALSE or an absent text
 * @min, @max: both allowed, for INT and REAL
 * @choices: (array zero-terminated=1): words of a CHOICE; the index is the value
 * @argument: what --help calls the value
 * @description: marked with N_()
 */
typedef struct
{
  const char *name;
  CgOptionKind kind;
  CgOptionFlags flags;
  size_t offset;
  const char *standard;
  double min, max;
  const char *const *choices;
  const char *argument;
  const char *description;
} CgOption;

/* At most 64 options, so that a set of them is one word: bit i is options[i]. */
typedef struct
{
  const CgOption *options;
  guint n_options;
} CgOptionTable;

/* All fields of fresh @values to their defaults. */
void cg_option_table_set_defaults (const CgOptionTable *table, gpointer values);
/* Frees texts and paths. */
void cg_option_table_clear (const CgOptionTable *table, gpointer values);
/* Deep copy over cleared or fresh values. */
void cg_option_table_copy (const CgOptionTable *table, gconstpointer from, gpointer to);

const CgOption *cg_option_table_find (const CgOptionTable *table, const char *name);

/* Fails with G_OPTION_ERROR_BAD_VALUE, naming the option, the text and what would be right. @text: NULL for flags. */
gboolean cg_option_set (const CgOption *option, gpointer values, const char *text, GError **error);
/* The value as one would type it; NULL for an absent text. (transfer full) */
char *cg_option_get (const CgOption *option, gconstpointer values);

/**
 * cg_option_table_parse:
 * @argv: (inout): options are removed; argv[0] and what is no option stay
 * @given: (out): the set of options that were there
 *
 * Handles --help by printing and leaving the process. Fails in domain G_OPTION_ERROR.
 */
gboolean cg_option_table_parse (const CgOptionTable *table, gpointer values, guint64 *given, const char *summary,
                                int *argc, char ***argv, GError **error);

/* The stored options as an object, in the table's order. (transfer full) */
JsonObject *cg_option_table_to_json (const CgOptionTable *table, gconstpointer values);

/* Fails with CG_ERROR_FORMAT, naming the member, if one is unknown or not allowed. One that is missing takes its
 * default: it is younger than what was stored. */
gboolean cg_option_table_from_json (const CgOptionTable *table, JsonObject *object, gpointer values, GError **error);
