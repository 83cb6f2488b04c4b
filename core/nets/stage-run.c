/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The arithmetic of some rows of one stage: the kernels of whole images, given a window. */
#include <string.h>

#include "base/parallel.h"
#include "nets/network-private.h"
#include "nets/stream-private.h"

/* Rows @first … @end - 1 of the output as an image of its own; rows above and below are there where a halo would be. */
static CgConvShape
get_shape (const CgStream *stream, const CgStage *stage, int first, int end)
{
  const CgWindow *input = &stream->stages[stage->input].window;
  gboolean transposed = stage->layer->klass == &cg_conv_transpose2d_class;
  CgConvShape shape = cg_layer_get_weight_shape (stage->layer, transposed ? CG_CONV_ADJOINT : CG_CONV_FORWARD);

  shape.n = input->n;
  if (transposed)
    {
      shape.h = end - first;
      shape.w = stage->window.w;
      /* The reference loops take rows beyond for zeros; they are real here. */
      shape.ho = (end - first) / stage->granule + stage->reach;
      shape.wo = input->w;
    }
  else
    {
      shape.h = (end - first) * shape.stride;
      shape.w = input->w;
      shape.ho = end - first;
      shape.wo = stage->window.w;
    }
  return shape;
}

size_t
cg_stage_scratch_floats (const CgStream *stream, const CgStage *stage, int first, int end)
{
  size_t floats = 0;

  if (stage->layer && stage->layer->r > 0)
    {
      CgConvShape shape = get_shape (stream, stage, first, end);

      floats = stream->kernels->conv_scratch_floats (&shape);
    }
  if (!stage->settled)
    floats = MAX (floats, stream->kernels->norm_scratch_floats (1, end - first, stage->window.w, stage->window.c));
  return floats;
}

typedef struct
{
  const CgWindow *from, *to;
  int first, n_rows;
} Upsampling;

/* y[2i+a, 2j+b] = x[i, j]; item: two rows of y. */
static void
upsample_rows (size_t item, int worker, void *data)
{
  const Upsampling *job = data;
  int per_image = job->n_rows / 2;
  int n = (int)item / per_image, i = job->first / 2 + (int)item % per_image;
  size_t pixel = (size_t)job->to->c * sizeof (float);
  const float *source = cg_window_at (job->from, n, i);
  float *upper = cg_window_at (job->to, n, 2 * i), *lower = cg_window_at (job->to, n, 2 * i + 1);

  for (int j = 0; j < job->to->w; j++)
    memcpy (upper + (size_t)j * (size_t)job->to->c, source + (size_t)(j / 2) * (size_t)job->to->c, pixel);
  memcpy (lower, upper, (size_t)job->to->w * pixel);
}

void
cg_stage_compute (CgStream *stream, CgStage *stage, int first, int end)
{
  const CgLayer *layer = stage->layer;
  const CgWindow *input = &stream->stages[stage->input].window;
  CgPlane y = cg_window_plane (&stage->window, first);
  const float *bias = layer->bias == (size_t)-1 ? NULL : stream->network->weights + layer->bias;
  CgConvShape shape;

  if (layer->klass == &cg_upsample_class)
    {
      Upsampling job = { input, &stage->window, first, end - first };

      cg_parallel_for (stream->workspace.n_threads, (size_t)input->n * (size_t)(end - first) / 2, upsample_rows, &job);
      return;
    }
  shape = get_shape (stream, stage, first, end);
  if (layer->klass == &cg_conv2d_class)
    stream->kernels->conv_forward (&shape, layer->packed[CG_CONV_FORWARD], bias, layer->activation,
                                   cg_window_plane (input, first * layer->stride), y, &stream->workspace);
  else
    stream->kernels->conv_adjoint (&shape, layer->packed[CG_CONV_ADJOINT], bias, layer->activation,
                                   cg_window_plane (input, first / stage->granule), y, &stream->workspace);
}

void
cg_stage_finish (CgStream *stream, CgStage *stage, int first, int end)
{
  const CgWindow *window = &stage->window;
  const CgLayer *finish = stage->finish;
  CgPlane rows = cg_window_plane (window, first), skip = { 0 };
  size_t channels = (size_t)window->c, offset;
  float *scale = stream->constants, *shift = scale + (size_t)window->n * channels;

  if (!finish)
    return;
  if (stage->skip >= 0)
    skip = cg_window_plane (&stream->stages[stage->skip].window, first);
  if (finish->klass == &cg_add_class)
    {
      cg_plane_add (skip, rows, window->n, end - first, window->w, window->c, stream->workspace.n_threads);
      return;
    }
  /* The kernel wants constants for every image. */
  offset = stream->norms->offsets[stage->finish_layer];
  for (int n = 0; n < window->n; n++)
    {
      memcpy (scale + (size_t)n * channels, stream->norms->scale + offset, channels * sizeof (float));
      memcpy (shift + (size_t)n * channels, stream->norms->shift + offset, channels * sizeof (float));
    }
  stream->kernels->norm_apply (rows, scale, shift, finish->activation, skip, rows, window->n, end - first, window->w,
                               window->c, stream->workspace.n_threads);
}

void
cg_stage_measure (CgStream *stream, const CgStage *stage, int first, int end)
{
  const CgWindow *window = &stage->window;

  for (int n = 0; n < window->n; n++)
    {
      const CgStreamArea *area = &stream->areas[n];
      int left = area->x / stage->scale, width = area->width / stage->scale;
      int top = MAX (area->y / stage->scale, first), bottom = MIN ((area->y + area->height) / stage->scale, end);

      if (top < bottom)
        {
          CgPlane plane = { cg_window_at (window, n, top) + (size_t)left * (size_t)window->c, window->row_stride,
                            window->image_stride };

          stream->kernels->norm_add_statistics (plane, bottom - top, width, window->c, stream->count, stream->mean,
                                                stream->m2, &stream->workspace);
          stream->count += (double)(bottom - top) * width;
        }
    }
}
