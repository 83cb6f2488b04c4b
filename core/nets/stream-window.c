/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgWindow: some consecutive rows of a value in one piece of memory, which kernels read and write like a whole image. */
#include <string.h>

#include "base/parallel.h"
#include "base/size.h"
#include "nets/stream-private.h"

/* Floats that one item of a parallel copy moves. */
#define PIECE ((size_t)1 << 16)

size_t
cg_window_lay_out (CgWindow *window)
{
  size_t floats, bytes;

  if (!cg_size_mul ((size_t)window->w + 2 * (size_t)window->halo, (size_t)window->c, &window->row_stride)
      || !cg_size_mul (window->row_stride, (size_t)window->capacity, &window->image_stride)
      || !cg_size_mul (window->image_stride, (size_t)window->n, &floats)
      || !cg_size_mul (floats, sizeof (float), &bytes))
    return (size_t)-1;
  return bytes;
}

float *
cg_window_at (const CgWindow *window, int n, int row)
{
  g_assert (row >= window->first && row < window->first + window->capacity);
  return window->memory + (size_t)n * window->image_stride + (size_t)(row - window->first) * window->row_stride
         + (size_t)window->halo * (size_t)window->c;
}

CgPlane
cg_window_plane (const CgWindow *window, int row)
{
  return (CgPlane){ cg_window_at (window, 0, row), window->row_stride, window->image_stride };
}

/* A move that does not overlap itself. */
typedef struct
{
  float *to;
  const float *from;
  size_t floats, n_pieces, image_stride;
} Move;

static void
move_piece (size_t item, int worker, void *data)
{
  const Move *move = data;
  size_t image = item / move->n_pieces, begin = item % move->n_pieces * PIECE;
  size_t at = image * move->image_stride + begin;

  memcpy (move->to + at, move->from + at, MIN (PIECE, move->floats - begin) * sizeof (float));
}

void
cg_window_slide (CgWindow *window, int keep, int produced, int end, int n_threads)
{
  size_t distance = (size_t)(keep - window->first) * window->row_stride;
  size_t floats = (size_t)(produced - keep) * window->row_stride;

  if (end - window->first <= window->capacity)
    return;
  g_assert (keep >= window->first && keep <= produced && end - keep <= window->capacity);
  if (floats <= distance && floats > 0)
    {
      Move move = { .to = window->memory,
                    .from = window->memory + distance,
                    .floats = floats,
                    .n_pieces = (floats + PIECE - 1) / PIECE,
                    .image_stride = window->image_stride };

      cg_parallel_for (n_threads, (size_t)window->n * move.n_pieces, move_piece, &move);
    }
  else
    for (int n = 0; n < window->n; n++)
      {
        float *memory = window->memory + (size_t)n * window->image_stride;

        memmove (memory, memory + distance, floats * sizeof (float));
      }
  window->first = keep;
}

static void
fill_sides (const CgWindow *window, float *row)
{
  size_t pixel = (size_t)window->c * sizeof (float);
  int c = window->c, last = window->w - 1;

  for (int j = 1; j <= window->halo; j++)
    if (window->pad_mode == CG_PAD_ZERO)
      {
        memset (row - (ptrdiff_t)j * c, 0, pixel);
        memset (row + (ptrdiff_t)(last + j) * c, 0, pixel);
      }
    else
      {
        memcpy (row - (ptrdiff_t)j * c, row + (ptrdiff_t)j * c, pixel);
        memcpy (row + (ptrdiff_t)(last + j) * c, row + (ptrdiff_t)(last - j) * c, pixel);
      }
}

/* @to is a row above or below the value, @from the row that it mirrors. */
static void
fill_row (const CgWindow *window, int n, int to, int from)
{
  size_t halo = (size_t)window->halo * (size_t)window->c;

  if (window->pad_mode == CG_PAD_ZERO)
    memset (cg_window_at (window, n, to) - halo, 0, window->row_stride * sizeof (float));
  else
    memcpy (cg_window_at (window, n, to) - halo, cg_window_at (window, n, from) - halo,
            window->row_stride * sizeof (float));
}

void
cg_window_fill_halo (CgWindow *window, int first, int end)
{
  int last = window->h - 1;

  if (window->halo == 0)
    return;
  for (int n = 0; n < window->n; n++)
    {
      for (int row = first; row < end; row++)
        fill_sides (window, cg_window_at (window, n, row));
      for (int i = 1; i <= window->halo; i++)
        {
          /* Not every reader looks that far up. */
          if (first <= i && i < end && -i >= window->first)
            fill_row (window, n, -i, i);
          if (end == window->h)
            fill_row (window, n, last + i, last - i);
        }
    }
}
