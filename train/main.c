/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `cyclegan`: finds the subcommand and hands over; knows nothing of what they do. */
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "commands.h"

typedef struct
{
  const char *name;
  CgCommandFunc run;
  const char *description;
} Command;

static const Command commands[] = {
  { "train", cg_command_train, N_ ("train two generators on two folders of images") },
  { "translate", cg_command_translate, N_ ("translate pictures by a model") },
  { "evaluate", cg_command_evaluate, N_ ("measure how well a model translates test pictures") },
  { "import", cg_command_import, N_ ("turn a PyTorch checkpoint into a model") },
  { "export", cg_command_export, N_ ("write a model as a file that PyTorch opens") },
  { "info", cg_command_info, N_ ("tell what a model file is, or what this machine computes with") },
  { "bench", cg_command_bench, N_ ("measure how fast this machine computes") },
  { "models", cg_command_models, N_ ("list the installed models and where they were found") },
};

static void
print_usage (void (*print) (const char *format, ...))
{
  print ("%s\n  cyclegan %s\n\n%s\n", _ ("Usage:"), _ ("COMMAND [OPTION…]"), _ ("Commands:"));
  for (size_t i = 0; i < G_N_ELEMENTS (commands); i++)
    print ("  %-12s%s\n", commands[i].name, _ (commands[i].description));
  print ("\n%s\n", _ ("cyclegan COMMAND --help tells the options of each."));
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("cyclegan");

  if (argc >= 2 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0))
    {
      print_usage (g_print);
      return CG_EXIT_OK;
    }
  if (argc >= 2 && strcmp (argv[1], "--version") == 0)
    {
      g_print ("cyclegan %s\n", CG_VERSION);
      return CG_EXIT_OK;
    }

  for (size_t i = 0; argc >= 2 && i < G_N_ELEMENTS (commands); i++)
    if (strcmp (argv[1], commands[i].name) == 0)
      {
        g_autofree char *name = g_strdup_printf ("cyclegan %s", argv[1]);

        argv[1] = name;
        g_set_prgname (name); /* what --help shows before the options */
        return commands[i].run (argc - 1, argv + 1);
      }

  if (argc >= 2)
    g_printerr (_ ("cyclegan: there is no command “%s”\n\n"), argv[1]);
  print_usage (g_printerr);
  return CG_EXIT_USAGE;
}
