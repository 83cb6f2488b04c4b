/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgWatch: what the caller of a translation is told, and how it stops the work. */
#pragma once

#include "infer/translate.h"

/**
 * CgWatch:
 * @begin, @end: the part of the whole that is under way
 * @begun, @last: whether anything was told, and what last
 */
typedef struct
{
  CgTranslateProgress progress;
  gpointer data;
  GCancellable *cancellable;
  double begin, end;
  gboolean begun;
  double last;
} CgWatch;

/* The very beginning and end of everything. */
void cg_watch_start (CgWatch *watch);
void cg_watch_finish (CgWatch *watch);

/* From now on 0 … 1 is the way from where the last part ended to @end of the whole. */
void cg_watch_enter (CgWatch *watch, double end);

/* Returns: TRUE and CG_ERROR_CANCELLED if the caller wants no more. */
gboolean cg_watch_is_cancelled (const CgWatch *watch, GError **error);

/* Tells how far this part is, never backwards, whatever it says, and nothing twice. Returns: FALSE and CG_ERROR_CANCELLED if the caller wants
 * no more. */
gboolean cg_watch_go_on (CgWatch *watch, double done, GError **error);
