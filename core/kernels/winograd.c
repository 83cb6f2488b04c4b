/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* 3x3 gathers with stride 1 by Winograd's F(4x4, 3x3): 36 products per tile of 16 pixels and pair of channels instead of 144. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/machine.h"

/* Most tiles of one block: enough to use every panel of weights several times, few enough that all 36 transformed planes
 * stay near the processor. */
#define BLOCK_TILES 64
#define PANEL_BLOCK_TILES 66 /* where they have to be packed first: whole panels of 6 */

/* Fewer tiles are not worth a block of their own. */
#define LEAST_TILES 8

/**
 * out tile = A^T [ sum_c U[c] * V[c] ] A with V = B^T d B of the input tile and U = G g G^T of the weights, the product
 * taken element by element (Lavin & Gray 2016): for each of the 36 elements one matrix product [tiles][c] * [c][o].
 *
 * Every tile's sums are formed in the same order whatever the blocks, so that these may depend on the number of threads.
 */
typedef struct
{
  int across, down; /* tiles */
  int n_tiles;      /* of all images */
  int block_tiles;
  int n_blocks;
  int n_panels;         /* of output channels */
  int in_width;         /* floats of one tile, one element of V, where the kernel reads rows */
  size_t in_step;       /* floats of one element's V of a block: [tile][in_width], or panels [c][n_pixels] */
  size_t product_step;  /* floats of one tile's products, one element */
  size_t product_plane; /* floats of one element's products */
} Plan;

static void
plan_init (Plan *plan, const CgMachine *machine, const CgGather *g, int n, int n_threads)
{
  const CgGemm *gemm = machine->gemm;
  const int unit = gemm->strided ? 1 : gemm->n_pixels;
  const int most = gemm->strided ? BLOCK_TILES : MAX (PANEL_BLOCK_TILES / unit, 1) * unit;

  plan->across = cg_ceil_div (g->width, CG_WINOGRAD_OUT);
  plan->down = cg_ceil_div (g->height, CG_WINOGRAD_OUT);
  plan->n_tiles = n * plan->across * plan->down;

  /* Blocks of about the same size, and as many for every thread, so that none is left with more than the others. */
  const int least = MAX (cg_ceil_div (plan->n_tiles, most), 1);
  const int fair = MIN (cg_ceil_div (least, n_threads) * n_threads, MAX (plan->n_tiles / LEAST_TILES, least));

  plan->block_tiles = MAX (cg_ceil_div (cg_ceil_div (plan->n_tiles, fair), unit), 1) * unit;
  plan->n_blocks = cg_ceil_div (plan->n_tiles, plan->block_tiles);
  plan->n_panels = cg_ceil_div (g->out_channels, gemm->n_channels);
  /* Lines more than the channels, here and below, so that rows and elements do not all fall into the same places of the cache. */
  plan->in_width = cg_ceil_div (g->in_channels, CG_WINOGRAD_CHANNELS) * CG_WINOGRAD_CHANNELS + 16;
  plan->in_step = gemm->strided ? (size_t)plan->block_tiles * (size_t)plan->in_width + 16
                                : cg_round_line ((size_t)plan->block_tiles * (size_t)g->in_channels) + 16;
  plan->product_step = (size_t)(plan->n_panels * gemm->n_channels) + 16;
  plan->product_plane = (size_t)plan->block_tiles * plan->product_step + 16;
}

