/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Image in, image out: plan the memory, fill the network's input, run it, carry its colours back to the picture's pixels. */
#include "infer/translate.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size.h"
#include "infer/reflect.h"
#include "infer/resize-axis.h"
#include "infer/working-size.h"
#include "nets/pass.h"
#include "tensor/arena.h"
#include "tensor/tensor.h"

/* Shares of the work for the progress: everything but the network is rows of a cheap filter. */
#define PROGRESS_PREPARED 0.02
#define PROGRESS_COMPUTED 0.96

#define ROWS_PER_ITEM 16

/* Everything that one translation owns. Filled by plan(), which both the estimate and the work go through. */
typedef struct
{
  int width, height;
  CgWorkingSize size;
  gboolean scaled;
  int input_nc, output_nc;
  int n_threads;
  CgResizeAxis in_across, in_down, out_across, out_down;
  CgArena *arena;
  CgPass *pass;
  int scratch_ticket;
  size_t scratch_floats; /* per worker */
  size_t bytes;
} Plan;

/* One loop over rows. */
typedef struct
{
  const Plan *plan;
  const CgTensor *tensor;
  const float *in;
  size_t in_stride;
  float *out;
  size_t out_stride;
  float *scratch;
  float strength;
} Rows;

typedef struct
{
  CgTranslateProgress progress;
  gpointer data;
  GCancellable *cancellable;
  double last;
} Watch;

void
cg_translate_options_init (CgTranslateOptions *options)
{
  *options = (CgTranslateOptions){ .size_mode = CG_SIZE_AUTO, .size = 512, .strength = 1.0 };
}

static guint64
get_memory_limit (const CgTranslateOptions *options)
{
  if (options->memory_limit)
    return options->memory_limit;
  return (guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGESIZE) / 4;
}

static void
plan_clear (Plan *plan)
{
  g_clear_pointer (&plan->pass, cg_pass_free);
  g_clear_pointer (&plan->arena, cg_arena_free);
  cg_resize_axis_clear (&plan->in_across);
  cg_resize_axis_clear (&plan->in_down);
  cg_resize_axis_clear (&plan->out_across);
  cg_resize_axis_clear (&plan->out_down);
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

/* Sizes and reservations; no picture-sized memory is allocated yet. Clear the plan also after a failure. */
static gboolean
plan_init (Plan *plan, CgModel *model, const CgTranslateOptions *options, int width, int height, GError **error)
{
  CgNetwork *network = cg_model_get_network (model);
  const CgNetworkConfig *config = cg_network_get_config (network);
  int last_tick = cg_pass_get_span (network);
  size_t bytes;

  *plan = (Plan){ .width = width, .height = height, .input_nc = config->input_nc, .output_nc = config->output_nc };
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
      && (!cg_resize_axis_init (&plan->in_across, width, plan->size.width, error)
          || !cg_resize_axis_init (&plan->in_down, height, plan->size.height, error)
          || !cg_resize_axis_init (&plan->out_across, plan->size.width, width, error)
          || !cg_resize_axis_init (&plan->out_down, plan->size.height, height, error)))
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
  const Plan *plan = rows->plan;
  const CgWorkingSize *size = &plan->size;
  float *pixels = scratch + 3 * (size_t)MAX (plan->width, size->width);
  float *row = cg_tensor_at (rows->tensor, 0, size->margin + y, 0);
  float *to = row + (size_t)size->margin * (size_t)plan->input_nc;
  size_t n = (size_t)size->width;

  if (plan->scaled)
    cg_resize_row (&plan->in_across, &plan->in_down, 3, rows->in, rows->in_stride, true, y, scratch, pixels);
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

/* out = (1 - s) in + s t: this form stays finite-or-infinite where in is infinite; a NaN of the picture counts as 0. */
static float
blend (float in, float translated, float strength)
{
  if (strength >= 1.0f)
    return translated;
  return (1.0f - strength) * (in == in ? in : 0.0f) + strength * translated;
}

static void
finish_row (const Rows *rows, int y, float *scratch)
{
  const Plan *plan = rows->plan;
  const CgWorkingSize *size = &plan->size;
  const float *origin = cg_tensor_at (rows->tensor, 0, size->margin, size->margin);
  const float *in = rows->in + (size_t)y * rows->in_stride;
  float *out = rows->out + (size_t)y * rows->out_stride;
  const float *pixels = origin + (size_t)y * rows->tensor->row_stride;
  float *row = scratch + 3 * (size_t)MAX (plan->width, size->width);

  if (plan->scaled)
    {
      cg_resize_row (&plan->out_across, &plan->out_down, plan->output_nc, origin, rows->tensor->row_stride, false, y,
                     scratch, row);
      pixels = row;
    }
  for (size_t x = 0; x < (size_t)plan->width; x++)
    for (size_t c = 0; c < 3; c++)
      {
        float v = pixels[plan->output_nc == 3 ? 3 * x + c : x];

        out[3 * x + c] = blend (in[3 * x + c], cg_clean_sample (0.5f * v + 0.5f), rows->strength);
      }
}

static void
finish_rows (size_t item, int worker, void *data)
{
  const Rows *rows = data;
  int end = MIN ((int)(item + 1) * ROWS_PER_ITEM, rows->plan->height);

  for (int y = (int)item * ROWS_PER_ITEM; y < end; y++)
    finish_row (rows, y, rows->scratch + (size_t)worker * rows->plan->scratch_floats);
}

/* A network whose weights are finite can still overflow; better no picture than a black one. */
static gboolean
check_finite (const Plan *plan, const CgTensor *tensor, CgModel *model, GError **error)
{
  size_t n = (size_t)plan->size.width * (size_t)plan->output_nc;

  for (int y = 0; y < plan->size.height; y++)
    {
      const float *row = cg_tensor_at (tensor, 0, plan->size.margin + y, plan->size.margin);
      gboolean finite = TRUE;

      for (size_t i = 0; i < n; i++)
        finite &= row[i] >= -1.5f && row[i] <= 1.5f; /* tanh, with room for rounding */
      if (!finite)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED,
                       _ ("%s: the network's result is not a number between -1 and 1"), cg_model_get_path (model));
          return FALSE;
        }
    }
  return TRUE;
}

