/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Rows in, rows out: a translation that holds no picture where it need not. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "base/size.h"
#include "infer/carry.h"
#include "infer/memory-limit.h"
#include "infer/network-pixels.h"

/* @photo: [CG_NETWORK_BAND][width][3] */
typedef struct
{
  CgTranslateRead read;
  CgTranslateWrite write;
  gpointer data;
  CgNetworkPixels network;
  CgCarry carry;
  float *photo;
} Job;

static gboolean
fail_memory (int width, int height, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return FALSE;
}

static gboolean
read_for_network (int first, int n, float *rows, gpointer data, GError **error)
{
  Job *job = data;

  return job->read (first, n, rows, job->data, error);
}

/* The photo's rows once more, for what the network does not change. */
static gboolean
carry_rows (int first, int n, float *pixels, gpointer data, GError **error)
{
  Job *job = data;

  if (!job->read (first, n, job->photo, job->data, error))
    return FALSE;
  cg_carry_run_rows (&job->carry, n, job->photo, pixels, job->photo);
  return job->write (first, n, job->photo, job->data, error);
}

static gboolean
run_by_rows (Job *job, const CgTranslateOptions *options, CgWatch *watch, GError **error)
{
  size_t photo_bytes = (size_t)job->network.rows.width * CG_NETWORK_BAND * 3 * sizeof (float), bytes;
  gboolean done;

  if (!cg_size_add (job->network.bytes, job->carry.bytes, &bytes) || !cg_size_add (bytes, photo_bytes, &bytes))
    return fail_memory (job->network.rows.width, job->network.rows.height, error);
  if (!cg_memory_limit_check (options, bytes, &job->network.rows.size, error) || !cg_carry_begin (&job->carry, error))
    return FALSE;
  job->photo = g_try_malloc (photo_bytes);
  if (!job->photo)
    return fail_memory (job->network.rows.width, job->network.rows.height, error);
  done = cg_network_pixels_run_rows (&job->network, read_for_network, carry_rows, job, watch, error);
  g_free (job->photo);
  return done;
}

/* Everything else needs the picture from several places at a time. */
static gboolean
run_held (Job *job, CgModel *model, const CgTranslateOptions *options, int width, int height, CgWatch *watch,
          GError **error)
{
  CgTranslateOptions rest = *options;
  g_autofree float *picture = NULL;
  size_t stride = 3 * (size_t)width, bytes;
  guint64 limit = cg_memory_limit_get (options), needed;

  if (!cg_size_mul ((size_t)width * 3 * sizeof (float), (size_t)height, &bytes))
    return fail_memory (width, height, error);
  if (!cg_translate_estimate (model, options, width, height, NULL, NULL, &needed, error)
      || !cg_memory_limit_check (options, needed + bytes, &job->network.rows.size, error))
    return FALSE;
  rest.memory_limit = limit - bytes;
  picture = g_try_malloc (bytes);
  if (!picture)
    return fail_memory (width, height, error);
  return job->read (0, height, picture, job->data, error)
         && cg_translate (model, &rest, width, height, picture, stride, picture, stride, watch->progress, watch->data,
                          watch->cancellable, error)
         && job->write (0, height, picture, job->data, error);
}

static gboolean
copy_rows (Job *job, int width, int height, GError **error)
{
  g_autofree float *row = g_try_new (float, 3 * (gsize)width);

  if (!row)
    return fail_memory (width, height, error);
  for (int y = 0; y < height; y++)
    if (!job->read (y, 1, row, job->data, error) || !job->write (y, 1, row, job->data, error))
      return FALSE;
  return TRUE;
}

gboolean
cg_translate_rows (CgModel *model, const CgTranslateOptions *options, int width, int height, CgTranslateRead read,
                   CgTranslateWrite write, gpointer data, CgTranslateProgress progress, gpointer progress_data,
                   GCancellable *cancellable, GError **error)
{
  Job job = { .read = read, .write = write, .data = data };
  CgWatch watch = { .progress = progress, .data = progress_data, .cancellable = cancellable };
  gboolean done;

  g_return_val_if_fail (model && options && read && write, FALSE);
  if (width < 1 || height < 1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels has nothing to translate"), width,
                   height);
      return FALSE;
    }

  cg_watch_report (&watch, 0.0);
  if (options->strength <= 0.0)
    done = copy_rows (&job, width, height, error);
  else
    {
      done = !cg_watch_is_cancelled (&watch, error)
             && cg_network_pixels_init (&job.network, model, options, width, height, TRUE, error);
      if (done && options->size_mode == CG_SIZE_FULL && cg_network_pixels_can_run_rows (&job.network))
        done = cg_carry_init (&job.carry, options, width, height, width, height, error)
               && run_by_rows (&job, options, &watch, error) && !cg_watch_is_cancelled (&watch, error);
      else
        done = done && run_held (&job, model, options, width, height, &watch, error);
    }
  cg_network_pixels_clear (&job.network);
  cg_carry_clear (&job.carry);
  if (done)
    cg_watch_report (&watch, 1.0);
  return done;
}
