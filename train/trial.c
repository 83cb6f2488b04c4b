/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures the first steps; apart from the run, because nothing is written and nothing is learned. */
#include "trial.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "progress.h"
#include "trainer.h"

/* The first step also pays for what is done once. */
#define N_UNTIMED 1
#define N_TIMED 3
/* No further step begins after this time, as long as one was measured. */
#define ENOUGH_SECONDS 20.0

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

/* The most so far; Linux counts in KiB. */
static guint64
get_peak_bytes (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (guint64)usage.ru_maxrss * 1024;
}

/* What both pools will hold and the trial's steps have not put there. */
static guint64
get_missing_pool_bytes (const CgTrainer *trainer)
{
  const CgCheckpoint *state = &trainer->state;
  guint64 image = (guint64)state->crop_h * (guint64)state->crop_w * 3 * sizeof (float);
  int missing = 2 * state->pool_size - cg_image_pool_get_count (cg_step_get_pool_a (state->step))
                - cg_image_pool_get_count (cg_step_get_pool_b (state->step));

  return image * (guint64)missing;
}

gboolean
cg_trial_run (const CgTrainOptions *options, CgDataset *dataset, CgTrial *trial, GError **error)
{
  g_auto (CgTrainer) trainer = { 0 };
  double seconds[N_TIMED];
  gint64 begin = g_get_monotonic_time ();

  *trial = (CgTrial){ 0 };
  if (!cg_trainer_init (&trainer, options, dataset, error) || !cg_trainer_start (&trainer, error))
    return FALSE;
  for (int i = 0; i < N_UNTIMED + N_TIMED; i++)
    {
      gint64 start = g_get_monotonic_time ();
      CgStepLosses losses;
      double lr;

      if (trial->n_timed > 0 && (double)(start - begin) * 1e-6 > ENOUGH_SECONDS)
        break;
      if (!cg_trainer_step (&trainer, &losses, &lr, error))
        return FALSE;
      if (i >= N_UNTIMED)
        seconds[trial->n_timed++] = (double)(g_get_monotonic_time () - start) * 1e-6;
    }
  qsort (seconds, (size_t)trial->n_timed, sizeof *seconds, compare);
  trial->seconds_per_step = (seconds[(trial->n_timed - 1) / 2] + seconds[trial->n_timed / 2]) / 2.0;
  trial->n_steps = trainer.last_step;
  trial->memory_bytes
      = get_peak_bytes () + get_missing_pool_bytes (&trainer) + cg_dataset_get_missing_cache_bytes (dataset);
  return TRUE;
}

JsonObject *
cg_trial_to_json (const CgTrial *trial)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "steps", trial->n_steps);
  json_object_set_double_member (object, "seconds_per_step", trial->seconds_per_step);
  json_object_set_double_member (object, "seconds", trial->seconds_per_step * (double)trial->n_steps);
  json_object_set_double_member (object, "memory_mib", (double)(trial->memory_bytes >> 10) / 1024.0);
  json_object_set_int_member (object, "timed_steps", trial->n_timed);
  return object;
}

char *
cg_trial_to_text (const CgTrial *trial)
{
  g_autofree char *duration = cg_progress_format_duration (trial->seconds_per_step * (double)trial->n_steps);
  g_autofree char *memory = g_format_size_full (trial->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);

  return g_strdup_printf (
      _ ("About %.2f s per step: %s for %" PRId64 " steps, besides samples and checkpoints. Memory: about %s."),
      trial->seconds_per_step, duration, trial->n_steps, memory);
}
