/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The weight gradient of 3x3 convolutions with stride 1 by Winograd's F(4x4, 3x3): 36 products per tile and pair of channels
 * instead of 144, like the forward direction, of which it is the adjoint in the weights. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/convolution.h"

#define BLOCK_FLOATS (2 * 1024 * 1024) /* transformed tiles of one block, both sides: what a last-level cache holds */
#define SUM_FLOATS (4 * 1024 * 1024)   /* most memory for the transformed gradient */
#define TRANSFORM_TILES 8              /* tiles of one item */

/**
 * The forward map is y = A^T [ (G w G^T) * (B^T x B) ] A for every tile, so, with all tiles t,
 *
 *     dw = G^T [ sum_t (B^T x_t B) * (A dy_t A^T) ] G,
 *
 * and the sum is, element by element of the 36, one matrix product [c][tiles] * [tiles][k]. Derived here. Tiles go through
 * in blocks: all threads transform a block, then all threads multiply it, each item sums that no other touches.
 */
typedef struct
{
  int across, down;
  size_t n_tiles; /* of all images */
  size_t block_tiles;
  int x_panels, y_panels; /* of the channels of either side */
  size_t x_element;       /* floats of one element of a block, x side: [panel][tile][n_pixels] */
  size_t y_element;       /* y side: [panel][tile][n_channels] */
  size_t sum_element;     /* [c][k] */
  size_t own;             /* floats of one thread */
} Plan;

bool
cg_winograd_gradient_suits (const CgConvShape *shape)
{
  return shape->r == 3 && shape->s == 3 && shape->stride == 1 && MIN (shape->c, shape->k) >= CG_WINOGRAD_LEAST_CHANNELS
         && CG_WINOGRAD_PRODUCTS * (size_t)shape->c * (size_t)shape->k <= SUM_FLOATS;
}

static int
round_channels (int n_channels)
{
  return cg_ceil_div (n_channels, CG_WINOGRAD_CHANNELS) * CG_WINOGRAD_CHANNELS;
}

static void
plan_init (Plan *plan, const CgMachine *machine, const CgConvShape *sh)
{
  const size_t per_tile = CG_WINOGRAD_PRODUCTS * (size_t)(sh->c + sh->k);
  size_t n_blocks;

  plan->across = cg_ceil_div (sh->wo, CG_WINOGRAD_OUT);
  plan->down = cg_ceil_div (sh->ho, CG_WINOGRAD_OUT);
  plan->n_tiles = (size_t)sh->n * (size_t)plan->across * (size_t)plan->down;
  n_blocks = MAX ((plan->n_tiles * per_tile + BLOCK_FLOATS - 1) / BLOCK_FLOATS, 1);
  plan->block_tiles = MAX ((plan->n_tiles + n_blocks - 1) / n_blocks, 1);
  plan->x_panels = cg_ceil_div (sh->c, machine->gemm->n_pixels);
  plan->y_panels = cg_ceil_div (sh->k, machine->gemm->n_channels);
  plan->x_element
      = cg_round_line (plan->block_tiles * (size_t)(plan->x_panels * machine->gemm->n_pixels)) + CG_GEMM_SLACK;
  plan->y_element
      = cg_round_line (plan->block_tiles * (size_t)(plan->y_panels * machine->gemm->n_channels)) + CG_GEMM_SLACK;
  plan->sum_element = cg_round_line ((size_t)sh->c * (size_t)sh->k);
  plan->own = CG_WINOGRAD_PRODUCTS * (size_t)round_channels (MAX (sh->c, sh->k));
}

static size_t
shared_floats (const Plan *plan)
{
  return CG_WINOGRAD_PRODUCTS * (plan->x_element + plan->y_element + plan->sum_element);
}

/* What is shared comes first, and one thread's part has to hold all of it. */
size_t
cg_winograd_gradient_scratch_floats (const CgMachine *machine, const CgConvShape *shape)
{
  Plan plan;

  plan_init (&plan, machine, shape);
  return shared_floats (&plan) + plan.own;
}

typedef struct
{
  const CgMachine *machine;
  const CgConvShape *shape;
  CgPlane x, y;
  float *dw;
  float *x_block, *y_block, *sums, *own;
  size_t first, count; /* tiles of this block */
  Plan plan;
} Job;

