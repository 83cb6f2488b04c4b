/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Local affine maps from the photo's colours to the network's, fitted where the network ran and applied to every pixel. */
#include "infer/guided-transfer.h"

#include <glib.h>
#include <math.h>

#include "base/parallel.h"
#include "base/size.h"

/* Chosen by looking at photos of 2400 pixels whose short side the network saw at 480: smaller windows let colours bleed along strong
 * edges. The unit of EPSILON is the square of R'G'B' in 0 … 1; on the network's -1 … 1 it would be four times as much. */
#define RADIUS 4
#define EPSILON (1e-2 / 4.0)

#define ROWS_PER_ITEM 8

/* Items that are worked on between two looks at whether the caller wants to go on; more where there are many threads, for all to have some. */
#define ITEMS_PER_LOOK ((size_t)16)
#define THREAD_ITEMS_PER_LOOK ((size_t)4)

/* What a window sums: 3 of the guide, 6 of its products, 3 of the result, 9 of guide times result. */
#define N_SUMS 21

/* Where an element of a symmetric 3x3 matrix is among its six different ones. */
static const int symmetric[3][3] = { { 0, 1, 2 }, { 1, 3, 4 }, { 2, 4, 5 } };

typedef struct
{
  const CgGuidedTransfer *transfer;
  const float *guide, *result;
  size_t first_item;
} Fit;

bool
cg_guided_transfer_reserve (CgGuidedTransfer *transfer, CgArena *arena, int first, int last, int width, int height,
                            int n_threads)
{
  size_t map_bytes, scratch_bytes;

  *transfer = (CgGuidedTransfer){ .width = width, .height = height, .n_threads = n_threads };
  /* Doubles, hence an even number; whole cache lines keep workers apart. */
  transfer->scratch_floats = cg_size_align ((size_t)width * N_SUMS * 2, 16);
  if (!cg_size_mul ((size_t)width * (size_t)height, CG_GUIDED_MAP * sizeof (float), &map_bytes)
      || !cg_size_mul (transfer->scratch_floats * sizeof (float), (size_t)n_threads, &scratch_bytes))
    return false;
  transfer->raw_ticket = cg_arena_reserve (arena, map_bytes, first, last);
  transfer->maps_ticket = cg_arena_reserve (arena, map_bytes, first, last);
  transfer->scratch_ticket = cg_arena_reserve (arena, scratch_bytes, first, last);
  return true;
}

void
cg_guided_transfer_bind (CgGuidedTransfer *transfer, CgArena *arena)
{
  transfer->raw = cg_arena_get (arena, transfer->raw_ticket);
  transfer->maps = cg_arena_get (arena, transfer->maps_ticket);
  transfer->scratch = cg_arena_get (arena, transfer->scratch_ticket);
}

/* Solves (cov (I, I) + eps) A = cov (I, O), then b = mean (O) - A mean (I), from sums over @n pixels, by Cholesky: the matrix is
 * positive definite, for eps is. */
static void
solve (const double *sums, double n, float *map)
{
  const double *products = sums + 3, *result = sums + 9, *mixed = sums + 12;
  double mean[3], l[3][3];

  for (int i = 0; i < 3; i++)
    mean[i] = sums[i] / n;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j <= i; j++)
      {
        double v = products[symmetric[i][j]] / n - mean[i] * mean[j] + (i == j ? EPSILON : 0.0);

        for (int k = 0; k < j; k++)
          v -= l[i][k] * l[j][k];
        /* Rounding may leave a little less than the eps that is there at least. */
        l[i][j] = i == j ? sqrt (MAX (v, 0.5 * EPSILON)) : v / l[j][j];
      }
  for (int c = 0; c < 3; c++)
    {
      double target = result[c] / n, add = target, a[3];

      for (int i = 0; i < 3; i++)
        {
          a[i] = mixed[3 * i + c] / n - mean[i] * target;
          for (int k = 0; k < i; k++)
            a[i] -= l[i][k] * a[k];
          a[i] /= l[i][i];
        }
      for (int i = 2; i >= 0; i--)
        {
          for (int k = i + 1; k < 3; k++)
            a[i] -= l[k][i] * a[k];
          a[i] /= l[i][i];
          add -= a[i] * mean[i];
          map[3 * c + i] = (float)a[i];
        }
      map[9 + c] = (float)add;
    }
}

static void
fit_row (const Fit *fit, int y, double *columns)
{
  const CgGuidedTransfer *t = fit->transfer;
  int top = MAX (0, y - RADIUS), bottom = MIN (t->height, y + RADIUS + 1);

  /* Sums down the columns first, then across: 2 (2r + 1) additions instead of the square, and every row for itself. */
  for (size_t i = 0; i < (size_t)t->width * N_SUMS; i++)
    columns[i] = 0.0;
  for (int row = top; row < bottom; row++)
    for (int x = 0; x < t->width; x++)
      {
        const float *guide = fit->guide + 3 * ((size_t)row * (size_t)t->width + (size_t)x);
        const float *result = fit->result + 3 * ((size_t)row * (size_t)t->width + (size_t)x);
        double *sums = columns + (size_t)x * N_SUMS;

        for (int i = 0; i < 3; i++)
          {
            sums[i] += guide[i];
            sums[9 + i] += result[i];
            for (int j = i; j < 3; j++)
              sums[3 + symmetric[i][j]] += (double)guide[i] * guide[j];
            for (int c = 0; c < 3; c++)
              sums[12 + 3 * i + c] += (double)guide[i] * result[c];
          }
      }
  for (int x = 0; x < t->width; x++)
    {
      int left = MAX (0, x - RADIUS), right = MIN (t->width, x + RADIUS + 1);
      double sums[N_SUMS] = { 0.0 };

      for (int column = left; column < right; column++)
        for (int i = 0; i < N_SUMS; i++)
          sums[i] += columns[(size_t)column * N_SUMS + (size_t)i];
      solve (sums, (double)(right - left) * (bottom - top),
             t->raw + CG_GUIDED_MAP * ((size_t)y * (size_t)t->width + (size_t)x));
    }
}

