/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Whoever wants no more is obeyed within half a second, whatever is under way; and what is told of the progress only grows. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "infer/translate.h"
#include "tiny-model.h"

#define SEED 20261124
#define MOST_SECONDS 0.5
#define N_MOMENTS 4

/* Which call, with which options. */
typedef struct
{
  const char *name;
  int width, height;
  gboolean network, carry;
  CgSizeMode mode;
  int size;
  CgStatistics statistics;
  CgApply apply;
  gboolean unet; /* which runs whole */
} Way;

static const Way ways[] = {
  { "exact", 900, 700, TRUE, TRUE, CG_SIZE_FULL, 0, CG_STATISTICS_EXACT, CG_APPLY_ALL, FALSE },
  { "sampled", 2400, 1900, TRUE, TRUE, CG_SIZE_FULL, 0, CG_STATISTICS_SAMPLED, CG_APPLY_COLOUR, FALSE },
  { "scaled", 1200, 900, TRUE, TRUE, CG_SIZE_SIZE, 400, CG_STATISTICS_AUTO, CG_APPLY_LIGHT, FALSE },
  { "network", 1200, 900, TRUE, FALSE, CG_SIZE_SIZE, 500, CG_STATISTICS_AUTO, CG_APPLY_ALL, FALSE },
  { "carry", 1200, 900, FALSE, TRUE, CG_SIZE_SIZE, 500, CG_STATISTICS_AUTO, CG_APPLY_COLOUR, FALSE },
  { "carry-full", 1200, 900, FALSE, TRUE, CG_SIZE_FULL, 0, CG_STATISTICS_AUTO, CG_APPLY_COLOUR, FALSE },
  { "unet", 900, 700, TRUE, TRUE, CG_SIZE_FULL, 0, CG_STATISTICS_AUTO, CG_APPLY_ALL, TRUE },
};

/**
 * Run:
 * @at: the progress at which to cancel, beyond 1 for never
 * @told, @last: how often something was told, and what last
 * @clock: of the thread that translates: its own processor time, for others may keep the processors busy
 * @is_wished, @wished: whether it was cancelled, and when in seconds of that clock
 */
typedef struct
{
  CgModel *model;
  const Way *way;
  GCancellable *cancellable;
  double at;
  int n_told;
  double last;
  clockid_t clock;
  gboolean is_wished;
  double wished;
} Run;

static double
get_seconds (const Run *run)
{
  struct timespec now;

  g_assert_cmpint (clock_gettime (run->clock, &now), ==, 0);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gboolean
read_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  size_t stride = 3 * (size_t)((Run *)data)->way->width;

  for (size_t i = 0; i < (size_t)n * stride; i++)
    rows[i] = (float)((((size_t)first * stride + i) * 2654435761u >> 9) % 256) / 255.0f;
  return TRUE;
}

static gboolean
read_network_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  const Way *way = ((Run *)data)->way;
  size_t width = (size_t)(way->mode == CG_SIZE_FULL ? way->width : way->width * way->size / way->height);

  for (size_t i = 0; i < (size_t)n * width * 3; i++)
    rows[i] = (float)(i % 251) / 250.0f;
  return TRUE;
}

static gboolean
write_rows (int first, int n, const float *rows, gpointer data, GError **error)
{
  return TRUE;
}

static void
cancel (Run *run)
{
  run->wished = get_seconds (run);
  run->is_wished = TRUE;
  g_cancellable_cancel (run->cancellable);
}

static void
watch (double done, gpointer data)
{
  Run *run = data;

  g_assert_true (run->n_told == 0 ? done == 0.0 : done > run->last);
  g_assert_cmpfloat (done, <=, 1.0);
  run->n_told++;
  run->last = done;
  if (done >= run->at)
    cancel (run);
}

/* Another translation, of which nobody has heard yet. */
static void
begin (Run *run, double at)
{
  g_clear_object (&run->cancellable);
  run->cancellable = g_cancellable_new ();
  run->at = at;
  run->n_told = 0;
  run->is_wished = FALSE;
}

