/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Any gather as a matrix product whose left side never exists whole: the micro-kernel reads runs of pixels where they lie, or, where
 * it wants panels, gets them packed. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/machine.h"

/* Floats of pixel panels per block: half of a small second-level cache. */
#define PANEL_FLOATS (40 * 1024)
#define MAX_BLOCK_PIXELS 128

/* Terms between two visits of the output where nothing is packed: a panel of weights that a second-level cache holds. */
#define STRIDED_DEPTH 2048

/* Narrower images are packed in any case: short tiles would leave the micro-kernel half used. */
#define LEAST_WIDTH 6

/* How the product out [pixels][channels] += in [pixels][depth] * weights [depth][channels] is cut. */
typedef struct
{
  int run;          /* contiguous floats of one tap row */
  int depth;        /* all tap rows */
  int step;         /* of the depth, between two visits of the output */
  int n_panels;     /* of output channels */
  bool strided;     /* nothing is packed: blocks are pieces of rows */
  int block_pixels; /* pixels of one item, a multiple of the tile */
  int block_rows, block_columns;
  int n_column_blocks;
  int n_blocks;
  int group; /* channel panels of one item */
  int n_groups;
  size_t sum_stride; /* of one item's sums */
} Plan;

static void
plan_init (Plan *plan, const CgMachine *machine, const CgGather *g, int n)
{
  const CgGemm *gemm = machine->gemm;
  const int pixels = g->height * g->width;

  plan->run = g->columns * g->in_channels;
  plan->depth = g->rows * plan->run;
  plan->step = plan->depth ? cg_ceil_div (plan->depth, cg_ceil_div (plan->depth, (int)gemm->depth)) : 1;
  if (gemm->strided && plan->depth)
    /* Whole tap rows. Not a matter of the image's size, because packed weights are cut the same way. */
    plan->step = cg_ceil_div (g->rows, MIN (cg_ceil_div (plan->depth, STRIDED_DEPTH), g->rows)) * plan->run;
  plan->n_panels = cg_ceil_div (g->out_channels, gemm->n_channels);
  plan->strided = gemm->strided && plan->depth && g->width >= LEAST_WIDTH;
  plan->block_pixels
      = CLAMP (PANEL_FLOATS / plan->step, gemm->n_pixels, MAX_BLOCK_PIXELS) / gemm->n_pixels * gemm->n_pixels;
  plan->n_blocks = cg_ceil_div (pixels, plan->block_pixels);
  if (plan->strided)
    {
      plan->n_column_blocks = cg_ceil_div (g->width, MAX_BLOCK_PIXELS);
      plan->block_columns = cg_ceil_div (g->width, plan->n_column_blocks);
      plan->block_rows = MAX (MAX_BLOCK_PIXELS / plan->block_columns, 1);
      plan->n_blocks = plan->n_column_blocks * cg_ceil_div (g->height, plan->block_rows);
    }

  /* Few pixels and many channels (the bottom of a U-Net): cut the channels too. */
  const int n_groups = CLAMP (cg_ceil_div (CG_ENOUGH_ITEMS, MAX (plan->n_blocks * n, 1)), 1, plan->n_panels);

  plan->group = cg_ceil_div (plan->n_panels, n_groups);
  plan->n_groups = cg_ceil_div (plan->n_panels, plan->group);
  plan->sum_stride = (size_t)(plan->group * gemm->n_channels) + 16;
}

static size_t
packed_floats (const CgMachine *machine, const CgGather *g)
{
  Plan plan;

  plan_init (&plan, machine, g, 1);
  return cg_round_line ((size_t)plan.depth * (size_t)(plan.n_panels * machine->gemm->n_channels)) + CG_GEMM_SLACK;
}

static size_t
panel_floats (const Plan *plan)
{
  return cg_round_line ((size_t)plan->block_pixels * (size_t)plan->step) + CG_GEMM_SLACK;
}

static size_t
scratch_floats (const CgMachine *machine, const CgGather *g, int n)
{
  Plan plan;

  plan_init (&plan, machine, g, n);
  if (plan.strided)
    return 0;
  return panel_floats (&plan) + cg_round_line ((size_t)plan.block_pixels * plan.sum_stride);
}

typedef struct
{
  const CgMachine *machine;
  const CgGather *gather;
  const CgConvShape *shape;
  const float *w;
  float *packed;
  Plan plan;
} PackJob;

