/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking the values of a pickle, and showing texts that strangers wrote. */
#include "convert/pickle-value.h"

#include <string.h>

guint
cg_pickle_value_get_n_items (const CgPickleValue *value)
{
  return value->items ? value->items->len : 0;
}

const CgPickleValue *
cg_pickle_value_get_item (const CgPickleValue *value, guint i)
{
  g_return_val_if_fail (i < cg_pickle_value_get_n_items (value), NULL);
  return g_ptr_array_index (value->items, i);
}

const CgPickleValue *
cg_pickle_value_lookup (const CgPickleValue *dict, const char *key)
{
  g_return_val_if_fail (dict->kind == CG_PICKLE_DICT, NULL);
  for (guint i = cg_pickle_value_get_n_items (dict); i >= 2; i -= 2)
    {
      const CgPickleValue *found = cg_pickle_value_get_item (dict, i - 2);

      if (found->kind == CG_PICKLE_STRING && strcmp (found->text, key) == 0)
        return cg_pickle_value_get_item (dict, i - 1);
    }
  return NULL;
}

char *
cg_pickle_printable (const char *text, gssize length)
{
  const size_t most = 200;
  const size_t n = length < 0 ? strlen (text) : (size_t)length;
  g_autofree char *valid = g_utf8_make_valid (text, (gssize)MIN (n, most));
  GString *printable = g_string_new (NULL);

  for (const char *at = valid; *at; at = g_utf8_next_char (at))
    {
      const gunichar c = g_utf8_get_char (at);

      if (g_unichar_isprint (c))
        g_string_append_unichar (printable, c);
      else
        g_string_append_printf (printable, "\\u%04x", c);
    }
  if (n > most)
    g_string_append (printable, "…");
  return g_string_free (printable, FALSE);
}
