/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copying, importing and removing model files; weights are looked at before a file is taken for a model. */
#include "model-install.h"

#include <cyclegan.h>
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".safetensors"

char *
cg_model_install_get_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "cyclegan", "models", NULL);
}

/* @path with another ending. (transfer full) */
static char *
with_ending (const char *path, const char *ending)
{
  const char *name = strrchr (path, G_DIR_SEPARATOR);
  const char *dot = strrchr (name ? name : path, '.');

  return g_strdup_printf ("%.*s%s", dot ? (int)(dot - path) : (int)strlen (path), path, ending);
}

/* (transfer full): where the model from @path will lie; NULL with G_IO_ERROR if there is one already, or no folder for it. */
static char *
get_target (const char *path, GError **error)
{
  g_autofree char *folder = cg_model_install_get_folder ();
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = with_ending (base, SUFFIX);
  g_autofree char *target = g_build_filename (folder, name, NULL);

  if (g_mkdir_with_parents (folder, 0777) != 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder, g_strerror (errno));
  else if (g_file_test (target, G_FILE_TEST_EXISTS))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                 _ ("%s: a model of this name is installed already; remove it first, or rename the file"), target);
  else
    return g_steal_pointer (&target);
  return NULL;
}

static gboolean
copy (const char *from, const char *to, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);

  return g_file_copy (source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, error);
}

/* In a thread: loading looks at every weight, rather now than at the first use. */
static void
copy_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  const char *path = task_data;
  GError *error = NULL;
  g_autoptr (CgModel) model = cg_model_load (path, &error);
  g_autofree char *target = model ? get_target (path, &error) : NULL;

  if (target && copy (path, target, &error))
    {
      g_autofree char *from = with_ending (path, ".png"), *to = with_ending (target, ".png");

      copy (from, to, NULL); /* a model without its picture is a model still */
      g_task_return_pointer (task, g_steal_pointer (&target), g_free);
    }
  else
    g_task_return_error (task, error);
}

/* The command, which is not this program although it may have the same name. (transfer full): or NULL. */
static char *
find_command (void)
{
  const char *wish = g_getenv ("CYCLEGAN_COMMAND");
  g_autofree char *home = g_build_filename (g_get_home_dir (), ".local", "bin", "cyclegan", NULL);

  if (wish && *wish)
    return g_strdup (wish);
  if (g_file_test (CG_COMMAND, G_FILE_TEST_IS_EXECUTABLE))
    return g_strdup (CG_COMMAND);
  if (g_file_test (home, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&home);
  return g_find_program_in_path ("cyclegan");
}

static void
on_imported (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GSubprocess *process = G_SUBPROCESS (object);
  g_autofree char *told = NULL;
  GError *error = NULL;
  char *target = g_task_get_task_data (task);

  if (!g_subprocess_communicate_utf8_finish (process, result, NULL, &told, &error))
    g_task_return_error (task, error);
  else if (!g_subprocess_get_successful (process))
    g_task_return_new_error (task, CG_ERROR, CG_ERROR_FORMAT, "%s",
                             *g_strstrip (told) ? told : _ ("The import ended without saying why."));
  else
    g_task_return_pointer (task, g_strdup (target), g_free);
}

static void
import (GTask *task, const char *path, GCancellable *cancellable)
{
  GError *error = NULL;
  g_autofree char *command = find_command ();
  g_autoptr (GSubprocess) process = NULL;
  char *target;

  if (!command)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                               _ ("%s: the command “cyclegan”, which reads PyTorch files, is not installed"), path);
      return;
    }
  target = get_target (path, &error);
  if (target)
    {
      g_task_set_task_data (task, target, g_free);
      process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, command,
                                  "import", path, "--out", target, NULL);
    }
  if (process)
    g_subprocess_communicate_utf8_async (process, NULL, cancellable, on_imported, g_object_ref (task));
  else
    g_task_return_error (task, error);
}

void
cg_model_install_start (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  if (g_str_has_suffix (path, SUFFIX))
    {
      g_task_set_task_data (task, g_strdup (path), g_free);
      g_task_run_in_thread (task, copy_in_thread);
    }
  else
    import (task, path, cancellable);
}

char *
cg_model_install_finish (GAsyncResult *result, GError **error)
{
  g_autofree char *target = g_task_propagate_pointer (G_TASK (result), error);
  char *name;

  if (!target)
    return NULL;
  name = g_path_get_basename (target);
  name[strlen (name) - strlen (SUFFIX)] = '\0';
  return name;
}

gboolean
cg_model_install_can_remove (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return g_access (folder, W_OK) == 0;
}

gboolean
cg_model_install_remove (const char *path, GError **error)
{
  const char *const endings[] = { ".png", ".md" };
  g_autoptr (GFile) file = g_file_new_for_path (path);

  if (!g_file_trash (file, NULL, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *name = with_ending (path, endings[i]);
      g_autoptr (GFile) other = g_file_new_for_path (name);

      g_file_trash (other, NULL, NULL); /* most models have none */
    }
  return TRUE;
}
