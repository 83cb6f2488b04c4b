/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds the plateau policy and keeps its memory; apart because the other policies are functions of the epoch. */
#include "learning-rate.h"

#include <glib/gi18n.h>
#include <math.h>

void
cg_learning_rate_init (CgLearningRate *rate, const CgTrainOptions *options)
{
  cg_schedule_plateau_init (&rate->plateau, options->lr);
  rate->cycle_sum = 0.0;
}

double
cg_learning_rate_get (const CgLearningRate *rate, const CgTrainOptions *options, gint64 epoch)
{
  return options->lr_policy == CG_LR_POLICY_PLATEAU ? rate->plateau.lr : cg_train_options_get_lr (options, epoch);
}

void
cg_learning_rate_report (CgLearningRate *rate, gint64 step, gint64 steps_per_epoch, const CgStepLosses *losses)
{
  rate->cycle_sum += losses->cycle_A + losses->cycle_B;
  if (step % steps_per_epoch != 0)
    return;
  cg_schedule_plateau_report (&rate->plateau, rate->cycle_sum / (double)steps_per_epoch);
  rate->cycle_sum = 0.0;
}

static void
write_number (CgSafetensorsWriter *writer, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  cg_safetensors_writer_set_metadata (writer, key, g_ascii_dtostr (text, sizeof text, value));
}

void
cg_learning_rate_write (const CgLearningRate *rate, CgSafetensorsWriter *writer)
{
  write_number (writer, "lr_plateau", rate->plateau.lr);
  write_number (writer, "lr_best", rate->plateau.best);
  write_number (writer, "lr_bad_epochs", rate->plateau.n_bad);
  write_number (writer, "lr_cycle_sum", rate->cycle_sum);
}

/* No best value yet is infinity, so that only NaN is wrong. */
static gboolean
read_number (const CgSafetensors *file, const char *key, double *value, GError **error)
{
  const char *text = cg_safetensors_get_metadata (file, key);
  char *end = NULL;

  if (text)
    *value = g_ascii_strtod (text, &end);
  if (text && end != text && *end == '\0' && !isnan (*value))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: “%s” is “%s” and not a number"),
               cg_safetensors_get_path (file), key, text ? text : "");
  return FALSE;
}

gboolean
cg_learning_rate_read (CgLearningRate *rate, const CgSafetensors *file, GError **error)
{
  double n_bad;

  if (!read_number (file, "lr_plateau", &rate->plateau.lr, error)
      || !read_number (file, "lr_best", &rate->plateau.best, error)
      || !read_number (file, "lr_bad_epochs", &n_bad, error)
      || !read_number (file, "lr_cycle_sum", &rate->cycle_sum, error))
    return FALSE;
  rate->plateau.n_bad = (int)CLAMP (n_bad, 0.0, 1e6);
  return TRUE;
}
