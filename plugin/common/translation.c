/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgTranslation: the main thread reads and writes the host's buffers, a thread computes in memory between the two. */
#include "translation.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * CgTranslation:
 * @photo: [height][width][3] R'G'B' of @area; in the end what has become of it
 * @pixels: [network_height][network_width][3]: the network's; NULL before it has run and after they have gone into @photo
 * @visible: FALSE where all of @area is transparent, so that there is nothing to translate
 */
struct _CgTranslation
{
  grefcount references;
  GeglRectangle area;
  float *photo;
  float *pixels;
  int network_width, network_height;
  gboolean visible;
  gboolean has_run, is_complete;
  double seconds;
  CgSettings settings;
  char *title;
};

/* What the thread of a run needs. Progress waits in @done until the main thread comes by; nobody hears it once the run is finished. */
typedef struct
{
  CgTranslation *translation;
  CgTranslationGoal goal;
  CgModel *model;
  CgTranslateOptions options;
  CgTranslationProgress progress;
  gpointer progress_data;
  GMutex mutex;
  double done;
  gboolean pending;
} Run;

static int n_runs;

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
      gegl_buffer_get (source, area, 1.0, babl_format ("R'G'B' float"), translation->photo, GEGL_AUTO_ROWSTRIDE,
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
          memcpy (translation->photo + 3 * ((gsize)y * width + x), pixels + 4 * x, 3 * sizeof (float));
          alpha[(gsize)y * width + x] = pixels[4 * x + 3];
        }
    }
  translation->visible = cg_fill_hidden_pixels (translation->photo, 3 * width, alpha, width, area->width, area->height);
  return TRUE;
}

CgTranslation *
cg_translation_new (GeglBuffer *source, const GeglRectangle *area, GError **error)
{
  float *photo = try_new_floats (area->width, area->height, 3, error);
  CgTranslation *translation;

  if (!photo)
    return NULL;
  translation = g_new0 (CgTranslation, 1);
  g_ref_count_init (&translation->references);
  translation->area = *area;
  translation->photo = photo;
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
  g_free (translation->photo);
  g_free (translation->pixels);
  g_free (translation);
}

static void
run_free (gpointer data)
{
  Run *run = data;

  cg_translation_unref (run->translation);
  g_clear_pointer (&run->model, cg_model_unref);
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

/* Loads the model and asks the network. */
static gboolean
run_network (GTask *task, Run *run, GCancellable *cancellable, GError **error)
{
  CgTranslation *translation = run->translation;
  int width = translation->area.width, height = translation->area.height;
  gint64 begin;
  g_autofree float *pixels = NULL;

  if (!run->model)
    run->model = cg_model_load (translation->settings.model, error);
  if (!run->model)
    return FALSE;
  g_free (translation->title);
  translation->title = g_strdup (cg_model_get_title (run->model));
  if (translation->visible)
    {
      if (!cg_translate_estimate (run->model, &run->options, width, height, &translation->network_width,
                                  &translation->network_height, NULL, error))
        return FALSE;
      pixels = try_new_floats (translation->network_width, translation->network_height, 3, error);
      if (!pixels)
        return FALSE;
      begin = g_get_monotonic_time ();
      g_atomic_int_inc (&n_runs);
      if (!cg_translate_network (run->model, &run->options, width, height, translation->photo, 3 * (gsize)width, pixels,
                                 note_progress, task, cancellable, error))
        return FALSE;
      translation->seconds = (double)(g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
    }
  translation->pixels = g_steal_pointer (&pixels);
  translation->has_run = TRUE;
  return TRUE;
}

/* The network's pixels are used up; the photo gives its place to the result, for there may be no memory for both. */
static gboolean
carry (Run *run, GError **error)
{
  CgTranslation *translation = run->translation;
  gsize stride = 3 * (gsize)translation->area.width;

  if (translation->visible && run->options.strength > 0.0
      && !cg_translate_carry (&run->options, translation->area.width, translation->area.height, translation->photo,
                              stride, translation->network_width, translation->network_height, translation->pixels,
                              translation->photo, stride, error))
    return FALSE;
  g_clear_pointer (&translation->pixels, g_free);
  translation->is_complete = TRUE;
  return TRUE;
}

static void
translate_in_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Run *run = task_data;
  GError *error = NULL;

  if ((run->translation->has_run || run_network (task, run, cancellable, &error))
      && (run->goal == CG_TRANSLATION_NETWORK || carry (run, &error)))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cg_translation_start (CgTranslation *translation, CgTranslationGoal goal, CgModel *model, const CgSettings *settings,
                      GCancellable *cancellable, CgTranslationProgress progress, gpointer progress_data,
                      GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Run *run = g_new0 (Run, 1);

  g_return_if_fail (!translation->is_complete);
  cg_settings_copy (&translation->settings, settings);
  run->translation = cg_translation_ref (translation);
  run->goal = goal;
  run->model = model ? cg_model_ref (model) : NULL;
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

  cg_translation_start (translation, CG_TRANSLATION_PICTURE, NULL, settings, NULL, progress, progress_data, end_wait,
                        &wait);
  g_main_loop_run (loop);
  result = wait.result;
  return cg_translation_finish (result, error);
}

gboolean
cg_translation_fits (const CgTranslation *translation, const CgSettings *settings, const GeglRectangle *area)
{
  return translation->has_run && cg_settings_same_network (&translation->settings, settings)
         && gegl_rectangle_equal (&translation->area, area);
}

const char *
cg_translation_get_title (const CgTranslation *translation)
{
  return translation->title;
}

double
cg_translation_get_seconds (const CgTranslation *translation)
{
  return translation->seconds;
}

void
cg_translation_get_pixels (const CgTranslation *translation, CgTranslationPixels *pixels)
{
  g_return_if_fail (translation->has_run && !translation->is_complete);
  *pixels = (CgTranslationPixels){ .area = translation->area,
                                   .photo = translation->photo,
                                   .pixels = translation->pixels,
                                   .width = translation->network_width,
                                   .height = translation->network_height };
}

guint
cg_translation_count_runs (void)
{
  return (guint)g_atomic_int_get (&n_runs);
}

gboolean
cg_translation_write (const CgTranslation *translation, GeglBuffer *source, GeglBuffer *target, GError **error)
{
  const GeglRectangle *area = &translation->area;
  const Babl *format = babl_format ("R'G'B'A float");
  g_autofree float *pixels = try_new_floats (area->width, 1, 4, error);

  g_return_val_if_fail (translation->is_complete, FALSE);
  if (!pixels)
    return FALSE;
  gegl_buffer_copy (source, NULL, GEGL_ABYSS_NONE, target, NULL);
  if (translation->settings.strength <= 0.0 || !translation->visible)
    return TRUE;
  for (int y = 0; y < area->height; y++)
    {
      GeglRectangle line = { area->x, area->y + y, area->width, 1 };
      const float *row = translation->photo + 3 * (gsize)y * (gsize)area->width;

      gegl_buffer_get (source, &line, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < area->width; x++)
        if (pixels[4 * x + 3] > 0.0f)
          memcpy (pixels + 4 * x, row + 3 * x, 3 * sizeof (float));
      gegl_buffer_set (target, &line, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
    }
  return TRUE;
}
