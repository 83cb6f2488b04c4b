/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Progress that only grows, and the wish to stop. */
#include "infer/watch.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"

void
cg_watch_report (CgWatch *watch, double done)
{
  if (done < watch->last)
    return;
  watch->last = done;
  if (watch->progress)
    watch->progress (done, watch->data);
}

gboolean
cg_watch_is_cancelled (const CgWatch *watch, GError **error)
{
  if (!g_cancellable_is_cancelled (watch->cancellable))
    return FALSE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return TRUE;
}
