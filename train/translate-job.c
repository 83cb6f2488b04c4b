/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work of `cyclegan translate`: rows of a file to the core and back to a file, with everything that is told meanwhile. */
#include "translate-job.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "photo-metadata.h"
#include "photo-rows.h"
#include "photo.h"
#include "terminal.h"
#include "translate-list.h"

/**
 * Work:
 * @rows: (nullable): of what is being translated
 * @label: what the live line begins with
 * @live: whether there is one
 */
typedef struct
{
  const CgTranslateJob *job;
  CgPhotoRows *rows;
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

static gboolean
read_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  cg_photo_rows_read (((Work *)data)->rows, first, n, rows);
  return TRUE;
}

static gboolean
write_rows (int first, int n, const float *rows, gpointer data, GError **error)
{
  cg_photo_rows_write (((Work *)data)->rows, first, n, rows);
  return TRUE;
}

/* A picture of which nothing is visible stays as it is. */
static gboolean
translate_pixels (Work *work, GError **error)
{
  const CgTranslateJob *job = work->job;

  if (cg_photo_rows_look (work->rows))
    return cg_translate_rows (job->model, &job->options, work->rows->width, work->rows->height, read_rows, write_rows,
                              work, show_progress, work, NULL, error);
  cg_photo_rows_copy (work->rows);
  return TRUE;
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
  CgPhotoRows rows;
  gboolean done;

  if (!cg_photo_check_result (result, job->depth, error))
    return FALSE;
  input = cg_photo_load (path, error);
  if (!input)
    return FALSE;
  metadata = job->keep_metadata ? cg_photo_metadata_read (path) : NULL;
  output = gegl_buffer_new (gegl_buffer_get_extent (input),
                            cg_photo_get_save_format (gegl_buffer_get_format (input), result, job->depth));
  work->rows = &rows;
  done = cg_photo_rows_init (&rows, input, output, job->options.n_threads, path, error)
         && translate_pixels (work, error);
  cg_photo_rows_clear (&rows);
  work->rows = NULL;
  return done && cg_photo_save (output, metadata, result, error);
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
