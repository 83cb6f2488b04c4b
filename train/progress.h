/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person sees while a run goes on: one live line on a terminal, otherwise plain lines. */
#pragma once

#include "metrics.h"

typedef struct _CgProgress CgProgress;

/* @first: the step before the first of this process; @total: the last. Both for the remaining time. */
CgProgress *cg_progress_new (gint64 first, gint64 total, gint64 total_epochs);
void cg_progress_free (CgProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgProgress, cg_progress_free)

/* After every step; @is_line: whether it is one that plain output tells. */
void cg_progress_update (CgProgress *progress, const CgMetricsLine *line, double seconds, gboolean is_line);

/* Prints a message to stderr, on a line of its own. */
void cg_progress_say (CgProgress *progress, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "3 d 04:05:06", "04:05:06", "05:06". (transfer full) */
char *cg_progress_format_duration (double seconds);

/* The text of a line. (transfer full) */
char *cg_progress_format_line (const CgMetricsLine *line, gint64 total, gint64 total_epochs, double seconds_per_step);
