/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Normalisation and sums over pixels: blocks of fixed size for threads, their results merged in double in a fixed order. */
#include "kernels/pointwise.h"

#include "base/parallel.h"
#include "kernels/kernels-private.h"

#define BLOCK_PIXELS 256  /* summed in float before a merge in double */
#define BLOCK_COLUMNS 512 /* longer rows are cut */
#define MOST_BLOCKS 1024  /* of one image: what has to be remembered until the merge */
#define MERGE_CHANNELS 32

/* The blocks of one image: some whole rows, or a piece of one row. */
typedef struct
{
  int rows, columns;
  int down, across;
} Blocks;

static Blocks
cut_blocks (int h, int w)
{
  Blocks blocks;

  blocks.across = MAX ((w + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS, 1);
  blocks.columns = (w + blocks.across - 1) / blocks.across;
  blocks.rows = MAX (BLOCK_PIXELS / MAX (blocks.columns, 1), 1);
  blocks.rows = MAX (blocks.rows, (int)(((gint64)h * blocks.across + MOST_BLOCKS - 1) / MOST_BLOCKS));
  blocks.down = (h + blocks.rows - 1) / blocks.rows;
  return blocks;
}

typedef struct
{
  const CgRows *rows;
  CgPlane x, dz, out;
  const float *scale, *shift, *a, *b, *d;
  CgActivation activation;
  int n, h, w, c;
  Blocks blocks;
  float *partial; /* two sums per block and channel */
  float *result0, *result1;
} Job;

/* Two sums per block and channel, or what statistics need. */
size_t
cg_packed_norm_scratch_floats (int n, int h, int w, int c)
{
  const Blocks blocks = cut_blocks (h, w);

  return MAX (cg_round_line ((size_t)n * (size_t)blocks.down * (size_t)blocks.across * 2 * (size_t)c),
              cg_packed_norm_statistics_scratch_floats (n, h, w, c));
}

/* Where a block lies and how large it is. */
typedef struct
{
  int n, i, j, rows, columns;
} Block;

static Block
get_block (const Job *job, size_t item)
{
  const Blocks *blocks = &job->blocks;
  const int across = (int)(item % (size_t)blocks->across);
  const size_t rest = item / (size_t)blocks->across;
  Block block;

  block.n = (int)(rest / (size_t)blocks->down);
  block.i = (int)(rest % (size_t)blocks->down) * blocks->rows;
  block.j = across * blocks->columns;
  block.rows = MIN (blocks->rows, job->h - block.i);
  block.columns = MIN (blocks->columns, job->w - block.j);
  return block;
}

static size_t
count_blocks (const Job *job)
{
  return (size_t)job->blocks.down * (size_t)job->blocks.across;
}

static void
apply_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / (size_t)job->h), i = (int)(item % (size_t)job->h);
  const size_t first = (size_t)n * (size_t)job->c;

  job->rows->norm_apply (cg_plane_at (&job->x, n, i, 0, job->c), job->scale + first, job->shift + first,
                         job->activation, job->dz.data ? cg_plane_at (&job->dz, n, i, 0, job->c) : NULL,
                         cg_plane_at (&job->out, n, i, 0, job->c), job->w, job->c);
}

void
cg_packed_norm_apply (const CgRows *rows, CgPlane x, const float *scale, const float *shift, CgActivation activation,
                      CgPlane skip, CgPlane z, int n, int h, int w, int c, int n_threads)
{
  Job job = { .rows = rows,
              .x = x,
              .dz = skip,
              .out = z,
              .scale = scale,
              .shift = shift,
              .activation = activation,
              .h = h,
              .w = w,
              .c = c };

  cg_parallel_for (n_threads, (size_t)n * (size_t)h, apply_row, &job);
}

static void
gradient_sums_block (size_t item, int worker, void *data)
{
  const Job *job = data;
  const Block block = get_block (job, item);
  const size_t first = (size_t)block.n * (size_t)job->c;
  float *sum_g = job->partial + item * 2 * (size_t)job->c;

  job->rows->norm_gradient_sums (cg_plane_at (&job->x, block.n, block.i, block.j, job->c), job->x.row_stride,
                                 job->scale + first, job->shift + first, job->activation,
                                 cg_plane_at (&job->dz, block.n, block.i, block.j, job->c), job->dz.row_stride,
                                 block.rows, block.columns, job->c, sum_g, sum_g + job->c);
}

