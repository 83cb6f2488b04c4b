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
 * Picture:
 * @mean: of what is visible, where there is alpha
 * @pixels, @rgb, @alpha: a row each, with 4, 3 and 1 floats per pixel
 */
typedef struct
{
  GeglBuffer *input, *output;
  int width;
  gboolean has_alpha;
  CgVisibleMean mean;
  float *pixels, *rgb, *alpha;
} Picture;

/**
 * Work:
 * @picture: (nullable): what is being translated
 * @label: what the live line begins with
 * @live: whether there is one
 */
typedef struct
{
  const CgTranslateJob *job;
  Picture *picture;
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
try_new_row (const char *path, int width, int channels, GError **error)
{
  float *row = g_try_new (float, (gsize)width *(gsize)channels);

  if (!row)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for rows of %d pixels"), path, width);
  return row;
}

/* Clear it also after a failure. */
static gboolean
picture_init (Picture *picture, GeglBuffer *input, GeglBuffer *output, const char *path, GError **error)
{
  *picture = (Picture){ .input = input, .output = output, .width = gegl_buffer_get_width (input) };
  picture->pixels = try_new_row (path, picture->width, 4, error);
  picture->rgb = picture->pixels ? try_new_row (path, picture->width, 3, error) : NULL;
  picture->alpha = picture->rgb ? try_new_row (path, picture->width, 1, error) : NULL;
  return picture->alpha != NULL;
}

static void
picture_clear (Picture *picture)
{
  g_free (picture->pixels);
  g_free (picture->rgb);
  g_free (picture->alpha);
}

/* A row in sRGB; its alpha is then in the picture's own row. */
static void
split_row (Picture *picture, int y, float *rgb)
{
  gegl_buffer_get (picture->input, GEGL_RECTANGLE (0, y, picture->width, 1), 1.0, babl_format ("R'G'B'A float"),
                   picture->pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int x = 0; x < picture->width; x++)
    {
      memcpy (rgb + 3 * x, picture->pixels + 4 * x, 3 * sizeof (float));
      picture->alpha[x] = picture->pixels[4 * x + 3];
    }
}

/* Returns: whether anything is visible. */
static gboolean
look_at_alpha (Picture *picture)
{
  picture->has_alpha = babl_format_has_alpha (gegl_buffer_get_format (picture->input));
  if (!picture->has_alpha)
    return TRUE;
  for (int y = 0; y < gegl_buffer_get_height (picture->input); y++)
    {
      split_row (picture, y, picture->rgb);
      cg_visible_mean_add (&picture->mean, picture->rgb, picture->alpha, (size_t)picture->width);
    }
  return picture->mean.weight > 0.0;
}

/* sRGB, something neutral where nothing is visible. */
static gboolean
read_rows (int first, int n, float *rows, gpointer data, GError **error)
{
  Picture *picture = ((Work *)data)->picture;

  if (!picture->has_alpha)
    gegl_buffer_get (picture->input, GEGL_RECTANGLE (0, first, picture->width, n), 1.0, babl_format ("R'G'B' float"),
                     rows, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  else
    for (int y = first; y < first + n; y++, rows += 3 * (gsize)picture->width)
      {
        split_row (picture, y, rows);
        cg_visible_mean_fill (&picture->mean, rows, picture->alpha, (size_t)picture->width);
      }
  return TRUE;
}

/* Alpha and the colours under alpha 0 stay the input's. A file without room for alpha gets the picture on white. */
static void
write_row (Picture *picture, int y, const float *rgb)
{
  const GeglRectangle line = { 0, y, picture->width, 1 };
  gboolean keeps_alpha = babl_format_has_alpha (gegl_buffer_get_format (picture->output));
  const Babl *format = babl_format ("R'G'B'A float");

  gegl_buffer_get (picture->input, &line, 1.0, format, picture->pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int x = 0; x < picture->width; x++)
    {
      float *pixel = picture->pixels + 4 * x;

      if (pixel[3] > 0.0f)
        memcpy (pixel, rgb + 3 * x, 3 * sizeof (float));
      if (!keeps_alpha)
        {
          for (int c = 0; c < 3; c++)
            pixel[c] = pixel[3] * pixel[c] + (1.0f - pixel[3]);
          pixel[3] = 1.0f;
        }
    }
  gegl_buffer_set (picture->output, &line, 0, format, picture->pixels, GEGL_AUTO_ROWSTRIDE);
}

static gboolean
write_rows (int first, int n, const float *rows, gpointer data, GError **error)
{
  Picture *picture = ((Work *)data)->picture;

  for (int y = 0; y < n; y++)
    write_row (picture, first + y, rows + 3 * (gsize)y * (gsize)picture->width);
  return TRUE;
}

/* A picture of which nothing is visible stays as it is. */
static gboolean
translate_pixels (Work *work, GError **error)
{
  Picture *picture = work->picture;
  int height = gegl_buffer_get_height (picture->input);

  if (look_at_alpha (picture))
    return cg_translate_rows (work->job->model, &work->job->options, picture->width, height, read_rows, write_rows,
                              work, show_progress, work, NULL, error);
  for (int y = 0; y < height; y++)
    {
      split_row (picture, y, picture->rgb);
      write_row (picture, y, picture->rgb);
    }
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
  Picture picture;
  gboolean done;

  if (!cg_photo_check_result (result, job->depth, error))
    return FALSE;
  input = cg_photo_load (path, error);
  if (!input)
    return FALSE;
  metadata = job->keep_metadata ? cg_photo_metadata_read (path) : NULL;
  output = gegl_buffer_new (gegl_buffer_get_extent (input),
                            cg_photo_get_save_format (gegl_buffer_get_format (input), result, job->depth));
  work->picture = &picture;
  done = picture_init (&picture, input, output, path, error) && translate_pixels (work, error);
  picture_clear (&picture);
  work->picture = NULL;
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
