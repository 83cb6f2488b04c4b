/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scales, axes and paths; apart because a page knows nothing of coordinates. */
#include "report-chart.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdlib.h>

/* Of the drawing, in its own units. */
#define WIDTH 560
#define HEIGHT 230
#define LEFT 50
#define RIGHT 10
#define TOP 8
#define BOTTOM 34

/* More points than this cannot be told apart. */
#define MAX_POINTS 280

/* Share of the points that the running mean looks back on. */
#define SMOOTHING 0.04

/* Share of the values that may lie above the chart: the first steps are often far out. */
#define CUT 0.01

static const char *const colour_classes[] = { "a", "b", "n" };

typedef struct
{
  double first, last;     /* steps */
  double lowest, highest; /* values */
  double step_x, step_y;  /* between ticks */
} Scale;

char *
cg_report_format_number (double value)
{
  double size = fabs (value);
  const char *format = size >= 100.0 ? "%.0f" : size >= 10.0 ? "%.1f" : size >= 0.095 ? "%.3f" : "%.3g";
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, format, value));
}

static void
append_number (GString *text, const char *format, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (number, sizeof number, format, value));
}

static double
to_x (const Scale *scale, double step)
{
  return LEFT + (step - scale->first) / (scale->last - scale->first) * (WIDTH - LEFT - RIGHT);
}

static double
to_y (const Scale *scale, double value)
{
  return HEIGHT - BOTTOM - (value - scale->lowest) / (scale->highest - scale->lowest) * (HEIGHT - TOP - BOTTOM);
}

/* Finite points only, at most MAX_POINTS, each the mean of a run of neighbours. (transfer full) */
static GArray *
thin (const GArray *points)
{
  GArray *thinned = g_array_new (FALSE, FALSE, sizeof (CgReportPoint));
  guint run = (points->len + MAX_POINTS - 1) / MAX_POINTS;

  for (guint i = 0; i < points->len; i += run)
    {
      CgReportPoint mean = { 0.0, 0.0 };
      int n = 0;

      for (guint k = i; k < MIN (i + run, points->len); k++)
        {
          const CgReportPoint *point = &g_array_index (points, CgReportPoint, k);

          if (!isfinite (point->value))
            continue;
          mean.step += point->step;
          mean.value += point->value;
          n++;
        }
      if (n == 0)
        continue;
      mean.step /= n;
      mean.value /= n;
      g_array_append_val (thinned, mean);
    }
  return thinned;
}

/* The mean of the last values, the older the lighter; the first ones are not pulled towards 0. (transfer full) */
static GArray *
smoothen (const GArray *points)
{
  GArray *smooth = g_array_new (FALSE, FALSE, sizeof (CgReportPoint));
  double keep = 1.0 - 1.0 / MAX (1.0, SMOOTHING * points->len), sum = 0.0, weight = 0.0;

  for (guint i = 0; i < points->len; i++)
    {
      CgReportPoint point = g_array_index (points, CgReportPoint, i);

      sum = keep * sum + point.value;
      weight = keep * weight + 1.0;
      point.value = sum / weight;
      g_array_append_val (smooth, point);
    }
  return smooth;
}

static int
compare_values (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

/* 1, 2 or 5 times a power of ten, so that about @n of it fill @range. */
static double
choose_tick (double range, int n)
{
  double rough = range / n, power = pow (10.0, floor (log10 (rough))), digit = rough / power;

  return power * (digit < 1.5 ? 1.0 : digit < 3.5 ? 2.0 : digit < 7.5 ? 5.0 : 10.0);
}

/* From 0, or the lowest value below it, to the highest, outliers left out unless they are on a line of @shown. FALSE: there is no
 * range to draw. */
static gboolean
find_scale (GArray *const *curves, GArray *const *shown, guint n_curves, Scale *scale)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  double cut;

  *scale = (Scale){ .first = (double)INFINITY, .last = -(double)INFINITY };
  for (guint c = 0; c < n_curves; c++)
    for (guint i = 0; i < curves[c]->len; i++)
      {
        const CgReportPoint *point = &g_array_index (curves[c], CgReportPoint, i);

        scale->first = MIN (scale->first, point->step);
        scale->last = MAX (scale->last, point->step);
        scale->lowest = MIN (scale->lowest, point->value);
        g_array_append_val (values, point->value);
      }
  if (values->len == 0 || scale->first >= scale->last)
    return FALSE;
  g_array_sort (values, compare_values);
  cut = g_array_index (values, double, (guint)((1.0 - CUT) * (values->len - 1)));
  scale->highest = MAX (cut, scale->lowest + 1e-9);
  for (guint c = 0; c < n_curves; c++)
    for (guint i = 0; i < shown[c]->len; i++)
      scale->highest = MAX (scale->highest, g_array_index (shown[c], CgReportPoint, i).value);
  scale->step_y = choose_tick (scale->highest - scale->lowest, 5);
  scale->lowest = floor (scale->lowest / scale->step_y) * scale->step_y;
  scale->highest = ceil (scale->highest * 1.02 / scale->step_y) * scale->step_y;
  scale->step_x = choose_tick (scale->last - scale->first, 6);
  return TRUE;
}

