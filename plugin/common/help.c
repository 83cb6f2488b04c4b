/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guide that is installed with the plug-in; apart because both shells open it, and GIMP's own help is elsewhere. */
#include "help.h"

#include <cyclegan.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#define GUIDE "doc" G_DIR_SEPARATOR_S "gimp-cyclegan" G_DIR_SEPARATOR_S "en"

char *
cg_help_get_folder (void)
{
  g_autofree char *installed = g_build_filename (CG_DATA_DIR, GUIDE, NULL);
  g_autofree char *share = g_path_get_dirname (cg_get_locale_dir ());
  g_autofree char *bundled = g_build_filename (share, GUIDE, NULL);

  if (g_file_test (bundled, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&bundled);
  return g_file_test (installed, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&installed) : NULL;
}

void
cg_help_show (const char *help_id, gpointer data)
{
  g_autofree char *folder = cg_help_get_folder ();
  g_autofree char *page = folder ? g_build_filename (folder, "index.html", NULL) : NULL;
  g_autofree char *uri = page ? g_filename_to_uri (page, NULL, NULL) : NULL;
  g_autoptr (GError) error = NULL;

  if (!uri)
    g_message ("%s", _ ("The guide is not installed."));
  else if (!g_app_info_launch_default_for_uri (uri, NULL, &error))
    g_message (_ ("The guide %s could not be opened: %s"), page, error->message);
}
