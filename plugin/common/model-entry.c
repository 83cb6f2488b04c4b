/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelEntry: headers of model files turned into what people read. */
#include "model-entry.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX ".safetensors"

/* The name of the file, or all of the path, for which cg_model_library_find() finds it. */
static char *
get_name (const char *path, gboolean installed)
{
  char *name = installed ? g_path_get_basename (path) : g_strdup (path);

  if (installed && g_str_has_suffix (name, SUFFIX))
    name[strlen (name) - strlen (SUFFIX)] = '\0';
  return name;
}

static char *
with_png (const char *path)
{
  gsize length = strlen (path);

  if (g_str_has_suffix (path, SUFFIX))
    length -= strlen (SUFFIX);
  return g_strdup_printf ("%.*s.png", (int)length, path);
}

/* Metadata are somebody else's words: only what is there, is text, and fits on a line. */
static const char *
get_text (const CgSafetensors *file, const char *key)
{
  const char *text = cg_safetensors_get_metadata (file, key);

  return text && *text && g_utf8_validate (text, -1, NULL) && !strchr (text, '\n') ? text : NULL;
}

static char *
describe (const CgSafetensors *file)
{
  const char *from = get_text (file, "domain_from"), *to = get_text (file, "domain_to");
  const char *licence = get_text (file, "license");
  g_autofree char *size = NULL;
  GString *details = g_string_new (NULL);
  GStatBuf status;

  if (from && to)
    /* Translators: what a model takes, and what it makes of it. */
    g_string_append_printf (details, _ ("%s → %s"), from, to);
  if (g_stat (cg_safetensors_get_path (file), &status) == 0)
    {
      size = g_format_size ((guint64)status.st_size);
      g_string_append_printf (details, "%s%s", details->len ? "\n" : "", size);
    }
  if (licence)
    g_string_append_printf (details, "%s%s", details->len ? " · " : "", licence);
  return g_string_free (details, FALSE);
}

CgModelEntry *
cg_model_entry_new (const char *path, gboolean installed)
{
  CgModelEntry *entry = g_new0 (CgModelEntry, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, &error);
  g_autofree char *thumbnail = with_png (path);
  CgNetworkConfig config;
  const char *title = file ? get_text (file, "title") : NULL;
  const char *net_d = file ? cg_safetensors_get_metadata (file, "net_d") : NULL;

  entry->path = g_strdup (path);
  entry->name = get_name (path, installed);
  if (title)
    entry->title = g_strdup (title);
  else
    {
      g_autofree char *base = g_filename_display_basename (path);

      entry->title = get_name (base, TRUE);
    }
  entry->details = file ? describe (file) : g_strdup ("");
  entry->description = file ? g_strdup (get_text (file, "description")) : NULL;
  if (g_file_test (thumbnail, G_FILE_TEST_IS_REGULAR))
    entry->thumbnail = g_steal_pointer (&thumbnail);
  if (file && cg_model_config_from_metadata (file, &config, &error) && net_d)
    g_set_error (&error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: found a discriminator, expected a generator"), path);
  if (error)
    entry->problem = g_strdup (error->message);
  return entry;
}

void
cg_model_entry_free (CgModelEntry *entry)
{
  g_free (entry->name);
  g_free (entry->path);
  g_free (entry->title);
  g_free (entry->details);
  g_free (entry->description);
  g_free (entry->thumbnail);
  g_free (entry->problem);
  g_free (entry);
}

GPtrArray *
cg_model_entry_list (void)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify)cg_model_entry_free);
  g_auto (GStrv) paths = cg_model_library_list ();

  for (char **path = paths; *path; path++)
    g_ptr_array_add (entries, cg_model_entry_new (*path, TRUE));
  return entries;
}
