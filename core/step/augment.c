/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Colour, translation and cutout as one affine map of an image, and that map's adjoint. */
#include "step/augment.h"

#include <string.h>

void
cg_augment_draw (CgAugmentDraw *draw, int h, int w, uint64_t seed, uint64_t step, uint64_t index)
{
  double u[7];
  int reach_y = (int)(h * 0.125 + 0.5), reach_x = (int)(w * 0.125 + 0.5);

  for (uint64_t i = 0; i < 7; i++)
    u[i] = cg_random_uniform (seed, CG_RANDOM_AUGMENT, step, index * 8 + i);
  draw->brightness = (float)(u[0] - 0.5);
  draw->saturation = (float)(2.0 * u[1]);
  draw->contrast = (float)(u[2] + 0.5);
  draw->shift_y = (int)(u[3] * (2 * reach_y + 1)) - reach_y;
  draw->shift_x = (int)(u[4] * (2 * reach_x + 1)) - reach_x;
  draw->cut_h = (int)(h * 0.5 + 0.5);
  draw->cut_w = (int)(w * 0.5 + 0.5);
  draw->cut_y = (int)(u[5] * (h + (1 - draw->cut_h % 2))) - draw->cut_h / 2;
  draw->cut_x = (int)(u[6] * (w + (1 - draw->cut_w % 2))) - draw->cut_w / 2;
}

/* Where pixel (i, j) of the output comes from; false if it is zero. */
static bool
find_source (const CgAugmentDraw *draw, const CgTensor *x, int i, int j, int *from_i, int *from_j)
{
  if (i >= draw->cut_y && i < draw->cut_y + draw->cut_h && j >= draw->cut_x && j < draw->cut_x + draw->cut_w)
    return false;
  *from_i = i - draw->shift_y;
  *from_j = j - draw->shift_x;
  return *from_i >= 0 && *from_i < x->h && *from_j >= 0 && *from_j < x->w;
}

/* The mean of all values of image @n after brightness; saturation leaves it alone. */
static double
get_mean (const CgTensor *x, int n)
{
  double sum = 0.0;

  for (int i = 0; i < x->h; i++)
    {
      const float *row = cg_tensor_at (x, n, i, 0);

      for (int k = 0; k < x->w * x->c; k++)
        sum += row[k];
    }
  return sum / ((double)x->h * x->w * x->c);
}

static float
get_pixel_mean (const float *pixel, int c)
{
  float sum = 0.0f;

  for (int k = 0; k < c; k++)
    sum += pixel[k];
  return sum / (float)c;
}

/* With p the pixel's mean over channels and m the image's mean, both after brightness b:
 *   colour (x) = ((x + b - p) * saturation + p - m) * contrast + m. */
void
cg_augment_apply (const CgAugmentDraw *draw, const CgTensor *x, int n, const CgTensor *y)
{
  float mean = (float)(get_mean (x, n) + draw->brightness);

  for (int i = 0; i < y->h; i++)
    for (int j = 0; j < y->w; j++)
      {
        float *target = cg_tensor_at (y, n, i, j);
        const float *source;
        float pixel_mean;
        int from_i, from_j;

        if (!find_source (draw, x, i, j, &from_i, &from_j))
          {
            memset (target, 0, (size_t)y->c * sizeof (float));
            continue;
          }
        source = cg_tensor_at (x, n, from_i, from_j);
        pixel_mean = get_pixel_mean (source, x->c) + draw->brightness;
        for (int k = 0; k < x->c; k++)
          target[k]
              = ((source[k] + draw->brightness - pixel_mean) * draw->saturation + pixel_mean - mean) * draw->contrast
                + mean;
      }
}

/* The adjoint, pixel by pixel, with q the mean of dy over a pixel's channels and M the number of values of the image:
 *   dx = contrast * (saturation * (dy - q) + q) + (1 - contrast) / M * sum dy,
 * where dy counts as 0 for pixels that were moved out or cut. */
void
cg_augment_gradient (const CgAugmentDraw *draw, const CgTensor *dy, int n, const CgTensor *dx)
{
  double sum = 0.0;
  float shared;

  for (int i = 0; i < dx->h; i++)
    memset (cg_tensor_at (dx, n, i, 0), 0, (size_t)dx->w * (size_t)dx->c * sizeof (float));
  for (int i = 0; i < dy->h; i++)
    for (int j = 0; j < dy->w; j++)
      {
        const float *source = cg_tensor_at (dy, n, i, j);
        float *target;
        float pixel_mean;
        int from_i, from_j;

        if (!find_source (draw, dx, i, j, &from_i, &from_j))
          continue;
        target = cg_tensor_at (dx, n, from_i, from_j);
        pixel_mean = get_pixel_mean (source, dy->c);
        for (int k = 0; k < dy->c; k++)
          {
            sum += source[k];
            target[k] = draw->contrast * (draw->saturation * (source[k] - pixel_mean) + pixel_mean);
          }
      }
  shared = (float)((1.0 - draw->contrast) * sum / ((double)dx->h * dx->w * dx->c));
  for (int i = 0; i < dx->h; i++)
    {
      float *row = cg_tensor_at (dx, n, i, 0);

      for (int k = 0; k < dx->w * dx->c; k++)
        row[k] += shared;
    }
}
