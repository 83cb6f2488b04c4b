/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The picture scaled and reflected into the network's input, the network run, its output taken without the margin. */
#include "infer/network-pixels.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size.h"
#include "infer/reflect.h"
#include "tensor/tensor.h"

/* Shares of the work for the progress: everything but the network is rows of a cheap filter. */
#define PROGRESS_PREPARED 0.02
#define PROGRESS_COMPUTED 0.96

#define ROWS_PER_ITEM 16

/* One loop over rows. */
typedef struct
{
  const CgNetworkPixels *plan;
  const CgTensor *tensor;
  const float *in;
  size_t in_stride;
  float *scratch;
} Rows;

void
cg_watch_report (CgWatch *watch, double done)
{
  if (done < watch->last)
    return;
  watch->last = done;
  if (watch->progress)
    watch->progress (done, watch->data);
}

gboolean
cg_watch_is_cancelled (const CgWatch *watch, GError **error)
{
  if (!g_cancellable_is_cancelled (watch->cancellable))
    return FALSE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return TRUE;
}

void
cg_network_pixels_clear (CgNetworkPixels *plan)
{
  g_clear_pointer (&plan->pass, cg_pass_free);
  g_clear_pointer (&plan->arena, cg_arena_free);
  cg_resize_axis_clear (&plan->across);
  cg_resize_axis_clear (&plan->down);
}

static gboolean
check_channels (CgModel *model, const CgNetworkConfig *config, GError **error)
{
  gboolean generator = config->kind == CG_NET_RESNET || config->kind == CG_NET_UNET;

  if (generator && (config->input_nc == 1 || config->input_nc == 3)
      && (config->output_nc == 1 || config->output_nc == 3))
    return TRUE;
  g_set_error (
      error, CG_ERROR, CG_ERROR_UNSUPPORTED,
      _ ("%s: a generator with 1 or 3 channels is needed to translate a picture; this network takes %d and gives %d"),
      cg_model_get_path (model), config->input_nc, config->output_nc);
  return FALSE;
}

gboolean
cg_network_pixels_init (CgNetworkPixels *plan, CgModel *model, const CgTranslateOptions *options, int width, int height,
                        GError **error)
{
  CgNetwork *network = cg_model_get_network (model);
  const CgNetworkConfig *config = cg_network_get_config (network);
  int last_tick = cg_pass_get_span (network);
  size_t bytes;

  *plan = (CgNetworkPixels){
    .model = model, .width = width, .height = height, .input_nc = config->input_nc, .output_nc = config->output_nc
  };
  if (!check_channels (model, config, error))
    return FALSE;
  if (options->size_mode == CG_SIZE_SIZE && (options->size < 16 || options->size > 8192))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("The size is %d; 16 to 8192 pixels are possible"),
                   options->size);
      return FALSE;
    }
  if (!cg_working_size_init (&plan->size, options, cg_model_get_train_scale (model),
                             cg_network_get_size_multiple (network), cg_network_get_min_size (network), width, height))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels is too large for this size"), width,
                   height);
      return FALSE;
    }
  plan->n_threads = options->n_threads > 0 ? options->n_threads : cg_parallel_get_default_threads ();
  plan->scaled = plan->size.width != width || plan->size.height != height;
  if (plan->scaled
      && (!cg_resize_axis_init (&plan->across, width, plan->size.width, error)
          || !cg_resize_axis_init (&plan->down, height, plan->size.height, error)))
    return FALSE;

  plan->arena = cg_arena_new ();
  plan->pass = cg_pass_new (network, 1, plan->size.padded_height, plan->size.padded_width, CG_PASS_INFERENCE,
                            plan->n_threads, plan->arena, 0, last_tick, error);
  if (!plan->pass)
    return FALSE;

  /* A worker's row before and after the filter's horizontal half; rows of the picture or of the network, whichever is longer. */
  plan->scratch_floats = 6 * (size_t)MAX (width, plan->size.width);
  if (cg_size_mul (plan->scratch_floats * sizeof (float), (size_t)plan->n_threads, &bytes))
    {
      plan->scratch_ticket = cg_arena_reserve (plan->arena, bytes, 0, last_tick);
      plan->bytes = cg_arena_measure (plan->arena);
    }
  else
    plan->bytes = (size_t)-1;
  if (plan->bytes == (size_t)-1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
                   _ ("%d x %d network pixels need more memory than this machine can address"), plan->size.padded_width,
                   plan->size.padded_height);
      return FALSE;
    }
  return TRUE;
}

