/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* 3x3 gathers with stride 1 by Winograd's F(4x4, 3x3): 36 products per tile of 16 pixels and pair of channels instead of 144. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/machine.h"

/* Tiles of one block: enough to use every panel of weights several times, few enough that all 36 transformed planes stay
 * near the processor. */
#define BLOCK_TILES 48

/**
 * out tile = A^T [ sum_c U[c] * V[c] ] A with V = B^T d B of the input tile and U = G g G^T of the weights, the product
 * taken element by element (Lavin & Gray 2016): for each of the 36 elements one matrix product [tiles][c] * [c][o].
 */
typedef struct
{
  int across, down; /* tiles */
  int block_tiles;  /* a multiple of the micro-kernel's pixels */
  int n_blocks;
  int n_panels;         /* of output channels */
  size_t in_step;       /* floats of one element's V of a block */
  size_t product_step;  /* floats of one tile's products, one element */
  size_t product_plane; /* floats of one element's products */
} Plan;

static void
plan_init (Plan *plan, const CgMachine *machine, const CgGather *g, int n)
{
  const CgGemm *gemm = machine->gemm;

  plan->across = cg_ceil_div (g->width, CG_WINOGRAD_OUT);
  plan->down = cg_ceil_div (g->height, CG_WINOGRAD_OUT);

  const int tiles = plan->across * plan->down;
  /* A small image in large blocks would leave threads without work, or one with a block more than the others. */
  const int wanted = tiles * n < CG_ENOUGH_ITEMS * BLOCK_TILES ? BLOCK_TILES * 2 / 3 : BLOCK_TILES;
  const int most = MAX (wanted / gemm->n_pixels, 1) * gemm->n_pixels;
  const int n_blocks = MAX (cg_ceil_div (tiles, most), 1);

  /* Blocks of about the same size, so that no thread is left with a small one. */
  plan->block_tiles = MAX (cg_ceil_div (cg_ceil_div (tiles, n_blocks), gemm->n_pixels), 1) * gemm->n_pixels;
  plan->n_blocks = cg_ceil_div (tiles, plan->block_tiles);
  plan->n_panels = cg_ceil_div (g->out_channels, gemm->n_channels);
  plan->in_step = cg_round_line ((size_t)plan->block_tiles * (size_t)g->in_channels) + 16;
  plan->product_step = (size_t)(plan->n_panels * gemm->n_channels) + 16;
  plan->product_plane = (size_t)plan->block_tiles * plan->product_step;
}

static size_t
tile_floats (const CgMachine *machine)
{
  return cg_round_line ((size_t)(CG_WINOGRAD_PRODUCTS * machine->gemm->n_pixels) * CG_WINOGRAD_CHANNELS);
}

static size_t
packed_floats (const CgMachine *machine, const CgGather *g)
{
  const size_t width = (size_t)machine->gemm->n_channels;
  const size_t n_panels = ((size_t)g->out_channels + width - 1) / width;

  return cg_round_line (CG_WINOGRAD_PRODUCTS * n_panels * width * (size_t)g->in_channels) + CG_GEMM_SLACK;
}

static size_t
scratch_floats (const CgMachine *machine, const CgGather *g, int n)
{
  Plan plan;

  plan_init (&plan, machine, g, n);
  return tile_floats (machine) + CG_WINOGRAD_PRODUCTS * (plan.in_step + plan.product_plane) + CG_GEMM_SLACK;
}

typedef struct
{
  const CgMachine *machine;
  const CgGather *gather;
  const CgConvShape *shape;
  const float *w;
  float *packed;
} PackJob;

/* One panel of output channels: [element][panel][c][o]. */
static void
pack_panel (size_t item, int worker, void *data)
{
  const PackJob *job = data;
  const CgGather *g = job->gather;
  const int width = job->machine->gemm->n_channels;
  const int first = (int)item * width, count = MIN (width, g->out_channels - first);
  const size_t panel = (size_t)g->in_channels * (size_t)width;
  const size_t element = (size_t)cg_ceil_div (g->out_channels, width) * panel;
  float taps[9 * CG_GEMM_MAX_CHANNELS] = { 0 };

  for (int c = 0; c < g->in_channels; c++)
    {
      for (int tap = 0; tap < 9; tap++)
        {
          size_t step;
          const float *from
              = cg_gather_weights (g, job->shape, job->w, tap / 3, tap % 3, c, &step) + (size_t)first * step;

          for (int o = 0; o < count; o++)
            taps[tap * width + o] = from[(size_t)o * step];
        }
      job->machine->rows->winograd_weights (taps, (size_t)width, width,
                                            job->packed + item * panel + (size_t)c * (size_t)width, element);
    }
}

