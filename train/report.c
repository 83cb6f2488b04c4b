/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the page together from its parts; what each number means is told here, how curves and pictures are drawn elsewhere. */
#include "report.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

#include "progress.h"
#include "report-samples.h"
#include "report-series.h"
#include "report-style.h"

/* A number that changes little is told by the mean of its last values. */
#define N_RECENT 10

static void
append_escaped (GString *html, const char *text)
{
  g_autofree char *safe = g_markup_escape_text (text, -1);

  g_string_append (html, safe);
}

/* The title that was given, or the folder's name. (transfer full) */
static char *
get_title (const CgTrainOptions *options)
{
  g_autofree char *folder = options->out ? g_path_get_basename (options->out) : g_strdup ("");

  return options->title ? g_strdup (options->title) : g_filename_display_name (folder);
}

static void
append_tile (GString *html, const char *label, const char *value, const char *note)
{
  g_string_append (html, "<li><span>");
  append_escaped (html, label);
  g_string_append (html, "</span><b>");
  append_escaped (html, value);
  g_string_append (html, "</b><small>");
  append_escaped (html, note ? note : "");
  g_string_append (html, "</small></li>");
}

static double
get_recent (const CgReportSeries *series, const char *name)
{
  const GArray *points = cg_report_series_get (series, name);
  guint n = MIN (points->len, N_RECENT);
  double sum = 0.0;

  for (guint i = points->len - n; i < points->len; i++)
    sum += g_array_index (points, CgReportPoint, i).value;
  return n > 0 ? sum / n : 0.0;
}

