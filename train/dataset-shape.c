/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What size an image is scaled to before it is cropped; apart because it is arithmetic that needs no image. */
#include "dataset-shape.h"

gboolean
cg_preprocess_is_uncropped (CgPreprocess preprocess)
{
  return preprocess == CG_PREPROCESS_SCALE_WIDTH || preprocess == CG_PREPROCESS_NONE;
}

/* Short side to @target, the long one by the same factor, rounded. */
static void
zoom (int target, int *width, int *height)
{
  gint64 shorter = MIN (*width, *height), longer = MAX (*width, *height);
  int scaled = (int)((2 * longer * target + shorter) / (2 * shorter));
  gboolean upright = *width < *height;

  *width = upright ? target : scaled;
  *height = upright ? scaled : target;
}

/* Width to @target, the height by the same factor, rounded down, but at least @min_height. */
static void
scale_width (int target, int min_height, int *width, int *height)
{
  gint64 scaled = (gint64)target * *height / *width;

  if (*width == target && *height >= min_height)
    return;
  *width = target;
  *height = (int)MAX (scaled, min_height);
}

/* The nearest multiple of 4 that is not 0; of two, the multiple of 8, as PyTorch users know it from Python's round(). */
static int
round_to_four (int side)
{
  int below = side / 4, rest = side % 4;

  if (rest > 2 || (rest == 2 && below % 2 == 1))
    below++;
  return MAX (4 * below, 4);
}

void
cg_preprocess_get_size (const CgDatasetOptions *options, int width, int height, int *scaled_width, int *scaled_height,
                        gboolean *rounded)
{
  int w = width, h = height;

  switch (options->preprocess)
    {
    case CG_PREPROCESS_RESIZE_AND_CROP:
      w = h = options->load_size;
      break;
    case CG_PREPROCESS_ZOOM_AND_CROP:
      zoom (MAX (options->load_size, options->crop_size), &w, &h);
      break;
    case CG_PREPROCESS_SCALE_WIDTH:
    case CG_PREPROCESS_SCALE_WIDTH_AND_CROP:
      scale_width (options->load_size, options->crop_size, &w, &h);
      break;
    case CG_PREPROCESS_CROP:
    case CG_PREPROCESS_NONE:
      break;
    }
  *scaled_width = cg_preprocess_is_uncropped (options->preprocess) ? round_to_four (w) : w;
  *scaled_height = cg_preprocess_is_uncropped (options->preprocess) ? round_to_four (h) : h;
  *rounded = *scaled_width != w || *scaled_height != h;
}
