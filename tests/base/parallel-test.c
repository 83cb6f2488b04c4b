/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* cg_parallel_for: every item once, workers within bounds, nesting, several host threads at once, default threads. */
#define _GNU_SOURCE 1 /* sched_setaffinity() */

#include <glib.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/parallel.h"

#define N_ITEMS 1000
#define MAX_THREADS 7

typedef struct
{
  atomic_int count[N_ITEMS];
  /* Written without atomics on purpose: a worker index is one thread's at a time, and ThreadSanitizer checks that. */
  guint64 scratch[MAX_THREADS][16];
  int n_threads;
} Tally;

static void
tally_item (size_t item, int worker, void *data)
{
  Tally *tally = data;

  g_assert_cmpint (worker, >=, 0);
  g_assert_cmpint (worker, <, tally->n_threads);
  atomic_fetch_add (&tally->count[item], 1);
  tally->scratch[worker][0] += item;
}

static void
check_tally (Tally *tally, int n_threads, size_t n_items)
{
  guint64 sum = 0;

  *tally = (Tally){ .n_threads = MAX (n_threads, 1) };
  cg_parallel_for (n_threads, n_items, tally_item, tally);

  for (size_t item = 0; item < N_ITEMS; item++)
    g_assert_cmpint (atomic_load (&tally->count[item]), ==, item < n_items ? 1 : 0);
  for (int worker = 0; worker < MAX_THREADS; worker++)
    sum += tally->scratch[worker][0];
  g_assert_cmpuint (sum, ==, n_items > 0 ? n_items * (n_items - 1) / 2 : 0);
}

static void
test_every_item_once (void)
{
  static Tally tally;
  static const size_t sizes[] = { 0, 1, 2, 3, 64, N_ITEMS };

  for (int n_threads = 0; n_threads <= MAX_THREADS; n_threads++)
    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
      check_tally (&tally, n_threads, sizes[i]);
}

/* Waits until @n_threads workers hold an item each, which proves that they run at the same time. */
typedef struct
{
  atomic_int n_arrived;
  int n_expected;
} Meeting;

static void
meet (size_t item, int worker, void *data)
{
  Meeting *meeting = data;
  gint64 deadline = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  atomic_fetch_add (&meeting->n_arrived, 1);
  while (atomic_load (&meeting->n_arrived) < meeting->n_expected && g_get_monotonic_time () < deadline)
    g_thread_yield ();
}

static void
test_workers_and_peak (void)
{
  for (int n_threads = 1; n_threads <= MAX_THREADS; n_threads++)
    {
      Meeting meeting = { .n_expected = n_threads };

      cg_parallel_reset_peak_workers ();
      g_assert_cmpint (cg_parallel_get_peak_workers (), ==, 0);
      cg_parallel_for (n_threads, (size_t)n_threads, meet, &meeting);
      g_assert_cmpint (cg_parallel_get_peak_workers (), ==, n_threads);
    }

  /* The peak of several calls is kept until reset. */
  {
    Meeting alone = { .n_expected = 1 };

    cg_parallel_for (1, 3, meet, &alone);
    g_assert_cmpint (cg_parallel_get_peak_workers (), ==, MAX_THREADS);
    cg_parallel_reset_peak_workers ();
    cg_parallel_for (1, 3, meet, &alone);
    g_assert_cmpint (cg_parallel_get_peak_workers (), ==, 1);
  }
}

typedef struct
{
  GThread *outer_thread;
  size_t next; /* unguarded: a nested call runs in order on one thread */
} Nested;

static void
nested_item (size_t item, int worker, void *data)
{
  Nested *nested = data;

  g_assert_true (g_thread_self () == nested->outer_thread);
  g_assert_cmpint (worker, ==, 0);
  g_assert_cmpuint (item, ==, nested->next);
  nested->next++;
}

static void
outer_item (size_t item, int worker, void *data)
{
  atomic_int *total = data;
  Nested nested = { .outer_thread = g_thread_self () };

  cg_parallel_for (4, 10, nested_item, &nested);
  atomic_fetch_add (total, (int)nested.next);
}

static void
test_nested (void)
{
  atomic_int total = 0;

  cg_parallel_for (3, 20, outer_item, &total);
  g_assert_cmpint (atomic_load (&total), ==, 200);

  /* Serial outer calls nest the same way, and leave the thread able to open a team again. */
  atomic_store (&total, 0);
  cg_parallel_for (1, 2, outer_item, &total);
  g_assert_cmpint (atomic_load (&total), ==, 20);

  cg_parallel_reset_peak_workers ();
  {
    Meeting meeting = { .n_expected = 2 };

    cg_parallel_for (2, 2, meet, &meeting);
  }
  g_assert_cmpint (cg_parallel_get_peak_workers (), ==, 2);
}

static gpointer
host_thread (gpointer data)
{
  Tally *tally = data;

  for (int round = 0; round < 100; round++)
    check_tally (tally, 1 + round % MAX_THREADS, (size_t)(round * 37 % N_ITEMS));
  return NULL;
}

