/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sample pictures of a run: what both generators make of a few fixed images. */
#pragma once

#include <cyclegan-train.h>

#include "dataset.h"

/* Images of each domain. */
#define CG_SAMPLES_COUNT 3
/* Pictures of each. */
#define CG_SAMPLES_COLUMNS 4

/* A PNG with one row per image: real_A fake_B rec_A idt_B for those of A, then real_B fake_A rec_B idt_A for those of
 * B. */
gboolean cg_samples_write (CgDataset *dataset, CgNetwork *const networks[CG_STEP_N_NETWORKS], int n_threads,
                           const char *path, GError **error);