/* The mean of the maps of all windows that hold the pixel. */
static void
average_row (const CgGuidedTransfer *t, int y, double *columns)
{
  int top = MAX (0, y - RADIUS), bottom = MIN (t->height, y + RADIUS + 1);
  size_t n = (size_t)t->width * CG_GUIDED_MAP;

  for (size_t i = 0; i < n; i++)
    columns[i] = 0.0;
  for (int row = top; row < bottom; row++)
    for (size_t i = 0; i < n; i++)
      columns[i] += t->raw[(size_t)row * n + i];
  for (int x = 0; x < t->width; x++)
    {
      int left = MAX (0, x - RADIUS), right = MIN (t->width, x + RADIUS + 1);
      double sums[CG_GUIDED_MAP] = { 0.0 };

      for (int column = left; column < right; column++)
        for (int i = 0; i < CG_GUIDED_MAP; i++)
          sums[i] += columns[(size_t)column * CG_GUIDED_MAP + (size_t)i];
      for (int i = 0; i < CG_GUIDED_MAP; i++)
        t->maps[(size_t)y * n + CG_GUIDED_MAP * (size_t)x + (size_t)i]
            = (float)(sums[i] / ((double)(right - left) * (bottom - top)));
    }
}

static double *
get_columns (const CgGuidedTransfer *t, int worker)
{
  return (double *)(void *)(t->scratch + (size_t)worker * t->scratch_floats);
}

static void
fit_rows (size_t item, int worker, void *data)
{
  const Fit *fit = data;
  int first = (int)(fit->first_item + item) * ROWS_PER_ITEM;
  int end = MIN (first + ROWS_PER_ITEM, fit->transfer->height);

  for (int y = first; y < end; y++)
    fit_row (fit, y, get_columns (fit->transfer, worker));
}

static void
average_rows (size_t item, int worker, void *data)
{
  const Fit *fit = data;
  int first = (int)(fit->first_item + item) * ROWS_PER_ITEM;
  int end = MIN (first + ROWS_PER_ITEM, fit->transfer->height);

  for (int y = first; y < end; y++)
    average_row (fit->transfer, y, get_columns (fit->transfer, worker));
}

bool
cg_guided_transfer_fit (CgGuidedTransfer *transfer, const float *guide, const float *result,
                        gboolean (*go_on) (double done, gpointer data), gpointer data)
{
  static const CgParallelFunc halves[] = { fit_rows, average_rows };
  Fit fit = { transfer, guide, result, 0 };
  const size_t n_items = ((size_t)transfer->height + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM;
  const size_t look = MAX (ITEMS_PER_LOOK, THREAD_ITEMS_PER_LOOK * (size_t)transfer->n_threads);

  for (int half = 0; half < 2; half++)
    for (fit.first_item = 0; fit.first_item < n_items; fit.first_item += look)
      {
        size_t n = MIN (look, n_items - fit.first_item);

        cg_parallel_for (transfer->n_threads, n, halves[half], &fit);
        if (go_on && !go_on (0.5 * (half + (double)(fit.first_item + n) / (double)n_items), data))
          return false;
      }
  return true;
}

/* Where the centre of sample @j of @n_out falls among the centres of @n_in; the border's samples reach outwards. */
static inline float
place (int j, int n_out, int n_in, int *before, int *after)
{
  double at = (j + 0.5) * n_in / n_out - 0.5;

  at = CLAMP (at, 0.0, n_in - 1.0);
  *before = (int)at;
  *after = MIN (*before + 1, n_in - 1);
  return (float)(at - *before);
}

void
cg_guided_transfer_row (const CgGuidedTransfer *t, int width, int height, int y, const float *in, float *scratch,
                        float *out)
{
  size_t n = (size_t)t->width * CG_GUIDED_MAP;
  int above, below, before, after;
  float share = place (y, height, t->height, &above, &below);
  const float *upper = t->maps + (size_t)above * n;
  const float *lower = t->maps + (size_t)below * n;

  for (size_t i = 0; i < n; i++)
    scratch[i] = upper[i] + share * (lower[i] - upper[i]);
  for (int x = 0; x < width; x++)
    {
      const float *pixel = in + 3 * (size_t)x;
      const float *left, *right;
      float map[CG_GUIDED_MAP], sum[3];

      share = place (x, width, t->width, &before, &after);
      left = scratch + CG_GUIDED_MAP * (size_t)before;
      right = scratch + CG_GUIDED_MAP * (size_t)after;
      for (int i = 0; i < CG_GUIDED_MAP; i++)
        map[i] = left[i] + share * (right[i] - left[i]);
      for (int c = 0; c < 3; c++)
        sum[c] = map[3 * c] * pixel[0] + map[3 * c + 1] * pixel[1] + map[3 * c + 2] * pixel[2] + map[9 + c];
      for (int c = 0; c < 3; c++)
        out[3 * (size_t)x + (size_t)c] = sum[c];
    }
}
