/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelCost: a loaded model and what it takes on this machine, measured on a few pixels so that an artist knows before the wait. */
#pragma once

#include <gio/gio.h>

#include "settings.h"

/* What takes longer at every stroke of a brush is no pleasure as a live filter. */
#define CG_MODEL_COST_LIVE_SECONDS 1.0

typedef struct _CgModelCost CgModelCost;

/**
 * CgEstimate:
 * @width, @height: at which the network sees the picture
 * @network_seconds, @finish_seconds: for what a preview computes already, and for the rest
 * @bytes: what this process will have at most
 */
typedef struct
{
  int width, height;
  double network_seconds, finish_seconds;
  guint64 bytes;
} CgEstimate;

/* Loads and measures off the main thread; @callback calls cg_model_cost_finish(). */
void cg_model_cost_start (const char *name, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* (transfer full): or NULL with what cg_model_load() says, or CG_ERROR_CANCELLED. */
CgModelCost *cg_model_cost_finish (GAsyncResult *result, GError **error);

/* The same at once, for who has no window to keep alive. */
CgModelCost *cg_model_cost_new (const char *name, GError **error);
void cg_model_cost_free (CgModelCost *cost);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgModelCost, cg_model_cost_free)

/* (transfer none) */
CgModel *cg_model_cost_get_model (CgModelCost *cost);

/* @width, @height: what the network reads. Fails as cg_translate_estimate() does. */
gboolean cg_model_cost_estimate (CgModelCost *cost, const CgSettings *settings, int width, int height,
                                 CgEstimate *estimate, GError **error);

/* What the network really took for an estimate: the next ones will be better. */
void cg_model_cost_learn (CgModelCost *cost, const CgEstimate *estimate, double seconds);
