/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes metrics.jsonl line by line and cuts it back to a checkpoint; apart because its lines must survive kill -9.
 * */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

const char *const cg_metrics_loss_names[CG_METRICS_N_LOSSES]
    = { "D_A", "G_A", "cycle_A", "idt_A", "tv_A", "D_B", "G_B", "cycle_B", "idt_B", "tv_B" };

void
cg_metrics_get_losses (const CgStepLosses *losses, double values[CG_METRICS_N_LOSSES])
{
  const double ordered[CG_METRICS_N_LOSSES]
      = { losses->D_A, losses->G_A, losses->cycle_A, losses->idt_A, losses->tv_A,
          losses->D_B, losses->G_B, losses->cycle_B, losses->idt_B, losses->tv_B };

  memcpy (values, ordered, sizeof ordered);
}

char *
cg_metrics_line_to_json (const CgMetricsLine *line)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  double losses[CG_METRICS_N_LOSSES];

  json_object_set_int_member (object, "step", line->step);
  json_object_set_int_member (object, "epoch", line->epoch);
  json_object_set_double_member (object, "lr", line->lr);
  json_object_set_double_member (object, "seconds_per_step", line->seconds_per_step);
  json_object_set_double_member (object, "wait_seconds", line->wait_seconds);
  json_object_set_double_member (object, "wait_share", line->wait_share);
  cg_metrics_get_losses (&line->losses, losses);
  for (int i = 0; i < CG_METRICS_N_LOSSES; i++)
    json_object_set_double_member (object, cg_metrics_loss_names[i], losses[i]);
  json_node_set_object (node, object);
  return json_to_string (node, FALSE);
}

/* The step of a line, or -1 if it is no line of ours. */
static gint64
read_step (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *object;

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return -1;
  object = json_node_get_object (node);
  return json_object_has_member (object, "step") ? json_object_get_int_member_with_default (object, "step", -1) : -1;
}

gboolean
cg_metrics_cut (const char *path, gint64 last_step, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  gsize length, kept = 0;

  if (!g_file_get_contents (path, &text, &length, &failure))
    {
      if (g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  for (char *end; (end = memchr (text + kept, '\n', length - kept)) != NULL; kept = (gsize)(end + 1 - text))
    {
      gint64 step;

      *end = '\0';
      step = read_step (text + kept);
      *end = '\n';
      if (step < 0 || step > last_step)
        break;
    }
  if (kept == length)
    return TRUE;
  return g_file_set_contents_full (path, text, (gssize)kept,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, error);
}

struct _CgMetrics
{
  char *path;
  int fd;
};

static gboolean
fail (const CgMetrics *metrics, GError **error)
{
  int saved = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved), "%s: %s", metrics->path, g_strerror (saved));
  return FALSE;
}

CgMetrics *
cg_metrics_open (const char *path, GError **error)
{
  g_autoptr (CgMetrics) metrics = g_new0 (CgMetrics, 1);

  metrics->path = g_strdup (path);
  metrics->fd = g_open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (metrics->fd < 0)
    {
      fail (metrics, error);
      return NULL;
    }
  return g_steal_pointer (&metrics);
}

void
cg_metrics_free (CgMetrics *metrics)
{
  if (!metrics)
    return;
  if (metrics->fd >= 0)
    g_close (metrics->fd, NULL);
  g_free (metrics->path);
  g_free (metrics);
}

static gboolean
append (CgMetrics *metrics, const char *json, GError **error)
{
  g_autofree char *text = g_strconcat (json, "\n", NULL);
  size_t length = strlen (text), written = 0;

  while (written < length)
    {
      ssize_t n = write (metrics->fd, text + written, length - written);

      if (n < 0 && errno != EINTR)
        return fail (metrics, error);
      written += (size_t)MAX (n, 0);
    }
  return TRUE;
}

gboolean
cg_metrics_append (CgMetrics *metrics, const CgMetricsLine *line, GError **error)
{
  g_autofree char *json = cg_metrics_line_to_json (line);

  return append (metrics, json, error);
}

gboolean
cg_metrics_append_distances (CgMetrics *metrics, gint64 step, gint64 epoch, const CgSetDistance distances[2],
                             GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *json = NULL;

  json_object_set_int_member (object, "step", step);
  json_object_set_int_member (object, "epoch", epoch);
  for (int i = 0; i < 2; i++)
    {
      json_object_set_double_member (object, i == 0 ? "distance_A" : "distance_B", distances[i].fake);
      json_object_set_double_member (object, i == 0 ? "floor_A" : "floor_B", distances[i].floor);
      if (distances[i].has_input)
        json_object_set_double_member (object, i == 0 ? "input_A" : "input_B", distances[i].input);
    }
  json_node_set_object (node, object);
  json = json_to_string (node, FALSE);
  return append (metrics, json, error);
}

gboolean
cg_metrics_sync (CgMetrics *metrics, GError **error)
{
  return fsync (metrics->fd) == 0 || fail (metrics, error);
}
