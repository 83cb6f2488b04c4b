/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Links to the system's plug-ins and ours, one script made of three parts, and the console program of GIMP. */
#include "gimp-session.h"

#include <sys/wait.h>
#include <unistd.h>

static void
link_into (const char *folder, const char *parent_name, const char *name, const char *target)
{
  g_autofree char *parent = g_build_filename (folder, parent_name, NULL);
  g_autofree char *path = g_build_filename (parent, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

void
gimp_session_prepare (const char *folder)
{
  const char *const homes[] = { "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME" };
  const char *system = g_getenv ("CG_TEST_GIMP_PLUG_INS");
  g_autofree char *script_fu = g_build_filename (system, "script-fu", NULL);
  g_autofree char *file_png = g_build_filename (system, "file-png", NULL);
  g_autofree char *gimp = g_build_filename (folder, "gimp", NULL);
  g_autofree char *gradients = g_build_filename (gimp, "gradients", NULL);
  g_autofree char *gimprc = g_build_filename (gimp, "gimprc", NULL);
  g_autofree char *words = g_strdup_printf ("(plug-in-path \"%s/plug-ins\")\n", folder);
  g_autoptr (GError) error = NULL;

  link_into (folder, "plug-ins", "script-fu", script_fu);
  link_into (folder, "plug-ins", "file-png", file_png);
  link_into (folder, "plug-ins/cyclegan", "cyclegan", g_getenv ("CG_TEST_PLUG_IN"));
  g_assert_cmpint (g_mkdir_with_parents (gradients, 0700), ==, 0);
  g_file_set_contents (gimprc, words, -1, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    g_setenv (homes[i], folder, TRUE);
  g_setenv ("GIMP2_DIRECTORY", gimp, TRUE);
  g_setenv ("GIMP3_DIRECTORY", gimp, TRUE);
  g_setenv ("CYCLEGAN_MODEL_PATH", folder, TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_unsetenv ("G_DEBUG"); /* GIMP's own warnings are none of ours */
}

/* (transfer full): the path of the whole script. */
static char *
write_script (const char *folder, const char *script)
{
  const char *const parts[] = { g_getenv ("CG_TEST_WORDS"), script };
  GString *whole = g_string_new (NULL);
  char *path = g_build_filename (folder, "script.scm", NULL);
  g_autoptr (GError) error = NULL;

  g_string_append_printf (whole, "(define folder \"%s\")\n", folder);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *text = NULL;

      g_file_get_contents (parts[i], &text, NULL, &error);
      g_assert_no_error (error);
      g_string_append (whole, text);
    }
  g_file_set_contents (path, whole->str, -1, &error);
  g_assert_no_error (error);
  g_string_free (whole, TRUE);
  return path;
}

char *
gimp_session_run (const char *folder, const char *script, void (*meanwhile) (GPid gimp, gpointer data), gpointer data)
{
  g_autofree char *path = write_script (folder, script);
  g_autofree char *load_script = g_strdup_printf ("(load \"%s\")", path);
  g_autofree char *log = g_build_filename (folder, "errors.txt", NULL);
  const char *const argv[] = { "sh",
                               "-c",
                               "exec \"$@\" >/dev/null 2>\"$0\"",
                               log,
                               g_getenv ("CG_TEST_GIMP"),
                               "-i",
                               "-n",
                               "-d",
                               "-f",
                               "--batch-interpreter",
                               "plug-in-script-fu-eval",
                               "-b",
                               load_script,
                               g_getenv ("CG_TEST_QUIT"),
                               NULL };
  char *errors = NULL;
  g_autoptr (GError) error = NULL;
  GPid gimp;
  int status;

  g_spawn_async (folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &gimp,
                 &error);
  g_assert_no_error (error);
  while (waitpid (gimp, &status, meanwhile ? WNOHANG : 0) == 0)
    {
      meanwhile (gimp, data);
      g_usleep (5000);
    }
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  g_file_get_contents (log, &errors, NULL, &error);
  g_assert_no_error (error);
  return errors;
}