static void
pack (const CgMachine *machine, const CgGather *g, const CgConvShape *shape, const float *w, float *packed,
      int n_threads)
{
  const size_t n_panels = (size_t)cg_ceil_div (g->out_channels, machine->gemm->n_channels);
  const size_t used = CG_WINOGRAD_PRODUCTS * n_panels * (size_t)(machine->gemm->n_channels * g->in_channels);
  PackJob job = { machine, g, shape, w, packed };

  cg_parallel_for (n_threads, n_panels, pack_panel, &job);
  memset (packed + used, 0, (packed_floats (machine, g) - used) * sizeof (float));
}

typedef struct
{
  const CgGatherCall *call;
  Plan plan;
} RunJob;

/* V of one micro-kernel's worth of tiles, all channels, straight into the 36 panels at @panels. */
static void
transform_tiles (const RunJob *job, int n, int first, int count, float *tiles, float *panels)
{
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const int width = call->machine->gemm->n_pixels;
  const size_t element = (size_t)width * CG_WINOGRAD_CHANNELS;

  for (int c = 0; c < g->in_channels; c += CG_WINOGRAD_CHANNELS)
    {
      const int n_channels = MIN (CG_WINOGRAD_CHANNELS, g->in_channels - c);
      const float *starts[CG_GEMM_MAX_PIXELS];

      for (int i = 0; i < count; i++)
        {
          const int top = (first + i) / job->plan.across * CG_WINOGRAD_OUT;
          const int left = (first + i) % job->plan.across * CG_WINOGRAD_OUT;

          /* A tile at the border reads only what the wanted output pixels need; more may not be there. */
          call->machine->rows->winograd_input (
              cg_plane_at (&call->in, n, top + g->in_top, left + g->in_left, g->in_channels) + c, call->in.row_stride,
              (size_t)g->in_channels, g->height - top + 2, g->width - left + 2, n_channels,
              tiles + i * CG_WINOGRAD_CHANNELS, element);
        }
      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        {
          for (int i = 0; i < count; i++)
            starts[i] = tiles + (size_t)q * element + i * CG_WINOGRAD_CHANNELS;
          call->machine->rows->pack_pixels (width, count, starts, (size_t)n_channels,
                                            panels + (size_t)q * job->plan.in_step + (size_t)(c * width));
        }
    }
}

static void
multiply_elements (const RunJob *job, int count, const float *panels, float *products)
{
  const CgGatherCall *call = job->call;
  const CgGemm *gemm = call->machine->gemm;
  const Plan *plan = &job->plan;
  const size_t depth = (size_t)call->gather->in_channels;
  const float *weights = call->packed;

  for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    for (int j = 0; j < plan->n_panels; j++)
      {
        for (int i = 0; i < count; i += gemm->n_pixels)
          gemm->tile (gemm, MIN (gemm->n_pixels, count - i), gemm->n_channels, depth,
                      panels + (size_t)q * plan->in_step + (size_t)i * depth, weights, false,
                      products + (size_t)q * plan->product_plane + (size_t)i * plan->product_step
                          + (size_t)(j * gemm->n_channels),
                      plan->product_step);
        weights += depth * (size_t)gemm->n_channels;
      }
}

static void
run_block (size_t item, int worker, void *data)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const Plan *plan = &job->plan;
  const int width = call->machine->gemm->n_pixels;
  const int n = (int)(item / (size_t)plan->n_blocks);
  const int first = (int)(item % (size_t)plan->n_blocks) * plan->block_tiles;
  const int count = MIN (plan->block_tiles, plan->across * plan->down - first);
  float *tiles = cg_workspace_get (call->workspace, worker);
  float *panels = tiles + tile_floats (call->machine);
  float *products = panels + CG_WINOGRAD_PRODUCTS * plan->in_step;

  for (int i = 0; i < count; i += width)
    transform_tiles (job, n, first + i, MIN (width, count - i), tiles, panels + (size_t)i * (size_t)g->in_channels);

  multiply_elements (job, count, panels, products);

  for (int i = 0; i < count; i++)
    {
      const int top = (first + i) / plan->across * CG_WINOGRAD_OUT, left = (first + i) % plan->across * CG_WINOGRAD_OUT;

      call->machine->rows->winograd_output (products + (size_t)i * plan->product_step, plan->product_plane,
                                            cg_plane_at (&call->out, n, top, left, g->out_channels),
                                            call->out.row_stride, (size_t)g->out_channels, g->height - top,
                                            g->width - left, g->out_channels, call->bias, call->activation);
    }
}

static void
run (const CgGatherCall *call)
{
  RunJob job = { .call = call };

  plan_init (&job.plan, call->machine, call->gather, call->n);
  cg_parallel_for (call->workspace->n_threads, (size_t)call->n * (size_t)job.plan.n_blocks, run_block, &job);
}

const CgAlgorithm cg_winograd = {
  .packed_floats = packed_floats,
  .pack = pack,
  .scratch_floats = scratch_floats,
  .run = run,
};
