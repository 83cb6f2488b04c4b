/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work of `cyclegan translate`: rows of a file to the core and back to a file, with everything that is told meanwhile. */
#include "translate-job.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "photo-metadata.h"
#include "photo.h"
#include "terminal.h"
#include "translate-list.h"

/**
 * Work:
 * @label: what the live line begins with
 * @live: whether there is one
 */
typedef struct
{
  const CgTranslateJob *job;
  char *label;
  gboolean live;
} Work;

static void
show_progress (double done, gpointer data)
{
  const Work *work = data;

  if (work->live)
    g_printerr ("\r\033[K%s  %3.0f %%", work->label, 100.0 * done);
}

static void
end_live_line (const Work *work)
{
  if (work->live)
    g_printerr ("\r\033[K");
}

static void
complain (const char *file, const char *reason)
{
  g_autofree char *message = NULL;

  /* Core messages often begin with the file they are about. */
  if (g_str_has_prefix (reason, file))
    cg_terminal_fail (reason, 0);
  else
    {
      message = g_strdup_printf ("%s: %s", file, reason);
      cg_terminal_fail (message, 0);
    }
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
translate_pixels (Work *work, GeglBuffer *input, float *rgb, const char *path, GError **error)
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
  return cg_translate (work->job->model, &work->job->options, width, height, rgb, stride, rgb, stride, show_progress,
                       work, NULL, error);
}

static gboolean
make_folder_for (const char *result, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (result);

  if (g_mkdir_with_parents (folder, 0777) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", folder, g_strerror (errno));
  return FALSE;
}

static gboolean
translate_file (Work *work, const char *path, const char *result, GError **error)
{
  const CgTranslateJob *job = work->job;
  g_autoptr (GeglBuffer) input = NULL;
  g_autoptr (GeglBuffer) output = NULL;
  g_autoptr (GExiv2Metadata) metadata = NULL;
  g_autofree float *rgb = NULL;

  if (!cg_photo_check_result (result, job->depth, error))
    return FALSE;
  input = cg_photo_load (path, error);
  if (!input)
    return FALSE;
  metadata = job->keep_metadata ? cg_photo_metadata_read (path) : NULL;
  rgb = try_new_floats (path, gegl_buffer_get_width (input), gegl_buffer_get_height (input), 3, error);
  if (!rgb || !translate_pixels (work, input, rgb, path, error))
    return FALSE;
  output = gegl_buffer_new (gegl_buffer_get_extent (input),
                            cg_photo_get_save_format (gegl_buffer_get_format (input), result, job->depth));
  return write_rows (input, rgb, output, path, error) && cg_photo_save (output, metadata, result, error);
}

guint
cg_translate_job_run (const CgTranslateJob *job, GPtrArray *items)
{
  Work work = { .job = job, .live = isatty (STDERR_FILENO) };
  guint n_failed = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const CgTranslateItem *item = items->pdata[i];
      g_autofree char *name = g_filename_display_name (item->path);
      g_autofree char *shown = cg_terminal_text (name, 0);
      g_autoptr (GError) error = item->error ? g_error_copy (item->error) : NULL;

      work.label = items->len > 1 ? g_strdup_printf ("[%u/%u] %s", i + 1, items->len, shown) : g_strdup (shown);
      if (error || (job->make_folders && !make_folder_for (item->result, &error))
          || !translate_file (&work, item->path, item->result, &error))
        {
          end_live_line (&work);
          complain (item->path, error->message);
          n_failed++;
        }
      else
        end_live_line (&work);
      g_free (work.label);
    }
  if (items->len > 1)
    g_printerr (_ ("%u of %u pictures translated, %u failed\n"), items->len - n_failed, items->len, n_failed);
  return n_failed;
}
