/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgBest: the smallest distance that each generator of a run has reached so far. */
#pragma once

#include <cyclegan-train.h>

/* Generators of a run: G_A, from A to B, and G_B. */
#define CG_BEST_N_GENERATORS (CG_STEP_G_B + 1)

/**
 * CgBest: belongs into a checkpoint, so that a run that goes on does not take the second best for the best.
 * @step: 0: there has been none
 */
typedef struct
{
  gint64 step[CG_BEST_N_GENERATORS];
  double distance[CG_BEST_N_GENERATORS];
} CgBest;

/* Takes the distance of generator number @i after @step if it is smaller than any before. Returns: whether it was. */
gboolean cg_best_improve (CgBest *best, int i, gint64 step, double distance);

/* As a file's metadata under the keys best_…; a file without them gives none, as before the first evaluation. Reading fails with
 * CG_ERROR_FORMAT, naming file and key. */
void cg_best_write (const CgBest *best, CgSafetensorsWriter *writer);
gboolean cg_best_read (CgBest *best, const CgSafetensors *file, GError **error);
