/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows in, rows out: translations that hold no picture but those at the network's scale. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "infer/memory-limit.h"
#include "infer/rows-plan.h"

static gboolean
copy_rows (const CgRowsCalls *calls, int width, int height, GError **error)
{
  g_autofree float *row = g_try_new (float, 3 * (gsize)width);

  if (!row)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
      return FALSE;
    }
  for (int y = 0; y < height; y++)
    if (cg_watch_is_cancelled (&calls->watch, error) || !calls->read (y, 1, row, calls->data, error)
        || !calls->write (y, 1, row, calls->data, error))
      return FALSE;
  return TRUE;
}

/* What both that need a network have in common; @part: what runs of the plan. */
static gboolean
run (CgModel *model, const CgTranslateOptions *options, int width, int height, CgRowsCalls *calls,
     gboolean (*part) (CgRowsPlan *plan, CgRowsCalls *calls, GError **error), GError **error)
{
  CgRowsPlan plan = { 0 };
  gboolean done = !cg_watch_is_cancelled (&calls->watch, error)
                  && cg_rows_plan_init (&plan, model, options, width, height, FALSE, error)
                  && cg_memory_limit_check (options, plan.bytes, &plan.network.rows.size, error)
                  && part (&plan, calls, error) && !cg_watch_is_cancelled (&calls->watch, error);

  cg_rows_plan_clear (&plan);
  return done;
}

gboolean
cg_translate_rows (CgModel *model, const CgTranslateOptions *options, int width, int height, CgTranslateRead read,
                   CgTranslateWrite write, gpointer data, CgTranslateProgress progress, gpointer progress_data,
                   GCancellable *cancellable, GError **error)
{
  CgRowsCalls calls = { .read = read,
                        .write = write,
                        .data = data,
                        .watch = { .progress = progress, .data = progress_data, .cancellable = cancellable } };
  gboolean done;

  g_return_val_if_fail (model && options && read && write, FALSE);
  if (!cg_rows_plan_check (width, height, error))
    return FALSE;

  cg_watch_start (&calls.watch);
  if (options->strength <= 0.0)
    done = copy_rows (&calls, width, height, error);
  else
    done = run (model, options, width, height, &calls, cg_rows_plan_run, error);
  if (done)
    cg_watch_finish (&calls.watch);
  return done;
}

gboolean
cg_translate_network_rows (CgModel *model, const CgTranslateOptions *options, int width, int height,
                           CgTranslateRead read, CgTranslateWrite write, gpointer data, CgTranslateProgress progress,
                           gpointer progress_data, GCancellable *cancellable, GError **error)
{
  CgRowsCalls calls = { .read = read,
                        .write = write,
                        .data = data,
                        .watch = { .progress = progress, .data = progress_data, .cancellable = cancellable } };
  gboolean done;

  g_return_val_if_fail (model && options && read && write, FALSE);
  if (!cg_rows_plan_check (width, height, error))
    return FALSE;

  cg_watch_start (&calls.watch);
  done = run (model, options, width, height, &calls, cg_rows_plan_run_network, error);
  if (done)
    cg_watch_finish (&calls.watch);
  return done;
}

gboolean
cg_translate_carry_rows (const CgTranslateOptions *options, int width, int height, CgTranslateRead read,
                         int network_width, int network_height, CgTranslateRead read_network, CgTranslateWrite write,
                         gpointer data, CgTranslateProgress progress, gpointer progress_data, GCancellable *cancellable,
                         GError **error)
{
  CgRowsCalls calls = { .read = read,
                        .read_network = read_network,
                        .write = write,
                        .data = data,
                        .watch = { .progress = progress, .data = progress_data, .cancellable = cancellable } };
  CgRowsPlan plan = { 0 };
  gboolean done;

  g_return_val_if_fail (options && read && read_network && write && width > 0 && height > 0, FALSE);
  g_return_val_if_fail (network_width > 0 && network_height > 0, FALSE);
  cg_watch_start (&calls.watch);
  done = !cg_watch_is_cancelled (&calls.watch, error)
         && cg_rows_plan_init_carry (&plan, options, width, height, network_width, network_height, error)
         && cg_rows_plan_run_carry (&plan, &calls, error);
  cg_rows_plan_clear (&plan);
  if (done)
    cg_watch_finish (&calls.watch);
  return done;
}
