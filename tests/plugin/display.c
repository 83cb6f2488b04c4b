/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Xvfb chooses a free number and tells it through a pipe when it is ready. */
#include "display.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

GPid
cg_display_start (void)
{
  const char *const argv[] = { "Xvfb", "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp", NULL };
  g_autoptr (GError) error = NULL;
  char name[16] = ":";
  gsize n = 1;
  GPid process;
  int out;

  g_spawn_async_with_pipes (NULL, (char **)argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                            &process, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  while (n < sizeof name - 1 && read (out, name + n, 1) == 1 && name[n] != '\n')
    n++;
  name[n] = '\0';
  g_assert_cmpuint (n, >, 1);
  close (out);
  g_setenv ("DISPLAY", name, TRUE);
  return process;
}

void
cg_display_stop (GPid process)
{
  kill (process, SIGTERM);
  waitpid (process, NULL, 0);
  g_spawn_close_pid (process);
}
