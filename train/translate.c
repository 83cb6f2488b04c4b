/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan translate`: files in, files out, and an exit status that can be trusted, which `gegl` does not give. */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "commands.h"
#include "cyclegan.h"
#include "image-io.h"
#include "interrupt.h"
#include "terminal.h"
#include "translate-job.h"
#include "translate-list.h"

/* The command line. */
typedef struct
{
  char *model;
  char *out;
  char *size;
  char *apply;
  char *statistics;
  char *depth;
  double detail;
  double strength;
  int memory_limit;
  int threads;
  gboolean no_metadata;
  char **inputs;
} Arguments;

static int
usage (const char *message)
{
  cg_terminal_fail (message, 0);
  g_printerr (_ ("Try 'cyclegan translate --help'.\n"));
  return CG_EXIT_USAGE;
}

/* --size joins the operation's size-mode and size. */
static gboolean
parse_size (const char *text, CgTranslateOptions *options)
{
  gint64 size;

  if (!text || g_str_equal (text, "auto"))
    options->size_mode = CG_SIZE_AUTO;
  else if (g_str_equal (text, "full"))
    options->size_mode = CG_SIZE_FULL;
  else if (g_ascii_string_to_signed (text, 10, 16, 8192, &size, NULL))
    {
      options->size_mode = CG_SIZE_SIZE;
      options->size = (int)size;
    }
  else
    return FALSE;
  return TRUE;
}

/* The index of @text among @names; the first where nothing was said, -1 for what is not among them. */
static int
find_name (const char *text, const char *const *names)
{
  for (int i = 0; names[i]; i++)
    if (!text || g_str_equal (text, names[i]))
      return i;
  return -1;
}

/* Returns: CG_EXIT_OK, or another exit status after a message. */
static int
parse (const Arguments *arguments, CgTranslateJob *job)
{
  static const char *const parts[] = { "all", "colour", "light", NULL };        /* as CgApply */
  static const char *const statistics[] = { "auto", "exact", "sampled", NULL }; /* as CgStatistics */
  static const char *const depths[] = { "input", "8", "16", "32f", NULL };      /* as CgBitDepth */
  int part = find_name (arguments->apply, parts), statistic = find_name (arguments->statistics, statistics),
      depth = find_name (arguments->depth, depths);

  if (!arguments->model)
    return usage (_ ("--model is missing"));
  if (!arguments->inputs || !arguments->inputs[0])
    return usage (_ ("no picture to translate was given"));
  if (!arguments->out)
    return usage (_ ("--out is missing"));
  if (!(arguments->detail >= 0.0 && arguments->detail <= 1.0))
    return usage (_ ("--detail takes 0 to 1"));
  if (!(arguments->strength >= 0.0 && arguments->strength <= 1.0))
    return usage (_ ("--strength takes 0 to 1"));
  if (arguments->memory_limit < 0 || arguments->threads < 0)
    return usage (_ ("--memory-limit and --threads cannot be negative"));

  cg_translate_options_init (&job->options);
  if (!parse_size (arguments->size, &job->options))
    return usage (_ ("--size takes auto, full or 16 to 8192 pixels"));
  if (part < 0)
    return usage (_ ("--apply takes all, colour or light"));
  if (statistic < 0)
    return usage (_ ("--statistics takes auto, exact or sampled"));
  if (depth < 0)
    return usage (_ ("--bit-depth takes input, 8, 16 or 32f"));
  job->options.detail = arguments->detail;
  job->options.apply = (CgApply)part;
  job->options.strength = arguments->strength;
  job->options.statistics = (CgStatistics)statistic;
  job->options.memory_limit = (guint64)arguments->memory_limit * 1024 * 1024;
  job->options.n_threads = arguments->threads;
  job->depth = (CgBitDepth)depth;
  job->keep_metadata = !arguments->no_metadata;
  return CG_EXIT_OK;
}

/* Whether results go into a folder: one that is there, one that is named like one, or because there may be many. */
static gboolean
wants_folder (const Arguments *arguments)
{
  if (g_file_test (arguments->out, G_FILE_TEST_IS_DIR) || g_str_has_suffix (arguments->out, G_DIR_SEPARATOR_S)
      || g_strv_length (arguments->inputs) > 1)
    return TRUE;
  return g_file_test (arguments->inputs[0], G_FILE_TEST_IS_DIR);
}

static int
run (const Arguments *arguments)
{
  CgTranslateJob job = { 0 };
  int status = parse (arguments, &job);
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GError) error = NULL;

  if (status != CG_EXIT_OK)
    return status;
  job.make_folders = wants_folder (arguments);
  if (job.make_folders && g_mkdir_with_parents (arguments->out, 0777) != 0)
    {
      g_autofree char *message = g_strdup_printf ("%s: %s", arguments->out, g_strerror (errno));

      return cg_terminal_fail (message, CG_EXIT_FAILED);
    }
  job.model = cg_model_load (arguments->model, &error);
  if (!job.model)
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);

  items = cg_translate_list_new (arguments->inputs, arguments->out, job.make_folders);
  status = cg_translate_job_run (&job, items) > 0 ? CG_EXIT_FAILED : CG_EXIT_OK;
  cg_model_unref (job.model);
  return status;
}

int
cg_command_translate (int argc, char **argv)
{
  Arguments arguments = { .detail = 0.85, .strength = 1.0 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &arguments.model,
      N_ ("An installed model's name, or a .safetensors file"), "M" },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &arguments.out, N_ ("The result, or a folder for the results"),
      "FILE|DIR" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &arguments.size,
      N_ ("Short side of what the network sees: auto (default), full or 16 … 8192"), "S" },
    { "detail", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.detail,
      N_ ("0: the network's own strokes, enlarged … 1: its colours on the picture's details; 0.85 (default)"), "X" },
    { "apply", 0, 0, G_OPTION_ARG_STRING, &arguments.apply,
      N_ ("What is taken from the translation: all (default), colour or light"), "WHAT" },
    { "strength", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.strength,
      N_ ("How much of the translation is mixed in, 0 … 1 (default)"), "X" },
    { "statistics", 0, 0, G_OPTION_ARG_STRING, &arguments.statistics,
      N_ ("Where norms take theirs from: auto (default), exact, or sampled, which bounds memory"), "HOW" },
    { "memory-limit", 0, 0, G_OPTION_ARG_INT, &arguments.memory_limit,
      N_ ("In MiB; 0 (default): a quarter of the machine's memory"), "N" },
    { "threads", 0, 0, G_OPTION_ARG_INT, &arguments.threads, N_ ("0 (default): as many as there are processors to use"),
      "N" },
    { "bit-depth", 0, 0, G_OPTION_ARG_STRING, &arguments.depth,
      N_ ("Of the results: input (default: as the picture, as far as the file can), 8, 16 or 32f"), "N" },
    { "no-metadata", 0, 0, G_OPTION_ARG_NONE, &arguments.no_metadata, N_ ("Leave EXIF, XMP and IPTC behind"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments.inputs, NULL, N_ ("IN…") },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int status;

  g_option_context_set_summary (
      context, _ ("Translate pictures by a model. Depth, colour space, alpha and metadata of each are kept.\n"
                  "Of a folder, all pictures in it and below are taken; results keep their places below DIR."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return usage (error->message);

  cg_interrupt_end_at_once (cg_photo_save_abandon);
  cg_image_init ();
  status = run (&arguments);
  cg_image_exit ();
  g_free (arguments.model);
  g_free (arguments.out);
  g_free (arguments.size);
  g_free (arguments.apply);
  g_free (arguments.statistics);
  g_free (arguments.depth);
  g_strfreev (arguments.inputs);
  return status;
}
