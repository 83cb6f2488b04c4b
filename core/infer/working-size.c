/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgWorkingSize: the one place that decides at which size the network runs, so that estimate and work cannot differ. */
#include "infer/working-size.h"

#include <limits.h>
#include <math.h>

/* Short side in size-mode auto, as a multiple of the model's train_scale. Chosen by looking at photographs of 3000 to 4500 pixels
 * through the shipped model: at 1.0 the enlarged strokes blur the subject, at 2.0 flat areas begin to be hatched. */
#define AUTO_FACTOR 1.5

/* The zero padding of the strided layers colours the outermost 10 to 20 pixels; 32 keep that out of the picture. */
#define MARGIN 32

static bool
round_up (gint64 value, int multiple, int min_size, int *result)
{
  if (value < min_size)
    value = min_size;
  value = (value + multiple - 1) / multiple * multiple;
  if (value > INT_MAX)
    return false;
  *result = (int)value;
  return true;
}

bool
cg_working_size_init (CgWorkingSize *size, const CgTranslateOptions *options, int train_scale, int multiple,
                      int min_size, int width, int height)
{
  int image_short = MIN (width, height);
  gint64 network_width = width;
  gint64 network_height = height;

  size->margin = 0;
  if (options->size_mode != CG_SIZE_FULL)
    {
      int short_side = options->size;

      if (options->size_mode == CG_SIZE_AUTO)
        short_side = CLAMP ((int)lrint (AUTO_FACTOR * train_scale), 1, image_short);
      /* gint64: a picture of 20 x 100000 at size 8192 has a long side beyond an int. */
      network_width = MAX (1, ((gint64)width * short_side + image_short / 2) / image_short);
      network_height = MAX (1, ((gint64)height * short_side + image_short / 2) / image_short);
      size->margin = MARGIN;
    }
  if (network_width > INT_MAX || network_height > INT_MAX)
    return false;
  size->width = (int)network_width;
  size->height = (int)network_height;
  return round_up (network_width + 2 * size->margin, multiple, min_size, &size->padded_width)
         && round_up (network_height + 2 * size->margin, multiple, min_size, &size->padded_height);
}
