/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How the network runs over a picture of this size: by rows with exact or sampled statistics, or whole. */
#include "infer/network-pixels.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size.h"

/* Network pixels up to which CG_STATISTICS_AUTO is exact. */
#define MOST_EXACT 8000000.0

/* Multiply-adds per pixel of a network that does not count them itself, roughly those of the usual U-Net. */
#define UNKNOWN_COST 3e5

/* One run, for the functions that it calls; @begin and @share say which part of the progress is its. */
typedef struct
{
  CgNetworkPixels *plan;
  float *band; /* that goes out */
  CgNetworkPixelsWrite write;
  gpointer data;
  CgWatch *watch;
  double begin, share;
} Run;

void
cg_network_pixels_clear (CgNetworkPixels *plan)
{
  g_clear_pointer (&plan->pass, cg_pass_free);
  g_clear_pointer (&plan->stream, cg_stream_free);
  g_clear_pointer (&plan->samples, cg_stream_free);
  g_clear_pointer (&plan->norms, cg_norms_free);
  g_clear_pointer (&plan->arena, cg_arena_free);
  cg_sample_grid_clear (&plan->grid);
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

static gboolean
choose_size (CgWorkingSize *size, CgModel *model, const CgTranslateOptions *options, int width, int height,
             GError **error)
{
  const CgNetwork *network = cg_model_get_network (model);

  if (options->size_mode == CG_SIZE_SIZE && (options->size < 16 || options->size > 8192))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("The size is %d; 16 to 8192 pixels are possible"),
                   options->size);
      return FALSE;
    }
  if (cg_working_size_init (size, options, cg_model_get_train_scale (model), cg_network_get_size_multiple (network),
                            cg_network_get_min_size (network), width, height))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels is too large for this size"), width,
               height);
  return FALSE;
}

static gboolean
is_sampled (CgStatistics statistics, const CgWorkingSize *size)
{
  switch (statistics)
    {
    case CG_STATISTICS_EXACT:
      return FALSE;
    case CG_STATISTICS_SAMPLED:
      return TRUE;
    case CG_STATISTICS_AUTO:
    default:
      return (double)size->padded_width * size->padded_height > MOST_EXACT;
    }
}

/* The samples' memory is free when the picture runs. */
static gboolean
plan_stream (CgNetworkPixels *plan, CgNetwork *network, CgStatistics statistics, int *last, GError **error)
{
  const CgWorkingSize *size = &plan->rows.size;
  CgStreamMode mode = CG_STREAM_SETTLED;

  plan->norms = cg_norms_new (network);
  if (cg_norms_depend_on_picture (network))
    {
      if (is_sampled (statistics, size))
        cg_sample_grid_init (&plan->grid, size->padded_width, size->padded_height,
                             cg_network_get_size_multiple (network), NULL);
      if (plan->grid.n == 0)
        mode = CG_STREAM_EXACT;
    }
  if (plan->grid.n > 0)
    {
      plan->samples = cg_stream_new (network, plan->grid.n, plan->grid.height, plan->grid.width, CG_STREAM_SAMPLES,
                                     plan->norms, plan->rows.n_threads, plan->arena, 0, error);
      if (!plan->samples)
        return FALSE;
      *last = cg_stream_get_last (plan->samples) + 1;
    }
  plan->stream = cg_stream_new (network, 1, size->padded_height, size->padded_width, mode, plan->norms,
                                plan->rows.n_threads, plan->arena, *last, error);
  if (!plan->stream)
    return FALSE;
  *last = cg_stream_get_last (plan->stream);
  return TRUE;
}

static gboolean
plan_pass (CgNetworkPixels *plan, CgNetwork *network, int *last, GError **error)
{
  *last = cg_pass_get_span (network);
  plan->pass = cg_pass_new (network, 1, plan->rows.size.padded_height, plan->rows.size.padded_width, CG_PASS_INFERENCE,
                            plan->rows.n_threads, plan->arena, 0, *last, error);
  return plan->pass != NULL;
}

