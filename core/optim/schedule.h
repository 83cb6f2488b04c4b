/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The learning rate as a function of the epoch. */
#pragma once

#include "base/visibility.h"

/* linear: lr * (1 - max (0, epoch - n_epochs) / (n_epochs_decay + 1)); @epoch counts from 1. */
CG_PUBLIC double cg_schedule_linear (double lr, int epoch, int n_epochs, int n_epochs_decay);
