/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The weight gradient of 3x3 convolutions with stride 1 by Winograd's F(4x4, 3x3): 36 products per tile and pair of channels
 * instead of 144, like the forward direction, of which it is the adjoint in the weights. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/convolution.h"

#define BLOCK_FLOATS (2 * 1024 * 1024) /* transformed tiles of one block, both sides: what a last-level cache holds */
#define TRANSFORM_TILES 8              /* tiles of one item */
#define GROUP_CHANNELS 64              /* of either side, whose 36 products one thread keeps in its cache */

/**
 * The forward map is y = A^T [ (G w G^T) * (B^T x B) ] A for every tile, so, with all tiles t,
 *
 *     dw = G^T [ sum_t (B^T x_t B) * (A dy_t A^T) ] G,
 *
 * and the sum is, element by element of the 36, one matrix product [c][tiles] * [tiles][k]. Derived here. Tiles go through
 * in blocks: all threads transform a block, then each takes groups of c and k, multiplies their 36 elements, and adds what they
 * give to dw, where no other thread writes.
 */
typedef struct
{
  int across, down;
  size_t n_tiles; /* of all images */
  size_t block_tiles;
  int x_panels, y_panels; /* of the channels of either side */
  int x_width, y_width;   /* floats of one tile, one element, where the kernel reads rows */
  size_t x_element;       /* floats of one element of a block, x side: [tile][x_width], or panels [tile][n_pixels] */
  size_t y_element;       /* y side: [tile][y_width], or panels [tile][n_channels] */
  int c_group, k_group;
  int n_c_groups, n_k_groups;
  size_t product_element; /* floats of one element's products of one group, [c][k] */
  size_t own;             /* floats of one thread */
} Plan;

bool
cg_winograd_gradient_suits (const CgConvShape *shape)
{
  return shape->r == 3 && shape->s == 3 && shape->stride == 1 && MIN (shape->c, shape->k) >= CG_WINOGRAD_LEAST_CHANNELS;
}

static int
round_channels (int n_channels)
{
  return cg_ceil_div (n_channels, CG_WINOGRAD_CHANNELS) * CG_WINOGRAD_CHANNELS;
}

/* Channels of one group: whole panels where there are panels. */
static int
get_group (const CgMachine *machine, int width)
{
  return machine->gemm->strided ? GROUP_CHANNELS : MAX (GROUP_CHANNELS / width, 1) * width;
}

static void
plan_init (Plan *plan, const CgMachine *machine, const CgConvShape *sh)
{
  const CgGemm *gemm = machine->gemm;
  const size_t per_tile = CG_WINOGRAD_PRODUCTS * (size_t)(sh->c + sh->k);
  size_t n_blocks;

  plan->across = cg_ceil_div (sh->wo, CG_WINOGRAD_OUT);
  plan->down = cg_ceil_div (sh->ho, CG_WINOGRAD_OUT);
  plan->n_tiles = (size_t)sh->n * (size_t)plan->across * (size_t)plan->down;
  n_blocks = MAX ((plan->n_tiles * per_tile + BLOCK_FLOATS - 1) / BLOCK_FLOATS, 1);
  plan->block_tiles = MAX ((plan->n_tiles + n_blocks - 1) / n_blocks, 1);
  plan->x_panels = cg_ceil_div (sh->c, gemm->n_pixels);
  plan->y_panels = cg_ceil_div (sh->k, gemm->n_channels);
  /* Lines more than the channels, so that rows and elements do not all fall into the same places of the cache. */
  plan->x_width = round_channels (sh->c) + 16;
  plan->y_width = round_channels (sh->k) + 16;
  plan->x_element
      = cg_round_line (plan->block_tiles * (size_t)(gemm->strided ? plan->x_width : plan->x_panels * gemm->n_pixels))
        + CG_GEMM_SLACK + 16;
  plan->y_element
      = cg_round_line (plan->block_tiles * (size_t)(gemm->strided ? plan->y_width : plan->y_panels * gemm->n_channels))
        + CG_GEMM_SLACK + 16;
  plan->c_group = MIN (get_group (machine, gemm->n_pixels), sh->c);
  plan->k_group = MIN (get_group (machine, gemm->n_channels), sh->k);
  plan->n_c_groups = cg_ceil_div (sh->c, plan->c_group);
  plan->n_k_groups = cg_ceil_div (sh->k, plan->k_group);
  plan->product_element = cg_round_line ((size_t)plan->c_group * (size_t)plan->k_group) + 16;
  plan->own = CG_WINOGRAD_PRODUCTS * MAX (plan->product_element, (size_t)round_channels (MAX (sh->c, sh->k)));
}

