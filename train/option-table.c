/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and writes values through a table of options; apart because it knows no option by name. */
#include "option-table.h"

#include <cyclegan-train.h>
#include <errno.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static gpointer
field (const CgOption *option, gconstpointer values)
{
  return (char *)values + option->offset;
}

static gboolean
is_text (const CgOption *option)
{
  return option->kind == CG_OPTION_TEXT || option->kind == CG_OPTION_PATH;
}

static void
set_text (const CgOption *option, gpointer values, const char *text)
{
  char **place = field (option, values);
  char *old = *place;

  *place = option->kind == CG_OPTION_PATH && text ? g_canonicalize_filename (text, NULL) : g_strdup (text);
  g_free (old);
}

static gboolean
set_int (const CgOption *option, gpointer values, const char *text)
{
  char *end;
  gint64 value;

  errno = 0;
  value = g_ascii_strtoll (text, &end, 10);
  /* Compared as integers: doubles cannot tell large ones apart. */
  if (end == text || *end != '\0' || errno != 0 || value < (gint64)option->min || value > (gint64)option->max)
    return FALSE;
  *(gint64 *)field (option, values) = value;
  return TRUE;
}

static gboolean
set_real (const CgOption *option, gpointer values, const char *text)
{
  char *end;
  double value = g_ascii_strtod (text, &end);

  if (end == text || *end != '\0' || !isfinite (value) || value < option->min || value > option->max)
    return FALSE;
  *(double *)field (option, values) = value;
  return TRUE;
}

static gboolean
set_choice (const CgOption *option, gpointer values, const char *text)
{
  for (int i = 0; option->choices[i]; i++)
    if (strcmp (option->choices[i], text) == 0)
      {
        *(int *)field (option, values) = i;
        return TRUE;
      }
  return FALSE;
}

/* What would have been right. */
static char *
describe_range (const CgOption *option)
{
  char min[G_ASCII_DTOSTR_BUF_SIZE], max[G_ASCII_DTOSTR_BUF_SIZE];

  switch (option->kind)
    {
    case CG_OPTION_CHOICE:
      return g_strjoinv (", ", (char **)option->choices);
    case CG_OPTION_INT:
      if (option->max >= (double)G_MAXINT)
        return g_strdup_printf (_ ("a whole number from %.0f"), option->min);
      return g_strdup_printf (_ ("a whole number from %.0f to %.0f"), option->min, option->max);
    case CG_OPTION_REAL:
      g_ascii_formatd (min, sizeof min, "%g", option->min);
      if (option->max >= G_MAXFLOAT)
        return g_strdup_printf (_ ("a number from %s"), min);
      g_ascii_formatd (max, sizeof max, "%g", option->max);
      return g_strdup_printf (_ ("a number from %s to %s"), min, max);
    case CG_OPTION_FLAG:
    case CG_OPTION_TEXT:
    case CG_OPTION_PATH:
    default:
      return g_strdup (_ ("text in UTF-8"));
    }
}

gboolean
cg_option_set (const CgOption *option, gpointer values, const char *text, GError **error)
{
  g_autofree char *range = NULL;
  g_autofree char *shown = NULL;
  gboolean set = FALSE;

  switch (option->kind)
    {
    case CG_OPTION_FLAG:
      *(gboolean *)field (option, values) = TRUE;
      return TRUE;
    case CG_OPTION_INT:
      set = set_int (option, values, text);
      break;
    case CG_OPTION_REAL:
      set = set_real (option, values, text);
      break;
    case CG_OPTION_CHOICE:
      set = set_choice (option, values, text);
      break;
    case CG_OPTION_TEXT:
    case CG_OPTION_PATH:
      /* Both go into JSON, which is UTF-8. */
      set = g_utf8_validate (text, -1, NULL);
      if (set)
        set_text (option, values, text);
      break;
    default:
      g_assert_not_reached ();
    }
  if (set)
    return TRUE;

  range = describe_range (option);
  shown = g_utf8_make_valid (text, -1);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               option->kind == CG_OPTION_CHOICE ? _ ("--%s “%s” is not known; the choices are %s")
                                                : _ ("--%s “%s” is not possible; it must be %s"),
               option->name, shown, range);
  return FALSE;
}

