/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The run loop: batch, step, metrics, samples, checkpoint; apart because everything else of a run is called from
 * here. */
#include "run.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "checkpoint.h"
#include "interrupt.h"
#include "metrics.h"
#include "progress.h"
#include "publish.h"
#include "run-config.h"
#include "run-folder.h"
#include "samples.h"
#include "train-networks.h"

typedef struct
{
  CgTrainOptions *options;
  CgDataset *dataset;
  CgRunFolder *folder;
  CgCheckpoint state; /* networks, step and how far they are */
  CgMetrics *metrics;
  CgProgress *progress;
  float *real_a, *real_b;
  gint64 steps_per_epoch;
  gint64 last_step;
  gint64 saved_step;  /* of the newest checkpoint; 0: none */
  double wait_before; /* of earlier processes */
  gint64 line_step;   /* of the newest line of metrics, or where this process began */
  gint64 line_time;   /* when that was, in microseconds */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->progress, cg_progress_free);
  g_clear_pointer (&run->metrics, cg_metrics_free);
  g_clear_pointer (&run->state.step, cg_step_free);
  cg_train_networks_free (run->state.networks);
  cg_train_networks_free_averages (run->state.averages);
  g_clear_pointer (&run->dataset, cg_dataset_free);
  g_clear_pointer (&run->folder, cg_run_folder_free);
  g_clear_pointer (&run->options, cg_train_options_free);
  g_clear_pointer (&run->real_a, g_free);
  g_clear_pointer (&run->real_b, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

CgTrainOptions *
cg_run_get_options (const CgTrainOptions *wanted, guint64 given, GError **error)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();

  if (!wanted->resume)
    {
      cg_option_table_clear (&cg_train_option_table, options);
      cg_option_table_copy (&cg_train_option_table, wanted, options);
    }
  else
    {
      g_autofree char *path = cg_run_folder_config_path (wanted->out);
      g_autoptr (JsonNode) config = cg_run_config_load (path, options, error);

      if (!config || !cg_train_options_merge (options, wanted, given, error))
        return NULL;
      options->out = g_strdup (wanted->out);
      options->resume = TRUE;
    }
  return cg_train_options_resolve (options, error) ? g_steal_pointer (&options) : NULL;
}

static gboolean
open_dataset (Run *run, GError **error)
{
  CgDatasetOptions dataset;
  gint64 epochs = run->options->n_epochs + run->options->n_epochs_decay;

  cg_train_options_get_dataset (run->options, &dataset);
  run->dataset = cg_dataset_open (&dataset, error);
  if (!run->dataset)
    return FALSE;
  run->steps_per_epoch = cg_dataset_get_steps_per_epoch (run->dataset);
  run->last_step = epochs * run->steps_per_epoch;
  if (run->options->max_steps > 0)
    run->last_step = MIN (run->last_step, run->options->max_steps);
  return TRUE;
}

/* Networks, optimisers and buffers. */
static gboolean
build (Run *run, GError **error)
{
  const CgTrainOptions *options = run->options;
  g_autoptr (GError) reason = NULL;
  CgStepOptions step;
  int h, w;
  size_t floats;

  if (!cg_train_networks_new (options, run->state.networks, error)
      || !cg_train_networks_new_averages (options, run->state.averages, error))
    return FALSE;
  cg_dataset_get_crop_size (run->dataset, &h, &w);
  run->state.crop_h = h;
  run->state.crop_w = w;
  cg_learning_rate_init (&run->state.rate, options);
  run->state.needs_rate = options->lr_policy == CG_LR_POLICY_PLATEAU;
  run->state.pool_size = (int)options->pool_size;
  cg_train_options_get_step (options, h, w, &step);
  run->state.step = cg_step_new (&step, run->state.networks, &reason);
  if (!run->state.step)
    {
      /* A crop that the networks cannot take is a matter of what was typed. */
      if (g_error_matches (reason, CG_ERROR, CG_ERROR_SHAPE))
        g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, reason->message);
      else
        g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  floats = (size_t)options->batch_size * (size_t)h * (size_t)w * 3;
  run->real_a = g_try_new (float, floats);
  run->real_b = g_try_new (float, floats);
  if (!run->real_a || !run->real_b)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for a batch of images of %d x %d"), w, h);
      return FALSE;
    }
  return TRUE;
}

/* Reads the newest checkpoint that can be read; what is wrong with newer ones is told. None at all leaves the run at
 * its start. */
