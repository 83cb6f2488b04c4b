/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The bundle and the catalogues, which are bound as soon as the library is there: doors translate before they call it. */
#define _GNU_SOURCE
#include "base/bundle.h"

#include <dlfcn.h>
#include <libintl.h>

/* Both are set once, by bind_text_domain(), before anybody can ask. */
static char *data_dir, *locale_dir;

/* Property texts of the operation are looked up while its class is set up, those of the plug-ins while they are
 * asked what they are; so nothing is early enough but this. It calls nothing that depends on the order of loading. */
__attribute__ ((constructor)) static void
bind_text_domain (void)
{
  const char *wish = g_getenv ("CG_LOCALE_DIR");
  Dl_info info;

  if (dladdr ((void *)cg_get_locale_dir, &info) && info.dli_fname)
    {
      g_autofree char *path = g_canonicalize_filename (info.dli_fname, NULL);
      g_autofree char *folder = g_path_get_dirname (path);
      char *share = g_build_filename (folder, "share", NULL);

      if (g_file_test (share, G_FILE_TEST_IS_DIR))
        data_dir = share;
      else
        g_free (share);
    }
  if (wish && *wish)
    locale_dir = g_strdup (wish);
  else if (data_dir)
    locale_dir = g_build_filename (data_dir, "locale", NULL);
  else
    locale_dir = g_strdup (CG_LOCALE_DIR);
  bindtextdomain (GETTEXT_PACKAGE, locale_dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}

const char *
cg_bundle_get_data_dir (void)
{
  return data_dir;
}

const char *
cg_get_locale_dir (void)
{
  return locale_dir;
}
