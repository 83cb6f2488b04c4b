/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Cuts rows into blocks by size and merges their sums in order; apart because every loss is such a sum. */
#include "losses/row-sum.h"

#include "base/parallel.h"

/* Enough to keep many threads busy, few enough for their sums to lie on the stack. */
#define MAX_BLOCKS 256

/* Below this many elements a team of threads costs more than it saves. */
#define MIN_PARALLEL 32768

typedef struct
{
  CgRowFunc func;
  const void *data;
  size_t n_rows, n_blocks;
  int h;
  double *sums;
} Rows;

static void
sum_block (size_t block, int worker, void *data)
{
  const Rows *rows = data;
  size_t end = rows->n_rows * (block + 1) / rows->n_blocks;
  double sum = 0.0;

  for (size_t row = rows->n_rows * block / rows->n_blocks; row < end; row++)
    sum += rows->func ((int)(row / (size_t)rows->h), (int)(row % (size_t)rows->h), rows->data);
  rows->sums[block] = sum;
}

double
cg_row_sum (const CgTensor *shape, CgRowFunc func, const void *data)
{
  double sums[MAX_BLOCKS];
  size_t n_rows = (size_t)shape->n * (size_t)shape->h;
  size_t n_elements = n_rows * (size_t)shape->w * (size_t)shape->c;
  size_t n_blocks = n_rows < MAX_BLOCKS ? n_rows : MAX_BLOCKS;
  Rows rows = { .func = func, .data = data, .n_rows = n_rows, .n_blocks = n_blocks, .h = shape->h, .sums = sums };
  double sum = 0.0;

  cg_parallel_for (n_elements < MIN_PARALLEL ? 1 : cg_parallel_get_default_threads (), n_blocks, sum_block, &rows);
  for (size_t block = 0; block < n_blocks; block++)
    sum += sums[block];
  return sum;
}
