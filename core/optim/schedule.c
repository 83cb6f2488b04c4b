/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Learning rates by epoch; apart from the optimiser, which only ever sees the rate of one step. */
#include "optim/schedule.h"

#include <math.h>

/* As ReduceLROnPlateau: what is not better than the best by 1 % counts as bad; after more than 5 bad epochs the rate falls. */
#define PLATEAU_FACTOR 0.2
#define PLATEAU_THRESHOLD 0.01
#define PLATEAU_PATIENCE 5
#define PLATEAU_LEAST_CHANGE 1e-8

double
cg_schedule_linear (double lr, int epoch, int n_epochs, int n_epochs_decay)
{
  int n_decayed = epoch > n_epochs ? epoch - n_epochs : 0;

  return lr * (1.0 - n_decayed / (n_epochs_decay + 1.0));
}

double
cg_schedule_step (double lr, int epoch, int decay_epochs)
{
  return lr * pow (0.1, (epoch - 1) / decay_epochs);
}

double
cg_schedule_cosine (double lr, int epoch, int n_epochs)
{
  return lr * (1.0 + cos (G_PI * (epoch - 1) / n_epochs)) / 2.0;
}

void
cg_schedule_plateau_init (CgSchedulePlateau *plateau, double lr)
{
  *plateau = (CgSchedulePlateau){ .lr = lr, .best = INFINITY };
}

void
cg_schedule_plateau_report (CgSchedulePlateau *plateau, double metric)
{
  if (metric < plateau->best * (1.0 - PLATEAU_THRESHOLD))
    {
      plateau->best = metric;
      plateau->n_bad = 0;
    }
  else
    plateau->n_bad++;

  if (plateau->n_bad > PLATEAU_PATIENCE)
    {
      double lr = plateau->lr * PLATEAU_FACTOR;

      if (plateau->lr - lr > PLATEAU_LEAST_CHANGE)
        plateau->lr = lr;
      plateau->n_bad = 0;
    }
}
