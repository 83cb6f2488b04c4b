/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Loops over independent items on several threads, and how many threads this process may use. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/visibility.h"

/**
 * CgParallelFunc:
 * @item: 0 … n_items-1; which part of the work
 * @worker: 0 … n_threads-1; which scratch buffer may be used. Results must not depend on it.
 */
typedef void (*CgParallelFunc) (size_t item, int worker, void *data);

/**
 * cg_parallel_for:
 * @n_threads: >= 1, at most this many workers (fewer where there are fewer items)
 *
 * Calls @func once for every item, in any order, and returns when all are done. Work is cut by size
 * by the caller, never by thread, so results do not depend on @n_threads. Nested calls run serially.
 */
CG_INTERNAL void cg_parallel_for (int n_threads, size_t n_items, CgParallelFunc func, void *data);

/* Asked from any thread, often, so it must be quick; once true, always true. */
typedef bool (*CgParallelStop) (void *data);

/**
 * cg_parallel_set_stop:
 * @stop: (nullable): NULL ends it
 *
 * From now on the loops that the calling thread begins ask before every item, and do none any more once the answer is true. Their results are
 * then good for nothing, and whoever has set this is to throw them away.
 */
CG_INTERNAL void cg_parallel_set_stop (CgParallelStop stop, void *data);

/* @lane: 0 or 1. */
typedef void (*CgParallelLane) (int lane, void *data);

/**
 * cg_parallel_pair:
 * @n_threads: >= 1, of both lanes together
 *
 * Calls @func for lane 0 and lane 1, side by side from two threads on, and returns when both are done: for two long pieces of work
 * that share nothing, which need not hand parts of every small loop to each other. Calls of cg_parallel_for() inside a lane get
 * up to cg_parallel_get_lane_threads (@n_threads) workers of their own.
 */
CG_INTERNAL void cg_parallel_pair (int n_threads, CgParallelLane func, void *data);

/* Half of @n_threads, rounded up. */
CG_INTERNAL int cg_parallel_get_lane_threads (int n_threads);

/**
 * cg_parallel_get_default_threads:
 *
 * Returns: min (CPU affinity, cgroup CPU quota rounded up, what the host asked for), at least 1.
 */
CG_PUBLIC int cg_parallel_get_default_threads (void);

/* What the host application wishes (GEGL's "threads", --threads); 0 = no wish. A wish may also raise the number
 * above the processors at hand (tests do). */
CG_PUBLIC void cg_parallel_set_wish (int n_threads);

/* For tests: the largest number of distinct workers that took items in any one call since the last reset. */
CG_INTERNAL int cg_parallel_get_peak_workers (void);
CG_INTERNAL void cg_parallel_reset_peak_workers (void);