/* One panel of channels: [step of the depth][panel][depth][channel], zeros past the last channel. */
static void
pack_panel (size_t item, int worker, void *data)
{
  const PackJob *job = data;
  const CgGather *g = job->gather;
  const Plan *plan = &job->plan;
  const int width = job->machine->gemm->n_channels;
  const int first = (int)item * width, count = MIN (width, g->out_channels - first);

  for (int p = 0; p < plan->depth; p++)
    {
      const int begin = p / plan->step * plan->step, length = MIN (plan->step, plan->depth - begin);
      const int t = p / plan->run, u = p % plan->run / g->in_channels, c = p % g->in_channels;
      float *to = job->packed + ((size_t)begin * (size_t)plan->n_panels + (size_t)length * item) * (size_t)width
                  + (size_t)(p - begin) * (size_t)width;
      size_t step;
      const float *from = cg_gather_weights (g, job->shape, job->w, t, u, c, &step) + (size_t)first * step;

      for (int o = 0; o < count; o++)
        to[o] = from[(size_t)o * step];
      for (int o = count; o < width; o++)
        to[o] = 0;
    }
}

static void
pack (const CgMachine *machine, const CgGather *g, const CgConvShape *shape, const float *w, float *packed,
      int n_threads)
{
  PackJob job = { machine, g, shape, w, packed, { 0 } };

  plan_init (&job.plan, machine, g, 1);
  cg_parallel_for (n_threads, (size_t)job.plan.n_panels, pack_panel, &job);

  /* What a kernel fetches ahead is never used, but should be a number. */
  const size_t used = (size_t)job.plan.depth * (size_t)(job.plan.n_panels * machine->gemm->n_channels);

  memset (packed + used, 0, (packed_floats (machine, g) - used) * sizeof (float));
}

typedef struct
{
  const CgGatherCall *call;
  Plan plan;
} RunJob;

/* Packs terms begin … begin + length - 1 of one tile's pixels; a run is cut where a tap row ends. */
static void
pack_tile (const RunJob *job, const float *const *pixels, int n_pixels, int begin, int length, float *panel)
{
  const CgGatherCall *call = job->call;
  const int width = call->machine->gemm->n_pixels, run = job->plan.run;

  for (int p = begin; p < begin + length;)
    {
      const int t = p / run, within = p % run, piece = MIN (run - within, begin + length - p);
      const size_t offset = (size_t)t * call->in.row_stride + (size_t)within;
      const float *starts[CG_GEMM_MAX_PIXELS];

      for (int i = 0; i < n_pixels; i++)
        starts[i] = pixels[i] + offset;
      call->machine->rows->pack_pixels (width, n_pixels, starts, (size_t)piece, panel);
      panel += (size_t)piece * (size_t)width;
      p += piece;
    }
}

static void
write_block (const CgGatherCall *call, const Plan *plan, int n, int first, int count, int first_channel,
             const float *sums)
{
  const CgGather *g = call->gather;
  const int channels = MIN (plan->group * call->machine->gemm->n_channels, g->out_channels - first_channel);

  for (int done = 0; done < count;)
    {
      const int i = (first + done) / g->width, j = (first + done) % g->width;
      const int piece = MIN (g->width - j, count - done);
      float *out
          = cg_plane_at (&call->out, n, i * g->out_step + g->out_top, j * g->out_step + g->out_left, g->out_channels);

      call->machine->rows->finish (sums + (size_t)done * plan->sum_stride, plan->sum_stride, out + first_channel,
                                   (size_t)(g->out_step * g->out_channels), piece, channels,
                                   call->bias ? call->bias + first_channel : NULL, call->activation);
      done += piece;
    }
}

