/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Total variation and its gradient; apart because it alone among the losses looks at neighbours. */
#include "losses/tv-loss.h"

#include <glib.h>

#include "losses/row-sum.h"

typedef struct
{
  const CgTensor *x, *gradient;
  double slope; /* 2 * weight / N */
} Tv;

/* sum of (to - from)^2 */
static double
sum_squares (const float *from, const float *to, size_t length)
{
  double sum = 0.0;

  for (size_t i = 0; i < length; i++)
    {
      double difference = (double)to[i] - (double)from[i];

      sum += difference * difference;
    }
  return sum;
}

/* The gradient of slope/2 * (x - neighbour)^2 with respect to x. */
static void
add_pull (const float *x, const float *neighbour, double slope, float *gradient, size_t length)
{
  for (size_t i = 0; i < length; i++)
    gradient[i] += (float)(slope * ((double)x[i] - (double)neighbour[i]));
}

/* A row owns its horizontal differences and those to the row below. Its gradient gathers from all four neighbours
 * instead, so that no two rows write to the same place:
 *
 *     dx[i,j] = slope * ((x[i,j] - x[i,j-1]) + (x[i,j] - x[i,j+1]) + (x[i,j] - x[i-1,j]) + (x[i,j] - x[i+1,j]))
 *
 * with the differences that cross the border left out. Derived here. */
static double
tv_row (int n, int y, const void *data)
{
  const Tv *tv = data;
  size_t c = (size_t)tv->x->c;
  size_t length = (size_t)tv->x->w * c;
  const float *row = cg_tensor_at (tv->x, n, y, 0);
  const float *above = y > 0 ? cg_tensor_at (tv->x, n, y - 1, 0) : NULL;
  const float *below = y + 1 < tv->x->h ? cg_tensor_at (tv->x, n, y + 1, 0) : NULL;
  double sum = sum_squares (row, row + c, length - c);

  if (below != NULL)
    sum += sum_squares (row, below, length);

  if (tv->gradient != NULL)
    {
      float *gradient = cg_tensor_at (tv->gradient, n, y, 0);

      add_pull (row + c, row, tv->slope, gradient + c, length - c);
      add_pull (row, row + c, tv->slope, gradient, length - c);
      if (above != NULL)
        add_pull (row, above, tv->slope, gradient, length);
      if (below != NULL)
        add_pull (row, below, tv->slope, gradient, length);
    }

  return sum;
}

double
cg_tv_loss (const CgTensor *x, double weight, const CgTensor *gradient)
{
  double scale = weight / x->n;
  Tv tv = { .x = x, .gradient = gradient, .slope = 2.0 * scale };

  g_assert (gradient == NULL
            || (x->n == gradient->n && x->h == gradient->h && x->w == gradient->w && x->c == gradient->c));

  return scale * cg_row_sum (x, tv_row, &tv);
}
