/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan models`: the installed models, and the folders where they were looked for. */
#include <glib/gi18n.h>
#include <string.h>

#include "commands.h"
#include "cyclegan.h"
#include "terminal.h"

/* The name by which it is asked for. (transfer full) */
static char *
name_of (const char *path)
{
  g_autofree char *file = g_path_get_basename (path);
  g_autofree char *name = g_filename_display_name (file);

  if (g_str_has_suffix (name, ".safetensors"))
    name[strlen (name) - strlen (".safetensors")] = '\0';
  return cg_terminal_text (name, 0);
}

/* Reads the header only, so that a list is quick; weights are checked where they are used. */
static gboolean
print_model (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, &error);
  CgNetworkConfig config;

  if (!file || !cg_model_config_from_metadata (file, &config, &error))
    {
      cg_terminal_fail (error->message, CG_EXIT_FAILED);
      return FALSE;
    }

  const char *title = cg_safetensors_get_metadata (file, "title");
  g_autofree char *name = name_of (path), *shown_title = title ? cg_terminal_text (title, 4) : NULL;
  g_autofree char *display_name = g_filename_display_name (path), *shown_path = cg_terminal_text (display_name, 4);

  g_print ("%s\n", name);
  if (shown_title && *shown_title)
    g_print ("    %s\n", shown_title);
  g_print ("    %s\n", shown_path);
  return TRUE;
}

static int
print_models (void)
{
  g_auto (GStrv) paths = cg_model_library_list ();
  g_auto (GStrv) folders = cg_model_library_get_folders ();
  gboolean all_well = TRUE;

  for (char **path = paths; *path; path++)
    all_well &= print_model (*path);
  g_print ("%s\n", *paths ? _ ("Searched, in this order:") : _ ("No models are installed. Searched, in this order:"));
  for (char **folder = folders; *folder; folder++)
    {
      g_autofree char *display_name = g_filename_display_name (*folder);
      g_autofree char *text = cg_terminal_text (display_name, 4);

      g_print ("    %s\n", text);
    }
  return all_well ? CG_EXIT_OK : CG_EXIT_FAILED;
}

int
cg_command_models (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("— list the installed models"));
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (
      context, _ ("Exit status 1 if a file that is installed as a model is none; the reason is told."));
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return cg_terminal_fail (error->message, CG_EXIT_USAGE);
  if (argc != 1)
    return cg_terminal_fail (_ ("models takes no arguments"), CG_EXIT_USAGE);
  return print_models ();
}
