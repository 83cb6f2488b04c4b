/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which layers of a network make one stage of a stream, how large each is, and how many rows it makes in one go. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "nets/network-private.h"
#include "nets/stream-private.h"

/* Pixels of one step: enough for every thread and for panels of weights to be used often, few enough that a step ends soon. */
#define STEP_PIXELS 12000
#define MOST_ROWS 32

static gboolean
is_kind (const CgLayer *layer, const CgLayerClass *klass)
{
  return layer->klass == klass;
}

/* Norms and additions work in place on what the layer before made; dropout does nothing outside training. */
static gboolean
is_in_place (const CgLayer *layer)
{
  return is_kind (layer, &cg_instance_norm_class) || is_kind (layer, &cg_batch_norm_class)
         || is_kind (layer, &cg_add_class) || is_kind (layer, &cg_dropout_class);
}

static gboolean
is_stage (const CgLayer *layer)
{
  return is_kind (layer, &cg_conv2d_class) || is_kind (layer, &cg_conv_transpose2d_class)
         || is_kind (layer, &cg_upsample_class);
}

gboolean
cg_stream_supports (const CgNetwork *network)
{
  /* Rows of a stage can be finished once only. */
  const CgLayer *unfinished = NULL;

  for (guint i = 0; i < network->layers->len; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);

      if (layer->input != (int)i)
        return FALSE;
      /* Rows of the output that begin with a multiple of the stride must not look back. */
      if (is_kind (layer, &cg_conv_transpose2d_class) && layer->pad + layer->stride < layer->r)
        return FALSE;
      if (is_stage (layer))
        unfinished = layer->skip < 0 ? layer : NULL;
      else if (!is_in_place (layer) || (!is_kind (layer, &cg_dropout_class) && !unfinished))
        return FALSE;
      else if (!is_kind (layer, &cg_dropout_class))
        unfinished = NULL;
    }
  return network->layers->len > 0 && is_stage (cg_network_get_layer (network, network->layers->len - 1));
}

int
cg_stage_first_needed (const CgStage *stage, int first)
{
  const CgLayer *layer = stage->layer;

  if (is_kind (layer, &cg_conv2d_class))
    return first * layer->stride - layer->pad;
  return first / stage->granule;
}

int
cg_stage_last_needed (const CgStage *stage, int end)
{
  const CgLayer *layer = stage->layer;

  if (is_kind (layer, &cg_conv2d_class))
    return (end - 1) * layer->stride - layer->pad + layer->r;
  return (end + stage->granule - 1) / stage->granule + stage->reach;
}

static gboolean
fail_size (const CgStream *stream, int h, int w, GError **error)
{
  g_set_error (
      error, CG_ERROR, CG_ERROR_SHAPE,
      _ ("The network does not take an image of %d x %d pixels: both sides must be at least %d and multiples of %d"), w,
      h, cg_network_get_min_size (stream->network), cg_network_get_size_multiple (stream->network));
  return FALSE;
}

/* What a layer reads around its input is filled where the input is made. */
static void
plan_halo (const CgStream *stream, CgStage *stage, CgWindow *input)
{
  const CgLayer *layer = stage->layer;

  stage->granule = 1;
  if (is_kind (layer, &cg_conv2d_class))
    {
      CgConvShape shape = cg_layer_get_weight_shape (layer, CG_CONV_FORWARD);

      stage->reach = layer->pad;
      stage->tile = stream->kernels->conv_row_tile (&shape, CG_CONV_FORWARD);
    }
  else if (is_kind (layer, &cg_conv_transpose2d_class))
    {
      CgConvShape shape = cg_layer_get_weight_shape (layer, CG_CONV_ADJOINT);

      shape.h = stage->window.h;
      shape.w = stage->window.w;
      shape.ho = input->h;
      shape.wo = input->w;
      stage->reach = cg_conv_adjoint_halo (&shape);
      stage->granule = layer->stride;
      stage->tile = stream->kernels->conv_row_tile (&shape, CG_CONV_ADJOINT);
    }
  else
    stage->granule = stage->tile = 2;
  g_assert (input->halo == 0); /* one reader alone may pad a value */
  input->halo = stage->reach;
  input->pad_mode = layer->pad_mode;
}

/* The statistics of rows, too, have the bits of all rows in portions of a certain size. */
static void
plan_tile (const CgStream *stream, CgStage *stage)
{
  int norm_tile = stream->kernels->norm_row_tile (stage->window.w), tile = stage->tile;

  while (!stage->settled && stage->tile % norm_tile != 0)
    stage->tile += tile;
}