static void
append_axes (GString *html, const Scale *scale)
{
  int n_y = (int)round ((scale->highest - scale->lowest) / scale->step_y);
  int decimals = MAX (0, (int)ceil (-log10 (scale->step_y) - 1e-9));
  g_autofree char *format = scale->step_y < 1e-3 ? g_strdup ("%.2g") : g_strdup_printf ("%%.%df", decimals);

  for (int i = 0; i <= n_y; i++)
    {
      double value = scale->lowest + i * scale->step_y, y = to_y (scale, value);

      g_string_append_printf (html, "<path class=\"%s\" d=\"M%d ", fabs (value) < 1e-12 ? "axis" : "grid", LEFT);
      append_number (html, "%.1f", y);
      g_string_append_printf (html, "H%d\"/><text class=\"y\" x=\"%d\" y=\"", WIDTH - RIGHT, LEFT - 7);
      append_number (html, "%.1f", y + 3.5);
      g_string_append (html, "\">");
      append_number (html, format, fabs (value) < 1e-12 ? 0.0 : value);
      g_string_append (html, "</text>");
    }
  for (double step = ceil (scale->first / scale->step_x) * scale->step_x; step <= scale->last * (1.0 + 1e-9);
       step += scale->step_x)
    {
      g_string_append (html, "<text class=\"x\" x=\"");
      append_number (html, "%.1f", to_x (scale, step));
      g_string_append_printf (html, "\" y=\"%d\">", HEIGHT - BOTTOM + 15);
      append_number (html, "%.0f", step);
      g_string_append (html, "</text>");
    }
  g_string_append_printf (html, "<text class=\"x\" x=\"%d\" y=\"%d\">%s</text>", (WIDTH + LEFT - RIGHT) / 2, HEIGHT - 3,
                          _ ("step"));
}

static void
append_path (GString *html, const Scale *scale, const GArray *points, const char *classes)
{
  g_string_append_printf (html, "<path class=\"%s\" d=\"", classes);
  for (guint i = 0; i < points->len; i++)
    {
      const CgReportPoint *point = &g_array_index (points, CgReportPoint, i);

      g_string_append_c (html, i == 0 ? 'M' : 'L');
      append_number (html, "%.1f", to_x (scale, point->step));
      g_string_append_c (html, ' ');
      /* What is far outside is cut off by the clip; coordinates stay small. */
      append_number (html, "%.1f", CLAMP (to_y (scale, point->value), -HEIGHT, 2 * HEIGHT));
    }
  g_string_append (html, "\"/>");
}

static void
append_legend (GString *html, const CgReportCurve *curves, guint n_curves, GArray *const *shown)
{
  g_string_append (html, "<ul class=\"legend\">");
  for (guint c = 0; c < n_curves; c++)
    {
      g_autofree char *name = g_markup_escape_text (curves[c].name, -1);
      g_autofree char *value = NULL;

      if (shown[c]->len == 0)
        continue;
      value = cg_report_format_number (g_array_index (shown[c], CgReportPoint, shown[c]->len - 1).value);
      g_string_append_printf (html,
                              "<li><svg class=\"key\" viewBox=\"0 0 22 10\"><path class=\"line %s%s\" d=\"M1 "
                              "5H21\"/></svg>%s <b>%s</b></li>",
                              colour_classes[curves[c].colour], curves[c].is_reference ? " reference" : "", name,
                              value);
    }
  g_string_append (html, "</ul>");
}

static void
append_drawing (GString *html, const char *title, const CgReportCurve *curves, guint n_curves, GArray *const *thinned,
                GArray *const *shown, gboolean smooth, const Scale *scale)
{
  /* Unique in the page. */
  g_autofree char *clip = g_strdup_printf ("clip-%" G_GSIZE_FORMAT, html->len);

  g_string_append_printf (
      html,
      "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\"><clipPath id=\"%s\">"
      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/></clipPath>",
      WIDTH, HEIGHT, title, clip, LEFT, TOP - 3, WIDTH - LEFT - RIGHT + 3, HEIGHT - TOP - BOTTOM + 6);
  append_axes (html, scale);
  g_string_append_printf (html, "<g clip-path=\"url(#%s)\">", clip);
  for (guint c = 0; c < n_curves; c++)
    {
      g_autofree char *raw = g_strconcat ("line raw ", colour_classes[curves[c].colour], NULL);
      g_autofree char *line
          = g_strconcat ("line ", colour_classes[curves[c].colour], curves[c].is_reference ? " reference" : "", NULL);

      if (smooth && !curves[c].is_reference)
        append_path (html, scale, thinned[c], raw);
      append_path (html, scale, shown[c], line);
    }
  g_string_append (html, "</g></svg>");
}

void
cg_report_chart_append (GString *html, const char *title, const char *note, const CgReportCurve *curves, guint n_curves,
                        gboolean smooth)
{
  g_autofree char *safe_title = g_markup_escape_text (title, -1);
  g_autofree char *safe_note = g_markup_escape_text (note, -1);
  g_autofree GArray **thinned = g_new (GArray *, n_curves);
  g_autofree GArray **shown = g_new (GArray *, n_curves);
  Scale scale;

  for (guint c = 0; c < n_curves; c++)
    {
      thinned[c] = thin (curves[c].points);
      shown[c] = smooth && !curves[c].is_reference ? smoothen (thinned[c]) : g_array_ref (thinned[c]);
    }
  if (find_scale (thinned, shown, n_curves, &scale))
    {
      g_string_append_printf (html, "<figure><figcaption><h3>%s</h3><p>%s</p></figcaption>", safe_title, safe_note);
      append_legend (html, curves, n_curves, shown);
      append_drawing (html, safe_title, curves, n_curves, thinned, shown, smooth, &scale);
      g_string_append (html, "</figure>\n");
    }
  for (guint c = 0; c < n_curves; c++)
    {
      g_array_unref (thinned[c]);
      g_array_unref (shown[c]);
    }
}
