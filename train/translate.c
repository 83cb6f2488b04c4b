/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan translate`: files in, files out, and an exit status that can be trusted, which `gegl` does not give. */
#include <errno.h>
#include <gegl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "cyclegan.h"
#include "image-io.h"
#include "interrupt.h"
#include "photo.h"

/* The command line. */
typedef struct
{
  char *model;
  char *out;
  char *size;
  char *apply;
  double detail;
  double strength;
  int memory_limit;
  int threads;
  char **inputs;
} Arguments;

/* One run over all inputs. */
typedef struct
{
  CgModel *model;
  CgTranslateOptions options;
  const Arguments *arguments;
  gboolean to_folder;
  GHashTable *written; /* paths, to notice two inputs of one name */
  GCancellable *cancellable;
  const char *current;
  gboolean live;
} Job;

static void
complain (const char *file, const char *reason)
{
  /* Core messages often begin with the file they are about. */
  if (file && !g_str_has_prefix (reason, file))
    g_printerr ("cyclegan: %s: %s\n", file, reason);
  else
    g_printerr ("cyclegan: %s\n", reason);
}

static void
show_progress (double done, gpointer data)
{
  Job *job = data;

  if (cg_interrupt_is_requested ())
    g_cancellable_cancel (job->cancellable);
  if (job->live)
    g_printerr ("\r%s  %3.0f %%%s", job->current, 100.0 * done, done < 1.0 ? "" : "\n");
}

static float *
try_new_floats (const char *path, int width, int height, int channels, GError **error)
{
  gsize n;
  float *memory = NULL;

  if (g_size_checked_mul (&n, (gsize)width, (gsize)height)
      && g_size_checked_mul (&n, n, (gsize)channels * sizeof (float)))
    memory = g_try_malloc (n);
  if (!memory)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for a picture of %d x %d pixels"), path, width,
                 height);
  return memory;
}

/* Alpha and the colours under alpha 0 stay the input's. A file without room for alpha gets the picture on white. */
static gboolean
write_rows (GeglBuffer *input, const float *rgb, GeglBuffer *output, const char *path, GError **error)
{
  int width = gegl_buffer_get_width (input), height = gegl_buffer_get_height (input);
  gboolean keeps_alpha = babl_format_has_alpha (gegl_buffer_get_format (output));
  const Babl *format = babl_format ("R'G'B'A float");
  g_autofree float *pixels = try_new_floats (path, width, 1, 4, error);

  if (!pixels)
    return FALSE;
  for (int y = 0; y < height; y++)
    {
      const GeglRectangle line = { 0, y, width, 1 };

      gegl_buffer_get (input, &line, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < width; x++)
        {
          float *pixel = pixels + 4 * x;

          if (pixel[3] > 0.0f)
            memcpy (pixel, rgb + 3 * ((gsize)y * (gsize)width + (gsize)x), 3 * sizeof (float));
          if (!keeps_alpha)
            {
              for (int c = 0; c < 3; c++)
                pixel[c] = pixel[3] * pixel[c] + (1.0f - pixel[3]);
              pixel[3] = 1.0f;
            }
        }
      gegl_buffer_set (output, &line, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
    }
  return TRUE;
}

/* sRGB, something neutral where nothing is visible. FALSE without an error: it is nowhere visible. */
static gboolean
read_rows (GeglBuffer *input, float *rgb, const char *path, GError **error)
{
  int width = gegl_buffer_get_width (input), height = gegl_buffer_get_height (input);
  g_autofree float *alpha = NULL;
  g_autofree float *pixels = NULL;

  if (!babl_format_has_alpha (gegl_buffer_get_format (input)))
    {
      gegl_buffer_get (input, NULL, 1.0, babl_format ("R'G'B' float"), rgb, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      return TRUE;
    }
  alpha = try_new_floats (path, width, height, 1, error);
  pixels = alpha ? try_new_floats (path, width, 1, 4, error) : NULL;
  if (!pixels)
    return FALSE;
  for (int y = 0; y < height; y++)
    {
      gegl_buffer_get (input, GEGL_RECTANGLE (0, y, width, 1), 1.0, babl_format ("R'G'B'A float"), pixels,
                       GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < width; x++)
        {
          gsize i = (gsize)y * (gsize)width + (gsize)x;

          memcpy (rgb + 3 * i, pixels + 4 * x, 3 * sizeof (float));
          alpha[i] = pixels[4 * x + 3];
        }
    }
  return cg_fill_hidden_pixels (rgb, 3 * (gsize)width, alpha, (gsize)width, width, height);
}

/* A picture of which nothing is visible stays as it is. */
static gboolean
translate_pixels (Job *job, GeglBuffer *input, float *rgb, const char *path, GError **error)
{
  int width = gegl_buffer_get_width (input), height = gegl_buffer_get_height (input);
  gsize stride = 3 * (gsize)width;
  GError *trouble = NULL;

  if (!read_rows (input, rgb, path, &trouble))
    {
      if (!trouble)
        return TRUE;
      g_propagate_error (error, trouble);
      return FALSE;
    }
  return cg_translate (job->model, &job->options, width, height, rgb, stride, rgb, stride, show_progress, job,
                       job->cancellable, error);
}

static gboolean
translate_file (Job *job, const char *path, const char *result, GError **error)
{
  g_autoptr (GeglBuffer) input = cg_photo_load (path, error);
  g_autoptr (GeglBuffer) output = NULL;
  g_autofree float *rgb = NULL;

  if (!input)
    return FALSE;
  rgb = try_new_floats (path, gegl_buffer_get_width (input), gegl_buffer_get_height (input), 3, error);
  if (!rgb || !translate_pixels (job, input, rgb, path, error))
    return FALSE;
  output = gegl_buffer_new (gegl_buffer_get_extent (input),
                            cg_photo_get_save_format (gegl_buffer_get_format (input), result));
  return write_rows (input, rgb, output, path, error) && cg_photo_save (output, result, error);
}

/* DIR/name.ending, with the input's ending where pictures can be written in that format, else .png. */
static char *
choose_result (const Job *job, const char *path)
{
  g_autofree char *name = NULL;
  char *dot;

  if (!job->to_folder)
    return g_strdup (job->arguments->out);
  name = g_path_get_basename (path);
  if (!cg_photo_can_save (name))
    {
      g_autofree char *stem = g_steal_pointer (&name);

      dot = strrchr (stem, '.');
      if (dot && dot != stem)
        *dot = '\0';
      name = g_strconcat (stem, ".png", NULL);
    }
  return g_build_filename (job->arguments->out, name, NULL);
}

static gboolean
is_same_file (const char *a, const char *b)
{
  GStatBuf status_a, status_b;

  return g_stat (a, &status_a) == 0 && g_stat (b, &status_b) == 0 && status_a.st_dev == status_b.st_dev
         && status_a.st_ino == status_b.st_ino;
}

static gboolean
check_result (Job *job, const char *result, GError **error)
{
  if (!cg_photo_can_save (result))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("%s: pictures are written as .png, .jpg, .tif or .webp"),
                   result);
      return FALSE;
    }
  /* Any of the inputs, for one that comes later would be lost as well. */
  for (char **other = job->arguments->inputs; *other; other++)
    if (is_same_file (*other, result))
      {
        g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST, _ ("%s: would overwrite an input"), result);
        return FALSE;
      }
  if (g_hash_table_contains (job->written, result))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                   _ ("%s: was written already from another input of that name"), result);
      return FALSE;
    }
  return TRUE;
}

static gboolean
do_file (Job *job, const char *path)
{
  g_autofree char *result = choose_result (job, path);
  g_autoptr (GError) error = NULL;

  job->current = path;
  if (check_result (job, result, &error) && translate_file (job, path, result, &error))
    {
      g_hash_table_add (job->written, g_steal_pointer (&result));
      return TRUE;
    }
  if (job->live)
    g_printerr ("\n");
  complain (path, error->message);
  return FALSE;
}

static int
usage (const char *message)
{
  g_printerr ("cyclegan: %s\n", message);
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

static gboolean
parse_apply (const char *text, CgTranslateOptions *options)
{
  const char *names[] = { [CG_APPLY_ALL] = "all", [CG_APPLY_COLOUR] = "colour", [CG_APPLY_LIGHT] = "light" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (!text || g_str_equal (text, names[i]))
      {
        options->apply = (CgApply)i;
        return TRUE;
      }
  return FALSE;
}

/* Returns: CG_EXIT_OK, or another exit status after a message. */
static int
set_up (Job *job, const Arguments *arguments)
{
  guint n_inputs = arguments->inputs ? g_strv_length (arguments->inputs) : 0;
  g_autoptr (GError) error = NULL;

  if (!arguments->model)
    return usage (_ ("--model is missing"));
  if (n_inputs == 0)
    return usage (_ ("no picture to translate was given"));
  if (!arguments->out)
    return usage (_ ("--out is missing"));
  if (!(arguments->detail >= 0.0 && arguments->detail <= 1.0))
    return usage (_ ("--detail takes 0 to 1"));
  if (!(arguments->strength >= 0.0 && arguments->strength <= 1.0))
    return usage (_ ("--strength takes 0 to 1"));
  if (arguments->memory_limit < 0 || arguments->threads < 0)
    return usage (_ ("--memory-limit and --threads cannot be negative"));

  job->arguments = arguments;
  cg_translate_options_init (&job->options);
  if (!parse_size (arguments->size, &job->options))
    return usage (_ ("--size takes auto, full or 16 to 8192 pixels"));
  if (!parse_apply (arguments->apply, &job->options))
    return usage (_ ("--apply takes all, colour or light"));
  job->options.detail = arguments->detail;
  job->options.strength = arguments->strength;
  job->options.memory_limit = (guint64)arguments->memory_limit * 1024 * 1024;
  job->options.n_threads = arguments->threads;

  job->to_folder = g_file_test (arguments->out, G_FILE_TEST_IS_DIR);
  if (!job->to_folder && (n_inputs > 1 || g_str_has_suffix (arguments->out, G_DIR_SEPARATOR_S)))
    {
      if (g_mkdir_with_parents (arguments->out, 0777) != 0)
        {
          complain (arguments->out, g_strerror (errno));
          return CG_EXIT_FAILED;
        }
      job->to_folder = TRUE;
    }
  job->model = cg_model_load (arguments->model, &error);
  if (!job->model)
    {
      complain (NULL, error->message);
      return CG_EXIT_FAILED;
    }
  return CG_EXIT_OK;
}

static int
run (const Arguments *arguments)
{
  Job job = { .live = isatty (STDERR_FILENO) };
  int status = set_up (&job, arguments);

  if (status == CG_EXIT_OK)
    {
      job.written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      job.cancellable = g_cancellable_new ();
      cg_interrupt_install ();
      for (char **path = arguments->inputs; *path && !cg_interrupt_is_requested (); path++)
        if (!do_file (&job, *path))
          status = CG_EXIT_FAILED;
      if (cg_interrupt_is_requested ())
        status = CG_EXIT_INTERRUPTED;
      g_hash_table_unref (job.written);
      g_object_unref (job.cancellable);
    }
  g_clear_pointer (&job.model, cg_model_unref);
  return status;
}

int
cg_command_translate (int argc, char **argv)
{
  Arguments arguments = { .detail = 0.7, .strength = 1.0 };
  const GOptionEntry entries[]
      = { { "model", 'm', 0, G_OPTION_ARG_FILENAME, &arguments.model,
            N_ ("An installed model's name, or a .safetensors file"), "M" },
          { "out", 'o', 0, G_OPTION_ARG_FILENAME, &arguments.out, N_ ("The result, or a folder for the results"),
            "FILE|DIR" },
          { "size", 0, 0, G_OPTION_ARG_STRING, &arguments.size,
            N_ ("Short side of what the network sees: auto (default), full or 16 … 8192"), "S" },
          { "detail", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.detail,
            N_ ("0: the network's own strokes, enlarged … 1: its colours on the picture's details; 0.7 (default)"),
            "X" },
          { "apply", 0, 0, G_OPTION_ARG_STRING, &arguments.apply,
            N_ ("What is taken from the translation: all (default), colour or light"), "WHAT" },
          { "strength", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.strength,
            N_ ("How much of the translation is mixed in, 0 … 1 (default)"), "X" },
          { "memory-limit", 0, 0, G_OPTION_ARG_INT, &arguments.memory_limit,
            N_ ("In MiB; 0 (default): a quarter of the machine's memory"), "N" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &arguments.threads,
            N_ ("0 (default): as many as there are processors to use"), "N" },
          { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments.inputs, NULL, N_ ("IN…") },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  int status;

  g_option_context_set_summary (context,
                                _ ("Translate pictures by a model. Depth, colour space and alpha of each are kept."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return usage (error->message);

  cg_image_init ();
  status = run (&arguments);
  gegl_exit ();
  g_free (arguments.model);
  g_free (arguments.out);
  g_free (arguments.size);
  g_free (arguments.apply);
  g_strfreev (arguments.inputs);
  return status;
}
