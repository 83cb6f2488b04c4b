/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan train`: from what was typed to an exit status. */
#include <glib/gi18n.h>
#include <unistd.h>

#include "commands.h"
#include "image-io.h"
#include "interrupt.h"
#include "presets.h"
#include "run-config.h"
#include "run.h"
#include "trial.h"

static int
report (const GError *error)
{
  g_printerr ("cyclegan: %s\n", error->message);
  if (error->domain != G_OPTION_ERROR)
    return CG_EXIT_FAILED;
  g_printerr ("%s\n", _ ("“cyclegan train --help” tells all options."));
  return CG_EXIT_USAGE;
}

static gboolean
parse (int argc, char **argv, CgTrainOptions *options, guint64 *given, GError **error)
{
  if (!cg_option_table_parse (
          &cg_train_option_table, options, given,
          _ ("Trains a generator from images of A to images of B, and one back, on unpaired images."), &argc, &argv,
          error))
    return FALSE;
  if (argc > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("“%s” is no option"), argv[1]);
      return FALSE;
    }
  if (!options->out && (options->resume || !options->print_config))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--out DIR is missing: the run folder"));
      return FALSE;
    }
  if (!options->dataroot && !options->resume && !options->print_config)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   _ ("--dataroot DIR is missing: the folder with trainA and trainB"));
      return FALSE;
    }
  return TRUE;
}

/* The configuration of a run that is not begun, with what it would cost where there are images to try it on. */
static JsonNode *
try_config (const CgTrainOptions *options, GError **error)
{
  g_autoptr (CgDataset) dataset = NULL;
  g_autoptr (JsonNode) config = NULL;
  g_autofree char *text = NULL;
  CgDatasetOptions dataset_options;
  CgTrial trial;

  if (!options->dataroot)
    return cg_run_config_new (options, NULL, error);
  cg_parallel_set_wish ((int)options->threads);
  cg_train_options_get_dataset (options, &dataset_options);
  dataset = cg_dataset_open (&dataset_options, error);
  config = dataset ? cg_run_config_new (options, dataset, error) : NULL;
  if (!config || !cg_trial_run (options, dataset, &trial, error))
    return NULL;
  json_object_set_object_member (json_node_get_object (config), "estimate", cg_trial_to_json (&trial));
  text = cg_trial_to_text (&trial);
  g_printerr ("%s\n", text);
  return g_steal_pointer (&config);
}

static int
print_config (const CgTrainOptions *options, guint64 given, GError **error)
{
  g_autoptr (CgTrainOptions) resolved = cg_run_get_options (options, given, error);
  g_autoptr (JsonNode) config = resolved ? try_config (resolved, error) : NULL;
  g_autofree char *text = NULL;

  if (!config)
    return report (*error);
  text = cg_run_config_to_text (config);
  g_print ("%s", text);
  return CG_EXIT_OK;
}

/* GLogFunc: what there is to know of images, as this command's other messages are, over the live line. */
static void
tell_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (level & G_LOG_LEVEL_WARNING)
    g_printerr ("%scyclegan: %s\n", isatty (STDERR_FILENO) == 1 ? "\r\033[K" : "", message);
  else
    g_log_default_handler (domain, level, message, data);
}

int
cg_command_train (int argc, char **argv)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();
  g_autoptr (GError) error = NULL;
  guint64 given;

  if (!parse (argc, argv, options, &given, &error))
    return report (error);
  cg_presets_apply (options, &given);
  cg_image_init ();
  g_log_set_default_handler (tell_warning, NULL);
  if (options->print_config)
    return print_config (options, given, &error);

  cg_interrupt_install ();
  cg_parallel_set_wish ((int)options->threads);
  switch (cg_run (options, given, &error))
    {
    case CG_RUN_COMPLETE:
      return CG_EXIT_OK;
    case CG_RUN_INTERRUPTED:
      return CG_EXIT_INTERRUPTED;
    case CG_RUN_FAILED:
    default:
      return report (error);
    }
}
