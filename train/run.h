/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgRun: one process's share of a training run, from its folder's last state to its end or an interruption. */
#pragma once

#include "train-options.h"

typedef enum
{
  CG_RUN_FAILED,
  CG_RUN_COMPLETE,
  CG_RUN_INTERRUPTED /* everything is saved */
} CgRunOutcome;

/**
 * cg_run:
 * @options: resolved. With @options->resume the run in @options->out goes on from its newest checkpoint, with the
 *   options stored there except for the changeable ones in @given; otherwise one is started.
 * @given: the set of options that were typed (option-table.h)
 *
 * Tells its progress on stderr. Errors in domain G_OPTION_ERROR are wrong usage. After CG_ERROR_DIVERGED the message
 * tells the last good checkpoint and what may help.
 */
CgRunOutcome cg_run (const CgTrainOptions *options, guint64 given, GError **error);

/* What cg_run() would take after reading the stored run where @options->resume says so. (transfer full) */
CgTrainOptions *cg_run_get_options (const CgTrainOptions *options, guint64 given, GError **error);
