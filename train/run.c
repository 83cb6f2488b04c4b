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
#include "report.h"
#include "run-evaluation.h"
#include "run-config.h"
#include "run-folder.h"
#include "samples.h"
#include "trainer.h"

typedef struct
{
  CgTrainOptions *options;
  CgDataset *dataset;
  CgRunFolder *folder;
  CgTrainer trainer;
  CgMetrics *metrics;
  CgProgress *progress;
  JsonNode *config;
  CgRunEvaluation *evaluation; /* NULL without --eval-freq */
  gint64 saved_step;           /* of the newest checkpoint; 0: none */
  double wait_before;          /* of earlier processes */
  gint64 line_step;            /* of the newest line of metrics, or where this process began */
  double line_wait;            /* wait_seconds then */
  gint64 line_time;            /* when that was, in microseconds */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->progress, cg_progress_free);
  g_clear_pointer (&run->evaluation, cg_run_evaluation_free);
  g_clear_pointer (&run->metrics, cg_metrics_free);
  cg_trainer_clear (&run->trainer);
  g_clear_pointer (&run->dataset, cg_dataset_free);
  g_clear_pointer (&run->config, json_node_unref);
  g_clear_pointer (&run->folder, cg_run_folder_free);
  g_clear_pointer (&run->options, cg_train_options_free);
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

      if (cg_checkpoint_read (&run->trainer.state, path, &reason))
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

/* Steps between checkpoints that are kept for good; 0: none. */
static gint64
get_keep_every (const Run *run)
{
  return run->options->save_epoch_freq * run->trainer.steps_per_epoch;
}

/* What the models outside checkpoints will take that are not there yet, and one that is written before it replaces another:
 * guint64. (transfer full) */
static GArray *
measure_models (const Run *run)
{
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    {
      const char *name = cg_checkpoint_network_names[i];
      guint64 size = cg_checkpoint_measure_network (run->trainer.state.networks[i]);
      g_autofree char *newest = cg_run_folder_get_model_path (run->folder, name);
      g_autofree char *best = cg_run_folder_get_best_path (run->folder, name);

      if (i == 0)
        g_array_append_val (sizes, size);
      if (!g_file_test (newest, G_FILE_TEST_EXISTS))
        g_array_append_val (sizes, size);
      if (run->options->eval_freq > 0 && !g_file_test (best, G_FILE_TEST_EXISTS))
        g_array_append_val (sizes, size);
    }
  return sizes;
}

/* Found now rather than at the first checkpoint, an hour later. */
static gboolean
check_room (const Run *run, GError **error)
{
  g_autoptr (GArray) sizes = cg_checkpoint_measure (&run->trainer.state);
  g_autoptr (GArray) models = measure_models (run);
  gint64 every = get_keep_every (run);
  /* The last step's is one of the last two. */
  gint64 n_kept = every > 0 ? (run->trainer.last_step - 1) / every - run->trainer.state.n_steps / every : 0;

  return cg_run_folder_check_room (run->folder, sizes, models, n_kept, error);
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
  if (run->saved_step == 0 && !cg_trainer_start (&run->trainer, error))
    return FALSE;
  if (run->trainer.state.n_steps < run->trainer.last_step && !check_room (run, error))
    return FALSE;
  if (!cg_run_config_save (config, config_path, error)
      || !cg_metrics_cut (metrics_path, run->trainer.state.n_steps, error))
    return FALSE;
  run->config = g_steal_pointer (&config);
  run->wait_before = run->trainer.state.wait_seconds;
  run->metrics = cg_metrics_open (metrics_path, error);
  return run->metrics != NULL;
}

static gboolean
write_checkpoint (const char *path, gpointer data, GError **error)
{
  return cg_checkpoint_write (data, path, error);
}

/* Writes a generator to @path. @distance: what it was measured at, or negative. */
static gboolean
publish (Run *run, CgStepNetwork network, const char *path, double distance, GError **error)
{
  g_autoptr (GHashTable) metadata
      = cg_publish_get_metadata (run->options, run->dataset, run->trainer.state.n_steps, network == CG_STEP_G_B);
  CgNetwork *shown[CG_STEP_N_NETWORKS];

  if (distance >= 0.0)
    g_hash_table_insert (metadata, g_strdup ("distance"), g_strdup_printf ("%.3f", distance));
  cg_trainer_get_shown (&run->trainer, shown);
  return cg_model_save (shown[network], CG_DTYPE_F32, metadata, path, error);
}

static gboolean
publish_newest (Run *run, CgStepNetwork network, GError **error)
{
  g_autofree char *path = cg_run_folder_get_model_path (run->folder, cg_checkpoint_network_names[network]);

  return publish (run, network, path, -1.0, error);
}

static gboolean
publish_best (Run *run, CgStepNetwork network, double distance, GError **error)
{
  g_autofree char *path = cg_run_folder_get_best_path (run->folder, cg_checkpoint_network_names[network]);

  return cg_run_folder_make_best (run->folder, error) && publish (run, network, path, distance, error);
}