/* Cuts the 36 rows of channels of one tile into the panels of all elements; short panels are filled with zeros. */
static void
place_tile (const Job *job, const float *elements, int n_channels, int width, int n_panels, float *block,
            size_t element, size_t tile)
{
  static const float zeros[CG_GEMM_MAX_CHANNELS];
  const CgRows *rows = job->machine->rows;

  for (int panel = 0; panel < n_panels; panel++)
    {
      const int first = panel * width, piece = MIN (width, n_channels - first);
      float *to = block + ((size_t)panel * job->count + tile) * (size_t)width;

      rows->copy_columns (piece, CG_WINOGRAD_PRODUCTS, elements + first, (size_t)round_channels (n_channels), to,
                          element);
      if (piece < width)
        rows->copy_columns (width - piece, CG_WINOGRAD_PRODUCTS, zeros, 0, to + piece, element);
    }
}

static void
transform_tiles (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const Plan *plan = &job->plan;
  const CgRows *rows = job->machine->rows;
  const size_t per_image = (size_t)plan->across * (size_t)plan->down;
  float *elements = job->own + (size_t)worker * plan->own;

  for (size_t t = item * TRANSFORM_TILES; t < MIN ((item + 1) * TRANSFORM_TILES, job->count); t++)
    {
      const int n = (int)((job->first + t) / per_image), tile = (int)((job->first + t) % per_image);
      const int top = tile / plan->across * CG_WINOGRAD_OUT, left = tile % plan->across * CG_WINOGRAD_OUT;

      for (int c = 0; c < sh->c; c += CG_WINOGRAD_CHANNELS)
        rows->winograd_input (cg_plane_at (&job->x, n, top - sh->pad, left - sh->pad, sh->c) + c, job->x.row_stride,
                              (size_t)sh->c, sh->ho - top + 2, sh->wo - left + 2, sh->c - c, elements + c,
                              (size_t)round_channels (sh->c));
      place_tile (job, elements, sh->c, job->machine->gemm->n_pixels, plan->x_panels, job->x_block, plan->x_element, t);

      for (int k = 0; k < sh->k; k += CG_WINOGRAD_CHANNELS)
        rows->winograd_gradient (cg_plane_at (&job->y, n, top, left, sh->k) + k, job->y.row_stride, (size_t)sh->k,
                                 sh->ho - top, sh->wo - left, sh->k - k, elements + k, (size_t)round_channels (sh->k));
      place_tile (job, elements, sh->k, job->machine->gemm->n_channels, plan->y_panels, job->y_block, plan->y_element,
                  t);
    }
}

/* One panel of k of one element, all c. */
static void
multiply_panel (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgGemm *gemm = job->machine->gemm;
  const Plan *plan = &job->plan;
  const size_t q = item / (size_t)plan->y_panels;
  const int j = (int)(item % (size_t)plan->y_panels) * gemm->n_channels;
  const float *y = job->y_block + q * plan->y_element + (size_t)j * job->count;
  float *sums = job->sums + q * plan->sum_element + j;

  for (int c = 0; c < job->shape->c; c += gemm->n_pixels)
    gemm->tile (gemm, MIN (gemm->n_pixels, job->shape->c - c), MIN (gemm->n_channels, job->shape->k - j), job->count,
                job->x_block + q * plan->x_element + (size_t)c * job->count, y, job->first > 0,
                sums + (size_t)c * (size_t)job->shape->k, (size_t)job->shape->k);
}

/* All k of one c. */
static void
finish_channel (size_t item, int worker, void *data)
{
  const Job *job = data;
  const size_t row = item * (size_t)job->shape->k;

  job->machine->rows->winograd_weight_gradient (job->sums + row, job->plan.sum_element, job->shape->k, job->dw + row,
                                                (size_t)job->shape->c * (size_t)job->shape->k);
}

void
cg_winograd_gradient_run (const CgMachine *machine, const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                          const CgWorkspace *workspace)
{
  Job job = { .machine = machine, .shape = shape, .x = x, .y = y, .dw = dw };
  const Plan *plan = &job.plan;

  plan_init (&job.plan, machine, shape);
  job.x_block = workspace->scratch;
  job.y_block = job.x_block + CG_WINOGRAD_PRODUCTS * plan->x_element;
  job.sums = job.y_block + CG_WINOGRAD_PRODUCTS * plan->y_element;
  job.own = workspace->scratch + shared_floats (plan);

  for (job.first = 0; job.first < plan->n_tiles; job.first += plan->block_tiles)
    {
      job.count = MIN (plan->block_tiles, plan->n_tiles - job.first);
      cg_parallel_for (workspace->n_threads, (job.count + TRANSFORM_TILES - 1) / TRANSFORM_TILES, transform_tiles,
                       &job);
      cg_parallel_for (workspace->n_threads, CG_WINOGRAD_PRODUCTS * (size_t)plan->y_panels, multiply_panel, &job);
    }
  if (plan->n_tiles > 0)
    cg_parallel_for (workspace->n_threads, (size_t)shape->c, finish_channel, &job);
}
