/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves over the steps of a run as inline SVG. */
#pragma once

#include <glib.h>

typedef struct
{
  double step, value;
} CgReportPoint;

/* How a curve is drawn; colours and dashes are the style sheet's. */
typedef enum
{
  CG_REPORT_LINE_A, /* from A to B */
  CG_REPORT_LINE_B,
  CG_REPORT_LINE_NEUTRAL
} CgReportColour;

/**
 * CgReportCurve:
 * @name: for the legend; escaped by the chart
 * @points: (element-type CgReportPoint): ascending in step; may be empty
 * @is_reference: drawn dashed and unsmoothed
 */
typedef struct
{
  const char *name;
  const GArray *points;
  CgReportColour colour;
  gboolean is_reference;
} CgReportCurve;

/**
 * cg_report_chart_append:
 * @title, @note: what the chart shows, and how to read it; escaped here
 * @smooth: whether a running mean is drawn over a pale line of all points
 *
 * Appends a <figure> to @html, or nothing where no curve has two points. Points beyond some hundreds are drawn as means of their
 * neighbours. Values that are not finite are left out.
 */
void cg_report_chart_append (GString *html, const char *title, const char *note, const CgReportCurve *curves,
                             guint n_curves, gboolean smooth);

/* @value with the digits that a reader needs, and a point in every locale. (transfer full) */
char *cg_report_format_number (double value);
