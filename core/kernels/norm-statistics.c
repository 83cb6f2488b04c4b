/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Mean and sum of squared distances: apart from the other norm kernels because an image may come in portions of rows, and must give the
 * same bits as in one piece. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/kernels-private.h"
#include "kernels/pointwise.h"

#define BLOCK_PIXELS 256  /* summed in float before a merge in double */
#define BLOCK_COLUMNS 512 /* longer rows are cut */
#define BAND_BLOCKS 1024  /* of one image: what has to be remembered until the merge */
#define MERGE_CHANNELS 32

/* How a row of @w pixels is cut, and how many rows a block has. That these do not depend on the height is what lets portions begin
 * where they like, if only at a block. */
typedef struct
{
  int rows, columns, across;
  int band_rows; /* whose blocks are merged in one go */
} Cut;

static Cut
cut_row (int w)
{
  Cut cut = { .rows = 1, .across = MAX ((w + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS, 1) };

  cut.columns = MAX ((w + cut.across - 1) / cut.across, 1);
  /* A power of two agrees with the tiles of convolutions. */
  while (2 * cut.rows * cut.columns <= BLOCK_PIXELS)
    cut.rows *= 2;
  cut.band_rows = MAX (BAND_BLOCKS / cut.across, 1) * cut.rows;
  return cut;
}

int
cg_packed_norm_row_tile (int w)
{
  return cut_row (w).rows;
}

/* Blocks of a band of @h rows. */
static size_t
count_blocks (const Cut *cut, int h)
{
  return (size_t)((h + cut->rows - 1) / cut->rows) * (size_t)cut->across;
}

/* Two doubles per channel for every block of a band, and for every image. */
size_t
cg_packed_norm_statistics_scratch_floats (int n, int h, int w, int c)
{
  const Cut cut = cut_row (w);

  return cg_round_line ((size_t)n * (count_blocks (&cut, MIN (h, cut.band_rows)) + 1) * 4 * (size_t)c);
}

typedef struct
{
  const CgRows *rows;
  CgPlane x;
  Cut cut;
  int first, h; /* of the band */
  int w, c;
  size_t n_blocks; /* of one image */
  double *partial;
  double count; /* pixels of one image above the band */
  double *mean, *m2;
} Job;

/* Size and place of a block within its band. */
typedef struct
{
  int i, j, rows, columns;
} Block;

static Block
get_block (const Job *job, size_t index)
{
  const Cut *cut = &job->cut;
  const int i = (int)(index / (size_t)cut->across) * cut->rows;
  const int j = (int)(index % (size_t)cut->across) * cut->columns;

  return (Block){ i, j, MIN (cut->rows, job->h - i), MIN (cut->columns, job->w - j) };
}

static void
measure_block (size_t item, int worker, void *data)
{
  const Job *job = data;
  const Block block = get_block (job, item % job->n_blocks);
  double *mean = job->partial + item * 2 * (size_t)job->c;

  job->rows->statistics (cg_plane_at (&job->x, (int)(item / job->n_blocks), job->first + block.i, block.j, job->c),
                         job->x.row_stride, block.rows, block.columns, job->c, mean, mean + job->c);
}

/* Chan, Golub & LeVeque 1979: with d = mean_b - mean_a, mean = mean_a + d n_b / n, m2 = m2_a + m2_b + d^2 n_a n_b / n.
 * One group of channels of one image, block after block. */
static void
merge_blocks (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int groups = (job->c + MERGE_CHANNELS - 1) / MERGE_CHANNELS;
  const size_t n = item / (size_t)groups;
  const int first = (int)(item % (size_t)groups) * MERGE_CHANNELS, channels = MIN (MERGE_CHANNELS, job->c - first);
  double *mean = job->mean + n * (size_t)job->c + first, *m2 = job->m2 + n * (size_t)job->c + first;
  double count = job->count;

  for (size_t b = 0; b < job->n_blocks; b++)
    {
      const Block block = get_block (job, b);
      const double *block_mean = job->partial + (n * job->n_blocks + b) * 2 * (size_t)job->c + first;
      const double *block_m2 = block_mean + job->c;
      const double added = (double)block.rows * block.columns, total = count + added;
      const double share = added / total, weight = count * share;

      for (int e = 0; e < channels; e++)
        {
          const double distance = block_mean[e] - mean[e];

          mean[e] += distance * share;
          m2[e] += block_m2[e] + distance * distance * weight;
        }
      count = total;
    }
}

/* Band after band, for bands of one image follow one another in the merge. */
static void
add_rows (const CgRows *rows, CgPlane x, int n, int h, int w, int c, double count, double *mean, double *m2,
          double *partial, int n_threads)
{
  const size_t groups = (size_t)(c + MERGE_CHANNELS - 1) / MERGE_CHANNELS;
  Job job = {
    .rows = rows, .x = x, .cut = cut_row (w), .w = w, .c = c, .partial = partial, .count = count, .mean = mean, .m2 = m2
  };

  for (; job.first < h; job.first += job.h)
    {
      job.h = MIN (job.cut.band_rows, h - job.first);
      job.n_blocks = count_blocks (&job.cut, job.h);
      cg_parallel_for (n_threads, (size_t)n * job.n_blocks, measure_block, &job);
      cg_parallel_for (n_threads, (size_t)n * groups, merge_blocks, &job);
      job.count += (double)job.h * w;
    }
}

void
cg_packed_norm_add_statistics (const CgRows *rows, CgPlane x, int h, int w, int c, double count, double *mean,
                               double *m2, const CgWorkspace *workspace)
{
  add_rows (rows, x, 1, h, w, c, count, mean, m2, (double *)workspace->scratch, workspace->n_threads);
}

void
cg_packed_norm_statistics (const CgRows *rows, CgPlane x, int n, int h, int w, int c, float *mean, float *m2,
                           const CgWorkspace *workspace)
{
  const size_t all = (size_t)n * (size_t)c;
  double *sums = (double *)workspace->scratch;

  memset (sums, 0, 2 * all * sizeof (double));
  add_rows (rows, x, n, h, w, c, 0, sums, sums + all, sums + 2 * all, workspace->n_threads);
  for (size_t e = 0; e < all; e++)
    {
      mean[e] = (float)sums[e];
      m2[e] = (float)sums[all + e];
    }
}
