/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A window slides down the photo; what it shows becomes rows at the network's scale. */
#include "infer/reduction.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size.h"

/* Rows that are made in one go, shared out among the threads; fewer where the window would be larger than this. */
#define MOST_STEP 16
#define MOST_WINDOW_FLOATS ((double)(1 << 23))

/* Rows @first … @first + n - 1 of the photo. */
typedef struct
{
  const CgReduction *reduction;
  float *window, *scratch;
  int first, n;
  int y; /* the first row that is made of them */
  float *small;
} Run;

/* Rows of the photo that row @y is made of. */
static void
get_source (const CgReduction *reduction, int y, int *first, int *end)
{
  *first = reduction->scaled ? reduction->down.first[y] : y;
  *end = *first + (reduction->scaled ? reduction->down.n_taps[y] : 1);
}

/* And those which all rows of a step are made of. */
static int
get_step_source (const CgReduction *reduction, int y, int *first, int *end)
{
  int step_end = MIN (y + reduction->step, reduction->network_height), ignored;

  get_source (reduction, y, first, &ignored);
  get_source (reduction, step_end - 1, &ignored, end);
  return step_end;
}

static void
measure_window (CgReduction *reduction, int step)
{
  reduction->step = step;
  reduction->window_rows = 0;
  for (int y = 0; y < reduction->network_height; y += step)
    {
      int first, end;

      get_step_source (reduction, y, &first, &end);
      reduction->window_rows = MAX (reduction->window_rows, end - first);
    }
}

gboolean
cg_reduction_init (CgReduction *reduction, int width, int height, int network_width, int network_height, int n_threads,
                   GError **error)
{
  size_t floats, scratch;

  *reduction = (CgReduction){ .width = width,
                              .height = height,
                              .network_width = network_width,
                              .network_height = network_height,
                              .n_threads = n_threads,
                              .step = 2 * MOST_STEP,
                              .scaled = width != network_width || height != network_height,
                              .scratch_floats = cg_size_align (3 * (size_t)width, 16) };
  if (reduction->scaled
      && (!cg_resize_axis_init (&reduction->across, width, network_width, error)
          || !cg_resize_axis_init (&reduction->down, height, network_height, error)))
    return FALSE;
  do
    measure_window (reduction, MAX (reduction->step / 2, 1));
  while (reduction->step > n_threads && 3.0 * width * reduction->window_rows > MOST_WINDOW_FLOATS);
  if (cg_size_mul (3 * (size_t)width, (size_t)reduction->window_rows, &floats)
      && cg_size_mul (reduction->scratch_floats, (size_t)n_threads, &scratch) && cg_size_add (floats, scratch, &floats)
      && cg_size_mul (floats, sizeof (float), &reduction->bytes))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return FALSE;
}

void
cg_reduction_clear (CgReduction *reduction)
{
  cg_resize_axis_clear (&reduction->across);
  cg_resize_axis_clear (&reduction->down);
}

static void
make_row (size_t item, int worker, void *data)
{
  const Run *run = data;
  const CgReduction *reduction = run->reduction;
  size_t stride = 3 * (size_t)reduction->width, n = 3 * (size_t)reduction->network_width;
  int y = run->y + (int)item;
  float *to = run->small + (size_t)y * n;

  if (reduction->scaled)
    cg_resize_row (&reduction->across, &reduction->down, 3, run->window, run->first, stride, true, y,
                   run->scratch + (size_t)worker * reduction->scratch_floats, to);
  else
    memcpy (to, run->window + (size_t)(y - run->first) * stride, n * sizeof (float));
  for (size_t i = 0; i < n; i++)
    to[i] = cg_clean_sample (to[i]);
}

/* Slides the window to rows @first … @end - 1, none of which were shown before the others. */
static gboolean
show (Run *run, int first, int end, CgTranslateRead read, gpointer data, GError **error)
{
  size_t stride = 3 * (size_t)run->reduction->width;
  int begin = MAX (first, run->first + run->n), kept = begin - first;

  if (kept > 0)
    memmove (run->window, run->window + (size_t)(first - run->first) * stride, (size_t)kept * stride * sizeof (float));
  run->first = first;
  run->n = end - first;
  return begin == end || read (begin, end - begin, run->window + (size_t)kept * stride, data, error);
}

gboolean
cg_reduction_run (const CgReduction *reduction, CgTranslateRead read, gpointer data, float *small, CgWatch *watch,
                  GError **error)
{
  g_autofree float *memory = g_try_malloc (reduction->bytes);
  Run run = { .reduction = reduction, .window = memory, .small = small };
  gboolean done = TRUE;

  if (!memory)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), reduction->width,
                   reduction->height);
      return FALSE;
    }
  run.scratch = memory + 3 * (size_t)reduction->width * (size_t)reduction->window_rows;
  while (done && run.y < reduction->network_height)
    {
      int first, end, next = get_step_source (reduction, run.y, &first, &end);

      done = show (&run, first, end, read, data, error);
      if (done)
        cg_parallel_for (reduction->n_threads, (size_t)(next - run.y), make_row, &run);
      run.y = next;
      done = done && cg_watch_go_on (watch, (double)next / reduction->network_height, error);
    }
  return done;
}
