/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run will cost, from a few steps of it that leave nothing behind. */
#pragma once

#include <json-glib/json-glib.h>

#include "train-options.h"

/**
 * CgTrial:
 * @n_timed: steps that were timed
 * @seconds_per_step: their median; samples, checkpoints and the first step's preparations are not in it
 * @n_steps: of the whole run
 * @memory_bytes: the most that the process used, and what the pools and the images in memory will take once they are full
 */
typedef struct
{
  int n_timed;
  double seconds_per_step;
  gint64 n_steps;
  guint64 memory_bytes;
} CgTrial;

/* Takes the first steps of a run with @options on @dataset. Fails as the run would. */
gboolean cg_trial_run (const CgTrainOptions *options, CgDataset *dataset, CgTrial *trial, GError **error);

/* As JSON, and as a sentence. (transfer full) */
JsonObject *cg_trial_to_json (const CgTrial *trial);
char *cg_trial_to_text (const CgTrial *trial);