static gboolean
read_newest_checkpoint (Run *run, GError **error)
{
  g_autoptr (GArray) steps = cg_run_folder_list_checkpoints (run->folder, error);

  if (!steps)
    return FALSE;
  for (guint i = steps->len; i-- > 0;)
    {
      gint64 step = g_array_index (steps, gint64, i);
      g_autofree char *path = cg_run_folder_get_checkpoint_path (run->folder, step);
      g_autoptr (GError) reason = NULL;

      if (cg_checkpoint_read (&run->state, path, &reason))
        {
          run->saved_step = step;
          return TRUE;
        }
      g_printerr (_ ("cyclegan: the checkpoint cannot be used: %s\n"), reason->message);
    }
  if (steps->len == 0)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("%s: none of its %u checkpoints can be read"),
               cg_run_folder_get_path (run->folder), steps->len);
  return FALSE;
}

static gboolean
initialise (Run *run, GError **error)
{
  if (!cg_train_networks_init (run->options, run->state.networks, error))
    return FALSE;
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (run->state.averages[i])
      cg_moving_average_start (run->state.averages[i], run->state.networks[i]);
  return TRUE;
}

/* The state in which the next step finds everything: that of the newest checkpoint, or the initial one. */
static gboolean
restore (Run *run, GError **error)
{
  g_autofree char *config_path = cg_run_folder_config_path (run->options->out);
  g_autofree char *metrics_path = cg_run_folder_get_metrics_path (run->folder);
  g_autoptr (JsonNode) config = cg_run_config_new (run->options, run->dataset, error);

  if (!config)
    return FALSE;
  if (run->options->resume)
    {
      g_autoptr (CgTrainOptions) ignored = cg_train_options_new ();
      g_autoptr (JsonNode) stored = cg_run_config_load (config_path, ignored, error);

      if (!stored || !cg_run_config_check_same (stored, config, config_path, error)
          || !read_newest_checkpoint (run, error))
        return FALSE;
    }
  if (run->saved_step == 0 && !initialise (run, error))
    return FALSE;
  if (!cg_run_config_save (config, config_path, error) || !cg_metrics_cut (metrics_path, run->state.n_steps, error))
    return FALSE;
  run->wait_before = run->state.wait_seconds;
  run->metrics = cg_metrics_open (metrics_path, error);
  return run->metrics != NULL;
}

static gboolean
write_checkpoint (const char *path, gpointer data, GError **error)
{
  return cg_checkpoint_write (data, path, error);
}

/* The networks that are shown and published: of a generator, its average where one is kept. */
static void
get_shown (const Run *run, CgNetwork *shown[CG_STEP_N_NETWORKS])
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    shown[i] = i < CG_CHECKPOINT_N_AVERAGES && run->state.averages[i] ? run->state.averages[i] : run->state.networks[i];
}

static gboolean
publish (Run *run, CgStepNetwork network, GError **error)
{
  g_autofree char *path = cg_run_folder_get_model_path (run->folder, cg_checkpoint_network_names[network]);
  g_autoptr (GHashTable) metadata
      = cg_publish_get_metadata (run->options, run->dataset, run->state.n_steps, network == CG_STEP_G_B);
  CgNetwork *shown[CG_STEP_N_NETWORKS];

  get_shown (run, shown);
  return cg_model_save (shown[network], CG_DTYPE_F32, metadata, path, error);
}

/* Metrics reach the disk first, so that a checkpoint never knows of steps they do not. The models are written even where the
 * checkpoint is there already: an earlier process may have ended between the two. */
static gboolean
save (Run *run, GError **error)
{
  gint64 keep_every = run->options->save_epoch_freq * run->steps_per_epoch;

  if (run->state.n_steps == 0)
    return TRUE;
  if (run->saved_step != run->state.n_steps)
    {
      if (!cg_metrics_sync (run->metrics, error)
          || !cg_run_folder_add_checkpoint (run->folder, run->state.n_steps, write_checkpoint, &run->state, error))
        return FALSE;
      run->saved_step = run->state.n_steps;
      if (!cg_run_folder_prune_checkpoints (run->folder, keep_every, error))
        return FALSE;
    }
  return publish (run, CG_STEP_G_A, error) && publish (run, CG_STEP_G_B, error);
}

static gboolean
draw_samples (Run *run, GError **error)
{
  g_autofree char *path = cg_run_folder_get_sample_path (run->folder, run->state.n_steps);
  CgNetwork *shown[CG_STEP_N_NETWORKS];

  get_shown (run, shown);
  return cg_samples_write (run->dataset, shown, (int)run->options->threads, path, error);
}

static gboolean
is_due (gint64 step, gint64 frequency)
{
  return frequency > 0 && step % frequency == 0;
}

