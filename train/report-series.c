/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads metrics.jsonl back; apart because the file may be of another version and hold anything. */
#include "report-series.h"

#include <json-glib/json-glib.h>
#include <string.h>

struct _CgReportSeries
{
  GHashTable *by_name; /* char * -> GArray of CgReportPoint */
  GArray *empty;
};

static void
free_points (gpointer points)
{
  g_array_unref (points);
}

void
cg_report_series_free (CgReportSeries *series)
{
  if (!series)
    return;
  g_hash_table_unref (series->by_name);
  g_array_unref (series->empty);
  g_free (series);
}

static void
add_point (CgReportSeries *series, const char *name, double step, double value)
{
  const CgReportPoint point = { step, value };
  GArray *points = g_hash_table_lookup (series->by_name, name);

  if (!points)
    {
      points = g_array_new (FALSE, FALSE, sizeof (CgReportPoint));
      g_hash_table_insert (series->by_name, g_strdup (name), points);
    }
  g_array_append_val (points, point);
}

static gboolean
is_number (JsonNode *node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_NONE;

  return type == G_TYPE_DOUBLE || type == G_TYPE_INT64;
}

static void
add_line (CgReportSeries *series, const char *text, gint64 last_step)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_autoptr (GList) members = NULL;
  JsonObject *object;
  JsonNode *step;

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  object = json_node_get_object (node);
  step = json_object_get_member (object, "step");
  if (!step || !is_number (step) || json_node_get_int (step) > last_step)
    return;
  members = json_object_get_members (object);
  for (GList *member = members; member; member = member->next)
    {
      JsonNode *value = json_object_get_member (object, member->data);

      if (is_number (value))
        add_point (series, member->data, json_node_get_double (step), json_node_get_double (value));
    }
}

CgReportSeries *
cg_report_series_read (const char *path, gint64 last_step, GError **error)
{
  g_autoptr (CgReportSeries) series = g_new0 (CgReportSeries, 1);
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  char *end;

  series->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_points);
  series->empty = g_array_new (FALSE, FALSE, sizeof (CgReportPoint));
  if (!g_file_get_contents (path, &text, NULL, &reason))
    {
      if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer (&series);
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  for (char *line = text; (end = strchr (line, '\n')) != NULL; line = end + 1)
    {
      *end = '\0';
      add_line (series, line, last_step);
    }
  return g_steal_pointer (&series);
}

const GArray *
cg_report_series_get (const CgReportSeries *series, const char *name)
{
  const GArray *points = g_hash_table_lookup (series->by_name, name);

  return points ? points : series->empty;
}

gboolean
cg_report_series_has_values (const CgReportSeries *series, const char *name)
{
  const GArray *points = cg_report_series_get (series, name);

  for (guint i = 0; i < points->len; i++)
    if (g_array_index (points, CgReportPoint, i).value != 0.0)
      return TRUE;
  return FALSE;
}
