/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares, keeps and stores distances; apart because a run that is interrupted must not forget them. */
#include "best.h"

#include <glib/gi18n.h>
#include <math.h>

static const char *const step_keys[CG_BEST_N_GENERATORS] = { "best_step_G_A", "best_step_G_B" };
static const char *const distance_keys[CG_BEST_N_GENERATORS] = { "best_distance_G_A", "best_distance_G_B" };

gboolean
cg_best_improve (CgBest *best, int i, gint64 step, double distance)
{
  if (best->step[i] > 0 && !(distance < best->distance[i]))
    return FALSE;
  best->step[i] = step;
  best->distance[i] = distance;
  return TRUE;
}

void
cg_best_write (const CgBest *best, CgSafetensorsWriter *writer)
{
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    if (best->step[i] > 0)
      {
        g_autofree char *step = g_strdup_printf ("%" G_GINT64_FORMAT, best->step[i]);
        char distance[G_ASCII_DTOSTR_BUF_SIZE];

        cg_safetensors_writer_set_metadata (writer, step_keys[i], step);
        cg_safetensors_writer_set_metadata (writer, distance_keys[i],
                                            g_ascii_dtostr (distance, sizeof distance, best->distance[i]));
      }
}

gboolean
cg_best_read (CgBest *best, const CgSafetensors *file, GError **error)
{
  *best = (CgBest){ 0 };
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    {
      const char *step = cg_safetensors_get_metadata (file, step_keys[i]);
      const char *distance = cg_safetensors_get_metadata (file, distance_keys[i]);
      char *end = NULL;

      if (!step && !distance)
        continue;
      if (!step || !g_ascii_string_to_signed (step, 10, 1, G_MAXINT64, &best->step[i], NULL))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: “%s” is “%s” and not a number"),
                       cg_safetensors_get_path (file), step_keys[i], step ? step : "");
          return FALSE;
        }
      if (distance)
        best->distance[i] = g_ascii_strtod (distance, &end);
      if (!distance || end == distance || *end != '\0' || !isfinite (best->distance[i]))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: “%s” is “%s” and not a number"),
                       cg_safetensors_get_path (file), distance_keys[i], distance ? distance : "");
          return FALSE;
        }
    }
  return TRUE;
}
