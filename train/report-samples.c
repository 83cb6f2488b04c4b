/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cuts sample pictures apart and sets the pieces as a table; apart because it works on pixels, unlike the rest of the page. */
#include "report-samples.h"

#include <cyclegan-train.h>
#include <glib/gi18n.h>
#include <inttypes.h>

#include "report-picture.h"
#include "sample-grid.h"
#include "samples.h"

/* Steps shown beside each other. */
#define MAX_STEPS 8

/* Of a piece, in pixels; the file stays below some MB. */
#define MAX_SIDE 160

#define N_ROWS (2 * CG_SAMPLES_COUNT)

/* Columns of a sample picture. */
enum
{
  COLUMN_REAL,
  COLUMN_FAKE,
  COLUMN_BACK,
  COLUMN_IDENTITY
};

/* The pictures that are shown, ascending in step. */
typedef struct
{
  CgImage *images[MAX_STEPS];
  gint64 steps[MAX_STEPS];
  int n;
} Shown;

static void
shown_clear (Shown *shown)
{
  for (int i = 0; i < shown->n; i++)
    cg_image_free (shown->images[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shown, shown_clear)

/* Evenly spread, the first and the last included. */
static gboolean
load (Shown *shown, const GPtrArray *paths, const GArray *steps, GError **error)
{
  guint n = MIN (paths->len, MAX_STEPS);

  for (guint i = 0; i < n; i++)
    {
      guint index = n == 1 ? 0 : (guint)(((guint64)i * (paths->len - 1) + (n - 1) / 2) / (n - 1));
      g_autoptr (GError) reason = NULL;
      CgImage *image = cg_image_load (g_ptr_array_index (paths, index), &reason);

      if (!image && g_error_matches (reason, CG_ERROR, CG_ERROR_MEMORY))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      if (!image)
        continue;
      shown->images[shown->n] = image;
      shown->steps[shown->n++] = g_array_index (steps, gint64, index);
    }
  return TRUE;
}

static gboolean
append_cell (GString *html, const CgImage *picture, int row, int column, const char *class_name, const char *label,
             GError **error)
{
  g_autoptr (CgImage) cell = cg_sample_grid_cut (picture, N_ROWS, CG_SAMPLES_COLUMNS, row, column, error);
  g_autofree char *uri = cell ? cg_report_picture_to_uri (cell, MAX_SIDE, error) : NULL;
  g_autofree char *safe_label = g_markup_escape_text (label, -1);

  if (!uri)
    return FALSE;
  g_string_append_printf (html, "<td%s><img src=\"%s\" alt=\"%s\"/></td>", class_name, uri, safe_label);
  return TRUE;
}

static gboolean
append_row (GString *html, const Shown *shown, int row, GError **error)
{
  const CgImage *newest = shown->images[shown->n - 1];

  g_string_append_printf (html, "<tr%s>", row == CG_SAMPLES_COUNT ? " class=\"second\"" : "");
  if (row % CG_SAMPLES_COUNT == 0)
    g_string_append_printf (html, "<th rowspan=\"%d\" scope=\"rowgroup\"><span>%s</span></th>", CG_SAMPLES_COUNT,
                            row == 0 ? _ ("A to B") : _ ("B to A"));
  if (!append_cell (html, newest, row, COLUMN_REAL, " class=\"real\"", _ ("picture"), error))
    return FALSE;
  for (int i = 0; i < shown->n; i++)
    if (!append_cell (html, shown->images[i], row, COLUMN_FAKE, "", _ ("translation"), error))
      return FALSE;
  if (!append_cell (html, newest, row, COLUMN_BACK, " class=\"back\"", _ ("there and back"), error)
      || !append_cell (html, newest, row, COLUMN_IDENTITY, "", _ ("by the other generator"), error))
    return FALSE;
  g_string_append (html, "</tr>\n");
  return TRUE;
}

gboolean
cg_report_samples_append (GString *html, const GPtrArray *paths, const GArray *steps, GError **error)
{
  g_auto (Shown) shown = { .n = 0 };

  if (!load (&shown, paths, steps, error))
    return FALSE;
  if (shown.n == 0)
    return TRUE;
  g_string_append_printf (
      html,
      "<section><h2>%s</h2><p>%s</p><div class=\"wide\"><table class=\"samples\">\n"
      "<thead><tr><th></th><th>%s</th>",
      _ ("Samples"),
      _ ("Test pictures, their translations as the training went on, and of the newest "
         "generators: what comes back from a translation, which should be the picture, and what the "
         "other generator makes of the picture, which it should leave alone."),
      _ ("picture"));
  for (int i = 0; i < shown.n; i++)
    {
      g_string_append (html, "<th>");
      g_string_append_printf (html, _ ("step %" PRId64), shown.steps[i]);
      g_string_append (html, "</th>");
    }
  g_string_append_printf (html, "<th>%s</th><th>%s</th></tr></thead><tbody>\n", _ ("there and back"), _ ("left alone"));
  for (int row = 0; row < N_ROWS; row++)
    if (!append_row (html, &shown, row, error))
      return FALSE;
  g_string_append (html, "</tbody></table></div></section>\n");
  return TRUE;
}
