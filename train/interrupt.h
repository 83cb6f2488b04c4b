/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ctrl-C, SIGTERM and a terminal that closes (SIGHUP) as a flag that the run loop looks at between steps. A process that
 * was started to ignore SIGHUP, by nohup, goes on ignoring it. */
#pragma once

#include <glib.h>

/* From now on the first such signal raises the flag; the second ends the process at once with status 130. */
void cg_interrupt_install (void);
gboolean cg_interrupt_is_requested (void);

/* For work without a state to save: the first such signal calls @clean_up, which may do only what signal handlers may, and ends the
 * process with CG_EXIT_INTERRUPTED, wherever it is. */
void cg_interrupt_end_at_once (void (*clean_up) (void));