/* The smallest distance of generator number @i, with the floor beside it. */
static void
append_best (GString *html, const CgReport *report, const CgReportSeries *series, int i)
{
  const char *floors[] = { "floor_A", "floor_B" };
  char value[G_ASCII_DTOSTR_BUF_SIZE], floor[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *note = NULL;

  if (report->best->step[i] == 0)
    return;
  g_ascii_formatd (value, sizeof value, "%.1f", report->best->distance[i]);
  g_ascii_formatd (floor, sizeof floor, "%.1f", get_recent (series, floors[i]));
  note = g_strdup_printf (_ ("at step %" PRId64 "; real images: %s"), report->best->step[i], floor);
  append_tile (html, i == 0 ? _ ("Least distance, A to B") : _ ("Least distance, B to A"), value, note);
}

static void
append_head (GString *html, const CgReport *report, const CgReportSeries *series)
{
  g_autofree char *title = get_title (report->options);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%d %H:%M");
  g_autofree char *step = g_strdup_printf ("%" PRId64, report->n_steps);
  g_autofree char *steps = g_strdup_printf (_ ("of %" PRId64), report->last_step);
  g_autofree char *epoch = g_strdup_printf ("%" PRId64, report->epoch);
  g_autofree char *epochs = g_strdup_printf (_ ("of %" PRId64), report->n_epochs);
  double seconds = get_recent (series, "seconds_per_step");
  g_autofree char *left = cg_progress_format_duration (seconds * (double)MAX (report->last_step - report->n_steps, 0));
  g_autofree char *rate = cg_report_format_number (get_recent (series, "lr"));
  g_autofree char *pace = cg_report_format_number (seconds);
  g_autofree char *left_note = g_strdup_printf (_ ("%s left"), left);

  g_string_append (html, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"/><meta name=\"viewport\" "
                         "content=\"width=device-width, initial-scale=1\"/><title>");
  append_escaped (html, title);
  g_string_append_printf (html, "</title><style>%s</style></head><body>\n<header><h1>", cg_report_style);
  append_escaped (html, title);
  g_string_append (html, "</h1><p>");
  if (report->options->description)
    {
      append_escaped (html, report->options->description);
      g_string_append (html, "<br/>");
    }
  append_escaped (html, time);
  g_string_append (html, "</p><ul class=\"tiles\">");
  append_tile (html, _ ("Step"), step, steps);
  append_tile (html, _ ("Epoch"), epoch, epochs);
  if (seconds > 0.0)
    append_tile (html, _ ("Seconds a step"), pace, report->n_steps < report->last_step ? left_note : "");
  append_tile (html, _ ("Learning rate"), rate, "");
  append_best (html, report, series, 0);
  append_best (html, report, series, 1);
  g_string_append (html, "</ul></header>\n");
}

/* A chart of a loss in both directions. */
static void
append_pair (GString *html, const CgReportSeries *series, const char *title, const char *note, const char *name_a,
             const char *name_b)
{
  const CgReportCurve curves[] = {
    { _ ("A to B"), cg_report_series_get (series, name_a), CG_REPORT_LINE_A, FALSE },
    { _ ("B to A"), cg_report_series_get (series, name_b), CG_REPORT_LINE_B, FALSE },
  };

  if (cg_report_series_has_values (series, name_a) || cg_report_series_has_values (series, name_b))
    cg_report_chart_append (html, title, note, curves, G_N_ELEMENTS (curves), TRUE);
}

static void
append_single (GString *html, const CgReportSeries *series, const char *title, const char *note, const char *name)
{
  const CgReportCurve curve = { title, cg_report_series_get (series, name), CG_REPORT_LINE_NEUTRAL, FALSE };

  cg_report_chart_append (html, title, note, &curve, 1, FALSE);
}

static void
append_distances (GString *html, const CgReportSeries *series)
{
  const CgReportCurve curves[] = {
    { _ ("A to B"), cg_report_series_get (series, "distance_A"), CG_REPORT_LINE_A, FALSE },
    { _ ("real B among themselves"), cg_report_series_get (series, "floor_A"), CG_REPORT_LINE_A, TRUE },
    { _ ("B to A"), cg_report_series_get (series, "distance_B"), CG_REPORT_LINE_B, FALSE },
    { _ ("real A among themselves"), cg_report_series_get (series, "floor_B"), CG_REPORT_LINE_B, TRUE },
  };

  cg_report_chart_append (
      html, _ ("Distance from real images"),
      _ ("Sliced Wasserstein distance of translated test images; the dashed lines are as far as one can get"), curves,
      G_N_ELEMENTS (curves), FALSE);
}

static void
append_charts (GString *html, const CgReportSeries *series)
{
  gsize start = html->len, length;

  g_string_append_printf (html, "<section><h2>%s</h2><div class=\"charts\">\n", _ ("Curves"));
  length = html->len;
  append_distances (html, series);
  append_pair (html, series, _ ("Cycle"), _ ("How much is lost on the way there and back; should fall"), "cycle_A",
               "cycle_B");
  append_pair (html, series, _ ("Generators"),
               _ ("How well the discriminators tell translations; should stay in balance"), "G_A", "G_B");
  append_pair (html, series, _ ("Discriminators"),
               _ ("How badly they tell real from translated; near 0, the generators learn nothing more"), "D_A", "D_B");
  append_pair (html, series, _ ("Identity"), _ ("What a generator changes of images that are right already"), "idt_A",
               "idt_B");
  append_pair (html, series, _ ("Total variation"), _ ("Of translations; high values are noise"), "tv_A", "tv_B");
  append_single (html, series, _ ("Learning rate"), _ ("Of both optimisers"), "lr");
  append_single (html, series, _ ("Seconds a step"), _ ("Mean between two lines of metrics, with samples and measurements"), "seconds_per_step");
  if (html->len == length)
    g_string_truncate (html, start);
  else
    g_string_append (html, "</div></section>\n");
}

static void
append_option_row (GString *html, const char *name, const char *value, gboolean is_changed)
{
  g_string_append_printf (html, "<tr%s><th scope=\"row\">", is_changed ? " class=\"changed\"" : "");
  append_escaped (html, name);
  g_string_append (html, "</th><td>");
  append_escaped (html, value);
  g_string_append (html, "</td></tr>\n");
}

/* Options as one would type them; those that are not the default stand out. */
static void
append_options (GString *html, const CgTrainOptions *options)
{
  g_autoptr (CgTrainOptions) standard = cg_train_options_new ();

  g_string_append_printf (html, "<section><h2>%s</h2><p>%s</p><table class=\"options\">\n", _ ("Options"),
                          _ ("Bold ones were changed from their default."));
  for (guint i = 0; i < cg_train_option_table.n_options; i++)
    {
      const CgOption *option = &cg_train_option_table.options[i];
      g_autofree char *value = cg_option_get (option, options);
      g_autofree char *before = cg_option_get (option, standard);
      g_autofree char *name = g_strconcat ("--", option->name, NULL);

      if (option->flags & CG_OPTION_STORED && value)
        append_option_row (html, name, value, g_strcmp0 (value, before) != 0);
    }
  g_string_append (html, "</table></section>\n");
}

/* All numbers and texts of @object, with the names of the objects that they are in. */
static void
append_members (GString *html, JsonObject *object, const char *prefix)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *member = members; member; member = member->next)
    {
      JsonNode *node = json_object_get_member (object, member->data);
      g_autofree char *name = g_strconcat (prefix, member->data, NULL);
      g_autofree char *inner = g_strconcat (name, " ", NULL);
      g_autofree char *value = NULL;

      if (strcmp (name, "options") == 0)
        continue;
      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          append_members (html, json_node_get_object (node), inner);
          continue;
        }
      value = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
                  ? json_node_dup_string (node)
                  : json_to_string (node, FALSE);
      append_option_row (html, name, value, FALSE);
    }
}

static void
append_origin (GString *html, JsonNode *config)
{
  if (!config || !JSON_NODE_HOLDS_OBJECT (config))
    return;
  g_string_append_printf (html, "<section><h2>%s</h2><table class=\"options\">\n", _ ("Versions and images"));
  append_members (html, json_node_get_object (config), "");
  g_string_append (html, "</table></section>\n");
}

gboolean
cg_report_write (const CgReport *report, const char *path, GError **error)
{
  g_autoptr (CgReportSeries) series = cg_report_series_read (report->metrics_path, report->n_steps, error);
  g_autoptr (GString) html = g_string_new (NULL);

  if (!series)
    return FALSE;
  append_head (html, report, series);
  if (!cg_report_samples_append (html, report->sample_paths, report->sample_steps, error))
    return FALSE;
  append_charts (html, series);
  append_options (html, report->options);
  append_origin (html, report->config);
  g_string_append (html, "</body></html>\n");
  return g_file_set_contents_full (path, html->str, (gssize)html->len, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}