static void
report (Watch *watch, double done)
{
  /* Never backwards, whatever a pass tells. */
  if (done < watch->last)
    return;
  watch->last = done;
  if (watch->progress)
    watch->progress (done, watch->data);
}

static gboolean
watch_pass (double done, gpointer data)
{
  Watch *watch = data;

  report (watch, PROGRESS_PREPARED + (PROGRESS_COMPUTED - PROGRESS_PREPARED) * CLAMP (done, 0.0, 1.0));
  return !g_cancellable_is_cancelled (watch->cancellable);
}

static gboolean
fail_cancelled (GError **error)
{
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return FALSE;
}

static gboolean
check_memory (const Plan *plan, const CgTranslateOptions *options, GError **error)
{
  const double mib = 1024.0 * 1024.0;
  guint64 limit = get_memory_limit (options);

  if (plan->bytes <= limit)
    return TRUE;
  g_set_error (
      error, CG_ERROR, CG_ERROR_MEMORY,
      _ ("%d x %d network pixels need %.0f MiB of memory, the limit is %.0f MiB; choose a smaller size or raise the "
         "memory limit"),
      plan->size.padded_width, plan->size.padded_height, (double)plan->bytes / mib + 0.5, (double)limit / mib);
  return FALSE;
}

/* Everything between the first and the last report. */
static gboolean
run (Plan *plan, CgModel *model, const CgTranslateOptions *options, Rows *rows, Watch *watch, GError **error)
{
  const CgTensor *output;

  if (g_cancellable_is_cancelled (watch->cancellable))
    return fail_cancelled (error);
  if (!plan_init (plan, model, options, plan->width, plan->height, error) || !check_memory (plan, options, error)
      || !cg_arena_commit (plan->arena, error))
    return FALSE;

  rows->scratch = cg_arena_get (plan->arena, plan->scratch_ticket);
  rows->tensor = cg_pass_get_input (plan->pass);
  prepare (rows);
  report (watch, PROGRESS_PREPARED);
  if (!cg_pass_forward (plan->pass, watch_pass, watch))
    return fail_cancelled (error);

  output = cg_pass_get_output (plan->pass);
  g_assert (output->h == plan->size.padded_height && output->w == plan->size.padded_width);
  if (!check_finite (plan, output, model, error))
    return FALSE;
  if (g_cancellable_is_cancelled (watch->cancellable))
    return fail_cancelled (error);
  /* From here on nothing can fail, so @out is either complete or untouched. */
  rows->tensor = output;
  cg_parallel_for (plan->n_threads, ((size_t)plan->height + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, finish_rows, rows);
  return TRUE;
}

gboolean
cg_translate (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in,
              size_t in_stride, float *out, size_t out_stride, CgTranslateProgress progress, gpointer data,
              GCancellable *cancellable, GError **error)
{
  Plan plan = { .width = width, .height = height };
  Rows rows = { .plan = &plan, .in = in, .in_stride = in_stride, .out = out, .out_stride = out_stride };
  Watch watch = { .progress = progress, .data = data, .cancellable = cancellable };
  gboolean done = TRUE;

  g_return_val_if_fail (model && options && in && out, FALSE);
  g_return_val_if_fail (in != out || in_stride == out_stride, FALSE);
  if (width < 1 || height < 1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels has nothing to translate"), width,
                   height);
      return FALSE;
    }

  report (&watch, 0.0);
  rows.strength = (float)CLAMP (options->strength, 0.0, 1.0);
  if (rows.strength > 0.0f)
    done = run (&plan, model, options, &rows, &watch, error);
  else if (in != out)
    for (int y = 0; y < height; y++)
      memcpy (out + (size_t)y * out_stride, in + (size_t)y * in_stride, (size_t)width * 3 * sizeof (float));
  plan_clear (&plan);
  if (done)
    report (&watch, 1.0);
  return done;
}

gboolean
cg_translate_estimate (CgModel *model, const CgTranslateOptions *options, int width, int height, int *network_width,
                       int *network_height, guint64 *bytes, GError **error)
{
  Plan plan = { 0 };
  gboolean done;

  g_return_val_if_fail (model && options && width > 0 && height > 0, FALSE);
  done = plan_init (&plan, model, options, width, height, error);
  if (done)
    {
      if (network_width)
        *network_width = plan.size.width;
      if (network_height)
        *network_height = plan.size.height;
      if (bytes)
        *bytes = plan.bytes;
    }
  plan_clear (&plan);
  return done;
}
