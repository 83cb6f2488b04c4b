/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgWatch: what the caller of a translation is told, and how it stops the work. */
#pragma once

#include "infer/translate.h"

/* @last: what was told last */
typedef struct
{
  CgTranslateProgress progress;
  gpointer data;
  GCancellable *cancellable;
  double last;
} CgWatch;

/* Never backwards, whatever a pass tells. */
void cg_watch_report (CgWatch *watch, double done);

/* Returns: TRUE and CG_ERROR_CANCELLED if the caller wants no more. */
gboolean cg_watch_is_cancelled (const CgWatch *watch, GError **error);
