/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The learning rate of a run that goes on, with the memory that --lr-policy plateau needs between steps. */
#pragma once

#include "train-options.h"

/**
 * CgLearningRate: all of it belongs into a checkpoint.
 * @plateau: what --lr-policy plateau knows of the epochs that have ended
 * @cycle_sum: of cycle_A + cycle_B over the steps of the epoch that has not
 */
typedef struct
{
  CgSchedulePlateau plateau;
  double cycle_sum;
} CgLearningRate;

/* As before the first step. */
void cg_learning_rate_init (CgLearningRate *rate, const CgTrainOptions *options);

/* The rate in @epoch, which counts from 1. */
double cg_learning_rate_get (const CgLearningRate *rate, const CgTrainOptions *options, gint64 epoch);

/* To be called after every step; @step counts from 1. The last one of an epoch reports the epoch's mean. */
void cg_learning_rate_report (CgLearningRate *rate, gint64 step, gint64 steps_per_epoch, const CgStepLosses *losses);

/* As a file's metadata under the keys lr_…; reading fails with CG_ERROR_FORMAT, naming file and key. */
void cg_learning_rate_write (const CgLearningRate *rate, CgSafetensorsWriter *writer);
gboolean cg_learning_rate_read (CgLearningRate *rate, const CgSafetensors *file, GError **error);
