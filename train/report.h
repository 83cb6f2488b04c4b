/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html: one page that tells how a run goes, without network and without a program of ours. */
#pragma once

#include <json-glib/json-glib.h>

#include "best.h"
#include "train-options.h"

/**
 * CgReport: what the page is about; all borrowed.
 * @config: as run-config.h makes it
 * @sample_paths, @sample_steps: sample pictures, ascending in step
 * @n_steps, @last_step, @epoch, @n_epochs: where the run is
 */
typedef struct
{
  const CgTrainOptions *options;
  JsonNode *config;
  const char *metrics_path;
  const GPtrArray *sample_paths;
  const GArray *sample_steps;
  const CgBest *best;
  gint64 n_steps, last_step, epoch, n_epochs;
} CgReport;

/* Overwrites @path atomically. Fails in G_FILE_ERROR or with CG_ERROR_MEMORY. */
gboolean cg_report_write (const CgReport *report, const char *path, GError **error);
