/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Stratified samples: the places are drawn, one in every cell, so that no pattern of the picture can agree with theirs. */
#include "infer/sample-grid.h"

#include <math.h>

#include "base/random.h"

/* Many small pieces say more than few large ones; what their neighbours do to them fades within some pixels (CONTRIBUTING.md). */
#define PIECE 128
#define MARGIN 32
#define PIXELS 2250000.0 /* of all pieces */

/* A picture that the pieces would nearly cover is measured whole. */
#define LEAST_PIXELS (2.0 * PIXELS)

#define SEED 1

/* One direction of a piece. */
typedef struct
{
  int size, counted;
} Side;

static Side
get_side (int length)
{
  /* What is no longer than a piece is taken from end to end. */
  return length <= PIECE ? (Side){ length, length } : (Side){ PIECE, PIECE - 2 * MARGIN };
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
cg_sample_grid_init (CgSampleGrid *grid, int width, int height, int multiple)
{
  Side across = get_side (width), down = get_side (height);
  double n = PIXELS / across.size / down.size;
  int n_across, n_down;

  *grid = (CgSampleGrid){ .width = across.size, .height = down.size };
  if ((double)width * height < LEAST_PIXELS)
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