char *
cg_option_get (const CgOption *option, gconstpointer values)
{
  gconstpointer place = field (option, values);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  switch (option->kind)
    {
    case CG_OPTION_FLAG:
      return g_strdup (*(const gboolean *)place ? "true" : "false");
    case CG_OPTION_INT:
      return g_strdup_printf ("%" G_GINT64_FORMAT, *(const gint64 *)place);
    case CG_OPTION_REAL:
      /* The shortest of the texts that give the value back. */
      g_ascii_formatd (buffer, sizeof buffer, "%.15g", *(const double *)place);
      if (g_ascii_strtod (buffer, NULL) != *(const double *)place)
        g_ascii_dtostr (buffer, sizeof buffer, *(const double *)place);
      return g_strdup (buffer);
    case CG_OPTION_CHOICE:
      return g_strdup (option->choices[*(const int *)place]);
    case CG_OPTION_TEXT:
    case CG_OPTION_PATH:
      return g_strdup (*(char *const *)place);
    default:
      g_assert_not_reached ();
    }
}

/* Texts must be initialised. */
static void
set_default (const CgOption *option, gpointer values)
{
  if (option->kind == CG_OPTION_FLAG)
    *(gboolean *)field (option, values) = FALSE;
  else if (is_text (option))
    set_text (option, values, option->standard);
  else if (!cg_option_set (option, values, option->standard, NULL))
    g_assert_not_reached ();
}

void
cg_option_table_set_defaults (const CgOptionTable *table, gpointer values)
{
  for (guint i = 0; i < table->n_options; i++)
    {
      const CgOption *option = &table->options[i];

      if (is_text (option))
        *(char **)field (option, values) = NULL;
      set_default (option, values);
    }
}

void
cg_option_table_clear (const CgOptionTable *table, gpointer values)
{
  for (guint i = 0; i < table->n_options; i++)
    if (is_text (&table->options[i]))
      g_clear_pointer ((char **)field (&table->options[i], values), g_free);
}

static void
copy_value (const CgOption *option, gconstpointer from, gpointer to)
{
  switch (option->kind)
    {
    case CG_OPTION_FLAG:
      *(gboolean *)field (option, to) = *(gboolean *)field (option, from);
      break;
    case CG_OPTION_INT:
      *(gint64 *)field (option, to) = *(gint64 *)field (option, from);
      break;
    case CG_OPTION_REAL:
      *(double *)field (option, to) = *(double *)field (option, from);
      break;
    case CG_OPTION_CHOICE:
      *(int *)field (option, to) = *(int *)field (option, from);
      break;
    case CG_OPTION_TEXT:
    case CG_OPTION_PATH:
    default:
      *(char **)field (option, to) = g_strdup (*(char **)field (option, from));
    }
}

void
cg_option_table_copy (const CgOptionTable *table, gconstpointer from, gpointer to)
{
  for (guint i = 0; i < table->n_options; i++)
    copy_value (&table->options[i], from, to);
}

const CgOption *
cg_option_table_find (const CgOptionTable *table, const char *name)
{
  for (guint i = 0; i < table->n_options; i++)
    if (strcmp (table->options[i].name, name) == 0)
      return &table->options[i];
  return NULL;
}

/* What GOption's callback needs. */
typedef struct
{
  const CgOptionTable *table;
  gpointer values;
  guint64 given;
} Parsing;

static gboolean
take_option (const char *name, const char *text, gpointer data, GError **error)
{
  Parsing *parsing = data;
  const CgOption *option = cg_option_table_find (parsing->table, name + strlen ("--"));

  g_return_val_if_fail (option, FALSE);
  parsing->given |= G_GUINT64_CONSTANT (1) << (option - parsing->table->options);
  return cg_option_set (option, parsing->values, text, error);
}

/* The translated description with choices and default. */
static char *
describe (const CgOption *option)
{
  GString *text = g_string_new (_ (option->description));

  if (option->kind == CG_OPTION_CHOICE)
    {
      g_autofree char *choices = g_strjoinv ("|", (char **)option->choices);

      g_string_append_printf (text, ": %s", choices);
    }
  if (option->standard)
    {
      g_string_append_c (text, ' ');
      g_string_append_printf (text, _ ("(default: %s)"), option->standard);
    }
  return g_string_free (text, FALSE);
}

