/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A gather with few output channels: all taps as channels of one product per input row, then shifted and added, because a
 * tile as wide as three channels would leave nine tenths of the micro-kernel unused. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/machine.h"

#define BLOCK_ROWS 64
#define BLOCK_COLUMNS 128

/**
 * With m = (t, u, o) as one index over all taps and output channels,
 *     z[i,j,m] = sum_c in[i,j,c] * weight[c][m],   out[i,j,o] = sum_{t,u} z[i + t, j + u, (t,u,o)].
 * Rows are added first (contiguous over u and o), into a ring of as many rows as there are tap rows; then columns.
 */
typedef struct
{
  int taps_width;   /* columns * out_channels: the floats of one tap row */
  int sum_width;    /* that, rounded up to whole vectors */
  int n_panels;     /* of the index m */
  int product_step; /* floats of one pixel's z */
  int block_rows, block_columns;
  int n_row_blocks, n_column_blocks;
  int in_columns; /* pixels read for one block's row */
} Plan;

static void
plan_init (Plan *plan, const CgMachine *machine, const CgGather *g, int n)
{
  const int width = machine->gemm->n_channels;

  plan->taps_width = g->columns * g->out_channels;
  plan->sum_width = (plan->taps_width + 15) / 16 * 16;
  plan->n_panels = cg_ceil_div (g->rows * plan->taps_width, width);
  plan->product_step = plan->n_panels * width;

  /* Every block computes z again for the rows - 1 input rows that it shares with the next: few, but enough blocks. */
  plan->block_rows = g->height * n >= CG_ENOUGH_ITEMS * BLOCK_ROWS / 4 ? BLOCK_ROWS : BLOCK_ROWS / 2;
  plan->n_row_blocks = cg_ceil_div (g->height, plan->block_rows);
  plan->n_column_blocks = MAX (cg_ceil_div (g->width, BLOCK_COLUMNS), 1);
  plan->block_columns = cg_ceil_div (g->width, plan->n_column_blocks);
  plan->in_columns = plan->block_columns + g->columns - 1;
}

static size_t
panel_floats (const CgMachine *machine, const CgGather *g)
{
  return cg_round_line ((size_t)(g->in_channels * machine->gemm->n_pixels)) + CG_GEMM_SLACK;
}

static size_t
product_floats (const CgMachine *machine, const Plan *plan)
{
  const int pixels = cg_ceil_div (plan->in_columns, machine->gemm->n_pixels) * machine->gemm->n_pixels;

  return cg_round_line ((size_t)pixels * (size_t)plan->product_step + (size_t)plan->sum_width);
}

static size_t
ring_floats (const CgGather *g, const Plan *plan)
{
  return cg_round_line ((size_t)(g->rows * plan->in_columns) * (size_t)plan->sum_width) + 16;
}

static size_t
row_floats (const CgGather *g, const Plan *plan)
{
  return cg_round_line ((size_t)(plan->block_columns * g->out_channels)) + 16;
}

static size_t
packed_floats (const CgMachine *machine, const CgGather *g)
{
  Plan plan;

  plan_init (&plan, machine, g, 1);
  return cg_round_line ((size_t)g->in_channels * (size_t)plan.product_step) + CG_GEMM_SLACK;
}

static size_t
scratch_floats (const CgMachine *machine, const CgGather *g, int n)
{
  Plan plan;

  plan_init (&plan, machine, g, n);
  return panel_floats (machine, g) + product_floats (machine, &plan) + ring_floats (g, &plan) + row_floats (g, &plan);
}

/* [panel][c][m], zeros past the last m. The weights are few: not worth threads. */
static void
pack (const CgMachine *machine, const CgGather *g, const CgConvShape *shape, const float *w, float *packed,
      int n_threads)
{
  const int width = machine->gemm->n_channels;

  memset (packed, 0, packed_floats (machine, g) * sizeof (float));
  for (int t = 0; t < g->rows; t++)
    for (int u = 0; u < g->columns; u++)
      for (int c = 0; c < g->in_channels; c++)
        {
          size_t step;
          const float *from = cg_gather_weights (g, shape, w, t, u, c, &step);

          for (int o = 0; o < g->out_channels; o++)
            {
              const int m = (t * g->columns + u) * g->out_channels + o;

              packed[((size_t)(m / width) * (size_t)g->in_channels + (size_t)c) * (size_t)width + (size_t)(m % width)]
                  = from[(size_t)o * step];
            }
        }
}

typedef struct
{
  const CgGatherCall *call;
  Plan plan;
} RunJob;