static void
plan_step (const CgStream *stream, CgStage *stage)
{
  gint64 width = (gint64)stage->window.n * stage->window.w;
  /* Samples side by side make few rows a lot of work; but a narrow last layer computes as many rows twice as its kernel reaches. */
  int least = stream->mode != CG_STREAM_SAMPLES && stage->layer && stage->layer->r > 3 ? 16 : 4;

  stage->step = CLAMP ((int)(STEP_PIXELS / width) / 4 * 4, least, MOST_ROWS);
  stage->step = (stage->step + stage->tile - 1) / stage->tile * stage->tile;
  /* There is nothing to save below the rows that a whole image has. */
  stage->step = MIN (stage->step, MAX (stage->window.h, stage->granule));
}

static gboolean
add_stage (CgStream *stream, const CgLayer *layer, int input, GError **error)
{
  CgStage *stage = &stream->stages[stream->n_stages];
  CgWindow *from = &stream->stages[input].window;
  int ho, wo;

  if (!layer->klass->infer (layer, from->h, from->w, &ho, &wo))
    return fail_size (stream, stream->stages[0].window.h, stream->stages[0].window.w, error);
  *stage = (CgStage){ .layer = layer,
                      .input = input,
                      .skip = -1,
                      .scale = MAX (stream->stages[0].window.w / wo, 1),
                      .settled = TRUE,
                      .ticket = -1,
                      .born = -1,
                      .window = { .n = from->n, .h = ho, .w = wo, .c = layer->k } };
  plan_halo (stream, stage, from);
  stage->row_cost = (double)from->n * wo * layer->k * layer->r * layer->r * layer->c;
  if (is_kind (layer, &cg_conv_transpose2d_class))
    stage->row_cost /= layer->stride * layer->stride;
  else if (is_kind (layer, &cg_upsample_class))
    stage->row_cost = (double)from->n * wo * layer->k;
  stream->n_stages++;
  return TRUE;
}

/* Whole values and unsettled norms; who asks in small portions. */
static void
plan_modes (CgStream *stream)
{
  for (guint k = 0; k < stream->n_stages; k++)
    {
      CgStage *stage = &stream->stages[k];
      gboolean depends = stage->finish && is_kind (stage->finish, &cg_instance_norm_class);

      if (depends && stream->mode != CG_STREAM_SETTLED)
        {
          stage->settled = FALSE;
          /* A value at full resolution is too large to stay: computing it again costs little. */
          stage->whole = stage->scale > 1;
        }
      plan_tile (stream, stage);
      plan_step (stream, stage);
      if (k > 0 && stage->scale < stream->stages[stage->input].scale)
        stream->stages[stage->input].batches = TRUE;
    }
  if (stream->mode == CG_STREAM_SAMPLES)
    stream->stages[0].whole = TRUE;
}

gboolean
cg_stream_build (CgStream *stream, int n, int h, int w, GError **error)
{
  CgNetwork *network = stream->network;
  int multiple = cg_network_get_size_multiple (network), least = cg_network_get_min_size (network);
  g_autofree int *stage_of = g_new0 (int, network->layers->len + 1); /* by value */

  if (n < 1 || h < least || w < least || h % multiple != 0 || w % multiple != 0)
    return fail_size (stream, h, w, error);
  stream->stages = g_new0 (CgStage, network->layers->len + 1);
  stream->stages[0] = (CgStage){
    .input = -1,
    .skip = -1,
    .scale = 1,
    .granule = 1,
    .tile = 1,
    .settled = TRUE,
    .ticket = -1,
    .born = -1,
    .row_cost = 100.0 * n * w, /* what scaling a row of a picture may cost */
    .window = { .n = n, .h = h, .w = w, .c = cg_network_get_config (network)->input_nc },
  };
  stream->n_stages = 1;
  for (guint i = 0; i < network->layers->len; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);
      CgStage *stage;

      if (is_stage (layer) && !add_stage (stream, layer, stage_of[layer->input], error))
        return FALSE;
      stage = &stream->stages[stream->n_stages - 1];
      if (!is_stage (layer) && !is_kind (layer, &cg_dropout_class))
        {
          stage->finish = layer;
          stage->finish_layer = i;
          stage->skip = layer->skip >= 0 ? stage_of[layer->skip] : -1;
        }
      stage_of[i + 1] = (int)stream->n_stages - 1;
    }
  plan_modes (stream);
  return TRUE;
}
