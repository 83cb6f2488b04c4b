/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetQueue: a few steps prepared ahead by worker threads; what comes out depends on the step alone. */
#pragma once

#include <glib.h>

/* Makes item @item (0 … n_items - 1) of @step into @out. Several threads call this at once. */
typedef gboolean (*CgDatasetMakeFunc) (gpointer data, gint64 step, int item, guint8 *out, GError **error);

typedef struct _CgDatasetQueue CgDatasetQueue;

/* item_bytes: of one item. Holds the items of four steps. */
CgDatasetQueue *cg_dataset_queue_new (CgDatasetMakeFunc make, gpointer data, int n_items, gsize item_bytes,
                                      int n_workers, GError **error);
/* Waits for items that are being made. */
void cg_dataset_queue_free (CgDatasetQueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgDatasetQueue, cg_dataset_queue_free)

/* The items of @step, one behind the other, or the error of the first one that failed. Steps in order have been
 * prepared ahead; any other may be asked for, at the price of a wait. One thread calls this; the bytes are its own
 * until cg_dataset_queue_release(), which has to follow, also after a failure. */
const guint8 *cg_dataset_queue_take (CgDatasetQueue *queue, gint64 step, GError **error);
void cg_dataset_queue_release (CgDatasetQueue *queue);

/* Seconds spent waiting in cg_dataset_queue_take(). */
double cg_dataset_queue_get_wait_seconds (const CgDatasetQueue *queue);