/* One row of the picture at the network's scale, R'G'B' in 0 … 1, turned into the network's values -1 … 1. */
static void
prepare_row (const Rows *rows, int y, float *scratch)
{
  const CgNetworkPixels *plan = rows->plan;
  const CgWorkingSize *size = &plan->size;
  float *pixels = scratch + 3 * (size_t)MAX (plan->width, size->width);
  float *row = cg_tensor_at (rows->tensor, 0, size->margin + y, 0);
  float *to = row + (size_t)size->margin * (size_t)plan->input_nc;
  size_t n = (size_t)size->width;

  if (plan->scaled)
    cg_resize_row (&plan->across, &plan->down, 3, rows->in, rows->in_stride, true, y, scratch, pixels);
  else
    memcpy (pixels, rows->in + (size_t)y * rows->in_stride, n * 3 * sizeof (float));

  if (plan->input_nc == 3)
    for (size_t i = 0; i < 3 * n; i++)
      to[i] = 2.0f * cg_clean_sample (pixels[i]) - 1.0f;
  else
    for (size_t i = 0; i < n; i++)
      /* Luma of ITU-R BT.709-6, item 3.2, taken on the non-linear values. */
      to[i] = 2.0f
                  * (0.2126f * cg_clean_sample (pixels[3 * i]) + 0.7152f * cg_clean_sample (pixels[3 * i + 1])
                     + 0.0722f * cg_clean_sample (pixels[3 * i + 2]))
              - 1.0f;

  for (int x = 0; x < size->padded_width; x++)
    {
      if (x == size->margin)
        x += size->width;
      if (x < size->padded_width)
        memcpy (row + (size_t)x * (size_t)plan->input_nc,
                to + (size_t)cg_reflect_index ((long long)x - size->margin, size->width) * (size_t)plan->input_nc,
                (size_t)plan->input_nc * sizeof (float));
    }
}

static void
prepare_rows (size_t item, int worker, void *data)
{
  const Rows *rows = data;
  int end = MIN ((int)(item + 1) * ROWS_PER_ITEM, rows->plan->size.height);

  for (int y = (int)item * ROWS_PER_ITEM; y < end; y++)
    prepare_row (rows, y, rows->scratch + (size_t)worker * rows->plan->scratch_floats);
}

static void
prepare (const Rows *rows)
{
  const CgWorkingSize *size = &rows->plan->size;
  size_t bytes = (size_t)size->padded_width * (size_t)rows->plan->input_nc * sizeof (float);

  cg_parallel_for (rows->plan->n_threads, ((size_t)size->height + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, prepare_rows,
                   (void *)rows);
  for (int y = 0; y < size->padded_height; y++)
    if (y < size->margin || y >= size->margin + size->height)
      memcpy (cg_tensor_at (rows->tensor, 0, y, 0),
              cg_tensor_at (rows->tensor, 0,
                            size->margin + cg_reflect_index ((long long)y - size->margin, size->height), 0),
              bytes);
}

/* A network whose weights are finite can still overflow; better no picture than a black one. */
static gboolean
take_row (const Rows *rows, int y, float *to)
{
  const CgNetworkPixels *plan = rows->plan;
  const float *row = cg_tensor_at (rows->tensor, 0, plan->size.margin + y, plan->size.margin);
  size_t spread = plan->output_nc == 3 ? 1 : 3;
  gboolean finite = TRUE;

  for (size_t i = 0; i < 3 * (size_t)plan->size.width; i++)
    {
      float v = row[i / spread];

      finite &= v >= -1.5f && v <= 1.5f; /* tanh, with room for rounding */
      to[i] = 0.5f * v + 0.5f;
    }
  return finite;
}

static gboolean
watch_pass (double done, gpointer data)
{
  CgWatch *watch = data;

  cg_watch_report (watch, PROGRESS_PREPARED + (PROGRESS_COMPUTED - PROGRESS_PREPARED) * CLAMP (done, 0.0, 1.0));
  return !g_cancellable_is_cancelled (watch->cancellable);
}

gboolean
cg_network_pixels_run (CgNetworkPixels *plan, const float *in, size_t in_stride, float *pixels, CgWatch *watch,
                       GError **error)
{
  Rows rows = { .plan = plan, .in = in, .in_stride = in_stride };

  if (!cg_arena_commit (plan->arena, error))
    return FALSE;
  rows.scratch = cg_arena_get (plan->arena, plan->scratch_ticket);
  rows.tensor = cg_pass_get_input (plan->pass);
  prepare (&rows);
  cg_watch_report (watch, PROGRESS_PREPARED);
  if (!cg_pass_forward (plan->pass, watch_pass, watch))
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
      return FALSE;
    }

  rows.tensor = cg_pass_get_output (plan->pass);
  g_assert (rows.tensor->h == plan->size.padded_height && rows.tensor->w == plan->size.padded_width);
  for (int y = 0; y < plan->size.height; y++)
    if (!take_row (&rows, y, pixels + 3 * (size_t)y * (size_t)plan->size.width))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED,
                     _ ("%s: the network's result is not a number between -1 and 1"), cg_model_get_path (plan->model));
        return FALSE;
      }
  return TRUE;
}
