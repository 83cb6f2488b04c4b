/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgReportSeries: every number of metrics.jsonl as a series over the steps. */
#pragma once

#include "report-chart.h"

typedef struct _CgReportSeries CgReportSeries;

/* Reads @path up to @last_step. Lines that are no objects are left out, as is an absent file. Fails in G_FILE_ERROR, naming @path. */
CgReportSeries *cg_report_series_read (const char *path, gint64 last_step, GError **error);
void cg_report_series_free (CgReportSeries *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgReportSeries, cg_report_series_free)

/* (transfer none) (element-type CgReportPoint): the numbers called @name; empty if there are none. */
const GArray *cg_report_series_get (const CgReportSeries *series, const char *name);

/* Whether one of the numbers is not 0. */
gboolean cg_report_series_has_values (const CgReportSeries *series, const char *name);
