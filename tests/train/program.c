/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Starts the program as its own process and waits for what becomes of it. */
#include "program.h"

GSubprocess *
program_start (char **argv)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  GSubprocess *process;
  char *program = (char *)g_getenv ("CG_PROGRAM");

  g_assert_nonnull (program);
  g_ptr_array_add (all, program);
  for (char **argument = argv; *argument; argument++)
    g_ptr_array_add (all, *argument);
  g_ptr_array_add (all, NULL);
  process = g_subprocess_newv ((const char *const *)all->pdata,
                               G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  g_strfreev (argv);
  return process;
}

int
program_finish (GSubprocess *process, char **output, char **messages)
{
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &out, &err, &error);
  g_assert_no_error (error);
  status = g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
  if (output)
    *output = g_steal_pointer (&out);
  if (messages)
    *messages = g_steal_pointer (&err);
  g_object_unref (process);
  return status;
}

gboolean
program_wait_for (GSubprocess *process, const char *path)
{
  for (int i = 0; i < 600000; i++)
    {
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return TRUE;
      if (!g_subprocess_get_identifier (process))
        return FALSE;
      g_usleep (100);
    }
  g_error ("%s did not appear", path);
}