/* Measures both generators and keeps each that is nearer to the real images than it ever was. */
static gboolean
evaluate (Run *run, GError **error)
{
  gint64 step = run->trainer.state.n_steps;
  CgSetDistance distances[CG_BEST_N_GENERATORS];
  CgNetwork *shown[CG_STEP_N_NETWORKS];

  cg_trainer_get_shown (&run->trainer, shown);
  if (!cg_run_evaluation_measure (run->evaluation, shown, distances, error)
      || !cg_metrics_append_distances (run->metrics, step, cg_trainer_get_epoch (&run->trainer, step), distances,
                                       error))
    return FALSE;
  cg_progress_say (
      run->progress,
      _ ("step %" PRId64 "  distance from real images: A to B %.1f, B to A %.1f; of real ones %.1f and %.1f"), step,
      distances[0].fake, distances[1].fake, distances[0].floor, distances[1].floor);
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    if (cg_best_improve (&run->trainer.state.best, i, step, distances[i].fake)
        && !publish_best (run, (CgStepNetwork)i, distances[i].fake, error))
      return FALSE;
  return TRUE;
}

static gboolean
write_report (Run *run, GError **error)
{
  g_autofree char *path = cg_run_folder_get_report_path (run->folder);
  g_autofree char *metrics_path = cg_run_folder_get_metrics_path (run->folder);
  g_autoptr (GPtrArray) sample_paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) sample_steps = cg_run_folder_list_samples (run->folder, run->trainer.state.n_steps, error);
  CgReport report = { .options = run->options,
                      .config = run->config,
                      .metrics_path = metrics_path,
                      .sample_paths = sample_paths,
                      .sample_steps = sample_steps,
                      .best = &run->trainer.state.best,
                      .n_steps = run->trainer.state.n_steps,
                      .last_step = run->trainer.last_step,
                      .epoch = cg_trainer_get_epoch (&run->trainer, run->trainer.state.n_steps),
                      .n_epochs = run->options->n_epochs + run->options->n_epochs_decay };

  if (!sample_steps)
    return FALSE;
  for (guint i = 0; i < sample_steps->len; i++)
    g_ptr_array_add (sample_paths,
                     cg_run_folder_get_sample_path (run->folder, g_array_index (sample_steps, gint64, i)));
  return cg_report_write (&report, path, error);
}

/* Metrics reach the disk first, so that a checkpoint never knows of steps they do not. The models are written even where the
 * checkpoint is there already: an earlier process may have ended between the two. */
static gboolean
save (Run *run, GError **error)
{
  if (run->trainer.state.n_steps == 0)
    return TRUE;
  if (run->saved_step != run->trainer.state.n_steps)
    {
      if (!cg_metrics_sync (run->metrics, error)
          || !cg_run_folder_add_checkpoint (run->folder, run->trainer.state.n_steps, write_checkpoint,
                                            &run->trainer.state, error))
        return FALSE;
      run->saved_step = run->trainer.state.n_steps;
      if (!cg_run_folder_prune_checkpoints (run->folder, get_keep_every (run), error))
        return FALSE;
    }
  return publish_newest (run, CG_STEP_G_A, error) && publish_newest (run, CG_STEP_G_B, error)
         && write_report (run, error);
}

static gboolean
draw_samples (Run *run, GError **error)
{
  g_autofree char *path = cg_run_folder_get_sample_path (run->folder, run->trainer.state.n_steps);
  CgNetwork *shown[CG_STEP_N_NETWORKS];

  cg_trainer_get_shown (&run->trainer, shown);
  return cg_samples_write (run->dataset, shown, (int)run->options->threads, path, error);
}

static gboolean
is_due (gint64 step, gint64 frequency)
{
  return frequency > 0 && step % frequency == 0;
}

/* Adds to the message which checkpoint is left and what may help. */
static void
explain_failure (const Run *run, GError **error)
{
  g_autofree char *path = cg_run_folder_get_checkpoint_path (run->folder, run->saved_step);
  gboolean diverged = error && g_error_matches (*error, CG_ERROR, CG_ERROR_DIVERGED);

  if (!error)
    return;
  /* Resuming would meet the same numbers again; the least squares are the loss that hardly ever diverges. */
  if (diverged && run->saved_step > 0)
    g_prefix_error (error,
                    run->options->gan_mode == CG_GAN_LSGAN
                        ? _ ("the training diverged; the last good checkpoint is %s. Begin a new run with --init-from "
                             "that folder and a smaller --lr: ")
                        : _ ("the training diverged; the last good checkpoint is %s. Begin a new run with --init-from "
                             "that folder and a smaller --lr, or with --gan-mode lsgan: "),
                    path);
  else if (diverged)
    g_prefix_error (error, "%s",
                    run->options->gan_mode == CG_GAN_LSGAN
                        ? _ ("the training diverged before the first checkpoint. Begin again with a smaller --lr: ")
                        : _ ("the training diverged before the first checkpoint. Begin again with a smaller --lr, or "
                             "with --gan-mode lsgan: "));
  else if (run->saved_step > 0)
    g_prefix_error (error,
                    _ ("the training stopped after step %" PRId64 "; once what follows is mended, --resume goes "
                       "on from the checkpoint %s: "),
                    run->trainer.state.n_steps, path);
  else
    g_prefix_error (error, _ ("the training stopped after step %" PRId64 ", before the first checkpoint: "),
                    run->trainer.state.n_steps);
}