static void
test_host_threads (void)
{
  static Tally tallies[3];
  GThread *threads[G_N_ELEMENTS (tallies)];

  for (gsize i = 0; i < G_N_ELEMENTS (tallies); i++)
    threads[i] = g_thread_new ("host", host_thread, &tallies[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (tallies); i++)
    g_thread_join (threads[i]);
}

static void
test_default_threads (void)
{
  cpu_set_t all, one;
  int found;

  cg_parallel_set_wish (0);
  found = cg_parallel_get_default_threads ();
  g_assert_cmpint (found, >=, 1);
  g_assert_cmpint (found, <=, (int)g_get_num_processors ());

  cg_parallel_set_wish (7);
  g_assert_cmpint (cg_parallel_get_default_threads (), ==, 7);
  cg_parallel_set_wish (G_MAXINT);
  g_assert_cmpint (cg_parallel_get_default_threads (), <=, 1024);
  cg_parallel_set_wish (-3);
  g_assert_cmpint (cg_parallel_get_default_threads (), ==, found);

  /* One processor left to this thread: one thread. */
  g_assert_cmpint (sched_getaffinity (0, sizeof all, &all), ==, 0);
  CPU_ZERO (&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT (&one) == 0; cpu++)
    if (CPU_ISSET (cpu, &all))
      CPU_SET (cpu, &one);
  g_assert_cmpint (sched_setaffinity (0, sizeof one, &one), ==, 0);
  g_assert_cmpint (cg_parallel_get_default_threads (), ==, 1);
  g_assert_cmpint (sched_setaffinity (0, sizeof all, &all), ==, 0);
  g_assert_cmpint (cg_parallel_get_default_threads (), ==, found);
}

/* TRUE from the question after the last that may be answered otherwise. */
typedef struct
{
  atomic_int n_asked;
  int n_allowed;
} Patience;

static bool
is_over (void *data)
{
  Patience *patience = data;

  return atomic_fetch_add (&patience->n_asked, 1) >= patience->n_allowed;
}

/* As many items as were allowed are done, none twice, and the next loop does all again. */
static void
test_stop (void)
{
  static Tally tally;
  static const int allowed[] = { 0, 1, 500, N_ITEMS - 1, N_ITEMS };

  for (int n_threads = 1; n_threads <= MAX_THREADS; n_threads++)
    for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
      {
        Patience patience = { .n_allowed = allowed[i] };
        int n_done = 0;

        tally = (Tally){ .n_threads = n_threads };
        cg_parallel_set_stop (is_over, &patience);
        cg_parallel_for (n_threads, N_ITEMS, tally_item, &tally);
        cg_parallel_set_stop (NULL, NULL);
        for (int item = 0; item < N_ITEMS; item++)
          {
            g_assert_cmpint (atomic_load (&tally.count[item]), <=, 1);
            n_done += atomic_load (&tally.count[item]);
          }
        g_assert_cmpint (n_done, ==, allowed[i]);
        check_tally (&tally, n_threads, N_ITEMS);
      }
}

/* Two lanes, each with loops of its own workers inside. */
typedef struct
{
  Tally tallies[2];
  Meeting meeting;
  int n_threads;
} Lanes;

static void
run_lane (int lane, void *data)
{
  Lanes *lanes = data;
  const int most = (lanes->n_threads + 1 - lane) / 2;
  Meeting inner = { .n_expected = most };

  if (lanes->n_threads > 1)
    {
      meet (0, 0, &lanes->meeting);
      g_assert_cmpint (atomic_load (&lanes->meeting.n_arrived), ==, 2);
    }
  lanes->tallies[lane] = (Tally){ .n_threads = MAX (most, 1) };
  /* More are asked for than the lane has. */
  cg_parallel_for (MAX_THREADS, N_ITEMS, tally_item, &lanes->tallies[lane]);
  /* As many are really there. */
  if (most > 1)
    {
      cg_parallel_for (MAX_THREADS, (size_t)most, meet, &inner);
      g_assert_cmpint (atomic_load (&inner.n_arrived), ==, most);
    }
}

static void
test_pair (void)
{
  static Lanes lanes;

  for (int n_threads = 2; n_threads <= MAX_THREADS; n_threads++)
    {
      lanes = (Lanes){ .meeting = { .n_expected = 2 }, .n_threads = n_threads };
      cg_parallel_pair (n_threads, run_lane, &lanes);
      for (int lane = 0; lane < 2; lane++)
        for (int item = 0; item < N_ITEMS; item++)
          g_assert_cmpint (atomic_load (&lanes.tallies[lane].count[item]), ==, 1);
    }
  g_assert_cmpint (cg_parallel_get_lane_threads (1), ==, 1);
  g_assert_cmpint (cg_parallel_get_lane_threads (7), ==, 4);

  /* What a lane was allowed is forgotten after it. */
  {
    Meeting meeting = { .n_expected = MAX_THREADS };

    cg_parallel_reset_peak_workers ();
    cg_parallel_for (MAX_THREADS, MAX_THREADS, meet, &meeting);
    g_assert_cmpint (cg_parallel_get_peak_workers (), ==, MAX_THREADS);
  }
}

static void
note_lane (int lane, void *data)
{
  GString *order = data;

  g_string_append_c (order, (char)('0' + lane));
}

static void
pair_item (size_t item, int worker, void *data)
{
  g_autoptr (GString) order = g_string_new (NULL);

  cg_parallel_pair (4, note_lane, order);
  g_assert_cmpstr (order->str, ==, "01");
}

/* One thread, and a pair inside a loop: one lane after the other. */
static void
test_pair_serial (void)
{
  g_autoptr (GString) order = g_string_new (NULL);

  cg_parallel_pair (1, note_lane, order);
  g_assert_cmpstr (order->str, ==, "01");
  cg_parallel_for (3, 20, pair_item, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/parallel/every-item-once", test_every_item_once);
  g_test_add_func ("/base/parallel/workers-and-peak", test_workers_and_peak);
  g_test_add_func ("/base/parallel/nested", test_nested);
  g_test_add_func ("/base/parallel/stop", test_stop);
  g_test_add_func ("/base/parallel/pair", test_pair);
  g_test_add_func ("/base/parallel/pair-serial", test_pair_serial);
  g_test_add_func ("/base/parallel/host-threads", test_host_threads);
  g_test_add_func ("/base/parallel/default-threads", test_default_threads);
  return g_test_run ();
}