static void
run_block (size_t item, int worker, void *data)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const CgGemm *gemm = call->machine->gemm;
  const Plan *plan = &job->plan;
  const int block = (int)(item % (size_t)plan->n_blocks), rest = (int)(item / (size_t)plan->n_blocks);
  const int group = rest % plan->n_groups, n = rest / plan->n_groups;
  const int first = block * plan->block_pixels, count = MIN (plan->block_pixels, g->height * g->width - first);
  const int first_panel = group * plan->group, end_panel = MIN (first_panel + plan->group, plan->n_panels);
  float *panels = cg_workspace_get (call->workspace, worker), *sums = panels + panel_floats (plan);

  if (plan->depth == 0)
    memset (sums, 0, (size_t)count * plan->sum_stride * sizeof (float));

  for (int begin = 0; begin < plan->depth; begin += plan->step)
    {
      const int length = MIN (plan->step, plan->depth - begin);
      const float *weights = call->packed + (size_t)begin * (size_t)(plan->n_panels * gemm->n_channels);

      for (int q = 0; q < count; q += gemm->n_pixels)
        {
          const float *pixels[CG_GEMM_MAX_PIXELS];
          const int n_pixels = MIN (gemm->n_pixels, count - q);

          for (int i = 0; i < n_pixels; i++)
            pixels[i] = cg_plane_at (&call->in, n, (first + q + i) / g->width * g->in_step + g->in_top,
                                     (first + q + i) % g->width * g->in_step + g->in_left, g->in_channels);
          pack_tile (job, pixels, n_pixels, begin, length, panels + (size_t)q * (size_t)length);
        }

      for (int j = first_panel; j < end_panel; j++)
        for (int q = 0; q < count; q += gemm->n_pixels)
          gemm->tile (gemm, MIN (gemm->n_pixels, count - q), gemm->n_channels, (size_t)length,
                      panels + (size_t)q * (size_t)length,
                      weights + (size_t)j * (size_t)length * (size_t)gemm->n_channels, begin > 0,
                      sums + (size_t)q * plan->sum_stride + (size_t)((j - first_panel) * gemm->n_channels),
                      plan->sum_stride);
    }

  write_block (call, plan, n, first, count, first_panel * gemm->n_channels, sums);
}

/* The same without panels, into the output itself. */
static void
run_strided_block (size_t item, int worker, void *data)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const CgGemm *gemm = call->machine->gemm;
  const Plan *plan = &job->plan;
  const int block = (int)(item % (size_t)plan->n_blocks), rest = (int)(item / (size_t)plan->n_blocks);
  const int group = rest % plan->n_groups, n = rest / plan->n_groups;
  const int top = block / plan->n_column_blocks * plan->block_rows;
  const int left = block % plan->n_column_blocks * plan->block_columns;
  const int height = MIN (plan->block_rows, g->height - top), width = MIN (plan->block_columns, g->width - left);
  const int first = group * plan->group * gemm->n_channels;
  const int end = MIN (first + plan->group * gemm->n_channels, g->out_channels);
  const int step = cg_gemm_even_rows (gemm, width);
  const size_t out_step = (size_t)(g->out_step * g->out_channels);

  for (int begin = 0; begin < plan->depth; begin += plan->step)
    {
      const int length = MIN (plan->step, plan->depth - begin);
      const float *weights = call->packed + (size_t)begin * (size_t)(plan->n_panels * gemm->n_channels);

      for (int o = first; o < end; o += gemm->n_channels)
        for (int i = top; i < top + height; i++)
          for (int j = left; j < left + width; j += step)
            gemm->strided (MIN (step, left + width - j), MIN (gemm->n_channels, end - o),
                           &(CgGemmOperands){
                               .runs = (size_t)(length / plan->run),
                               .depth = (size_t)plan->run,
                               .pixels = cg_plane_at (&call->in, n, i * g->in_step + g->in_top + begin / plan->run,
                                                      j * g->in_step + g->in_left, g->in_channels),
                               .pixel_step = (size_t)(g->in_step * g->in_channels),
                               .pixel_term = 1,
                               .pixel_run = call->in.row_stride,
                               .channels = weights + (size_t)o * (size_t)length,
                               .channel_term = (size_t)gemm->n_channels,
                               .channel_run = (size_t)(plan->run * gemm->n_channels),
                           },
                           begin > 0,
                           cg_plane_at (&call->out, n, i * g->out_step + g->out_top, j * g->out_step + g->out_left,
                                        g->out_channels)
                               + o,
                           out_step);
    }

  if (call->bias || call->activation != CG_ACTIVATION_NONE)
    for (int i = top; i < top + height; i++)
      {
        float *out = cg_plane_at (&call->out, n, i * g->out_step + g->out_top, left * g->out_step + g->out_left,
                                  g->out_channels)
                     + first;

        call->machine->rows->finish (out, out_step, out, out_step, width, end - first,
                                     call->bias ? call->bias + first : NULL, call->activation);
      }
}

static void
run (const CgGatherCall *call)
{
  RunJob job = { .call = call };

  plan_init (&job.plan, call->machine, call->gather, call->n);
  cg_parallel_for (call->workspace->n_threads, (size_t)call->n * (size_t)job.plan.n_groups * (size_t)job.plan.n_blocks,
                   job.plan.strided ? run_strided_block : run_block, &job);
}

const CgAlgorithm cg_implicit_gemm = {
  .packed_floats = packed_floats,
  .pack = pack,
  .scratch_floats = scratch_floats,
  .run = run,
  .row_tile = 1,
};