gboolean
cg_option_table_parse (const CgOptionTable *table, gpointer values, guint64 *given, const char *summary, int *argc,
                       char ***argv, GError **error)
{
  Parsing parsing = { .table = table, .values = values };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree GOptionEntry *entries = g_new0 (GOptionEntry, table->n_options + 1);
  g_autoptr (GPtrArray) descriptions = g_ptr_array_new_with_free_func (g_free);
  GOptionGroup *group = g_option_group_new (NULL, NULL, NULL, &parsing, NULL);
  gboolean parsed;

  g_return_val_if_fail (table->n_options <= 64, FALSE);
  for (guint i = 0; i < table->n_options; i++)
    {
      const CgOption *option = &table->options[i];
      char *description = describe (option);

      g_ptr_array_add (descriptions, description);
      entries[i] = (GOptionEntry){ .long_name = option->name,
                                   .flags = option->kind == CG_OPTION_FLAG ? G_OPTION_FLAG_NO_ARG
                                            : is_text (option)             ? G_OPTION_FLAG_FILENAME
                                                                           : G_OPTION_FLAG_NONE,
                                   .arg = G_OPTION_ARG_CALLBACK,
                                   .arg_data = take_option,
                                   .description = description,
                                   .arg_description = option->argument };
    }
  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  g_option_context_set_summary (context, summary);
  parsed = g_option_context_parse (context, argc, argv, error);
  *given = parsing.given;
  return parsed;
}

/* "lambda-a" is "lambda_a" in JSON. */
static char *
member_name (const CgOption *option)
{
  return g_strdelimit (g_strdup (option->name), "-", '_');
}

JsonObject *
cg_option_table_to_json (const CgOptionTable *table, gconstpointer values)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < table->n_options; i++)
    {
      const CgOption *option = &table->options[i];
      gpointer place = field (option, values);
      g_autofree char *name = member_name (option);

      if (!(option->flags & CG_OPTION_STORED))
        continue;
      if (option->kind == CG_OPTION_FLAG)
        json_object_set_boolean_member (object, name, *(gboolean *)place);
      else if (option->kind == CG_OPTION_INT)
        json_object_set_int_member (object, name, *(gint64 *)place);
      else if (option->kind == CG_OPTION_REAL)
        json_object_set_double_member (object, name, *(double *)place);
      else
        {
          g_autofree char *text = cg_option_get (option, values);

          if (text)
            json_object_set_string_member (object, name, text);
          else
            json_object_set_null_member (object, name);
        }
    }
  return object;
}

/* A member as it would be typed, or NULL if its type is wrong; an absent text is no error and leaves *@absent set. */
static char *
member_text (const CgOption *option, JsonNode *node, gboolean *absent)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_NONE;

  *absent = JSON_NODE_HOLDS_NULL (node) && is_text (option);
  if (type == G_TYPE_STRING && (is_text (option) || option->kind == CG_OPTION_CHOICE))
    return json_node_dup_string (node);
  if (type == G_TYPE_INT64 && (option->kind == CG_OPTION_INT || option->kind == CG_OPTION_REAL))
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  if (type == G_TYPE_DOUBLE && option->kind == CG_OPTION_REAL)
    return g_strdup (g_ascii_dtostr (buffer, sizeof buffer, json_node_get_double (node)));
  return NULL;
}

static gboolean
read_member (const CgOption *option, const char *name, JsonNode *node, gpointer values, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean absent;

  if (option->kind == CG_OPTION_FLAG && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    {
      *(gboolean *)field (option, values) = json_node_get_boolean (node);
      return TRUE;
    }
  text = member_text (option, node, &absent);
  if (absent)
    {
      set_text (option, values, NULL);
      return TRUE;
    }
  if (!text)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("“%s” has a value of the wrong type"), name);
      return FALSE;
    }
  if (!cg_option_set (option, values, text, &reason))
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_FORMAT, reason->message);
      return FALSE;
    }
  return TRUE;
}

gboolean
cg_option_table_from_json (const CgOptionTable *table, JsonObject *object, gpointer values, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GList) members = json_object_get_members (object);

  for (guint i = 0; i < table->n_options; i++)
    {
      const CgOption *option = &table->options[i];
      char *name = member_name (option);

      if (!(option->flags & CG_OPTION_STORED))
        {
          g_free (name);
          continue;
        }
      g_hash_table_add (known, name);
      if (!json_object_has_member (object, name))
        set_default (option, values);
      else if (!read_member (option, name, json_object_get_member (object, name), values, error))
        return FALSE;
    }
  for (GList *member = members; member; member = member->next)
    if (!g_hash_table_contains (known, member->data))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_VERSION, _ ("“%s” is no option that this version knows"),
                     (const char *)member->data);
        return FALSE;
      }
  return TRUE;
}
