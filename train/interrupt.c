/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signal handler; apart because hardly anything is allowed in one. */
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "commands.h"

static volatile sig_atomic_t requested = 0;

static void
on_signal (int number)
{
  if (requested)
    _exit (CG_EXIT_INTERRUPTED);
  requested = 1;
}

static void
handle (void (*handler) (int number), int flags)
{
  struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
  struct sigaction former;

  sigemptyset (&action.sa_mask);
  sigaddset (&action.sa_mask, SIGINT);
  sigaddset (&action.sa_mask, SIGTERM);
  sigaddset (&action.sa_mask, SIGHUP);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  /* A terminal that closes ends the work like Ctrl-C, unless nohup wants otherwise. */
  sigaction (SIGHUP, NULL, &former);
  if (former.sa_handler != SIG_IGN)
    sigaction (SIGHUP, &action, NULL);
}

void
cg_interrupt_install (void)
{
  handle (on_signal, SA_RESTART);
  /* A file that may not grow is an error of the call that writes, not the end of the process. */
  signal (SIGXFSZ, SIG_IGN);
}

static void (*before_end) (void);

static void
on_end (int number)
{
  before_end ();
  _exit (CG_EXIT_INTERRUPTED);
}

void
cg_interrupt_end_at_once (void (*clean_up) (void))
{
  before_end = clean_up;
  handle (on_end, 0);
}

gboolean
cg_interrupt_is_requested (void)
{
  return requested != 0;
}
