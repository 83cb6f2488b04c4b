/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Threads that wait for work together; the only room where threads are made. */
#pragma once

/* One member's share of the work; returns when there is none left. @worker: 0 … n_workers - 1, different for each member. */
typedef void (*CgTeamFunc) (int worker, void *data);

/**
 * cg_team_run:
 * @n_workers: >= 2, the calling thread included
 *
 * Calls @func on this thread as worker 0 and, as far as threads can be had in time, on up to @n_workers - 1 others, and returns when all
 * those that began have returned. @func must therefore do all the work even if nobody joins. May be called from several threads at once.
 */
void cg_team_run (int n_workers, CgTeamFunc func, void *data);
