/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan evaluate`: from models and folders of test images to a table. */
#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "commands.h"
#include "cyclegan.h"
#include "evaluation-table.h"
#include "image-io.h"
#include "interrupt.h"

/* The command line. */
typedef struct
{
  char *model, *inverse, *dataroot, *json;
  gboolean paired;
  int load_size, crop_size, max_images, threads;
} Arguments;

static void
arguments_clear (Arguments *arguments)
{
  g_free (arguments->model);
  g_free (arguments->inverse);
  g_free (arguments->dataroot);
  g_free (arguments->json);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, arguments_clear)

/* What is read before anything is measured. */
typedef struct
{
  const Arguments *arguments;
  int load_size, crop_size;
  CgModel *model, *inverse;
  CgImageSet *a, *b;             /* testA, testB */
  CgImageSet *truth_a, *truth_b; /* translations of images of A, of B */
  const char *current;           /* what progress is about */
  gboolean live;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->model, cg_model_unref);
  g_clear_pointer (&job->inverse, cg_model_unref);
  g_clear_pointer (&job->a, cg_image_set_free);
  g_clear_pointer (&job->b, cg_image_set_free);
  g_clear_pointer (&job->truth_a, cg_image_set_free);
  g_clear_pointer (&job->truth_b, cg_image_set_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

static int
usage (const char *message)
{
  g_printerr ("cyclegan: %s\n", message);
  g_printerr (_ ("Try 'cyclegan evaluate --help'.\n"));
  return CG_EXIT_USAGE;
}

static CgModel *
load_generator (const char *name, GError **error)
{
  g_autoptr (CgModel) model = cg_model_load (name, error);
  CgNetKind kind;

  if (!model)
    return NULL;
  kind = cg_network_get_config (cg_model_get_network (model))->kind;
  if (kind == CG_NET_RESNET || kind == CG_NET_UNET)
    return g_steal_pointer (&model);
  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
               _ ("%s: a discriminator translates nothing, expected a generator"), cg_model_get_path (model));
  return NULL;
}

/* A size from the model's metadata, for what was not given. */
static int
get_size (CgModel *model, const char *key, int given, int otherwise)
{
  const char *text = cg_model_get_metadata (model, key);
  gint64 size;

  if (given > 0)
    return given;
  return text && g_ascii_string_to_signed (text, 10, 1, 8192, &size, NULL) ? (int)size : otherwise;
}

/* Sizes are those of the training, unless others were asked for. */
static gboolean
choose_sizes (Job *job, GError **error)
{
  const Arguments *arguments = job->arguments;
  CgNetwork *network = cg_model_get_network (job->model);
  int multiple = cg_network_get_size_multiple (network), smallest = cg_network_get_min_size (network);

  job->crop_size = get_size (job->model, "crop_size", arguments->crop_size, 256);
  job->load_size = get_size (job->model, "train_scale", arguments->load_size, job->crop_size);
  if (arguments->load_size == 0)
    job->load_size = MAX (job->load_size, job->crop_size);
  if (job->crop_size > job->load_size)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("--crop-size %d does not fit into --load-size %d"),
                 job->crop_size, job->load_size);
  else if (job->crop_size % multiple != 0 || job->crop_size < smallest)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("--crop-size %d: the model needs a multiple of %d, at least %d"), job->crop_size, multiple,
                 smallest);
  else
    return TRUE;
  return FALSE;
}

static CgImageSet *
open_folder (const Job *job, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (job->arguments->dataroot, name, NULL);

  return cg_image_set_open (path, job->load_size, job->crop_size, job->arguments->max_images, error);
}

/* The truth of every test image is wanted, however few of these. */
static gboolean
open_truth (Job *job, GError **error)
{
  g_autofree char *path_a = g_build_filename (job->arguments->dataroot, "testA_truth", NULL);
  g_autofree char *path_b = g_build_filename (job->arguments->dataroot, "testB_truth", NULL);

  job->truth_a = cg_image_set_open (path_a, job->load_size, job->crop_size, 0, error);
  if (!job->truth_a)
    return FALSE;
  if (job->inverse && g_file_test (path_b, G_FILE_TEST_IS_DIR))
    job->truth_b = cg_image_set_open (path_b, job->load_size, job->crop_size, 0, error);
  else
    return TRUE;
  return job->truth_b != NULL;
}

static gboolean
load (Job *job, GError **error)
{
  const Arguments *arguments = job->arguments;

  job->model = load_generator (arguments->model, error);
  if (!job->model || (arguments->inverse && !(job->inverse = load_generator (arguments->inverse, error))))
    return FALSE;
  if (!choose_sizes (job, error))
    return FALSE;
  job->a = open_folder (job, "testA", error);
  job->b = job->a ? open_folder (job, "testB", error) : NULL;
  return job->b && (!arguments->paired || open_truth (job, error));
}

static gboolean
show_progress (int done, int total, gpointer data)
{
  const Job *job = data;

  if (job->live)
    g_printerr ("\r%s  %d/%d\033[K%s", job->current, done, total, done < total ? "" : "\r\033[K");
  return !cg_interrupt_is_requested ();
}

static gboolean
measure (Job *job, gboolean there, CgEvaluation *result, GError **error)
{
  CgModel *model = there ? job->model : job->inverse, *back = there ? job->inverse : job->model;
  CgEvaluationTask task = { .there = cg_model_get_network (model),
                            .back = back ? cg_model_get_network (back) : NULL,
                            .from = there ? job->a : job->b,
                            .to = there ? job->b : job->a,
                            .truth = there ? job->truth_a : job->truth_b,
                            .size = job->crop_size,
                            .n_threads = job->arguments->threads,
                            .progress = show_progress,
                            .data = job };
  g_autoptr (GError) reason = NULL;

  job->current = there ? _ ("A to B") : _ ("B to A");
  if (cg_evaluation_run (&task, result, &reason))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&reason), "%s: ", cg_model_get_path (model));
  return FALSE;
}

static gboolean
write_json (const Job *job, const CgEvaluation *there, const CgEvaluation *back, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *json = NULL;
  g_autofree char *text = NULL;

  json_object_set_string_member (object, "version", CG_VERSION);
  json_object_set_string_member (object, "model", cg_model_get_path (job->model));
  if (job->inverse)
    json_object_set_string_member (object, "inverse", cg_model_get_path (job->inverse));
  json_object_set_string_member (object, "dataroot", job->arguments->dataroot);
  json_object_set_int_member (object, "load_size", job->load_size);
  json_object_set_int_member (object, "crop_size", job->crop_size);
  json_object_set_object_member (object, "A_to_B", cg_evaluation_to_json (there));
  if (back)
    json_object_set_object_member (object, "B_to_A", cg_evaluation_to_json (back));
  json_node_set_object (node, object);
  json = json_to_string (node, TRUE);
  text = g_strconcat (json, "\n", NULL);
  return g_file_set_contents (job->arguments->json, text, -1, error);
}

/* Found now rather than after all has been measured. */
static gboolean
check_json (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *shown = NULL;
  int code = 0;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    code = EISDIR;
  else if (!g_file_test (folder, G_FILE_TEST_EXISTS))
    code = ENOENT;
  else if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    code = ENOTDIR;
  else if (g_access (folder, W_OK) != 0)
    code = errno;
  if (code == 0)
    return TRUE;
  shown = g_filename_display_name (path);
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (code), _ ("%s: cannot be written: %s"), shown,
               g_strerror (code));
  return FALSE;
}

static int
run (const Arguments *arguments)
{
  g_auto (Job) job = { .arguments = arguments, .live = isatty (STDERR_FILENO) };
  g_autoptr (GError) error = NULL;
  CgEvaluation there, back;
  gboolean ok = (!arguments->json || check_json (arguments->json, &error)) && load (&job, &error)
                && measure (&job, TRUE, &there, &error) && (!job.inverse || measure (&job, FALSE, &back, &error));

  if (ok)
    {
      const CgEvaluation *also = job.inverse ? &back : NULL;

      cg_evaluation_table_print (&there, also);
      ok = !arguments->json || write_json (&job, &there, also, &error);
    }
  if (ok)
    return CG_EXIT_OK;
  if (g_error_matches (error, CG_ERROR, CG_ERROR_CANCELLED))
    return CG_EXIT_INTERRUPTED;
  if (error->domain == G_OPTION_ERROR)
    return usage (error->message);
  g_printerr ("cyclegan: %s\n", error->message);
  return CG_EXIT_FAILED;
}

static int
check (const Arguments *arguments)
{
  if (!arguments->model)
    return usage (_ ("--model is missing"));
  if (!arguments->dataroot)
    return usage (_ ("--dataroot is missing: the folder with testA and testB"));
  if (arguments->load_size < 0 || arguments->load_size > 8192 || arguments->crop_size < 0
      || arguments->crop_size > 8192)
    return usage (_ ("--load-size and --crop-size take 1 to 8192 pixels"));
  if (arguments->max_images < 0 || arguments->threads < 0)
    return usage (_ ("--max-images and --threads cannot be negative"));
  return CG_EXIT_OK;
}

static const char *const description = N_ (
    "DIR holds testA and testB; with --paired also testA_truth, in which each picture has the name of the one in "
    "testA whose\ntranslation it is (and testB_truth for the inverse, where there is one). Pictures are scaled and "
    "cropped in the middle.\n\n"
    "L1 is the mean difference of values from -1 to 1. The distance is the sliced Wasserstein distance of patches "
    "(Karras et\nal. 2018), times 1000, between sets of equally many images; below that of real images from other "
    "real ones nothing\nis left to learn. Distances can only be compared where sizes and numbers of images are the "
    "same.");

int
cg_command_evaluate (int argc, char **argv)
{
  g_auto (Arguments) arguments = { 0 };
  const GOptionEntry entries[]
      = { { "model", 'm', 0, G_OPTION_ARG_FILENAME, &arguments.model,
            N_ ("Translates A to B: an installed model's name, or a .safetensors file"), "M" },
          { "inverse", 'i', 0, G_OPTION_ARG_FILENAME, &arguments.inverse, N_ ("Translates B back to A"), "M2" },
          { "dataroot", 'd', 0, G_OPTION_ARG_FILENAME, &arguments.dataroot, N_ ("The folder of test pictures"), "DIR" },
          { "paired", 0, 0, G_OPTION_ARG_NONE, &arguments.paired, N_ ("Also compare with true translations"), NULL },
          { "json", 0, 0, G_OPTION_ARG_FILENAME, &arguments.json, N_ ("Write everything there, too, as JSON"), "FILE" },
          { "load-size", 0, 0, G_OPTION_ARG_INT, &arguments.load_size,
            N_ ("Short side that pictures are scaled to; 0 (default): as in the model's training"), "N" },
          { "crop-size", 0, 0, G_OPTION_ARG_INT, &arguments.crop_size,
            N_ ("Side of the square that is measured; 0 (default): as in the model's training"), "N" },
          { "max-images", 0, 0, G_OPTION_ARG_INT, &arguments.max_images, N_ ("Of each folder; 0 (default): all"), "N" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &arguments.threads,
            N_ ("0 (default): as many as there are processors to use"), "N" },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int status;

  g_option_context_set_summary (context, _ ("Measure how well a model translates test pictures."));
  g_option_context_set_description (context, _ (description));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return usage (error->message);
  if (argc != 1)
    return usage (_ ("evaluate takes no arguments but options"));
  status = check (&arguments);
  if (status == CG_EXIT_OK)
    {
      cg_interrupt_install ();
      cg_image_init ();
      status = run (&arguments);
      cg_image_exit ();
    }
  return status;
}
