/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The order in which rows are made: the last stage asks for rows, every stage asks the one before for what it lacks. The plan is the same
 * walk without arithmetic, so that what a run needs is what the plan counted. */
#include "nets/stream.h"

#include <glib/gi18n-lib.h>
#include <limits.h>

#include "base/debug.h"
#include "base/error.h"
#include "base/size.h"
#include "nets/network-private.h"
#include "nets/stream-private.h"

#define SCRATCH_ALIGNMENT 16 /* floats */
#define COARSEST 4           /* pixels of the input per pixel of the blocks */
#define SETTLED_ROWS 128     /* of a whole value, between two looks at whether the caller wants to go on */

void
cg_stream_free (CgStream *stream)
{
  if (!stream)
    return;
  g_free (stream->stages);
  g_free (stream->areas);
  g_free (stream->mean);
  g_free (stream->m2);
  g_free (stream);
}

/* The first row that anyone still reads. */
static int
get_first_kept (const CgStream *stream, int k)
{
  int first = stream->stages[k].produced;

  for (guint i = (guint)k + 1; i < stream->n_stages; i++)
    {
      const CgStage *reader = &stream->stages[i];

      if (!reader->active || reader->produced == reader->window.h)
        continue;
      if (reader->input == k)
        first = MIN (first, cg_stage_first_needed (reader, reader->produced));
      if (reader->skip == k)
        first = MIN (first, reader->produced);
    }
  return first;
}

static gboolean
has_reader (const CgStream *stream, int k)
{
  for (guint i = (guint)k + 1; i < stream->n_stages; i++)
    if (stream->stages[i].active && stream->stages[i].input == k)
      return TRUE;
  return FALSE;
}

/* Room for rows up to @end, and below the last row for its halo. */
static void
make_room (CgStream *stream, int k, int end)
{
  CgStage *stage = &stream->stages[k];
  CgWindow *window = &stage->window;
  int keep = get_first_kept (stream, k);

  if (end == window->h && has_reader (stream, k))
    end += window->halo;
  if (stage->whole)
    return;
  if (stream->planning)
    window->capacity = MAX (window->capacity, end - keep);
  else
    cg_window_slide (window, keep, stage->produced, end, stream->workspace.n_threads);
}

/* Rows @first … @end - 1 of a stage whose input is there. */
static gboolean
make_rows (CgStream *stream, CgStage *stage, int first, int end, GError **error)
{
  CgTensor rows;

  if (stage->layer)
    {
      cg_stage_compute (stream, stage, first, end);
      if (stage->settled)
        cg_stage_finish (stream, stage, first, end);
      else
        cg_stage_measure (stream, stage, first, end);
      return TRUE;
    }
  rows = (CgTensor){ .n = 1,
                     .h = end - first,
                     .w = stage->window.w,
                     .c = stage->window.c,
                     .row_stride = stage->window.row_stride,
                     .image_stride = stage->window.image_stride,
                     .data = cg_window_at (&stage->window, 0, first) };
  return stream->calls->read (first, &rows, stream->calls->data, error);
}

/* FALSE and CG_ERROR_CANCELLED if the caller wants no more. */
static gboolean
go_on (const CgStream *stream, GError **error)
{
  if (!stream->calls->progress || stream->calls->progress (stream->done / stream->total_cost, stream->calls->data))
    return TRUE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_CANCELLED, _ ("Cancelled"));
  return FALSE;
}

static gboolean
account (CgStream *stream, const CgStage *stage, int first, int end, GError **error)
{
  stream->done += stage->row_cost * (end - first);
  if (stream->planning)
    {
      stream->scratch_floats = MAX (stream->scratch_floats, cg_stage_scratch_floats (stream, stage, first, end));
      return TRUE;
    }
  return go_on (stream, error);
}

/* Makes rows up to @target at least. */
static gboolean
advance (CgStream *stream, int k, int target, GError **error)
{
  CgStage *stage = &stream->stages[k];
  int h = stage->window.h;

  while (!stage->complete && stage->produced < target)
    {
      int first = stage->produced, end = first + stage->step;

      if (!stage->batches)
        end = MIN (end, (target + stage->tile - 1) / stage->tile * stage->tile);
      end = MIN (end, h);
      if (stage->layer
          && (!advance (stream, stage->input,
                        MIN (cg_stage_last_needed (stage, end), stream->stages[stage->input].window.h), error)
              || (stage->skip >= 0 && !advance (stream, stage->skip, end, error))))
        return FALSE;
      make_room (stream, k, end);
      if (!stream->planning && !make_rows (stream, stage, first, end, error))
        return FALSE;
      stage->produced = end;
      if (!stream->planning && stage->settled && has_reader (stream, k))
        cg_window_fill_halo (&stage->window, first, end);
      if (!account (stream, stage, first, end, error))
        return FALSE;
    }
  return TRUE;
}

/* Everything between @k and what is complete takes part in the run number @run. */
static void
activate (CgStream *stream, int k, int run)
{
  CgStage *stage = &stream->stages[k];

  if (stage->born < 0)
    stage->born = run;
  stage->dies = run;
  if (stage->complete || stage->active)
    return;
  stage->active = TRUE;
  stage->produced = 0;
  stage->window.first = -stage->window.halo;
  if (stage->input >= 0)
    activate (stream, stage->input, run);
  if (stage->skip >= 0)
    activate (stream, stage->skip, run);
}