static gboolean
translate (Run *run, GError **error)
{
  const Way *way = run->way;
  CgTranslateOptions options;
  int w = way->width, h = way->height;

  cg_translate_options_init (&options);
  options.size_mode = way->mode;
  options.size = way->size;
  options.statistics = way->statistics;
  options.apply = way->apply;
  options.n_threads = 1;
  if (way->network && way->carry)
    return cg_translate_rows (run->model, &options, way->width, way->height, read_rows, write_rows, run, watch, run,
                              run->cancellable, error);
  if (way->network)
    return cg_translate_network_rows (run->model, &options, way->width, way->height, read_rows, write_rows, run, watch,
                                      run, run->cancellable, error);
  if (way->mode != CG_SIZE_FULL)
    h = way->size, w = way->width * h / way->height;
  return cg_translate_carry_rows (&options, way->width, way->height, read_rows, w, h, read_network_rows, write_rows,
                                  run, watch, run, run->cancellable, error);
}

/* Returns: whether the run was stopped; else it had ended before. */
static gboolean
check_stopped (Run *run, gboolean done, const GError *error, double *latency)
{
  if (done)
    return FALSE;
  g_assert_error (error, CG_ERROR, CG_ERROR_CANCELLED);
  g_assert_true (run->is_wished);
  g_assert_cmpfloat (run->last, <, 1.0);
  *latency = MAX (*latency, get_seconds (run) - run->wished);
  return TRUE;
}

typedef struct
{
  Run *run;
  gint64 delay; /* microseconds */
} Impatience;

static gpointer
wait_and_cancel (gpointer data)
{
  const Impatience *impatience = data;

  g_usleep ((gulong)impatience->delay);
  cancel (impatience->run);
  return NULL;
}

static void
test_way (gconstpointer data)
{
  Run run = { .way = data };
  double latency = 0.0;
  int n_stopped = 0;
  gint64 start, whole;
  g_autoptr (GError) error = NULL;

  run.model = run.way->unet ? cg_tiny_model_new_unet (256, SEED) : cg_tiny_model_new (3, 3, 256, SEED);
  g_assert_cmpint (pthread_getcpuclockid (pthread_self (), &run.clock), ==, 0);
  begin (&run, 2.0);
  start = g_get_monotonic_time ();
  g_assert_true (translate (&run, &error));
  whole = g_get_monotonic_time () - start;
  g_assert_no_error (error);
  g_assert_true (run.last == 1.0);
  g_assert_cmpint (run.n_told, >, 10);

  for (int i = 0; i < N_MOMENTS; i++)
    {
      g_autoptr (GError) problem = NULL;
      gboolean done;

      begin (&run, (double)i / N_MOMENTS);
      done = translate (&run, &problem);
      g_assert_true (check_stopped (&run, done, problem, &latency));
      /* Nothing is told after the wish to stop. */
      g_assert_cmpfloat (run.last, >=, run.at);
      g_assert_cmpint (run.n_told, >=, 1);
    }
  for (int i = 0; i < N_MOMENTS; i++)
    {
      Impatience impatience = { &run, whole * i / N_MOMENTS };
      g_autoptr (GError) problem = NULL;
      GThread *thread;
      gboolean done;

      begin (&run, 2.0);
      thread = g_thread_new ("impatience", wait_and_cancel, &impatience);
      done = translate (&run, &problem);
      g_thread_join (thread);
      n_stopped += check_stopped (&run, done, problem, &latency);
    }
  g_test_message ("%.3f s, stopped %d times of %d within %.3f s", (double)whole / 1e6, n_stopped, N_MOMENTS, latency);
  g_assert_cmpint (n_stopped, >, 0);
  g_assert_cmpfloat (latency, <, MOST_SECONDS);
  g_clear_object (&run.cancellable);
  cg_model_unref (run.model);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strconcat ("/cancel/", ways[i].name, NULL);

      g_test_add_data_func (path, &ways[i], test_way);
    }
  return g_test_run ();
}
