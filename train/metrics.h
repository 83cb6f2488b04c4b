/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.jsonl: one JSON object per line about a training step, kept in agreement with the checkpoints. */
#pragma once

#include <cyclegan-train.h>

#include "set-meter.h"

/**
 * CgMetricsLine:
 * @lr: learning rate of that step
 * @seconds_per_step: mean since the line before
 * @wait_seconds: time that steps have waited for images so far, since the run's first
 * @wait_share: that time since the line before, as a share of all time since then
 */
typedef struct
{
  gint64 step;
  gint64 epoch;
  double lr;
  double seconds_per_step;
  double wait_seconds;
  double wait_share;
  CgStepLosses losses;
} CgMetricsLine;

/* The ten losses with the names they have in metrics.jsonl, in its order. */
#define CG_METRICS_N_LOSSES 10
extern const char *const cg_metrics_loss_names[CG_METRICS_N_LOSSES];
void cg_metrics_get_losses (const CgStepLosses *losses, double values[CG_METRICS_N_LOSSES]);

/* The JSON object, without a newline. (transfer full) */
char *cg_metrics_line_to_json (const CgMetricsLine *line);

/**
 * cg_metrics_cut:
 *
 * Drops everything from the first line that is later than @last_step or damaged: what a checkpoint knows of was on the
 * disk before it, so that only later lines can be. Atomic. An absent file is fine. Fails in G_FILE_ERROR.
 */
gboolean cg_metrics_cut (const char *path, gint64 last_step, GError **error);

typedef struct _CgMetrics CgMetrics;

/* Opens for appending. Errors name @path. */
CgMetrics *cg_metrics_open (const char *path, GError **error);
void cg_metrics_free (CgMetrics *metrics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgMetrics, cg_metrics_free)

/* The line is in the file, though perhaps not on the disk, when this returns. */
gboolean cg_metrics_append (CgMetrics *metrics, const CgMetricsLine *line, GError **error);
/* A line of its own: "step", "epoch", and for both generators the members distance_A, floor_A and, where domains have equally many
 * channels, input_A. */
gboolean cg_metrics_append_distances (CgMetrics *metrics, gint64 step, gint64 epoch, const CgSetDistance distances[2],
                                      GError **error);
/* Waits until everything is on the disk; a checkpoint comes after. */
gboolean cg_metrics_sync (CgMetrics *metrics, GError **error);
