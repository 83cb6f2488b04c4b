/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts test images through a generator and measures; apart from the command, which knows files and words. */
#include "evaluation.h"

#include <glib/gi18n.h>
#include <math.h>

/* The range of an image's values, -1 … 1. */
#define PEAK 2.0

typedef struct
{
  const CgEvaluationTask *task;
  CgEvaluation *result;
  CgSetMeter *meter;
  int n_in, n_out; /* channels */
  gsize in_floats, out_floats;
  float *image, *fake, *back, *truth; /* one image each, of 3 channels at most */
  int done, total;
} Work;

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->meter, cg_set_meter_free);
  g_clear_pointer (&work->image, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
check_networks (const CgEvaluationTask *task, GError **error)
{
  const CgNetworkConfig *there = cg_network_get_config (task->there);
  const CgNetworkConfig *back = task->back ? cg_network_get_config (task->back) : NULL;

  if ((there->input_nc != 1 && there->input_nc != 3) || (there->output_nc != 1 && there->output_nc != 3))
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                 _ ("The network takes %d channels and gives %d; pictures have 1 or 3"), there->input_nc,
                 there->output_nc);
  else if (back && (back->input_nc != there->output_nc || back->output_nc != there->input_nc))
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                 _ ("The inverse takes %d channels and gives %d, expected %d and %d: it belongs to another model"),
                 back->input_nc, back->output_nc, there->output_nc, there->input_nc);
  else
    return TRUE;
  return FALSE;
}

static gboolean
work_init (Work *work, GError **error)
{
  const CgEvaluationTask *task = work->task;
  const CgNetworkConfig *config = cg_network_get_config (task->there);
  int n_from = cg_image_set_get_size (task->from), n_to = cg_image_set_get_size (task->to);
  gsize pixels = (gsize)task->size * (gsize)task->size;

  work->n_in = config->input_nc;
  work->n_out = config->output_nc;
  work->in_floats = pixels * (gsize)work->n_in;
  work->out_floats = pixels * (gsize)work->n_out;
  work->image = g_try_new (float, 4 * 3 * pixels);
  if (!work->image)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for images of %d x %d"), task->size,
                   task->size);
      return FALSE;
    }
  work->fake = work->image + 3 * pixels;
  work->back = work->fake + 3 * pixels;
  work->truth = work->back + 3 * pixels;
  work->result->n_images = n_from;
  work->result->has_cycle = task->back != NULL;
  work->result->has_identity = work->n_in == work->n_out;
  work->result->has_input_closeness = work->n_in == work->n_out;
  work->result->has_distance = n_to >= 2;
  work->total = n_from + n_to;
  if (work->result->has_distance)
    work->meter = cg_set_meter_new (n_to, n_from, 0, task->size, task->size, work->n_out, work->n_in == work->n_out,
                                    task->n_threads, error);
  return !work->result->has_distance || work->meter;
}

/* One image of @size x @size through @network. */
static gboolean
apply (const Work *work, CgNetwork *network, const float *in, float *out, gsize n, GError **error)
{
  int size = work->task->size;

  if (!cg_network_apply (network, 1, size, size, in, out, work->task->n_threads, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!isfinite (out[i]))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED, _ ("The network's result is not a number"));
        return FALSE;
      }
  return TRUE;
}

/* Adds how close @image is to the truth. */
static gboolean
add_closeness (const Work *work, const float *image, CgCloseness *sum, GError **error)
{
  int size = work->task->size;
  double ssim;

  if (!cg_distance_ssim (image, work->truth, size, size, work->n_out, PEAK, &ssim, error))
    return FALSE;
  sum->l1 += cg_distance_l1 (image, work->truth, work->out_floats);
  sum->psnr += cg_distance_psnr (image, work->truth, work->out_floats, PEAK);
  sum->ssim += ssim;
  return TRUE;
}

static gboolean
compare_with_truth (const Work *work, int index, GError **error)
{
  CgEvaluation *result = work->result;
  int pair = cg_image_set_find (work->task->truth, work->task->from, index);

  if (pair < 0)
    return TRUE;
  result->n_pairs++;
  cg_image_set_get (work->task->truth, pair, work->n_out, work->truth);
  return add_closeness (work, work->fake, &result->translated, error)
         && (!result->has_input_closeness || add_closeness (work, work->image, &result->input, error));
}

static gboolean
measure_image (const Work *work, int index, GError **error)
{
  const CgEvaluationTask *task = work->task;
  CgEvaluation *result = work->result;

  cg_image_set_get (task->from, index, work->n_in, work->image);
  if (!apply (work, task->there, work->image, work->fake, work->out_floats, error))
    return FALSE;
  if (work->meter)
    {
      cg_set_meter_offer (work->meter, CG_SET_INPUT, index, work->image);
      cg_set_meter_offer (work->meter, CG_SET_FAKE, index, work->fake);
    }
  if (task->back)
    {
      if (!apply (work, task->back, work->fake, work->back, work->in_floats, error))
        return FALSE;
      result->cycle_l1 += cg_distance_l1 (work->back, work->image, work->in_floats);
      result->cycle_psnr += cg_distance_psnr (work->back, work->image, work->in_floats, PEAK);
    }
  return !task->truth || compare_with_truth (work, index, error);
}

/* An image that is already what the generator makes should stay as it is. */
static gboolean
measure_real (const Work *work, int index, GError **error)
{
  const CgEvaluationTask *task = work->task;

  cg_image_set_get (task->to, index, work->n_out, work->image);
  if (work->meter)
    cg_set_meter_offer (work->meter, CG_SET_REAL, index, work->image);
  if (!work->result->has_identity)
    return TRUE;
  if (!apply (work, task->there, work->image, work->fake, work->out_floats, error))
    return FALSE;
  work->result->identity_l1 += cg_distance_l1 (work->fake, work->image, work->out_floats);
  return TRUE;
}

static gboolean
report_progress (Work *work, GError **error)
{
  if (!work->task->progress || work->task->progress (++work->done, work->total, work->task->data))
    return TRUE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return FALSE;
}

static void
divide_closeness (CgCloseness *sum, int n)
{
  sum->l1 /= n;
  sum->psnr /= n;
  sum->ssim /= n;
}

gboolean
cg_evaluation_run (const CgEvaluationTask *task, CgEvaluation *result, GError **error)
{
  g_auto (Work) work = { .task = task, .result = result };
  int n_real = cg_image_set_get_size (task->to);

  *result = (CgEvaluation){ 0 };
  if (!check_networks (task, error) || !work_init (&work, error))
    return FALSE;
  for (int i = 0; i < result->n_images; i++)
    if (!measure_image (&work, i, error) || !report_progress (&work, error))
      return FALSE;
  for (int i = 0; i < n_real; i++)
    if (!measure_real (&work, i, error) || !report_progress (&work, error))
      return FALSE;
  result->cycle_l1 /= result->n_images;
  result->cycle_psnr /= result->n_images;
  result->identity_l1 /= n_real;
  if (task->truth && result->n_pairs == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("no test image has a true translation of its name"));
      return FALSE;
    }
  if (task->truth)
    {
      divide_closeness (&result->translated, result->n_pairs);
      divide_closeness (&result->input, result->n_pairs);
    }
  return !work.meter || cg_set_meter_compute (work.meter, &result->distance, error);
}
