/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --preset: sets of options that go together, for people who do not want to choose each. */
#pragma once

#include "train-options.h"

/**
 * cg_presets_apply:
 * @given: the set of options that were typed (option-table.h), which keep their values; the preset's are added
 *
 * Sets what @options->preset stands for, wherever on the command line it stood.
 */
void cg_presets_apply (CgTrainOptions *options, guint64 *given);
