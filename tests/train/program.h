/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The program that is tested, as its own process. */
#pragma once

#include <gio/gio.h>

/* Starts $CG_PROGRAM with the options of @argv, which it frees. (transfer full) */
GSubprocess *program_start (char **argv);

/* Waits; what the program said lands in @output and @messages (both nullable). Returns: its exit status, -1 if a signal ended it. */
int program_finish (GSubprocess *process, char **output, char **messages);

/* Waits until @path exists or the process is gone; a minute is forever. Returns: whether it exists. */
gboolean program_wait_for (GSubprocess *process, const char *path);
