/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Learning rates by epoch; apart from the optimiser, which only ever sees the rate of one step. */
#include "optim/schedule.h"

double
cg_schedule_linear (double lr, int epoch, int n_epochs, int n_epochs_decay)
{
  int n_decayed = epoch > n_epochs ? epoch - n_epochs : 0;

  return lr * (1.0 - n_decayed / (n_epochs_decay + 1.0));
}