static size_t
shared_floats (const Plan *plan)
{
  return CG_WINOGRAD_PRODUCTS * (plan->x_element + plan->y_element);
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
  float *x_block, *y_block, *own;
  size_t first, count; /* tiles of this block */
  int c_first, c_end;  /* channels of x that are wanted */
  const CgWorkspace *workspace;
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
  const CgGemm *gemm = job->machine->gemm;
  const CgRows *rows = job->machine->rows;
  const size_t per_image = (size_t)plan->across * (size_t)plan->down;
  float *own = job->own + (size_t)worker * plan->own;

  for (size_t t = item * TRANSFORM_TILES; t < MIN ((item + 1) * TRANSFORM_TILES, job->count); t++)
    {
      const int n = (int)((job->first + t) / per_image), tile = (int)((job->first + t) % per_image);
      const int top = tile / plan->across * CG_WINOGRAD_OUT, left = tile % plan->across * CG_WINOGRAD_OUT;
      float *x = gemm->strided ? job->x_block + t * (size_t)plan->x_width : own;
      float *y = gemm->strided ? job->y_block + t * (size_t)plan->y_width : own;

      for (int c = job->c_first; c < job->c_end; c += CG_WINOGRAD_CHANNELS)
        rows->winograd_input (cg_plane_at (&job->x, n, top - sh->pad, left - sh->pad, sh->c) + c, job->x.row_stride,
                              (size_t)sh->c, sh->ho - top + 2, sh->wo - left + 2, sh->c - c, x + c,
                              gemm->strided ? plan->x_element : (size_t)round_channels (sh->c));
      if (!gemm->strided)
        place_tile (job, x, sh->c, gemm->n_pixels, plan->x_panels, job->x_block, plan->x_element, t);

      for (int k = 0; k < sh->k; k += CG_WINOGRAD_CHANNELS)
        rows->winograd_gradient (cg_plane_at (&job->y, n, top, left, sh->k) + k, job->y.row_stride, (size_t)sh->k,
                                 sh->ho - top, sh->wo - left, sh->k - k, y + k,
                                 gemm->strided ? plan->y_element : (size_t)round_channels (sh->k));
      if (!gemm->strided)
        place_tile (job, y, sh->k, gemm->n_channels, plan->y_panels, job->y_block, plan->y_element, t);
    }
}

/* out [c][k] of one element: channels c … c + rows - 1 and k … k + columns - 1. */
static void
multiply_tile (const Job *job, int q, int c, int rows, int k, int columns, float *out)
{
  const CgGemm *gemm = job->machine->gemm;
  const Plan *plan = &job->plan;
  const float *x = job->x_block + (size_t)q * plan->x_element, *y = job->y_block + (size_t)q * plan->y_element;

  if (gemm->strided)
    gemm->strided (rows, columns,
                   &(CgGemmOperands){ .runs = 1,
                                      .depth = job->count,
                                      .pixels = x + c,
                                      .pixel_step = 1,
                                      .pixel_term = (size_t)plan->x_width,
                                      .channels = y + k,
                                      .channel_term = (size_t)plan->y_width,
                                      /* The next element: rows this far apart no processor fetches by itself. */
                                      .ahead = plan->y_element },
                   false, out, (size_t)plan->k_group);
  else
    gemm->tile (gemm, rows, columns, job->count, x + (size_t)c * job->count, y + (size_t)k * job->count, false, out,
                (size_t)plan->k_group);
}