/* Room for one micro-kernel's worth of tiles that have to be packed. */
static size_t
tile_floats (const CgMachine *machine)
{
  return machine->gemm->strided
             ? 0
             : cg_round_line ((size_t)(CG_WINOGRAD_PRODUCTS * machine->gemm->n_pixels) * CG_WINOGRAD_CHANNELS);
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

  /* One thread has the largest blocks. */
  plan_init (&plan, machine, g, n, 1);
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

/* Input channels whose taps are brought into order at a time. */
#define PACK_CHANNELS 16

/* One panel of output channels: [element][panel][c][o]. */
static void
pack_panel (size_t item, int worker, void *data)
{
  const PackJob *job = data;
  const CgGather *g = job->gather;
  const CgRows *rows = job->machine->rows;
  const int width = job->machine->gemm->n_channels;
  const int first = (int)item * width, count = MIN (width, g->out_channels - first);
  const size_t panel = (size_t)g->in_channels * (size_t)width;
  const size_t element = (size_t)cg_ceil_div (g->out_channels, width) * panel;
  const size_t tap_step = PACK_CHANNELS * (size_t)width;
  float taps[9 * PACK_CHANNELS * CG_GEMM_MAX_CHANNELS + 16] = { 0 };

  for (int c = 0; c < g->in_channels; c += PACK_CHANNELS)
    {
      const int n_channels = MIN (PACK_CHANNELS, g->in_channels - c);

      for (int tap = 0; tap < 9; tap++)
        {
          float *to = taps + (size_t)tap * tap_step;
          size_t step;
          const float *from
              = cg_gather_weights (g, job->shape, job->w, tap / 3, tap % 3, c, &step) + (size_t)first * step;

          if (!g->transposed)
            rows->copy_columns (count, (size_t)n_channels, from, (size_t)job->shape->k, to, (size_t)width);
          else if (width <= CG_GEMM_MAX_PIXELS)
            {
              const float *starts[CG_GEMM_MAX_PIXELS];

              for (int o = 0; o < count; o++)
                starts[o] = from + (size_t)o * step;
              rows->pack_pixels (width, count, starts, (size_t)n_channels, to);
            }
          else
            for (int o = 0; o < count; o++)
              for (int i = 0; i < n_channels; i++)
                to[i * width + o] = from[(size_t)o * step + (size_t)i];
        }
      for (int i = 0; i < n_channels; i++)
        rows->winograd_weights (taps + (size_t)(i * width), tap_step, width,
                                job->packed + item * panel + (size_t)((c + i) * width), element);
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

/* Where a tile lies in its image. */
typedef struct
{
  int n, top, left;
} Place;

static Place
get_place (const Plan *plan, int tile)
{
  const int per_image = plan->across * plan->down, within = tile % per_image;

  return (Place){ tile / per_image, within / plan->across * CG_WINOGRAD_OUT, within % plan->across * CG_WINOGRAD_OUT };
}

/* V of one tile and CG_WINOGRAD_CHANNELS channels from @c on. What the tile to the right needs besides is fetched: pixels lie too far
 * apart for a processor to find them by itself, and the image is seldom in a cache. */
static void
transform_tile (const RunJob *job, int tile, int c, float *out, size_t out_step)
{
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const Place place = get_place (&job->plan, tile);
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
transform_to_rows (const RunJob *job, int first, int count, float *in)
{
  for (int i = 0; i < count; i++)
    for (int c = 0; c < job->call->gather->in_channels; c += CG_WINOGRAD_CHANNELS)
      transform_tile (job, first + i, c, in + (size_t)i * (size_t)job->plan.in_width + (size_t)c, job->plan.in_step);
}

/* One micro-kernel's worth of tiles, all channels, into the 36 panels at @panels. */
static void
transform_to_panels (const RunJob *job, int first, int count, float *tiles, float *panels)
{
  const CgGatherCall *call = job->call;
  const CgGather *g = call->gather;
  const int width = call->machine->gemm->n_pixels;
  const size_t element = (size_t)width * CG_WINOGRAD_CHANNELS;

  for (int c = 0; c < g->in_channels; c += CG_WINOGRAD_CHANNELS)
    {
      const float *starts[CG_GEMM_MAX_PIXELS];

      for (int i = 0; i < count; i++)
        transform_tile (job, first + i, c, tiles + i * CG_WINOGRAD_CHANNELS, element);
      for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
        {
          for (int i = 0; i < count; i++)
            starts[i] = tiles + (size_t)q * element + i * CG_WINOGRAD_CHANNELS;
          call->machine->rows->pack_pixels (width, count, starts,
                                            (size_t)MIN (CG_WINOGRAD_CHANNELS, g->in_channels - c),
                                            panels + (size_t)q * job->plan.in_step + (size_t)(c * width));
        }
    }
}

static void
multiply_elements (const RunJob *job, int count, const float *in, float *products)
{
  const CgGatherCall *call = job->call;
  const CgGemm *gemm = call->machine->gemm;
  const Plan *plan = &job->plan;
  const size_t depth = (size_t)call->gather->in_channels, panel = depth * (size_t)gemm->n_channels;
  const int step = cg_gemm_even_rows (gemm, count);
  const float *weights = call->packed;

  for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    for (int j = 0; j < plan->n_panels; j++, weights += panel)
      for (int i = 0; i < count; i += step)
        {
          const int rows = MIN (step, count - i);
          const float *from = in + (size_t)q * plan->in_step;
          float *to = products + (size_t)q * plan->product_plane + (size_t)i * plan->product_step
                      + (size_t)(j * gemm->n_channels);

          if (gemm->strided)
            gemm->strided (rows, gemm->n_channels,
                           &(CgGemmOperands){ .runs = 1,
                                              .depth = depth,
                                              .pixels = from + (size_t)(i * plan->in_width),
                                              .pixel_step = (size_t)plan->in_width,
                                              .pixel_term = 1,
                                              .channels = weights,
                                              .channel_term = (size_t)gemm->n_channels,
                                              .ahead = panel },
                           false, to, plan->product_step);
          else
            {
              /* The next panel of weights comes from memory, all 36 elements of it, and a kernel that takes panels does not look further
               * than the one it has. Saves a tenth of the products' time. */
              cg_fetch_part (weights + panel, panel, i / step, cg_ceil_div (count, step));
              gemm->tile (gemm, rows, gemm->n_channels, depth, from + (size_t)i * depth, weights, false, to,
                          plan->product_step);
            }
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
  const int first = (int)item * plan->block_tiles, count = MIN (plan->block_tiles, plan->n_tiles - first);
  float *tiles = cg_workspace_get (call->workspace, worker);
  float *in = tiles + tile_floats (call->machine);
  float *products = in + CG_WINOGRAD_PRODUCTS * plan->in_step;

  if (call->machine->gemm->strided)
    transform_to_rows (job, first, count, in);
  else
    for (int i = 0; i < count; i += width)
      transform_to_panels (job, first + i, MIN (width, count - i), tiles, in + (size_t)i * (size_t)g->in_channels);

  multiply_elements (job, count, in, products);

  for (int i = 0; i < count; i++)
    {
      const Place place = get_place (plan, first + i);

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
};
