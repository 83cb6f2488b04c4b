/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslation: the main thread reads and writes the host's buffers, a thread computes in memory between the two. */
#include "translation.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * CgTranslation:
 * @rgb: [height][width][3] R'G'B' of @area; first the picture, then what the network made of it
 * @visible: FALSE where all of @area is transparent, so that there is nothing to translate
 */
struct _CgTranslation
{
  grefcount references;
  GeglRectangle area;
  float *rgb;
  gboolean visible;
  CgSettings settings;
  char *title;
};

/* What the thread of a run needs. Progress waits in @done until the main thread comes by; nobody hears it once the run is finished. */
typedef struct
{
  CgTranslation *translation;
  CgTranslateOptions options;
  CgTranslationProgress progress;
  gpointer progress_data;
  GMutex mutex;
  double done;
  gboolean pending;
} Run;

/* Picture-sized, so not by g_malloc(), which would end the process without a word. */
static float *
try_new_floats (int width, int height, int channels, GError **error)
{
  gsize n;
  float *memory = NULL;

  if (g_size_checked_mul (&n, (gsize)width, (gsize)height)
      && g_size_checked_mul (&n, n, (gsize)channels * sizeof (float)))
    memory = g_try_malloc (n);
  if (!memory)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return memory;
}

static gboolean
read_picture (CgTranslation *translation, GeglBuffer *source, GError **error)
{
  const GeglRectangle *area = &translation->area;
  gsize width = (gsize)area->width;
  g_autofree float *alpha = NULL;
  g_autofree float *pixels = NULL;

  if (!babl_format_has_alpha (gegl_buffer_get_format (source)))
    {
      gegl_buffer_get (source, area, 1.0, babl_format ("R'G'B' float"), translation->rgb, GEGL_AUTO_ROWSTRIDE,
                       GEGL_ABYSS_NONE);
      translation->visible = TRUE;
      return TRUE;
    }
  alpha = try_new_floats (area->width, area->height, 1, error);
  pixels = alpha ? try_new_floats (area->width, 1, 4, error) : NULL;
  if (!pixels)
    return FALSE;
  for (int y = 0; y < area->height; y++)
    {
      gegl_buffer_get (source, GEGL_RECTANGLE (area->x, area->y + y, area->width, 1), 1.0,
                       babl_format ("R'G'B'A float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (gsize x = 0; x < width; x++)
        {
          memcpy (translation->rgb + 3 * ((gsize)y * width + x), pixels + 4 * x, 3 * sizeof (float));
          alpha[(gsize)y * width + x] = pixels[4 * x + 3];
        }
    }
  translation->visible = cg_fill_hidden_pixels (translation->rgb, 3 * width, alpha, width, area->width, area->height);
  return TRUE;
}

CgTranslation *
cg_translation_new (GeglBuffer *source, const GeglRectangle *area, GError **error)
{
  float *rgb = try_new_floats (area->width, area->height, 3, error);
  CgTranslation *translation;

  if (!rgb)
    return NULL;
  translation = g_new0 (CgTranslation, 1);
  g_ref_count_init (&translation->references);
  translation->area = *area;
  translation->rgb = rgb;
  cg_settings_init (&translation->settings);
  if (!read_picture (translation, source, error))
    g_clear_pointer (&translation, cg_translation_unref);
  return translation;
}

CgTranslation *
cg_translation_ref (CgTranslation *translation)
{
  g_ref_count_inc (&translation->references);
  return translation;
}

void
cg_translation_unref (CgTranslation *translation)
{
  if (!g_ref_count_dec (&translation->references))
    return;
  cg_settings_clear (&translation->settings);
  g_free (translation->title);
  g_free (translation->rgb);
  g_free (translation);
}

static void
run_free (gpointer data)
{
  Run *run = data;

  cg_translation_unref (run->translation);
  g_mutex_clear (&run->mutex);
  g_free (run);
}

/* On the main thread. */
static gboolean
tell_progress (gpointer data)
{
  Run *run = g_task_get_task_data (data);
  double done;

  g_mutex_lock (&run->mutex);
  run->pending = FALSE;
  done = run->done;
  g_mutex_unlock (&run->mutex);
  if (run->progress)
    run->progress (done, run->progress_data);
  return G_SOURCE_REMOVE;
}

/* In the thread. At most one message is under way: a network tells more steps than a progress bar can draw. */
static void
note_progress (double done, gpointer data)
{
  Run *run = g_task_get_task_data (data);

  g_mutex_lock (&run->mutex);
  run->done = done;
  if (!run->pending)
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, tell_progress, g_object_ref (data), g_object_unref);
  run->pending = TRUE;
  g_mutex_unlock (&run->mutex);
}

static void
translate_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Run *run = task_data;
  CgTranslation *translation = run->translation;
  gsize stride = 3 * (gsize)translation->area.width;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = cg_model_load (translation->settings.model, &error);

  if (model)
    translation->title = g_strdup (cg_model_get_title (model));
  if (model
      && (!translation->visible
          || cg_translate (model, &run->options, translation->area.width, translation->area.height, translation->rgb,
                           stride, translation->rgb, stride, note_progress, task, cancellable, &error)))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
cg_translation_start (CgTranslation *translation, const CgSettings *settings, GCancellable *cancellable,
                      CgTranslationProgress progress, gpointer progress_data, GAsyncReadyCallback callback,
                      gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Run *run = g_new0 (Run, 1);

  g_return_if_fail (!translation->title);
  cg_settings_copy (&translation->settings, settings);
  run->translation = cg_translation_ref (translation);
  run->progress = progress;
  run->progress_data = progress_data;
  g_mutex_init (&run->mutex);
  cg_settings_get_options (settings, &run->options);
  g_task_set_task_data (task, run, run_free);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, translate_in_thread);
}

