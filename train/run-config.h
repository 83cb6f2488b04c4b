/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.json: everything that decides what a run computes, written when it starts and demanded again when it goes
 * on. */
#pragma once

#include "train-options.h"

/**
 * cg_run_config_new:
 * @dataset: (nullable): its summary is left out where there is none
 *
 * Returns: (transfer full): options, versions, kernel, summary of the dataset. Fails with CG_ERROR_UNSUPPORTED when
 * CG_CPU asks for a kernel that cannot be had, or as reading the dataset does.
 */
JsonNode *cg_run_config_new (const CgTrainOptions *options, CgDataset *dataset, GError **error);

/* Indented, with a newline at the end. (transfer full) */
char *cg_run_config_to_text (JsonNode *config);

/* Atomic and on the disk when it returns. */
gboolean cg_run_config_save (JsonNode *config, const char *path, GError **error);

/* Overwrites the stored options of @options. Errors name @path. (transfer full) */
JsonNode *cg_run_config_load (const char *path, CgTrainOptions *options, GError **error);

/* Fails with CG_ERROR_UNSUPPORTED, naming @path and what differs, unless kernel and dataset are the same in both:
 * then the run can go on as if it had never stopped. */
gboolean cg_run_config_check_same (JsonNode *stored, JsonNode *present, const char *path, GError **error);
