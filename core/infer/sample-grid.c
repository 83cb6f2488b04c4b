/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Stratified samples: the places are drawn, one in every cell, so that no pattern of the picture can agree with theirs. */
#include "infer/sample-grid.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

/* Many small pieces say more than few large ones, but what their padding does to them fades only within some pixels: CONTRIBUTING.md. */
static const CgSampleShape best = { .piece = 64, .margin = 16, .pixels = 2250000.0 };

/* A picture that the pieces would nearly cover is measured whole. */
#define LEAST_SHARE 2.0

#define SEED 1

/* One direction of a piece. */
typedef struct
{
  int size, counted;
} Side;

static Side
get_side (int length, const CgSampleShape *shape)
{
  /* What is no longer than a piece is taken from end to end. */
  return length <= shape->piece ? (Side){ length, length } : (Side){ shape->piece, shape->piece - 2 * shape->margin };
}

/* Where the counted pixels of cell @i of @n begin: anywhere inside. */
static int
draw (const Side *side, int length, int i, int n, int multiple, guint64 number)
{
  double begin = (double)length * i / n, room = (double)length / n - side->counted;
  double at = begin + MAX (room, 0.0) * cg_random_uniform (SEED, CG_RANDOM_SAMPLE, 0, number);

  return CLAMP ((int)(at / multiple) * multiple, 0, length - side->counted);
}

/* A piece begins a margin before what counts, but inside the picture. */
static int
get_origin (const Side *side, int length, int counted)
{
  return CLAMP (counted - (side->size - side->counted) / 2, 0, length - side->size);
}

void
cg_sample_grid_init (CgSampleGrid *grid, int width, int height, int multiple, const CgSampleShape *shape)
{
  Side across, down;
  double n;
  int n_across, n_down;

  shape = shape ? shape : &best;
  across = get_side (width, shape);
  down = get_side (height, shape);
  n = shape->pixels / across.size / down.size;

  *grid = (CgSampleGrid){ .width = across.size, .height = down.size };
  if ((double)width * height < LEAST_SHARE * shape->pixels)
    return;
  n_across = CLAMP ((int)(sqrt (n * width / height) + 0.5), 1, MIN ((int)n, width / across.counted));
  n_down = CLAMP ((int)(n / n_across + 0.5), 1, height / down.counted);
  grid->n = n_across * n_down;
  grid->x = g_new (int, grid->n);
  grid->y = g_new (int, grid->n);
  grid->areas = g_new (CgStreamArea, grid->n);
  for (int i = 0; i < grid->n; i++)
    {
      int x = draw (&across, width, i % n_across, n_across, multiple, 2 * (guint64)i);
      int y = draw (&down, height, i / n_across, n_down, multiple, 2 * (guint64)i + 1);

      grid->x[i] = get_origin (&across, width, x);
      grid->y[i] = get_origin (&down, height, y);
      grid->areas[i] = (CgStreamArea){ x - grid->x[i], y - grid->y[i], across.counted, down.counted };
    }
}

void
cg_sample_grid_clear (CgSampleGrid *grid)
{
  g_clear_pointer (&grid->x, g_free);
  g_clear_pointer (&grid->y, g_free);
  g_clear_pointer (&grid->areas, g_free);
}

void
cg_sample_grid_take_row (const CgSampleGrid *grid, int y, const float *row, int channels, const CgTensor *samples)
{
  for (int i = 0; i < grid->n; i++)
    {
      int at = y - grid->y[i];

      if (at >= 0 && at < grid->height)
        memcpy (cg_tensor_at (samples, i, at, 0), row + (size_t)grid->x[i] * (size_t)channels,
                (size_t)grid->width * (size_t)channels * sizeof (float));
    }
}
