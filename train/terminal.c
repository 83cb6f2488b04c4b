/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes text harmless: whoever made a model may have put escape sequences into its title. */
#include "terminal.h"

#include <glib.h>

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
