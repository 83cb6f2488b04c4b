/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The L1 distance of two images and its gradient; apart because cycle and identity share it. */
#include "losses/l1-loss.h"

#include <glib.h>
#include <math.h>

#include "losses/row-sum.h"

typedef struct
{
  const CgTensor *x, *target, *gradient;
  float slope; /* weight / (N*H*W*C) */
} L1;

/* sum |x - t|; d|x - t|/dx = sign (x - t). A NaN has gradient 0, but shows in the value. */
static double
l1_row (int n, int y, const void *data)
{
  const L1 *l1 = data;
  size_t length = (size_t)l1->x->w * (size_t)l1->x->c;
  const float *x = cg_tensor_at (l1->x, n, y, 0);
  const float *target = cg_tensor_at (l1->target, n, y, 0);
  double sum = 0.0;

  for (size_t i = 0; i < length; i++)
    sum += fabs ((double)x[i] - (double)target[i]);

  if (l1->gradient != NULL)
    {
      float *gradient = cg_tensor_at (l1->gradient, n, y, 0);

      for (size_t i = 0; i < length; i++)
        gradient[i] = l1->slope * (float)((x[i] > target[i]) - (x[i] < target[i]));
    }

  return sum;
}

static bool
same_shape (const CgTensor *a, const CgTensor *b)
{
  return a->n == b->n && a->h == b->h && a->w == b->w && a->c == b->c;
}

double
cg_l1_loss (const CgTensor *x, const CgTensor *target, double weight, const CgTensor *gradient)
{
  double scale = weight / ((double)x->n * x->h * x->w * x->c);
  L1 l1 = { .x = x, .target = target, .gradient = gradient, .slope = (float)scale };

  g_assert (same_shape (x, target));
  g_assert (gradient == NULL || same_shape (x, gradient));

  return scale * cg_row_sum (x, l1_row, &l1);
}