/* sum_g and sum_gu of one image and group of channels. */
static void
merge_sums (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int groups = (job->c + MERGE_CHANNELS - 1) / MERGE_CHANNELS;
  const int n = (int)(item / (size_t)groups), first = (int)(item % (size_t)groups) * MERGE_CHANNELS;
  const int channels = MIN (MERGE_CHANNELS, job->c - first);
  double sum_g[MERGE_CHANNELS] = { 0 }, sum_gu[MERGE_CHANNELS] = { 0 };

  for (size_t b = 0; b < count_blocks (job); b++)
    {
      const float *block = job->partial + ((size_t)n * count_blocks (job) + b) * 2 * (size_t)job->c + first;

      for (int e = 0; e < channels; e++)
        {
          sum_g[e] += block[e];
          sum_gu[e] += block[job->c + e];
        }
    }

  for (int e = 0; e < channels; e++)
    {
      job->result0[(size_t)n * (size_t)job->c + (size_t)(first + e)] = (float)sum_g[e];
      job->result1[(size_t)n * (size_t)job->c + (size_t)(first + e)] = (float)sum_gu[e];
    }
}

void
cg_packed_norm_gradient_sums (const CgRows *rows, CgPlane x, const float *scale, const float *shift,
                              CgActivation activation, CgPlane dz, int n, int h, int w, int c, float *sum_g,
                              float *sum_gx, const CgWorkspace *workspace)
{
  Job job = { .rows = rows,
              .x = x,
              .dz = dz,
              .scale = scale,
              .shift = shift,
              .activation = activation,
              .n = n,
              .h = h,
              .w = w,
              .c = c,
              .blocks = cut_blocks (h, w),
              .partial = workspace->scratch,
              .result0 = sum_g,
              .result1 = sum_gx };
  const size_t groups = (size_t)(c + MERGE_CHANNELS - 1) / MERGE_CHANNELS;

  cg_parallel_for (workspace->n_threads, (size_t)n * count_blocks (&job), gradient_sums_block, &job);
  cg_parallel_for (workspace->n_threads, (size_t)n * groups, merge_sums, &job);
}

static void
gradient_apply_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / (size_t)job->h), i = (int)(item % (size_t)job->h);
  const size_t first = (size_t)n * (size_t)job->c;

  job->rows->norm_gradient_apply (cg_plane_at (&job->x, n, i, 0, job->c), job->scale + first, job->shift + first,
                                  job->activation, cg_plane_at (&job->dz, n, i, 0, job->c), job->a + first,
                                  job->b + first, job->d + first, cg_plane_at (&job->out, n, i, 0, job->c), job->w,
                                  job->c);
}

void
cg_packed_norm_gradient_apply (const CgRows *rows, CgPlane x, const float *scale, const float *shift,
                               CgActivation activation, CgPlane dz, const float *a, const float *b, const float *d,
                               CgPlane dx, int n, int h, int w, int c, int n_threads)
{
  Job job = { .rows = rows,
              .x = x,
              .dz = dz,
              .out = dx,
              .scale = scale,
              .shift = shift,
              .a = a,
              .b = b,
              .d = d,
              .activation = activation,
              .h = h,
              .w = w,
              .c = c };

  cg_parallel_for (n_threads, (size_t)n * (size_t)h, gradient_apply_row, &job);
}

static void
bias_gradient_block (size_t item, int worker, void *data)
{
  const Job *job = data;
  const Block block = get_block (job, item);

  job->rows->sum_pixels (cg_plane_at (&job->dz, block.n, block.i, block.j, job->c), job->dz.row_stride, block.rows,
                         block.columns, job->c, job->partial + item * (size_t)job->c);
}

/* db += the blocks of all images, first to last; item is a group of channels. */
static void
merge_bias (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int first = (int)item * MERGE_CHANNELS, channels = MIN (MERGE_CHANNELS, job->c - first);
  double sum[MERGE_CHANNELS] = { 0 };

  for (size_t b = 0; b < (size_t)job->n * count_blocks (job); b++)
    for (int e = 0; e < channels; e++)
      sum[e] += job->partial[b * (size_t)job->c + (size_t)(first + e)];
  for (int e = 0; e < channels; e++)
    job->result0[first + e] = (float)(job->result0[first + e] + sum[e]);
}

void
cg_packed_bias_gradient (const CgRows *rows, CgPlane dy, int n, int h, int w, int c, float *db,
                         const CgWorkspace *workspace)
{
  Job job = { .rows = rows,
              .dz = dy,
              .n = n,
              .h = h,
              .w = w,
              .c = c,
              .blocks = cut_blocks (h, w),
              .partial = workspace->scratch,
              .result0 = db };

  cg_parallel_for (workspace->n_threads, (size_t)n * count_blocks (&job), bias_gradient_block, &job);
  cg_parallel_for (workspace->n_threads, (size_t)(c + MERGE_CHANNELS - 1) / MERGE_CHANNELS, merge_bias, &job);
}