/* The statistics of stage @k are known now: so is what the norm does. */
static gboolean
settle (CgStream *stream, CgStage *stage, GError **error)
{
  int h = stage->window.h;

  if (!stream->planning)
    cg_norms_settle (stream->norms, stage->finish_layer, stage->window.c, stream->count, stream->mean, stream->m2);
  stage->settled = TRUE;
  if (!stage->whole)
    return TRUE;
  for (int first = 0; first < h && !stream->planning; first += SETTLED_ROWS)
    {
      cg_stage_finish (stream, stage, first, MIN (first + SETTLED_ROWS, h));
      if (!go_on (stream, error))
        return FALSE;
    }
  if (!stream->planning)
    cg_window_fill_halo (&stage->window, 0, h);
  stage->complete = TRUE;
  return TRUE;
}

static gboolean
write_rows (CgStream *stream, const CgStage *stage, int first, GError **error)
{
  CgTensor rows = { .n = 1,
                    .h = stage->produced - first,
                    .w = stage->window.w,
                    .c = stage->window.c,
                    .row_stride = stage->window.row_stride,
                    .image_stride = stage->window.image_stride };

  if (stream->planning)
    return TRUE;
  rows.data = cg_window_at (&stage->window, 0, first);
  return stream->calls->write (first, &rows, stream->calls->data, error);
}

/* Once over all rows of stage @k: for its statistics, or for the output. */
static gboolean
run_rows (CgStream *stream, int k, int run, GError **error)
{
  CgStage *stage = &stream->stages[k];
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < stream->n_stages; i++)
    stream->stages[i].active = FALSE;
  activate (stream, k, run);
  stream->count = 0.0;
  for (int c = 0; c < stage->window.c; c++)
    stream->mean[c] = stream->m2[c] = 0.0;
  while (stage->produced < stage->window.h)
    {
      int first = stage->produced;

      if (!advance (stream, k, MIN (first + stage->step, stage->window.h), error)
          || (stage->settled && !write_rows (stream, stage, first, error)))
        return FALSE;
    }
  if (!stage->settled && !settle (stream, stage, error))
    return FALSE;
  if (!stream->planning)
    CG_DEBUG_LOG (CG_DEBUG_TIME, "rows of stage %d (%s): %.3f ms", k, stage->layer->name,
                  (double)(g_get_monotonic_time () - start) / 1e3);
  return TRUE;
}

/* In layer order, because the statistics of a layer change with those of the layers before it. */
static gboolean
run_all (CgStream *stream, GError **error)
{
  int run = 0;

  stream->done = 0.0;
  for (guint k = 0; k < stream->n_stages; k++)
    {
      CgStage *stage = &stream->stages[k];

      stage->settled
          = stream->mode == CG_STREAM_SETTLED || !stage->finish || stage->finish->klass != &cg_instance_norm_class;
      stage->complete = k == 0 && stage->whole;
    }
  for (guint k = 0; k < stream->n_stages; k++)
    if (!stream->stages[k].settled && !run_rows (stream, (int)k, run++, error))
      return FALSE;
  if (stream->mode != CG_STREAM_SAMPLES && !run_rows (stream, (int)stream->n_stages - 1, run++, error))
    return FALSE;
  stream->n_runs = run;
  return TRUE;
}

static gboolean
fail_memory (const CgStream *stream, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
               _ ("%d x %d network pixels need more memory than this machine can address"), stream->stages[0].window.w,
               stream->stages[0].window.h);
  return FALSE;
}

/* The arena puts what is reserved first at the lowest place. Values of residual blocks take turns in three places, the third being for what
 * is between two of them; the first and the last meet values of twice their size, which leave them one place only. In this order three are
 * enough whatever the number of blocks. */
enum
{
  RANK_END,
  RANK_BLOCK,
  RANK_REST,
  N_RANKS
};

static int
get_rank (const CgStream *stream, int k)
{
  const CgStage *stage = &stream->stages[k];

  if (!stage->whole || stage->input < 0)
    return RANK_REST;
  if (stage->scale != stream->stages[stage->input].scale)
    return RANK_END;
  for (guint i = (guint)k + 1; i < stream->n_stages; i++)
    if (stream->stages[i].input == k && stream->stages[i].scale != stage->scale)
      return RANK_END;
  return stage->skip >= 0 ? RANK_BLOCK : RANK_REST;
}

static gboolean
reserve (CgStream *stream, CgStage *stage, GError **error)
{
  size_t bytes = cg_window_lay_out (&stage->window);

  /* As large as if all had halos that cover the same pixels, so that two equal values fit exactly into the place of one of twice their size. */
  if (bytes != (size_t)-1 && stage->whole && stage->window.halo < COARSEST / stage->scale)
    {
      CgWindow padded = stage->window;

      padded.capacity += 2 * (COARSEST / stage->scale - padded.halo);
      padded.halo = COARSEST / stage->scale;
      bytes = cg_window_lay_out (&padded);
    }
  if (bytes == (size_t)-1)
    return fail_memory (stream, error);
  if (stage->born >= 0)
    stage->ticket = cg_arena_reserve (stream->arena, bytes, stream->first + stage->born, stream->first + stage->dies);
  return TRUE;
}