gboolean
cg_translation_finish (GAsyncResult *result, GError **error)
{
  Run *run = g_task_get_task_data (G_TASK (result));

  run->progress = NULL;
  return g_task_propagate_boolean (G_TASK (result), error);
}

typedef struct
{
  GMainLoop *loop;
  GAsyncResult *result;
} Wait;

static void
end_wait (GObject *source, GAsyncResult *result, gpointer data)
{
  Wait *wait = data;

  wait->result = g_object_ref (result);
  g_main_loop_quit (wait->loop);
}

gboolean
cg_translation_run (CgTranslation *translation, const CgSettings *settings, CgTranslationProgress progress,
                    gpointer progress_data, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GAsyncResult) result = NULL;
  Wait wait = { .loop = loop };

  cg_translation_start (translation, settings, NULL, progress, progress_data, end_wait, &wait);
  g_main_loop_run (loop);
  result = wait.result;
  return cg_translation_finish (result, error);
}

gboolean
cg_translation_fits (const CgTranslation *translation, const CgSettings *settings, const GeglRectangle *area)
{
  const CgSettings *own = &translation->settings;

  return g_str_equal (own->model, settings->model) && own->size_mode == settings->size_mode
         && (own->size_mode != CG_SIZE_SIZE || own->size == settings->size)
         && gegl_rectangle_equal (&translation->area, area);
}

const char *
cg_translation_get_title (const CgTranslation *translation)
{
  return translation->title;
}

GeglBuffer *
cg_translation_get_buffer (const CgTranslation *translation)
{
  return gegl_buffer_linear_new_from_data (translation->rgb, babl_format ("R'G'B' float"), &translation->area,
                                           GEGL_AUTO_ROWSTRIDE, NULL, NULL);
}

/* As cg_translate() mixes. */
static float
mix (float in, float translated, float strength)
{
  if (strength >= 1.0f)
    return translated;
  return (1.0f - strength) * (in == in ? in : 0.0f) + strength * translated;
}

gboolean
cg_translation_write (const CgTranslation *translation, double strength, GeglBuffer *source, GeglBuffer *target,
                      GError **error)
{
  const GeglRectangle *area = &translation->area;
  const Babl *format = babl_format ("R'G'B'A float");
  float amount = (float)strength;
  g_autofree float *pixels = try_new_floats (area->width, 1, 4, error);

  if (!pixels)
    return FALSE;
  gegl_buffer_copy (source, NULL, GEGL_ABYSS_NONE, target, NULL);
  if (strength <= 0.0 || !translation->visible)
    return TRUE;
  for (int y = 0; y < area->height; y++)
    {
      GeglRectangle line = { area->x, area->y + y, area->width, 1 };
      const float *row = translation->rgb + 3 * (gsize)y * (gsize)area->width;

      gegl_buffer_get (source, &line, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < area->width; x++)
        if (pixels[4 * x + 3] > 0.0f)
          for (int c = 0; c < 3; c++)
            pixels[4 * x + c] = mix (pixels[4 * x + c], row[3 * x + c], amount);
      gegl_buffer_set (target, &line, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
    }
  return TRUE;
}
