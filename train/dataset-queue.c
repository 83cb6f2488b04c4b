/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDatasetQueue: a few steps prepared ahead by worker threads; apart because it knows steps and bytes, but no
 * images. */
#include "dataset-queue.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"

/* Steps that are prepared or being prepared: enough to ride out a few large files in a row. */
#define N_SLOTS 4

typedef struct
{
  guint8 *items;
  int n_done;
  GError *error; /* of item number error_item, the lowest that failed */
  int error_item;
} Slot;

struct _CgDatasetQueue
{
  CgDatasetMakeFunc make;
  gpointer data;
  int n_items;
  gsize item_bytes;
  GPtrArray *workers; /* GThread */

  GMutex lock; /* over what follows, though not over the bytes: those of an unfinished slot are its workers', those of
                  the one that was taken the caller's */
  GCond changed;
  gboolean quit;
  gint64 wanted;    /* the step that the caller asks for next; 0 before the first. Step s is in slot s % N_SLOTS, for
                       s in wanted … wanted + N_SLOTS - 1 */
  gint64 next_step; /* whose item next_item the next free worker makes */
  int next_item;
  int n_busy;
  Slot slots[N_SLOTS];
  double waited;
};

/* The lock is held. Keeps the error that one worker alone would have met first. */
static void
finish_item (CgDatasetQueue *queue, Slot *slot, int item, GError *error)
{
  if (error && slot->error && slot->error_item < item)
    g_error_free (error);
  else if (error)
    {
      g_clear_error (&slot->error);
      slot->error = error;
      slot->error_item = item;
    }
  if (++slot->n_done == queue->n_items)
    g_cond_broadcast (&queue->changed);
}

static gpointer
work (gpointer data)
{
  CgDatasetQueue *queue = data;

  g_mutex_lock (&queue->lock);
  while (!queue->quit)
    {
      gint64 step = queue->next_step;
      int item = queue->next_item;
      Slot *slot = &queue->slots[step % N_SLOTS];
      GError *error = NULL;

      if (queue->wanted == 0 || step >= queue->wanted + N_SLOTS)
        {
          g_cond_wait (&queue->changed, &queue->lock);
          continue;
        }
      if (++queue->next_item == queue->n_items)
        {
          queue->next_item = 0;
          queue->next_step++;
        }
      queue->n_busy++;
      g_mutex_unlock (&queue->lock);
      queue->make (queue->data, step, item, slot->items + (gsize)item * queue->item_bytes, &error);
      g_mutex_lock (&queue->lock);
      finish_item (queue, slot, item, error);
      if (--queue->n_busy == 0)
        g_cond_broadcast (&queue->changed);
    }
  g_mutex_unlock (&queue->lock);
  return NULL;
}

static void
clear_slot (Slot *slot)
{
  g_clear_error (&slot->error);
  slot->n_done = 0;
}

/* The lock is held. Forgets what is ready and lets the workers go on at @step. */
static void
jump_to (CgDatasetQueue *queue, gint64 step)
{
  queue->wanted = 0;
  while (queue->n_busy > 0)
    g_cond_wait (&queue->changed, &queue->lock);
  for (int i = 0; i < N_SLOTS; i++)
    clear_slot (&queue->slots[i]);
  queue->wanted = queue->next_step = step;
  queue->next_item = 0;
  g_cond_broadcast (&queue->changed);
}

const guint8 *
cg_dataset_queue_take (CgDatasetQueue *queue, gint64 step, GError **error)
{
  gint64 before = g_get_monotonic_time ();
  Slot *slot = &queue->slots[step % N_SLOTS];
  const guint8 *items;

  g_mutex_lock (&queue->lock);
  if (step != queue->wanted)
    jump_to (queue, step);
  while (slot->n_done < queue->n_items)
    g_cond_wait (&queue->changed, &queue->lock);
  items = slot->error ? NULL : slot->items;
  if (slot->error)
    g_propagate_error (error, g_steal_pointer (&slot->error));
  queue->waited += (double)(g_get_monotonic_time () - before) / G_USEC_PER_SEC;
  g_mutex_unlock (&queue->lock);
  return items;
}

void
cg_dataset_queue_release (CgDatasetQueue *queue)
{
  g_mutex_lock (&queue->lock);
  clear_slot (&queue->slots[queue->wanted % N_SLOTS]);
  queue->wanted++;
  g_cond_broadcast (&queue->changed);
  g_mutex_unlock (&queue->lock);
}

double
cg_dataset_queue_get_wait_seconds (const CgDatasetQueue *queue)
{
  return queue->waited;
}

CgDatasetQueue *
cg_dataset_queue_new (CgDatasetMakeFunc make, gpointer data, int n_items, gsize item_bytes, int n_workers,
                      GError **error)
{
  g_autoptr (CgDatasetQueue) queue = g_new0 (CgDatasetQueue, 1);

  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  queue->make = make;
  queue->data = data;
  queue->n_items = n_items;
  queue->item_bytes = item_bytes;
  queue->workers = g_ptr_array_new ();
  for (int i = 0; i < N_SLOTS; i++)
    {
      queue->slots[i].items = g_try_malloc_n ((gsize)n_items, item_bytes);
      if (!queue->slots[i].items)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %d images of %zu bytes"), n_items,
                       item_bytes);
          return NULL;
        }
    }
  for (int i = 0; i < MAX (n_workers, 1); i++)
    {
      GThread *worker = g_thread_try_new ("dataset", work, queue, error);

      if (!worker)
        return NULL;
      g_ptr_array_add (queue->workers, worker);
    }
  return g_steal_pointer (&queue);
}

void
cg_dataset_queue_free (CgDatasetQueue *queue)
{
  if (!queue)
    return;
  g_mutex_lock (&queue->lock);
  queue->quit = TRUE;
  g_cond_broadcast (&queue->changed);
  g_mutex_unlock (&queue->lock);
  for (guint i = 0; i < queue->workers->len; i++)
    g_thread_join (g_ptr_array_index (queue->workers, i));
  g_ptr_array_unref (queue->workers);
  for (int i = 0; i < N_SLOTS; i++)
    {
      clear_slot (&queue->slots[i]);
      g_free (queue->slots[i].items);
    }
  g_mutex_clear (&queue->lock);
  g_cond_clear (&queue->changed);
  g_free (queue);
}
