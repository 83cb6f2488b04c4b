/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* 3x3 gathers with stride 1 by Winograd's F(4x4, 3x3): 36 products per tile of 16 pixels and pair of channels instead of 144. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/winograd-blocks.h"

/**
 * out tile = A^T [ sum_c U[c] * V[c] ] A with V = B^T d B of the input tile and U = G g G^T of the weights, the product
 * taken element by element (Lavin & Gray 2016): for each of the 36 elements one matrix product [tiles][c] * [c][o].
 */
static void
plan_init (CgWinogradPlan *plan, const CgMachine *machine, const CgGather *g, int n, int n_threads)
{
  cg_winograd_plan_init (plan, machine, n, g->height, g->width, g->in_channels, g->out_channels, n_threads);
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
  CgWinogradPlan plan;

  /* One thread has the largest blocks. */
  plan_init (&plan, machine, g, n, 1);
  return cg_winograd_tile_floats (machine, CG_WINOGRAD_PRODUCTS)
         + CG_WINOGRAD_PRODUCTS * (plan.in_step + plan.product_plane) + CG_GEMM_SLACK;
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
  const size_t panel = (size_t)g->in_channels * (size_t)width;

  cg_winograd_pack_panel (job->machine, g, job->shape, job->w, (int)item, job->machine->rows->winograd_weights,
                          job->packed + item * panel, (size_t)cg_ceil_div (g->out_channels, width) * panel);
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
  CgWinogradPlan plan;
} RunJob;

/* V of one tile and CG_WINOGRAD_CHANNELS channels from @c on. What the tile to the right needs besides is fetched: pixels lie too far
 * apart for a processor to find them by itself, and the image is seldom in a cache. */
static void
transform_tile (const void *data, int tile, int c, float *out, size_t out_step)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const CgWinogradPlace place = cg_winograd_get_place (&job->plan, tile);
  const float *in
      = cg_plane_at (&call->in, place.n, place.top + g->in_top, place.left + g->in_left, g->in_channels) + c;

  for (int i = 0; i < CG_WINOGRAD_IN; i++)
    for (int j = CG_WINOGRAD_IN; j < CG_WINOGRAD_IN + CG_WINOGRAD_OUT; j++)
      __builtin_prefetch (in + (size_t)i * call->in.row_stride + (size_t)(j * g->in_channels), 0, 3);

  /* A tile at the border reads only what the wanted output pixels need; more may not be there. */
  call->machine->rows->winograd_input (in, call->in.row_stride, (size_t)g->in_channels, g->height - place.top + 2,
                                       g->width - place.left + 2, MIN (CG_WINOGRAD_CHANNELS, g->in_channels - c), out,
                                       out_step);
}

static void
run_block (size_t item, int worker, void *data)
{
  const RunJob *job = data;
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const CgWinogradPlan *plan = &job->plan;
  const size_t weights = (size_t)g->in_channels * (size_t)(plan->n_panels * call->machine->gemm->n_channels);
  const int first = (int)item * plan->block_tiles, count = MIN (plan->block_tiles, plan->n_tiles - first);
  float *tiles = cg_workspace_get (call->workspace, worker);
  float *in = tiles + cg_winograd_tile_floats (call->machine, CG_WINOGRAD_PRODUCTS);
  float *products = in + CG_WINOGRAD_PRODUCTS * plan->in_step;

  cg_winograd_transform (call->machine, plan, first, count, g->in_channels, CG_WINOGRAD_PRODUCTS, transform_tile, job,
                         tiles, in);
  for (size_t q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    cg_winograd_multiply (call->machine, plan, count, (size_t)g->in_channels, in + q * plan->in_step,
                          call->packed + q * weights, call->packed + (q + 1) * weights, false,
                          products + q * plan->product_plane);

  for (int i = 0; i < count; i++)
    {
      const CgWinogradPlace place = cg_winograd_get_place (plan, first + i);

      call->machine->rows->winograd_output (products + (size_t)i * plan->product_step, plan->product_plane,
                                            cg_plane_at (&call->out, place.n, place.top, place.left, g->out_channels),
                                            call->out.row_stride, (size_t)g->out_channels, g->height - place.top,
                                            g->width - place.left, g->out_channels, call->bias, call->activation);
    }
}

static void
run (const CgGatherCall *call)
{
  RunJob job = { .call = call };

  plan_init (&job.plan, call->machine, call->gather, call->n, MAX (call->workspace->n_threads, 1));
  cg_parallel_for (call->workspace->n_threads, (size_t)job.plan.n_blocks, run_block, &job);
}

const CgAlgorithm cg_winograd = {
  .packed_floats = packed_floats,
  .pack = pack,
  .scratch_floats = scratch_floats,
  .run = run,
  .row_tile = CG_WINOGRAD_OUT,
};
