/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgDatasetQueue: steps come out right, in any order, with any number of workers; never more than four are ahead;
 * failures belong to their step. */
#include "dataset-queue.h"

#include <string.h>

#include "base/error.h"

#define N_ITEMS 3
#define BYTES 64

typedef struct
{
  gint asked;     /* the step that was asked for last */
  gint too_early; /* items made of steps that there is no room for yet */
} Maker;

/* Takes a while that varies, and fails for some items of every tenth step. */
static gboolean
make (gpointer data, gint64 step, int item, guint8 *out, GError **error)
{
  Maker *maker = data;

  if (step > g_atomic_int_get (&maker->asked) + 4)
    g_atomic_int_inc (&maker->too_early);
  g_usleep ((gulong)((step * 7 + item * 5) % 11) * 50);
  if (step % 10 == 0 && item > 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, "step %d item %d", (int)step, item);
      return FALSE;
    }
  memset (out, (int)(step * N_ITEMS + item) & 0xff, BYTES);
  return TRUE;
}

static void
assert_step (CgDatasetQueue *queue, Maker *maker, gint64 step)
{
  g_autoptr (GError) error = NULL;
  const guint8 *items;

  g_atomic_int_set (&maker->asked, (gint)step);
  items = cg_dataset_queue_take (queue, step, &error);
  if (step % 10 == 0)
    {
      g_autofree char *words = g_strdup_printf ("step %d item 1", (int)step);

      g_assert_null (items);
      g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
      g_assert_cmpstr (error->message, ==, words);
    }
  else
    {
      g_assert_no_error (error);
      for (int i = 0; i < N_ITEMS * BYTES; i++)
        g_assert_cmpint (items[i], ==, (int)(step * N_ITEMS + i / BYTES) & 0xff);
    }
  cg_dataset_queue_release (queue);
}

static void
test_steps (void)
{
  static const int workers[] = { 1, 2, 7 };
  static const int jumps[] = { 5, 5, 4, 200, 1, 10, 11, 10 };

  for (gsize i = 0; i < G_N_ELEMENTS (workers); i++)
    {
      Maker maker = { 0 };
      g_autoptr (GError) error = NULL;
      g_autoptr (CgDatasetQueue) queue = cg_dataset_queue_new (make, &maker, N_ITEMS, BYTES, workers[i], &error);

      g_assert_no_error (error);
      for (gint64 step = 1; step <= 100; step++)
        assert_step (queue, &maker, step);
      g_assert_cmpint (maker.too_early, ==, 0);
      for (gsize k = 0; k < G_N_ELEMENTS (jumps); k++)
        assert_step (queue, &maker, jumps[k]);
      g_assert_cmpfloat (cg_dataset_queue_get_wait_seconds (queue), >, 0.0);
    }
}

/* Nothing was asked for, or something is under way. */
static void
test_free (void)
{
  for (int asked = 0; asked < 2; asked++)
    {
      Maker maker = { 0 };
      g_autoptr (CgDatasetQueue) queue = cg_dataset_queue_new (make, &maker, N_ITEMS, BYTES, 3, NULL);

      if (asked)
        assert_step (queue, &maker, 1);
    }
}

static void
test_memory (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cg_dataset_queue_new (make, NULL, N_ITEMS, G_MAXSIZE / 2, 1, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset-queue/steps", test_steps);
  g_test_add_func ("/dataset-queue/free", test_free);
  g_test_add_func ("/dataset-queue/memory", test_memory);
  return g_test_run ();
}
