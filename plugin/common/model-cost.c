/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelCost: both halves of a translation timed on noise; time is proportional to pixels, memory is the core's own sum. */
#include "model-cost.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* Large enough for the kernels to be as fast as they get, small enough for nobody to notice. */
#define NETWORK_SIDE 320
#define PICTURE_SIDE 1024

/* The best of them counts: the first one also touches memory and wakes threads, and other programs want the processor, too. */
#define N_TRIALS 3

/* Reflected pixels on both sides, which the network sees beside the picture, but for every pixel. */
#define MARGINS 64

/* Reading a picture from GIMP, making it smaller for the network and writing it back, by what putting the two together takes:
 * measured in GIMP 2.10 and 3.0 with pictures of 1 to 24 megapixels. */
#define COPYING 1.3

/* By how much a pixel takes longer in pictures of six megapixels and more, whose rows leave the caches; up to one it does not. */
#define LARGE 1.4

struct _CgModelCost
{
  CgModel *model;
  double network; /* seconds for a pixel that the network sees */
  double finish;  /* seconds for a pixel of the picture */
};

void
cg_model_cost_free (CgModelCost *cost)
{
  g_clear_pointer (&cost->model, cg_model_unref);
  g_free (cost);
}

/* Seconds since @begin, if they are the fewest yet. */
static void
keep_best (double *best, gint64 begin)
{
  double seconds = (double)(g_get_monotonic_time () - begin) / G_USEC_PER_SEC;

  if (*best <= 0.0 || seconds < *best)
    *best = seconds;
}

static gboolean
measure (CgModelCost *cost, GCancellable *cancellable, GError **error)
{
  const gsize n = 3 * PICTURE_SIDE * PICTURE_SIDE;
  g_autofree float *picture = g_new (float, n);
  g_autofree float *pixels = g_new (float, 3 * NETWORK_SIDE * NETWORK_SIDE);
  double network = 0.0, finish = 0.0;
  CgTranslateOptions options;
  CgSettings settings;

  for (gsize i = 0; i < n; i++)
    picture[i] = (float)(i * 7 % 256) / 255.0f;
  cg_settings_init (&settings);
  cg_settings_get_options (&settings, &options);
  cg_settings_clear (&settings);
  for (int i = 0; i < N_TRIALS; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      options.size_mode = CG_SIZE_FULL;
      if (!cg_translate_network (cost->model, &options, NETWORK_SIDE, NETWORK_SIDE, picture, 3 * NETWORK_SIDE, pixels,
                                 NULL, NULL, cancellable, error))
        return FALSE;
      keep_best (&network, begin);
      options.size_mode = CG_SIZE_AUTO;
      begin = g_get_monotonic_time ();
      if (!cg_translate_carry (&options, PICTURE_SIDE, PICTURE_SIDE, picture, 3 * PICTURE_SIDE, NETWORK_SIDE,
                               NETWORK_SIDE, pixels, picture, 3 * PICTURE_SIDE, error))
        return FALSE;
      keep_best (&finish, begin);
    }
  cost->network = network / (NETWORK_SIDE * NETWORK_SIDE);
  cost->finish = finish / (PICTURE_SIDE * PICTURE_SIDE);
  return TRUE;
}

static CgModelCost *
load (const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (CgModelCost) cost = g_new0 (CgModelCost, 1);

  cost->model = cg_model_load (name, error);
  if (!cost->model || !measure (cost, cancellable, error))
    return NULL;
  return g_steal_pointer (&cost);
}

CgModelCost *
cg_model_cost_new (const char *name, GError **error)
{
  return load (name, NULL, error);
}

static void
load_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  CgModelCost *cost = load (task_data, cancellable, &error);

  if (cost)
    g_task_return_pointer (task, cost, (GDestroyNotify)cg_model_cost_free);
  else
    g_task_return_error (task, error);
}

void
cg_model_cost_start (const char *name, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_task_data (task, g_strdup (name), g_free);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, load_in_thread);
}

CgModelCost *
cg_model_cost_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

CgModel *
cg_model_cost_get_model (CgModelCost *cost)
{
  return cost->model;
}

/* What this process has already, without what it shares with others. */
static guint64
get_own_bytes (void)
{
  unsigned long long size = 0, resident = 0, shared = 0;
  FILE *file = fopen ("/proc/self/statm", "r");

  if (!file)
    return 0;
  if (fscanf (file, "%llu %llu %llu", &size, &resident, &shared) != 3)
    resident = shared = 0;
  fclose (file);
  return (guint64)(resident - shared) * (guint64)sysconf (_SC_PAGESIZE);
}

static double
get_network_seconds (const CgModelCost *cost, const CgSettings *settings, const CgEstimate *estimate)
{
  int margins = settings->size_mode == CG_SIZE_FULL ? 0 : MARGINS;
  double pixels = (double)(estimate->width + margins) * (double)(estimate->height + margins);
  double largeness = CLAMP (log (pixels / 1e6) / log (6.0), 0.0, 1.0);

  return cost->network * pixels * (1.0 + (LARGE - 1.0) * largeness);
}

gboolean
cg_model_cost_estimate (CgModelCost *cost, const CgSettings *settings, int width, int height, CgEstimate *estimate,
                        GError **error)
{
  double area = (double)width * (double)height;
  CgTranslateOptions options;

  cg_settings_get_options (settings, &options);
  if (!cg_translate_estimate (cost->model, &options, width, height, &estimate->width, &estimate->height,
                              &estimate->bytes, error))
    return FALSE;
  /* The photo as floats stands beside what the core needs. */
  estimate->bytes += (guint64)(area * 3.0 * sizeof (float)) + get_own_bytes ();
  estimate->network_seconds = get_network_seconds (cost, settings, estimate);
  estimate->finish_seconds = (1.0 + COPYING) * cost->finish * area;
  return TRUE;
}

void
cg_model_cost_learn (CgModelCost *cost, const CgEstimate *estimate, double seconds)
{
  if (seconds > 0.0 && estimate->network_seconds > 0.0)
    cost->network *= seconds / estimate->network_seconds;
}
