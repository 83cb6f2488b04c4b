/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models small enough for a test: random generators, saved and loaded again as any other model is. */
#pragma once

#include "model/model.h"

/**
 * cg_tiny_model_save:
 *
 * Writes a ResNet generator of one block and four filters whose output spans the range of colours; aborts the test on failure.
 */
void cg_tiny_model_save (const char *path, int input_nc, int output_nc, int train_scale, guint64 seed);

/* The same, through a file that is gone again. (transfer full) */
CgModel *cg_tiny_model_new (int input_nc, int output_nc, int train_scale, guint64 seed);

/* A U-Net, which cannot run by rows. */
CgModel *cg_tiny_model_new_unet (int train_scale, guint64 seed);
