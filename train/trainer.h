/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTrainer: what of a run is in memory: networks, averages, optimisers, pools and a batch. */
#pragma once

#include "checkpoint.h"
#include "train-options.h"

/**
 * CgTrainer:
 * @options, @dataset: borrowed
 * @state: what checkpoints hold
 * @real_a, @real_b: the batch, with as many channels as the networks take; room for 3
 * @steps_per_epoch, @last_step: as options and dataset have it
 */
typedef struct
{
  const CgTrainOptions *options;
  CgDataset *dataset;
  CgCheckpoint state;
  float *real_a, *real_b;
  gint64 steps_per_epoch, last_step;
} CgTrainer;

/* Plans and allocates. Weights are zeros until cg_trainer_start() or cg_checkpoint_read(). Fails in domain
 * G_OPTION_ERROR with a crop that the networks cannot take, and with CG_ERROR_MEMORY. To be cleared even then. */
gboolean cg_trainer_init (CgTrainer *trainer, const CgTrainOptions *options, CgDataset *dataset, GError **error);
void cg_trainer_clear (CgTrainer *trainer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CgTrainer, cg_trainer_clear)

/* The state before the first step. Errors name what --init-from lacks. */
gboolean cg_trainer_start (CgTrainer *trainer, GError **error);

/* Takes the step after @state.n_steps: images, losses, weights, averages. *@lr: the rate that it had. Fails with
 * CG_ERROR_DIVERGED before any weight changes. */
gboolean cg_trainer_step (CgTrainer *trainer, CgStepLosses *losses, double *lr, GError **error);

/* The epoch that @step belongs to; both count from 1. */
gint64 cg_trainer_get_epoch (const CgTrainer *trainer, gint64 step);

/* The networks that are shown and published, borrowed: of a generator, its average where one is kept. */
void cg_trainer_get_shown (const CgTrainer *trainer, CgNetwork *shown[CG_STEP_N_NETWORKS]);