gboolean
cg_network_pixels_init (CgNetworkPixels *plan, CgModel *model, const CgTranslateOptions *options, int width, int height,
                        GError **error)
{
  CgNetwork *network = cg_model_get_network (model);
  const CgNetworkConfig *config = cg_network_get_config (network);
  int n_threads = options->n_threads > 0 ? options->n_threads : cg_parallel_get_default_threads ();
  CgWorkingSize size;
  size_t bytes, packed;
  int last = 0;

  *plan = (CgNetworkPixels){ .model = model };
  if (!check_channels (model, config, error) || !choose_size (&size, model, options, width, height, error))
    return FALSE;
  cg_network_rows_init (&plan->rows, config, &size, n_threads);
  plan->arena = cg_arena_new ();
  if (!(cg_stream_supports (network) ? plan_stream (plan, network, options->statistics, &last, error)
                                     : plan_pass (plan, network, &last, error)))
    return FALSE;
  if (!cg_network_measure_packed (network, &packed, error))
    return FALSE;

  plan->band_ticket
      = cg_arena_reserve (plan->arena, (size_t)size.width * 2 * CG_NETWORK_BAND * 3 * sizeof (float), 0, last);
  plan->bytes = (size_t)-1;
  if (cg_size_mul ((size_t)size.padded_width * (size_t)config->input_nc * sizeof (float), (size_t)n_threads, &bytes))
    {
      plan->scratch_ticket = cg_arena_reserve (plan->arena, bytes, 0, last);
      plan->bytes = cg_arena_measure (plan->arena);
    }
  if (plan->bytes == (size_t)-1 || !cg_size_add (plan->bytes, packed, &plan->bytes))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
                   _ ("%d x %d network pixels need more memory than this machine can address"), size.padded_width,
                   size.padded_height);
      return FALSE;
    }
  return TRUE;
}

double
cg_network_pixels_get_cost (const CgNetworkPixels *plan)
{
  if (!plan->stream)
    return UNKNOWN_COST * plan->rows.size.padded_width * plan->rows.size.padded_height;
  return cg_stream_get_cost (plan->stream) + (plan->samples ? cg_stream_get_cost (plan->samples) : 0.0);
}

static gboolean
watch_run (double done, gpointer data)
{
  Run *run = data;

  return cg_watch_go_on (run->watch, run->begin + run->share * CLAMP (done, 0.0, 1.0), NULL);
}

static gboolean
read_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  Run *run = data;

  return cg_network_rows_read (&run->plan->rows, first, rows, error);
}

static gboolean
take_row (Run *run, const float *row, float *to, GError **error)
{
  if (cg_network_rows_take (&run->plan->rows, row, to))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED, _ ("%s: the network's result is not a number between -1 and 1"),
               cg_model_get_path (run->plan->model));
  return FALSE;
}

static gboolean
write_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  Run *run = data;
  const CgWorkingSize *size = &run->plan->rows.size;
  size_t row_floats = 3 * (size_t)size->width;
  int n = 0;

  for (int i = 0; i < rows->h; i++)
    {
      int y = first + i - size->margin;

      if (y < 0 || y >= size->height)
        continue;
      if (!take_row (run, cg_tensor_at (rows, 0, i, 0), run->band + (size_t)n * row_floats, error))
        return FALSE;
      n++;
      if (n == CG_NETWORK_BAND || i + 1 == rows->h || y + 1 == size->height)
        {
          if (!run->write (y + 1 - n, n, run->band, run->data, error))
            return FALSE;
          n = 0;
        }
    }
  return TRUE;
}

typedef struct
{
  CgNetworkPixels *plan;
  const CgTensor *samples;
  float *scratch; /* a row per worker */
  int first;
} Gathering;

