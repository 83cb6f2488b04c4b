/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A team of threads whose caller never waits for one that has not begun.
 *
 * OpenMP's teams end in a barrier of all members: where other programs want the processors too (an artist's desktop always does), each
 * of the many short loops of a network then waits for a thread that is not running, measured as up to ten times the time. Here whoever
 * is awake takes the work, and late members find nothing left to do. */
#define _GNU_SOURCE 1 /* pthread_setname_np() */

#include "base/team.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* How often a thread looks before it goes to sleep: 20 to 70 µs, about what waking a sleeper takes, which is as long as a small layer. It
 * does not give way in between: that would hand a busy processor to others for milliseconds. */
#define LOOKS 8000

typedef struct _Call Call;

/* One call of cg_team_run(), on its caller's stack, in the list as long as members may still join. */
struct _Call
{
  CgTeamFunc func;
  void *data;
  int n_workers;
  int n_joined;         /* the caller included */
  atomic_int n_running; /* members at work, without the caller */
  Call *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t call_came = PTHREAD_COND_INITIALIZER;
static pthread_cond_t member_left = PTHREAD_COND_INITIALIZER;
static Call *calls;
static int n_members;
static int n_asleep;
static atomic_uint n_calls_made; /* lets a member see new work without the lock */

/* Tells the processor that this is a loop of waiting. */
static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#else
  atomic_signal_fence (memory_order_seq_cst);
#endif
}

/* Called with the lock held. */
static Call *
find_call (void)
{
  for (Call *call = calls; call != NULL; call = call->next)
    if (call->n_joined < call->n_workers)
      return call;
  return NULL;
}

/* Called with the lock held, released while looking: returns when there may be something to do. */
static void
wait_for_call (void)
{
  unsigned int seen = atomic_load_explicit (&n_calls_made, memory_order_relaxed);

  pthread_mutex_unlock (&lock);
  for (int i = 0; i < LOOKS; i++)
    {
      if (atomic_load_explicit (&n_calls_made, memory_order_relaxed) != seen)
        {
          pthread_mutex_lock (&lock);
          return;
        }
      relax ();
    }
  pthread_mutex_lock (&lock);
  if (find_call () != NULL)
    return;
  n_asleep++;
  pthread_cond_wait (&call_came, &lock);
  n_asleep--;
}

static void *
member_run (void *unused)
{
  pthread_mutex_lock (&lock);
  for (;;)
    {
      Call *call = find_call ();
      int worker;

      if (call == NULL)
        {
          wait_for_call ();
          continue;
        }
      worker = call->n_joined++;
      atomic_fetch_add_explicit (&call->n_running, 1, memory_order_relaxed);
      pthread_mutex_unlock (&lock);

      call->func (worker, call->data);

      pthread_mutex_lock (&lock);
      /* Release: the caller may look at this number without the lock. After it the call may be gone. */
      if (atomic_fetch_sub_explicit (&call->n_running, 1, memory_order_release) == 1)
        pthread_cond_broadcast (&member_left);
    }
  return NULL;
}

/* A child process has this thread only, and perhaps a lock that nobody holds any more. */
static void
forget_members (void)
{
  pthread_mutex_init (&lock, NULL);
  pthread_cond_init (&call_came, NULL);
  pthread_cond_init (&member_left, NULL);
  calls = NULL;
  n_members = n_asleep = 0;
}

/* Called with the lock held. Fewer threads than wanted is no error: those that are there do the work. */
static void
need_members (int n)
{
  static bool fork_handled = false;

  if (!fork_handled)
    fork_handled = pthread_atfork (NULL, NULL, forget_members) == 0;
  while (n_members < n)
    {
      sigset_t all, before;
      pthread_attr_t attributes;
      pthread_t thread;
      bool created;

      /* Signals are the host's business, so none may land here. */
      sigfillset (&all);
      pthread_sigmask (SIG_SETMASK, &all, &before);
      pthread_attr_init (&attributes);
      pthread_attr_setdetachstate (&attributes, PTHREAD_CREATE_DETACHED);
      created = pthread_create (&thread, &attributes, member_run, NULL) == 0;
      pthread_attr_destroy (&attributes);
      pthread_sigmask (SIG_SETMASK, &before, NULL);
      if (!created)
        return;
      n_members++;
    }
}

static void
leave_list (const Call *call)
{
  for (Call **link = &calls; *link != NULL; link = &(*link)->next)
    if (*link == call)
      {
        *link = call->next;
        return;
      }
}

void
cg_team_run (int n_workers, CgTeamFunc func, void *data)
{
  Call call = { .func = func, .data = data, .n_workers = n_workers, .n_joined = 1 };

  atomic_init (&call.n_running, 0);
  pthread_mutex_lock (&lock);
  need_members (n_workers - 1);
  call.next = calls;
  calls = &call;
  atomic_fetch_add_explicit (&n_calls_made, 1, memory_order_relaxed);
  for (int i = 0; i < n_asleep && i < n_workers - 1; i++)
    pthread_cond_signal (&call_came);
  pthread_mutex_unlock (&lock);

  func (0, data);

  pthread_mutex_lock (&lock);
  leave_list (&call);
  pthread_mutex_unlock (&lock);
  /* Most often the others are within their last item; looking is then quicker than sleeping. */
  for (int i = 0; i < LOOKS && atomic_load_explicit (&call.n_running, memory_order_acquire) > 0; i++)
    relax ();
  /* The lock is taken in any case: a member that has just counted itself out still holds it while it looks at the call. */
  pthread_mutex_lock (&lock);
  while (atomic_load_explicit (&call.n_running, memory_order_acquire) > 0)
    pthread_cond_wait (&member_left, &lock);
  pthread_mutex_unlock (&lock);
}
