/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Progress that only grows, and the wish to stop. */
#include "infer/watch.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"

static void
tell (CgWatch *watch, double done)
{
  if (watch->begun && done <= watch->last)
    return;
  watch->begun = TRUE;
  watch->last = done;
  if (watch->progress)
    watch->progress (done, watch->data);
}

void
cg_watch_start (CgWatch *watch)
{
  tell (watch, 0.0);
}

void
cg_watch_finish (CgWatch *watch)
{
  tell (watch, 1.0);
}

void
cg_watch_enter (CgWatch *watch, double end)
{
  watch->begin = watch->end;
  watch->end = end;
}

gboolean
cg_watch_is_cancelled (const CgWatch *watch, GError **error)
{
  if (!g_cancellable_is_cancelled (watch->cancellable))
    return FALSE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return TRUE;
}

gboolean
cg_watch_go_on (CgWatch *watch, double done, GError **error)
{
  if (!g_cancellable_is_cancelled (watch->cancellable))
    tell (watch, watch->begin + (watch->end - watch->begin) * CLAMP (done, 0.0, 1.0));
  return !cg_watch_is_cancelled (watch, error);
}