/* One step with everything that is due after it. */
static gboolean
advance (Run *run, GError **error)
{
  const CgTrainOptions *options = run->options;
  gint64 index = run->trainer.state.n_steps + 1;
  gint64 start = g_get_monotonic_time (), now;
  CgMetricsLine line = { .step = index, .epoch = cg_trainer_get_epoch (&run->trainer, index) };
  gboolean is_line = is_due (index, options->print_freq);

  if (!cg_trainer_step (&run->trainer, &line.losses, &line.lr, error))
    return FALSE;
  run->trainer.state.wait_seconds = run->wait_before + cg_dataset_get_wait_seconds (run->dataset);
  line.wait_seconds = run->trainer.state.wait_seconds;

  now = g_get_monotonic_time ();
  line.seconds_per_step = (double)(now - run->line_time) * 1e-6 / (double)(index - run->line_step);
  line.wait_share = (line.wait_seconds - run->line_wait) * 1e6 / (double)MAX (now - run->line_time, 1);
  cg_progress_update (run->progress, &line, (double)(now - start) * 1e-6, is_line);
  if (is_line)
    {
      if (!cg_metrics_append (run->metrics, &line, error))
        return FALSE;
      run->line_step = index;
      run->line_wait = line.wait_seconds;
      run->line_time = now;
    }
  if (is_due (index, options->sample_freq) && !draw_samples (run, error))
    return FALSE;
  if (is_due (index, options->eval_freq) && !evaluate (run, error))
    return FALSE;
  /* The last step's is loop()'s business. */
  return index == run->trainer.last_step
         || !(is_due (index, options->save_freq) || is_due (index, get_keep_every (run))) || save (run, error);
}

/* Steps until the end or an interruption. */
static CgRunOutcome
loop (Run *run, GError **error)
{
  run->line_step = run->trainer.state.n_steps;
  run->line_wait = run->wait_before;
  run->line_time = g_get_monotonic_time ();
  while (run->trainer.state.n_steps < run->trainer.last_step)
    {
      if (cg_interrupt_is_requested ())
        {
          if (!save (run, error))
            return CG_RUN_FAILED;
          cg_progress_say (run->progress, _ ("Interrupted after step %" PRId64 "; --resume goes on from here"),
                           run->trainer.state.n_steps);
          return CG_RUN_INTERRUPTED;
        }
      if (!advance (run, error))
        return CG_RUN_FAILED;
    }
  return save (run, error) ? CG_RUN_COMPLETE : CG_RUN_FAILED;
}

/* How many images were left out so far; each was named when it was met. */
static void
tell_skipped (const Run *run)
{
  int n = cg_dataset_get_n_skipped (run->dataset);

  if (n > 0)
    cg_progress_say (run->progress, ngettext ("%d file could not be used", "%d files could not be used", (gulong)n), n);
}

CgRunOutcome
cg_run (const CgTrainOptions *wanted, guint64 given, GError **error)
{
  g_auto (Run) run = { .options = cg_run_get_options (wanted, given, error) };
  CgDatasetOptions dataset;
  CgRunOutcome outcome;

  if (!run.options)
    return CG_RUN_FAILED;
  /* What is not told a number of threads, the losses, follows the same wish. */
  cg_parallel_set_wish ((int)run.options->threads);
  cg_train_options_get_dataset (run.options, &dataset);
  run.dataset = cg_dataset_open (&dataset, error);
  if (!run.dataset)
    return CG_RUN_FAILED;
  run.folder = cg_run_folder_open (run.options->out, run.options->resume, error);
  if (!run.folder || !cg_trainer_init (&run.trainer, run.options, run.dataset, error))
    return CG_RUN_FAILED;
  /* What can be refused is refused before the folder holds a run. */
  if (run.options->eval_freq > 0)
    {
      run.evaluation
          = cg_run_evaluation_new (run.dataset, run.trainer.state.networks, (int)run.options->threads, error);
      if (!run.evaluation)
        return CG_RUN_FAILED;
    }
  if (!restore (&run, error))
    return CG_RUN_FAILED;

  run.progress = cg_progress_new (run.trainer.state.n_steps, run.trainer.last_step,
                                  run.options->n_epochs + run.options->n_epochs_decay);
  tell_skipped (&run);
  if (run.trainer.state.n_steps > 0)
    cg_progress_say (run.progress, _ ("Going on after step %" PRId64), run.trainer.state.n_steps);
  outcome = loop (&run, error);
  if (outcome == CG_RUN_FAILED)
    explain_failure (&run, error);
  if (outcome == CG_RUN_COMPLETE)
    cg_progress_say (run.progress, _ ("Done after step %" PRId64 "; the models are G_A and G_B.safetensors in %s"),
                     run.trainer.state.n_steps, run.options->out);
  return outcome;
}
