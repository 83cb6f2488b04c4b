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
 *
 * A block lies in panels [element][panel][tile][channel], as wide as a group where the kernel reads rows, so that what one group
 * needs of one element is in one piece, which the processor fetches faster than rows that lie far apart.
 */
typedef struct
{
  int across, down;
  size_t n_tiles; /* of all images */
  size_t block_tiles;
  int x_width, y_width; /* channels of a panel */
  int x_panels, y_panels;
  size_t x_element, y_element; /* floats of one element of a block */
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

/* Channels of one panel: as the kernel wants them, or whole groups. */
static int
get_width (const CgMachine *machine, int width, int n_channels)
{
  return machine->gemm->strided ? MIN (GROUP_CHANNELS, round_channels (n_channels)) : width;
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
  plan->x_width = get_width (machine, gemm->n_pixels, sh->c);
  plan->y_width = get_width (machine, gemm->n_channels, sh->k);
  plan->x_panels = cg_ceil_div (sh->c, plan->x_width);
  plan->y_panels = cg_ceil_div (sh->k, plan->y_width);
  /* A line more, here and below, so that elements do not all fall into the same places of the cache. */
  plan->x_element = cg_round_line (plan->block_tiles * (size_t)(plan->x_panels * plan->x_width)) + CG_GEMM_SLACK + 16;
  plan->y_element = cg_round_line (plan->block_tiles * (size_t)(plan->y_panels * plan->y_width)) + CG_GEMM_SLACK + 16;
  plan->c_group = MIN (MAX (GROUP_CHANNELS / plan->x_width, 1) * plan->x_width, sh->c);
  plan->k_group = MIN (MAX (GROUP_CHANNELS / plan->y_width, 1) * plan->y_width, sh->k);
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
  size_t first, count;            /* tiles of this block */
  int first_c_group, end_c_group; /* of x that are wanted */
  const CgWorkspace *workspace;
  Plan plan;
} Job;

/* One side of the products, where it is transformed. */
typedef struct
{
  CgPlane plane;
  int n_channels;
  int margin; /* pixels that the first tile begins before the plane */
  int side;   /* of a tile */
  float *block;
  int width;
  size_t element;
} Side;

static Side
get_x (const Job *job)
{
  return (Side){ job->x,       job->shape->c,     job->shape->pad,    CG_WINOGRAD_IN,
                 job->x_block, job->plan.x_width, job->plan.x_element };
}

static Side
get_y (const Job *job)
{
  return (Side){ job->y, job->shape->k, 0, CG_WINOGRAD_OUT, job->y_block, job->plan.y_width, job->plan.y_element };
}

/* Where tile @t of the block begins in its image, which it may leave on every side. */
static void
find_tile (const Job *job, size_t t, int *n, int *top, int *left)
{
  const Plan *plan = &job->plan;
  const size_t per_image = (size_t)plan->across * (size_t)plan->down;
  const int tile = (int)((job->first + t) % per_image);

  *n = (int)((job->first + t) / per_image);
  *top = tile / plan->across * CG_WINOGRAD_OUT;
  *left = tile % plan->across * CG_WINOGRAD_OUT;
}

/* CG_WINOGRAD_CHANNELS channels from @c on of one tile to @out and, @out_step apart, 35 elements more; zeros past the last channel. */
static void
transform (const Job *job, const Side *side, size_t t, int c, float *out, size_t out_step)
{
  const CgRows *rows = job->machine->rows;
  const CgConvShape *sh = job->shape;
  const size_t row = side->plane.row_stride, pixel = (size_t)side->n_channels;
  const int left_over = MAX (side->n_channels - c, 0);
  int n, top, left;

  find_tile (job, t, &n, &top, &left);

  const float *in = cg_plane_at (&side->plane, n, top - side->margin, left - side->margin, side->n_channels) + c;

  if (side->side == CG_WINOGRAD_IN)
    rows->winograd_input (in, row, pixel, sh->ho - top + 2, sh->wo - left + 2, left_over, out, out_step);
  else
    rows->winograd_gradient (in, row, pixel, sh->ho - top, sh->wo - left, left_over, out, out_step);
}

/* What the next tile will read and write: both lie too far apart for a processor to find by itself. */
static void
fetch_tile (const Job *job, const Side *side, size_t t, int c, const float *out, size_t out_step)
{
  int n, top, left;

  find_tile (job, t, &n, &top, &left);

  const float *in = cg_plane_at (&side->plane, n, top - side->margin, left - side->margin, side->n_channels) + c;

  for (int i = 0; i < side->side; i++)
    for (int j = side->side - CG_WINOGRAD_OUT; j < side->side; j++)
      __builtin_prefetch (in + (size_t)i * side->plane.row_stride + (size_t)(j * side->n_channels), 0, 3);
  for (size_t q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    __builtin_prefetch (out + q * out_step, 1, 3);
}

/* Tiles begin … end - 1, panels @first … @last - 1; a panel holds whole lines. */
static void
transform_to_panels (const Job *job, const Side *side, size_t begin, size_t end, int first, int last)
{
  for (int panel = first; panel < last; panel++)
    for (size_t t = begin; t < end; t++)
      for (int within = 0; within < side->width; within += CG_WINOGRAD_CHANNELS)
        {
          const int c = panel * side->width + within;
          float *out = side->block + ((size_t)panel * job->count + t) * (size_t)side->width + within;

          if (t + 1 < end)
            fetch_tile (job, side, t + 1, c, out + side->width, side->element);
          transform (job, side, t, c, out, side->element);
        }
}

/* The same for panels of any width: all channels of a tile, which are then cut; short panels are filled with zeros. */
static void
transform_and_cut (const Job *job, const Side *side, size_t begin, size_t end, int n_panels, float *own)
{
  static const float zeros[CG_GEMM_MAX_CHANNELS];
  const CgRows *rows = job->machine->rows;
  const size_t row = (size_t)round_channels (side->n_channels);

  for (size_t t = begin; t < end; t++)
    {
      for (int c = 0; c < side->n_channels; c += CG_WINOGRAD_CHANNELS)
        transform (job, side, t, c, own + c, row);
      for (int panel = 0; panel < n_panels; panel++)
        {
          const int c = panel * side->width, piece = MIN (side->width, side->n_channels - c);
          float *to = side->block + ((size_t)panel * job->count + t) * (size_t)side->width;

          rows->copy_columns (piece, CG_WINOGRAD_PRODUCTS, own + c, row, to, side->element);
          if (piece < side->width)
            rows->copy_columns (side->width - piece, CG_WINOGRAD_PRODUCTS, zeros, 0, to + piece, side->element);
        }
    }
}

static void
transform_tiles (size_t item, int worker, void *data)
{
  const Job *job = data;
  const Plan *plan = &job->plan;
  const size_t begin = item * TRANSFORM_TILES, end = MIN (begin + TRANSFORM_TILES, job->count);
  const Side x = get_x (job), y = get_y (job);
  float *own = job->own + (size_t)worker * plan->own;

  if (job->machine->gemm->strided)
    transform_to_panels (job, &x, begin, end, job->first_c_group, job->end_c_group);
  else
    transform_and_cut (job, &x, begin, end, plan->x_panels, own);
  if (plan->y_width % CG_WINOGRAD_CHANNELS == 0)
    transform_to_panels (job, &y, begin, end, 0, plan->y_panels);
  else
    transform_and_cut (job, &y, begin, end, plan->y_panels, own);
}

/* A tile of one element. Of the tiles that share columns, the first fetches the next element of y ahead, the second that of x, which
 * lies behind y. */
static void
multiply_strided (const Job *job, const float *x, int i, int step, int rows, const float *y, int columns, float *out)
{
  const Plan *plan = &job->plan;
  const CgGemmOperands operands = { .runs = 1,
                                    .depth = job->count,
                                    .pixels = x + i,
                                    .pixel_step = 1,
                                    .pixel_term = (size_t)plan->x_width,
                                    .channels = y,
                                    .channel_term = (size_t)plan->y_width,
                                    .ahead = i == 0      ? plan->y_element
                                             : i == step ? (size_t)(x - y) + plan->x_element
                                                         : 0 };

  job->machine->gemm->strided (rows, columns, &operands, false, out, (size_t)plan->k_group);
}

/* out [c][k] of one element and one group. */
static void
multiply_element (const Job *job, const float *x, int n_c, const float *y, int n_k, float *out)
{
  const CgGemm *gemm = job->machine->gemm;
  const Plan *plan = &job->plan;
  const int step = cg_gemm_even_rows (gemm, n_c), width = gemm->n_channels;
  const int n_tiles = cg_ceil_div (n_c, step) * cg_ceil_div (n_k, width);
  int tile = 0;

  for (int j = 0; j < n_k; j += width)
    for (int i = 0; i < n_c; i += step, tile++)
      {
        const int rows = MIN (step, n_c - i), columns = MIN (width, n_k - j);
        float *to = out + (size_t)(i * plan->k_group + j);

        if (gemm->strided)
          {
            multiply_strided (job, x, i, step, rows, y + j, columns, to);
            continue;
          }
        cg_fetch_part (x + plan->x_element, (size_t)plan->c_group * job->count, tile, n_tiles);
        cg_fetch_part (y + plan->y_element, (size_t)plan->k_group * job->count, tile, n_tiles);
        gemm->tile (gemm, rows, columns, job->count, x + (size_t)i * job->count, y + (size_t)j * job->count, false, to,
                    (size_t)plan->k_group);
      }
}

/* One group of c and one of k: all elements of their products, and dw += what these give. */
static void
multiply_group (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const Plan *plan = &job->plan;
  const int c = (int)(item / (size_t)plan->n_k_groups) * plan->c_group, n_c = MIN (plan->c_group, sh->c - c);
  const int k = (int)(item % (size_t)plan->n_k_groups) * plan->k_group, n_k = MIN (plan->k_group, sh->k - k);
  const float *x = job->x_block + (size_t)c * job->count, *y = job->y_block + (size_t)k * job->count;
  float *products = job->own + (size_t)worker * plan->own;

  for (size_t q = 0; q < CG_WINOGRAD_PRODUCTS; q++)
    multiply_element (job, x + q * plan->x_element, n_c, y + q * plan->y_element, n_k,
                      products + q * plan->product_element);

  for (int i = 0; i < n_c; i++)
    job->machine->rows->winograd_weight_gradient (products + (size_t)(i * plan->k_group), plan->product_element, n_k,
                                                  job->dw + (size_t)(c + i) * (size_t)sh->k + k,
                                                  (size_t)sh->c * (size_t)sh->k);
}

static void
set_blocks (Job *job, float *scratch)
{
  job->y_block = scratch;
  job->x_block = job->y_block + CG_WINOGRAD_PRODUCTS * job->plan.y_element;
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
  job.first_c_group = begin;
  job.end_c_group = end;
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
  Job job = { .machine = machine, .shape = shape, .x = x, .y = y, .dw = dw, .workspace = workspace };
  const Plan *plan = &job.plan;

  plan_init (&job.plan, machine, shape);
  job.end_c_group = plan->n_c_groups;
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
