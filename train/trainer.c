/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes what a run needs in memory and takes its steps; apart from the run, which owns a folder, because a trial does the
 * same without one. */
#include "trainer.h"

#include <glib/gi18n.h>

#include "channels.h"
#include "train-networks.h"

void
cg_trainer_clear (CgTrainer *trainer)
{
  g_clear_pointer (&trainer->state.step, cg_step_free);
  cg_train_networks_free (trainer->state.networks);
  cg_train_networks_free_averages (trainer->state.averages);
  g_clear_pointer (&trainer->real_a, g_free);
  g_clear_pointer (&trainer->real_b, g_free);
}

static void
count_steps (CgTrainer *trainer)
{
  const CgTrainOptions *options = trainer->options;

  trainer->steps_per_epoch = cg_dataset_get_steps_per_epoch (trainer->dataset);
  trainer->last_step = (options->n_epochs + options->n_epochs_decay) * trainer->steps_per_epoch;
  if (options->max_steps > 0)
    trainer->last_step = MIN (trainer->last_step, options->max_steps);
}

gboolean
cg_trainer_init (CgTrainer *trainer, const CgTrainOptions *options, CgDataset *dataset, GError **error)
{
  g_autoptr (GError) reason = NULL;
  CgCheckpoint *state = &trainer->state;
  CgStepOptions step;
  int h, w;
  size_t floats;

  *trainer = (CgTrainer){ .options = options, .dataset = dataset };
  count_steps (trainer);
  if (!cg_train_networks_new (options, state->networks, error)
      || !cg_train_networks_new_averages (options, state->averages, error))
    return FALSE;
  cg_dataset_get_crop_size (dataset, &h, &w);
  state->crop_h = h;
  state->crop_w = w;
  cg_learning_rate_init (&state->rate, options);
  state->needs_rate = options->lr_policy == CG_LR_POLICY_PLATEAU;
  state->pool_size = (int)options->pool_size;
  cg_train_options_get_step (options, h, w, &step);
  state->step = cg_step_new (&step, state->networks, &reason);
  if (!state->step)
    {
      /* A crop that the networks cannot take is a matter of what was typed. */
      if (g_error_matches (reason, CG_ERROR, CG_ERROR_SHAPE))
        g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, reason->message);
      else
        g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  floats = (size_t)options->batch_size * (size_t)h * (size_t)w * 3;
  trainer->real_a = g_try_new (float, floats);
  trainer->real_b = g_try_new (float, floats);
  if (!trainer->real_a || !trainer->real_b)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for a batch of images of %d x %d"), w, h);
      return FALSE;
    }
  return TRUE;
}

gboolean
cg_trainer_start (CgTrainer *trainer, GError **error)
{
  CgCheckpoint *state = &trainer->state;

  if (!cg_train_networks_init (trainer->options, state->networks, error))
    return FALSE;
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (state->averages[i])
      cg_moving_average_start (state->averages[i], state->networks[i]);
  return TRUE;
}

static void
update_averages (CgTrainer *trainer)
{
  CgCheckpoint *state = &trainer->state;
  double decay = cg_moving_average_get_decay (trainer->options->ema, state->n_steps);

  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (state->averages[i])
      cg_moving_average_update (state->averages[i], state->networks[i], decay);
}

gboolean
cg_trainer_step (CgTrainer *trainer, CgStepLosses *losses, double *lr, GError **error)
{
  CgCheckpoint *state = &trainer->state;
  gint64 index = state->n_steps + 1;
  gsize n_pixels = (gsize)trainer->options->batch_size * (gsize)state->crop_h * (gsize)state->crop_w;

  *lr = cg_learning_rate_get (&state->rate, trainer->options, cg_trainer_get_epoch (trainer, index));
  if (!cg_dataset_get_batch (trainer->dataset, index, trainer->real_a, trainer->real_b, error))
    return FALSE;
  cg_channels_take (trainer->real_a, n_pixels, (int)trainer->options->input_nc, trainer->real_a);
  cg_channels_take (trainer->real_b, n_pixels, (int)trainer->options->output_nc, trainer->real_b);
  if (!cg_step_run (state->step, index, *lr, trainer->real_a, trainer->real_b, losses, error))
    return FALSE;
  state->n_steps = index;
  update_averages (trainer);
  cg_learning_rate_report (&state->rate, index, trainer->steps_per_epoch, losses);
  return TRUE;
}

gint64
cg_trainer_get_epoch (const CgTrainer *trainer, gint64 step)
{
  return (step - 1) / trainer->steps_per_epoch + 1;
}

void
cg_trainer_get_shown (const CgTrainer *trainer, CgNetwork *shown[CG_STEP_N_NETWORKS])
{
  const CgCheckpoint *state = &trainer->state;

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    shown[i] = i < CG_CHECKPOINT_N_AVERAGES && state->averages[i] ? state->averages[i] : state->networks[i];
}
