/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The learning rate as a function of the epoch, which counts from 1; the rates PyTorch's schedulers of these names give. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/* linear: lr * (1 - max (0, epoch - n_epochs) / (n_epochs_decay + 1)). */
CG_PUBLIC double cg_schedule_linear (double lr, int epoch, int n_epochs, int n_epochs_decay);

/* step: a tenth after every @decay_epochs epochs. */
CG_PUBLIC double cg_schedule_step (double lr, int epoch, int decay_epochs);

/* cosine: lr * (1 + cos (pi * (epoch - 1) / n_epochs)) / 2; rises again after n_epochs, as PyTorch's does. */
CG_PUBLIC double cg_schedule_cosine (double lr, int epoch, int n_epochs);

/**
 * CgSchedulePlateau: the one policy with a memory; all of it belongs into a checkpoint.
 * @lr: the rate of the next epoch
 * @best: the lowest metric so far
 * @n_bad: epochs in a row that did not improve on it by 1 %
 */
typedef struct
{
  double lr;
  double best;
  int n_bad;
} CgSchedulePlateau;

/* The first epoch's rate is @lr, and any metric is better than none. */
CG_PUBLIC void cg_schedule_plateau_init (CgSchedulePlateau *plateau, double lr);

/* Reports the metric of an epoch that has ended (lower is better) and updates the rate: x0.2 after more than 5 bad epochs. */
CG_PUBLIC void cg_schedule_plateau_report (CgSchedulePlateau *plateau, double metric);

G_END_DECLS