static void
gather_row (size_t item, int worker, void *data)
{
  const Gathering *gathering = data;
  const CgNetworkRows *rows = &gathering->plan->rows;
  float *row = gathering->scratch + (size_t)worker * (size_t)rows->size.padded_width * (size_t)rows->input_nc;

  cg_network_rows_prepare (rows, gathering->first + (int)item, row);
  cg_sample_grid_take_row (&gathering->plan->grid, gathering->first + (int)item, row, rows->input_nc,
                           gathering->samples);
}

static gboolean
gather (CgNetworkPixels *plan, const CgWatch *watch, GError **error)
{
  Gathering gathering = { .plan = plan,
                          .samples = cg_stream_get_input (plan->samples),
                          .scratch = cg_arena_get (plan->arena, plan->scratch_ticket) };
  int height = plan->rows.size.padded_height;

  for (; gathering.first < height; gathering.first += CG_NETWORK_BAND)
    {
      int n = MIN (CG_NETWORK_BAND, height - gathering.first);

      if (cg_watch_is_cancelled (watch, error) || !cg_network_rows_load (&plan->rows, gathering.first, n, error))
        return FALSE;
      cg_parallel_for (plan->rows.n_threads, (size_t)n, gather_row, &gathering);
    }
  cg_stream_set_areas (plan->samples, plan->grid.areas);
  return TRUE;
}

static gboolean
run_stream (Run *run, GError **error)
{
  CgNetworkPixels *plan = run->plan;
  const CgStreamCalls calls = { read_rows, write_rows, watch_run, run };

  if (plan->samples)
    {
      double cost = cg_stream_get_cost (plan->samples);

      run->share = cost / (cost + cg_stream_get_cost (plan->stream));
      if (!gather (plan, run->watch, error))
        return FALSE;
      if (!cg_stream_run (plan->samples, &calls, error))
        return FALSE;
    }
  run->begin = run->share;
  run->share = 1.0 - run->begin;
  return cg_stream_run (plan->stream, &calls, error);
}

/* Some rows of a whole value. */
static CgTensor
get_band (const CgTensor *whole, int first)
{
  CgTensor band = *whole;

  band.h = MIN (CG_NETWORK_BAND, whole->h - first);
  band.data = cg_tensor_at (whole, 0, first, 0);
  return band;
}

static bool
is_cancelled (void *cancellable)
{
  return g_cancellable_is_cancelled (cancellable);
}

static gboolean
run_pass (Run *run, GError **error)
{
  CgPass *pass = run->plan->pass;
  const CgTensor *input = cg_pass_get_input (pass), *output;

  for (int y = 0; y < input->h; y += CG_NETWORK_BAND)
    {
      CgTensor band = get_band (input, y);

      if (cg_watch_is_cancelled (run->watch, error) || !read_rows (y, &band, run, error))
        return FALSE;
    }
  run->share = 1.0;
  cg_pass_set_stop (pass, is_cancelled, run->watch->cancellable);
  if (!cg_pass_forward (pass, watch_run, run))
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
      return FALSE;
    }
  output = cg_pass_get_output (pass);
  for (int y = 0; y < output->h; y += CG_NETWORK_BAND)
    {
      CgTensor band = get_band (output, y);

      if (cg_watch_is_cancelled (run->watch, error) || !write_rows (y, &band, run, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
cg_network_pixels_run (CgNetworkPixels *plan, const float *in, CgTranslateRead read, CgNetworkPixelsWrite write,
                       gpointer data, CgWatch *watch, GError **error)
{
  Run run = { .plan = plan, .write = write, .data = data, .watch = watch };

  if (!cg_arena_commit (plan->arena, error))
    return FALSE;
  plan->rows.in = in;
  plan->rows.read = read;
  plan->rows.read_data = data;
  plan->rows.band = cg_arena_get (plan->arena, plan->band_ticket);
  run.band = plan->rows.band + (size_t)CG_NETWORK_BAND * 3 * (size_t)plan->rows.size.width;
  return plan->stream ? run_stream (&run, error) : run_pass (&run, error);
}
