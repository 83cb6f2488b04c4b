/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Prints what the operation calls itself and its properties in the locale it is run in, as a host's dialog would show it. */
#include <gegl.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  guint n = 0;
  g_autofree GParamSpec **properties = NULL;

  setlocale (LC_ALL, "");
  gegl_init (&argc, &argv);
  g_print ("%s\n", gegl_operation_get_key ("cyclegan:translate", "title"));
  properties = gegl_operation_list_properties ("cyclegan:translate", &n);
  for (guint i = 0; i < n; i++)
    g_print ("%s\n", g_param_spec_get_nick (properties[i]));
  gegl_exit ();
  return 0;
}