/* One group of c and one of k: all elements of their products, and dw += what these give. */
static void
multiply_group (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const Plan *plan = &job->plan;
  const int width = job->machine->gemm->n_channels;
  const int c = (int)(item / (size_t)plan->n_k_groups) * plan->c_group, n_c = MIN (plan->c_group, sh->c - c);
  const int k = (int)(item % (size_t)plan->n_k_groups) * plan->k_group, n_k = MIN (plan->k_group, sh->k - k);
  const int step = cg_gemm_even_rows (job->machine->gemm, n_c);
  float *products = job->own + (size_t)worker * plan->own;

  for (int q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    for (int j = 0; j < n_k; j += width)
      for (int i = 0; i < n_c; i += step)
        multiply_tile (job, q, c + i, MIN (step, n_c - i), k + j, MIN (width, n_k - j),
                       products + (size_t)q * plan->product_element + (size_t)(i * plan->k_group + j));

  for (int i = 0; i < n_c; i++)
    job->machine->rows->winograd_weight_gradient (products + (size_t)(i * plan->k_group), plan->product_element, n_k,
                                                  job->dw + (size_t)(c + i) * (size_t)sh->k + k,
                                                  (size_t)sh->c * (size_t)sh->k);
}

static void
set_blocks (Job *job, float *scratch)
{
  job->x_block = scratch;
  job->y_block = job->x_block + CG_WINOGRAD_PRODUCTS * job->plan.x_element;
  job->own = scratch + shared_floats (&job->plan);
}

/* One of two threads: its half of the channels of x and all of y, transformed into memory of its own. */
static void
sum_half (size_t item, int worker, void *data)
{
  Job job = *(const Job *)data;
  const Plan *plan = &job.plan;
  const int groups = plan->n_c_groups, begin = item == 0 ? 0 : groups / 2, end = item == 0 ? groups / 2 : groups;

  set_blocks (&job, cg_workspace_get (job.workspace, worker));
  job.c_first = begin * plan->c_group;
  job.c_end = MIN (end * plan->c_group, job.shape->c);
  for (job.first = 0; job.first < plan->n_tiles; job.first += plan->block_tiles)
    {
      job.count = MIN (plan->block_tiles, plan->n_tiles - job.first);
      for (size_t i = 0; i * TRANSFORM_TILES < job.count; i++)
        transform_tiles (i, 0, &job);
      for (size_t i = (size_t)(begin * plan->n_k_groups); i < (size_t)(end * plan->n_k_groups); i++)
        multiply_group (i, 0, &job);
    }
}

void
cg_winograd_gradient_run (const CgMachine *machine, const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                          const CgWorkspace *workspace)
{
  Job job = { .machine = machine, .shape = shape, .x = x, .y = y, .dw = dw, .c_end = shape->c, .workspace = workspace };
  const Plan *plan = &job.plan;

  plan_init (&job.plan, machine, shape);
  /* What one processor has just written the other gets slowly: to transform y twice is quicker than to fetch half of both. Every
   * sum is formed in the same order either way. */
  if (machine->gemm->strided && workspace->n_threads == 2 && plan->n_c_groups % 2 == 0)
    {
      cg_parallel_for (2, 2, sum_half, &job);
      return;
    }

  set_blocks (&job, workspace->scratch);
  for (job.first = 0; job.first < plan->n_tiles; job.first += plan->block_tiles)
    {
      job.count = MIN (plan->block_tiles, plan->n_tiles - job.first);
      cg_parallel_for (workspace->n_threads, (job.count + TRANSFORM_TILES - 1) / TRANSFORM_TILES, transform_tiles,
                       &job);
      cg_parallel_for (workspace->n_threads, (size_t)plan->n_c_groups * (size_t)plan->n_k_groups, multiply_group, &job);
    }
}