/* Adds where the run stands and what may help to the message of a loss that is not finite. */
static void
explain_divergence (const Run *run, GError **error)
{
  g_autofree char *path = cg_run_folder_get_checkpoint_path (run->folder, run->saved_step);
  g_autofree char *message = NULL;
  GError *explained;

  if (!error || !g_error_matches (*error, CG_ERROR, CG_ERROR_DIVERGED))
    return;
  message
      = g_strdup_printf (run->saved_step > 0 ? _ ("the training diverged at step %" PRId64
                                                  ": %s. The last good checkpoint is %s. Start again with a smaller "
                                                  "--lr, or with --gan-mode lsgan, and --init-from that checkpoint")
                                             : _ ("the training diverged at step %" PRId64
                                                  ": %s. Start again with a smaller --lr, or with --gan-mode lsgan"),
                         run->state.n_steps + 1, (*error)->message, path);
  explained = g_error_new_literal (CG_ERROR, CG_ERROR_DIVERGED, message);
  g_clear_error (error);
  g_propagate_error (error, explained);
}

static void
update_averages (Run *run)
{
  double decay = cg_moving_average_get_decay (run->options->ema, run->state.n_steps);

  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (run->state.averages[i])
      cg_moving_average_update (run->state.averages[i], run->state.networks[i], decay);
}

/* One step with everything that is due after it. */
static gboolean
advance (Run *run, GError **error)
{
  const CgTrainOptions *options = run->options;
  gint64 index = run->state.n_steps + 1;
  gint64 start = g_get_monotonic_time (), now;
  CgMetricsLine line = { .step = index, .epoch = (index - 1) / run->steps_per_epoch + 1 };
  gboolean is_line = is_due (index, options->print_freq);

  line.lr = cg_learning_rate_get (&run->state.rate, options, line.epoch);
  if (!cg_dataset_get_batch (run->dataset, index, run->real_a, run->real_b, error))
    return FALSE;
  if (!cg_step_run (run->state.step, index, line.lr, run->real_a, run->real_b, &line.losses, error))
    return FALSE;
  run->state.n_steps = index;
  update_averages (run);
  cg_learning_rate_report (&run->state.rate, index, run->steps_per_epoch, &line.losses);
  run->state.wait_seconds = run->wait_before + cg_dataset_get_wait_seconds (run->dataset);
  line.wait_seconds = run->state.wait_seconds;

  now = g_get_monotonic_time ();
  line.seconds_per_step = (double)(now - run->line_time) * 1e-6 / (double)(index - run->line_step);
  cg_progress_update (run->progress, &line, (double)(now - start) * 1e-6, is_line);
  if (is_line)
    {
      if (!cg_metrics_append (run->metrics, &line, error))
        return FALSE;
      run->line_step = index;
      run->line_time = now;
    }
  if (is_due (index, options->sample_freq) && !draw_samples (run, error))
    return FALSE;
  /* The last step's is loop()'s business. */
  return index == run->last_step
         || !(is_due (index, options->save_freq) || is_due (index, options->save_epoch_freq * run->steps_per_epoch))
         || save (run, error);
}

static CgRunOutcome
loop (Run *run, GError **error)
{
  run->line_step = run->state.n_steps;
  run->line_time = g_get_monotonic_time ();
  while (run->state.n_steps < run->last_step)
    {
      if (cg_interrupt_is_requested ())
        {
          if (!save (run, error))
            return CG_RUN_FAILED;
          cg_progress_say (run->progress, _ ("Interrupted after step %" PRId64 "; --resume goes on from here"),
                           run->state.n_steps);
          return CG_RUN_INTERRUPTED;
        }
      if (!advance (run, error))
        {
          explain_divergence (run, error);
          return CG_RUN_FAILED;
        }
    }
  return save (run, error) ? CG_RUN_COMPLETE : CG_RUN_FAILED;
}

CgRunOutcome
cg_run (const CgTrainOptions *wanted, guint64 given, GError **error)
{
  g_auto (Run) run = { .options = cg_run_get_options (wanted, given, error) };
  CgRunOutcome outcome;

  if (!run.options)
    return CG_RUN_FAILED;
  /* What is not told a number of threads, the losses, follows the same wish. */
  cg_parallel_set_wish ((int)run.options->threads);
  if (!open_dataset (&run, error))
    return CG_RUN_FAILED;
  run.folder = cg_run_folder_open (run.options->out, run.options->resume, error);
  if (!run.folder || !build (&run, error) || !restore (&run, error))
    return CG_RUN_FAILED;

  run.progress
      = cg_progress_new (run.state.n_steps, run.last_step, run.options->n_epochs + run.options->n_epochs_decay);
  if (run.state.n_steps > 0)
    cg_progress_say (run.progress, _ ("Going on after step %" PRId64), run.state.n_steps);
  outcome = loop (&run, error);
  if (outcome == CG_RUN_COMPLETE)
    cg_progress_say (run.progress, _ ("Done after step %" PRId64 "; the models are G_A and G_B.safetensors in %s"),
                     run.state.n_steps, run.options->out);
  return outcome;
}