static gboolean
plan_memory (CgStream *stream, GError **error)
{
  int last, n = stream->stages[0].window.n, most_channels = 1;
  size_t scratch_bytes;

  stream->planning = TRUE;
  for (guint k = 0; k < stream->n_stages; k++)
    {
      CgStage *stage = &stream->stages[k];

      most_channels = MAX (most_channels, stage->window.c);
      stage->window.capacity = stage->whole ? stage->window.h + 2 * stage->window.halo : 0;
    }
  stream->mean = g_new (double, most_channels);
  stream->m2 = g_new (double, most_channels);
  run_all (stream, NULL);
  stream->total_cost = stream->done;
  stream->planning = FALSE;

  last = cg_stream_get_last (stream);
  for (int rank = 0; rank < N_RANKS; rank++)
    for (guint k = 0; k < stream->n_stages; k++)
      if (get_rank (stream, (int)k) == rank && !reserve (stream, &stream->stages[k], error))
        return FALSE;
  stream->workspace.scratch_floats = cg_size_align (stream->scratch_floats, SCRATCH_ALIGNMENT);
  if (!cg_size_mul (stream->workspace.scratch_floats * sizeof (float), (size_t)stream->workspace.n_threads,
                    &scratch_bytes))
    return fail_memory (stream, error);
  stream->scratch_ticket = cg_arena_reserve (stream->arena, scratch_bytes, stream->first, last);
  stream->constants_ticket
      = cg_arena_reserve (stream->arena, 2 * (size_t)n * (size_t)most_channels * sizeof (float), stream->first, last);
  return TRUE;
}

CgStream *
cg_stream_new (CgNetwork *network, int n, int h, int w, CgStreamMode mode, CgNorms *norms, int n_threads,
               CgArena *arena, int first, GError **error)
{
  g_autoptr (CgStream) stream = NULL;
  const CgKernels *kernels = cg_kernels_get (error);

  g_return_val_if_fail (cg_stream_supports (network) && (n == 1 || mode == CG_STREAM_SAMPLES), NULL);
  if (!kernels)
    return NULL;
  stream = g_new0 (CgStream, 1);
  stream->network = network;
  stream->kernels = kernels;
  stream->mode = mode;
  stream->norms = norms;
  stream->arena = arena;
  stream->first = first;
  stream->workspace.n_threads = MAX (n_threads, 1);
  if (!cg_stream_build (stream, n, h, w, error) || !plan_memory (stream, error))
    return NULL;
  stream->areas = g_new (CgStreamArea, n);
  for (int i = 0; i < n; i++)
    stream->areas[i] = (CgStreamArea){ 0, 0, w, h };
  return g_steal_pointer (&stream);
}

int
cg_stream_get_last (const CgStream *stream)
{
  return stream->first + MAX (stream->n_runs - 1, 0);
}

double
cg_stream_get_cost (const CgStream *stream)
{
  return stream->total_cost;
}

/* Gives every window its memory, once the arena has some. */
static void
place (CgStream *stream)
{
  for (guint k = 0; k < stream->n_stages; k++)
    {
      CgStage *stage = &stream->stages[k];

      if (stage->ticket >= 0)
        stage->window.memory = cg_arena_get (stream->arena, stage->ticket);
      stage->window.first = -stage->window.halo;
    }
  stream->workspace.scratch = cg_arena_get (stream->arena, stream->scratch_ticket);
  stream->constants = cg_arena_get (stream->arena, stream->constants_ticket);
}

const CgTensor *
cg_stream_get_input (CgStream *stream)
{
  const CgWindow *window = &stream->stages[0].window;

  g_return_val_if_fail (stream->mode == CG_STREAM_SAMPLES, NULL);
  place (stream);
  stream->input = (CgTensor){ .n = window->n,
                              .h = window->h,
                              .w = window->w,
                              .c = window->c,
                              .halo = window->halo,
                              .row_stride = window->row_stride,
                              .image_stride = window->image_stride,
                              .data = cg_window_at (window, 0, 0) };
  return &stream->input;
}

void
cg_stream_set_areas (CgStream *stream, const CgStreamArea *areas)
{
  for (int i = 0; i < stream->stages[0].window.n; i++)
    stream->areas[i] = areas[i];
}

gboolean
cg_stream_run (CgStream *stream, const CgStreamCalls *calls, GError **error)
{
  if (!cg_network_need_packed (stream->network, stream->kernels, FALSE, error))
    return FALSE;
  cg_network_pack (stream->network, stream->kernels, 0, stream->workspace.n_threads);
  place (stream);
  stream->calls = calls;
  if (stream->mode == CG_STREAM_SAMPLES)
    cg_window_fill_halo (&stream->stages[0].window, 0, stream->stages[0].window.h);
  return run_all (stream, error);
}
