/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Hands items to a team of threads, and knows how many threads this process may use. */
#define _GNU_SOURCE 1 /* sched_getaffinity() */

#include "base/parallel.h"

#include <glib.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/quota.h"
#include "base/team.h"

/* More than any machine needs; a slip like --threads 100000 must not exhaust the process table. */
#define MAX_WORKERS 1024

/* Shares of the items; more workers than that begin in shares of others. */
#define MAX_SHARES 64

/* Every worker begins with items of its own, next to each other, and takes from others when it has done them: items are parts of an
 * image from top to bottom, so that what one loop has written stays in the cache of the processor that reads it in the next. */
typedef struct
{
  _Alignas(64) atomic_size_t next;
  size_t end;
} Share;

typedef struct
{
  CgParallelFunc func;
  void *data;
  CgParallelStop stop;
  void *stop_data;
  int n_shares;
  atomic_int n_workers_used;
  Share shares[MAX_SHARES];
} Job;

static atomic_int wish = 0;
static atomic_int peak_workers = 0;

/* True while this thread runs an item, so that a nested call stays on it. */
static _Thread_local bool inside = false;

/* The workers that loops of the lane of cg_parallel_pair() may have that runs on this thread; 0 = no lane. */
static _Thread_local int lane_workers = 0;

/* Whom the loops of this thread ask. */
static _Thread_local CgParallelStop stop = NULL;
static _Thread_local void *stop_data = NULL;

static void
work (int worker, void *data)
{
  Job *job = data;
  bool was_inside = inside;
  bool took_one = false;

  inside = true;
  for (int i = 0; i < job->n_shares; i++)
    {
      Share *share = &job->shares[(worker + i) % job->n_shares];

      for (;;)
        {
          /* Only the number itself is shared through this counter; joining and leaving the team orders the data. */
          size_t item = atomic_fetch_add_explicit (&share->next, 1, memory_order_relaxed);

          if (item >= share->end)
            break;
          if (job->stop == NULL || !job->stop (job->stop_data))
            job->func (item, worker, job->data);
          took_one = true;
        }
    }
  inside = was_inside;

  if (took_one)
    atomic_fetch_add_explicit (&job->n_workers_used, 1, memory_order_relaxed);
}

static void
note_workers (int n_workers)
{
  int peak = atomic_load_explicit (&peak_workers, memory_order_relaxed);

  while (n_workers > peak
         && !atomic_compare_exchange_weak_explicit (&peak_workers, &peak, n_workers, memory_order_relaxed,
                                                    memory_order_relaxed))
    ;
}

/* @n_workers may be more than there are items: members that come for nothing are awake for what an item opens. */
static void
run_items (int n_workers, size_t n_items, CgParallelFunc func, void *data)
{
  Job job;

  job.func = func;
  job.data = data;
  job.stop = stop;
  job.stop_data = stop_data;
  job.n_shares = (int)MIN ((size_t)MIN (n_workers, MAX_SHARES), MAX (n_items, 1));
  atomic_init (&job.n_workers_used, 0);
  for (int i = 0; i < job.n_shares; i++)
    {
      /* In parts, because n_items * i could overflow. */
      size_t part = n_items / (size_t)job.n_shares, rest = n_items % (size_t)job.n_shares;

      atomic_init (&job.shares[i].next, part * (size_t)i + MIN ((size_t)i, rest));
      job.shares[i].end = part * (size_t)(i + 1) + MIN ((size_t)i + 1, rest);
    }

  if (n_workers == 1)
    work (0, &job);
  else
    cg_team_run (n_workers, work, &job);

  note_workers (atomic_load_explicit (&job.n_workers_used, memory_order_relaxed));
}

void
cg_parallel_for (int n_threads, size_t n_items, CgParallelFunc func, void *data)
{
  const int most = lane_workers > 0 ? lane_workers : MAX_WORKERS;
  const bool alone = MIN (n_threads, most) <= 1 || n_items <= 1 || inside;

  run_items (alone ? 1 : (int)MIN ((size_t)MIN (n_threads, most), n_items), n_items, func, data);
}

void
cg_parallel_set_stop (CgParallelStop new_stop, void *data)
{
  stop = new_stop;
  stop_data = data;
}

int
cg_parallel_get_lane_threads (int n_threads)
{
  return MAX ((n_threads + 1) / 2, 1);
}

typedef struct
{
  CgParallelLane func;
  void *data;
  int n_threads;
} Pair;

static void
run_lane (size_t lane, int worker, void *data)
{
  const Pair *pair = data;

  /* One of an odd number of threads goes to lane 0. */
  lane_workers = MAX ((pair->n_threads + 1 - (int)lane) / 2, 1);
  inside = false;
  pair->func ((int)lane, pair->data);
  inside = true;
  lane_workers = 0;
}

void
cg_parallel_pair (int n_threads, CgParallelLane func, void *data)
{
  Pair pair = { func, data, MIN (n_threads, MAX_WORKERS) };

  if (n_threads > 1 && !inside && lane_workers == 0)
    {
      run_items (pair.n_threads, 2, run_lane, &pair);
      return;
    }
  func (0, data);
  func (1, data);
}

/* The processors that the scheduler may run the calling thread on; 0 if it does not tell. */
static int
count_affinity (void)
{
  int count = 0;

  /* The kernel refuses masks smaller than its own, whose size it does not tell. */
  for (int n_cpus = 1024; n_cpus <= 1 << 20 && count == 0; n_cpus *= 4)
    {
      cpu_set_t *set = CPU_ALLOC (n_cpus);
      size_t size = CPU_ALLOC_SIZE (n_cpus);

      if (set == NULL)
        break;
      if (sched_getaffinity (0, size, set) == 0)
        count = CPU_COUNT_S (size, set);
      CPU_FREE (set);
    }

  return count;
}

/* Read once: quotas belong to the container, and losses ask for the number of threads in every step. */
static int
get_quota (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      g_autofree char *membership = NULL;
      int quota = 0;

      if (g_file_get_contents ("/proc/self/cgroup", &membership, NULL, NULL))
        quota = cg_quota_get_processors (membership, "/sys/fs/cgroup");

      /* One is added because 0 means "not yet read" to g_once_init_enter(). */
      g_once_init_leave (&once, (gsize)quota + 1);
    }

  return (int)(once - 1);
}

int
cg_parallel_get_default_threads (void)
{
  int n_threads = atomic_load_explicit (&wish, memory_order_relaxed);
  int quota;

  if (n_threads == 0)
    {
      n_threads = count_affinity ();
      quota = get_quota ();
      if (quota > 0)
        n_threads = MIN (n_threads, quota);
    }

  return CLAMP (n_threads, 1, MAX_WORKERS);
}

void
cg_parallel_set_wish (int n_threads)
{
  atomic_store_explicit (&wish, MAX (n_threads, 0), memory_order_relaxed);
}

int
cg_parallel_get_peak_workers (void)
{
  return atomic_load_explicit (&peak_workers, memory_order_relaxed);
}

void
cg_parallel_reset_peak_workers (void)
{
  atomic_store_explicit (&peak_workers, 0, memory_order_relaxed);
}