/* z of @n_pixels input pixels of one row. */
static void
multiply_row (const RunJob *job, const float *in, int n_pixels, float *panel, float *product)
{
  const CgGather *g = job->call->gather;
  const CgMachine *machine = job->call->machine;
  const CgGemm *gemm = machine->gemm;
  const int step = cg_gemm_even_rows (gemm, n_pixels);

  for (int q = 0; q < n_pixels; q += step)
    {
      const int count = MIN (step, n_pixels - q);
      const float *pixels[CG_GEMM_MAX_PIXELS];

      for (int j = 0; gemm->strided && j < job->plan.n_panels; j++)
        gemm->strided (count, gemm->n_channels,
                       &(CgGemmOperands){
                           .runs = 1,
                           .depth = (size_t)g->in_channels,
                           .pixels = in + (size_t)q * (size_t)g->in_channels,
                           .pixel_step = (size_t)g->in_channels,
                           .pixel_term = 1,
                           .channels = job->call->packed + (size_t)j * (size_t)(g->in_channels * gemm->n_channels),
                           .channel_term = (size_t)gemm->n_channels,
                       },
                       false, product + (size_t)q * (size_t)job->plan.product_step + (size_t)(j * gemm->n_channels),
                       (size_t)job->plan.product_step);
      if (gemm->strided)
        continue;

      for (int i = 0; i < count; i++)
        pixels[i] = in + (size_t)(q + i) * (size_t)g->in_channels;
      machine->rows->pack_pixels (gemm->n_pixels, count, pixels, (size_t)g->in_channels, panel);
      for (int j = 0; j < job->plan.n_panels; j++)
        gemm->tile (gemm, count, gemm->n_channels, (size_t)g->in_channels, panel,
                    job->call->packed + (size_t)j * (size_t)(g->in_channels * gemm->n_channels), false,
                    product + (size_t)q * (size_t)job->plan.product_step + (size_t)(j * gemm->n_channels),
                    (size_t)job->plan.product_step);
    }
}

static void
run_block (size_t item, int worker, void *data)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const CgRows *rows = call->machine->rows;
  const Plan *plan = &job->plan;
  const int column_block = (int)(item % (size_t)plan->n_column_blocks);
  const int rest = (int)(item / (size_t)plan->n_column_blocks);
  const int top = rest % plan->n_row_blocks * plan->block_rows, n = rest / plan->n_row_blocks;
  const int left = column_block * plan->block_columns;
  const int n_rows = MIN (plan->block_rows, g->height - top), n_columns = MIN (plan->block_columns, g->width - left);
  const int in_columns = n_columns + g->columns - 1;
  const size_t ring_row = (size_t)plan->in_columns * (size_t)plan->sum_width;
  float *panel = cg_workspace_get (call->workspace, worker);
  float *product = panel + panel_floats (call->machine, g);
  float *ring = product + product_floats (call->machine, plan);
  float *row = ring + ring_floats (g, plan);

  if (n_columns <= 0)
    return;

  for (int i = 0; i < n_rows + g->rows - 1; i++)
    {
      /* Output row i starts here and row i - (rows - 1) ends here. */
      if (i < n_rows)
        memset (ring + (size_t)(i % g->rows) * ring_row, 0, ring_row * sizeof (float));
      multiply_row (job, cg_plane_at (&call->in, n, top + i + g->in_top, left + g->in_left, g->in_channels), in_columns,
                    panel, product);
      for (int t = MAX (i - n_rows + 1, 0); t < g->rows && t <= i; t++)
        rows->add_columns (plan->sum_width, in_columns, product + (size_t)(t * plan->taps_width),
                           (size_t)plan->product_step, ring + (size_t)((i - t) % g->rows) * ring_row,
                           (size_t)plan->sum_width);

      const int finished = i - (g->rows - 1);

      if (finished >= 0)
        {
          rows->gather_taps (ring + (size_t)(finished % g->rows) * ring_row, (size_t)plan->sum_width, g->columns, row,
                             n_columns, g->out_channels);
          if (call->bias)
            for (int j = 0; j < n_columns; j++)
              for (int o = 0; o < g->out_channels; o++)
                row[j * g->out_channels + o] += call->bias[o];
          /* A row of few channels is finished as one pixel of many. */
          rows->finish (row, 0, cg_plane_at (&call->out, n, top + finished, left, g->out_channels), 0, 1,
                        n_columns * g->out_channels, NULL, call->activation);
        }
    }
}

static void
run (const CgGatherCall *call)
{
  RunJob job = { .call = call };

  plan_init (&job.plan, call->machine, call->gather, call->n);
  cg_parallel_for (call->workspace->n_threads,
                   (size_t)call->n * (size_t)(job.plan.n_row_blocks * job.plan.n_column_blocks), run_block, &job);
}

const CgAlgorithm cg_narrow_convolution = {
  .packed_floats = packed_floats,
  .pack = pack,
  .scratch_floats = scratch_floats,
  .run = run,
  .row_tile = 1,
};
