/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The finished generators of a run as model files with their metadata. */
#pragma once

#include "train-options.h"

/* Pairs of strings for cg_model_save(), for the generator from A to B or (@inverse) from B to A. (transfer full) */
GHashTable *cg_publish_get_metadata (const CgTrainOptions *options, CgDataset *dataset, gint64 n_steps,
                                     gboolean inverse);
