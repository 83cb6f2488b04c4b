/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgRunEvaluation: how far a run's generators are from real test images, measured now and then while it goes on. */
#pragma once

#include "best.h"
#include "dataset.h"
#include "set-meter.h"

/* Of each set, so that an evaluation takes seconds and not an epoch. */
#define CG_RUN_EVALUATION_MAX_IMAGES 50

typedef struct _CgRunEvaluation CgRunEvaluation;

/**
 * cg_run_evaluation_new:
 * @dataset: borrowed: testA and testB, preprocessed as sample images are; training images where there are none
 * @generators: G_A and G_B, for the number of their channels
 *
 * Reads the real images, at most twice CG_RUN_EVALUATION_MAX_IMAGES of each domain. Fails with G_OPTION_ERROR_BAD_VALUE where a domain
 * has less than two, with CG_ERROR_SHAPE or CG_ERROR_MEMORY, or as reading images does.
 */
CgRunEvaluation *cg_run_evaluation_new (CgDataset *dataset, CgNetwork *const generators[CG_BEST_N_GENERATORS],
                                        int n_threads, GError **error);
void cg_run_evaluation_free (CgRunEvaluation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgRunEvaluation, cg_run_evaluation_free)

/* distances: (out): of what G_A makes of A from B, and of what G_B makes of B from A. */
gboolean cg_run_evaluation_measure (CgRunEvaluation *self, CgNetwork *const generators[CG_BEST_N_GENERATORS],
                                    CgSetDistance distances[CG_BEST_N_GENERATORS], GError **error);
