/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes text harmless: whoever made a model may have put escape sequences into its title. */
#include "terminal.h"

#include <glib.h>

#define LABEL_COLUMNS 18

char *
cg_terminal_text (const char *text, int indent)
{
  GString *harmless = g_string_new (NULL);

  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      if (c == '\n')
        g_string_append_printf (harmless, "\n%*s", indent, "");
      else
        g_string_append_unichar (harmless, c == '\t' || g_unichar_isprint (c) ? c : 0xfffd);
    }
  return g_string_free (harmless, FALSE);
}

/* How many columns of a terminal @text takes: the characters of East Asia take two each. */
static int
get_width (const char *text)
{
  int width = 0;

  for (const char *p = text; *p; p = g_utf8_next_char (p))
    {
      const gunichar c = g_utf8_get_char (p);

      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

void
cg_terminal_print_field (const char *label, const char *value)
{
  g_autofree char *text = value ? cg_terminal_text (value, LABEL_COLUMNS) : NULL;
  g_autofree char *shown = cg_terminal_text (label, 0);
  const int padding = LABEL_COLUMNS - get_width (shown);

  if (text)
    g_print ("%s%*s%s\n", shown, MAX (padding, 1), "", text);
}

int
cg_terminal_fail (const char *message, int status)
{
  g_autofree char *text = cg_terminal_text (message, 0);

  g_printerr ("cyclegan: %s\n", text);
  return status;
}
