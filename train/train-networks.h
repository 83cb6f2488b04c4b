/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The four networks of a run: made, initialised, or read from another run. */
#pragma once

#include "checkpoint.h"
#include "train-options.h"

/* Entries of @networks are set, in the order of CgStepNetwork; on failure all are NULL. */
gboolean cg_train_networks_new (const CgTrainOptions *options, CgNetwork *networks[CG_STEP_N_NETWORKS], GError **error);
void cg_train_networks_free (CgNetwork *networks[CG_STEP_N_NETWORKS]);

/* Where --ema keeps the generators' averages: networks like theirs, in the order of CgStepNetwork; all NULL without
 * --ema and on failure. */
gboolean cg_train_networks_new_averages (const CgTrainOptions *options, CgNetwork *averages[CG_CHECKPOINT_N_AVERAGES],
                                         GError **error);
void cg_train_networks_free_averages (CgNetwork *averages[CG_CHECKPOINT_N_AVERAGES]);

/* Initial weights as --init-type, --init-gain and --seed say, or those of the folder --init-from. Errors name file
 * and tensor. */
gboolean cg_train_networks_init (const CgTrainOptions *options, CgNetwork *networks[CG_STEP_N_NETWORKS],
                                 GError **error);
