/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Colours under alpha 0 are arbitrary, yet the network's statistics would see them: this puts something neutral there. */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/**
 * CgVisibleMean:
 * @weight: 0 as long as nothing visible was added
 *
 * The two halves of cg_fill_hidden_pixels(), for pictures that come by rows. Begins as zeros.
 */
typedef struct
{
  double sum[3];
  double weight;
} CgVisibleMean;

/* Adds a row: @rgb [width][3], @alpha [width]. */
CG_PUBLIC void cg_visible_mean_add (CgVisibleMean *mean, const float *rgb, const float *alpha, size_t width);

/* Overwrites what is hidden of such a row. @mean must have seen something visible. */
CG_PUBLIC void cg_visible_mean_fill (const CgVisibleMean *mean, float *rgb, const float *alpha, size_t width);

/**
 * cg_fill_hidden_pixels:
 * @rgb: [height][width][3] R'G'B', not premultiplied; rows @rgb_stride floats apart. Pixels with alpha <= 0 are overwritten by the
 *   mean of the others, each weighted by its alpha; values count clipped to 0 … 1 there.
 * @alpha: [height][width], rows @alpha_stride floats apart
 *
 * Returns: FALSE if no pixel is visible; @rgb is then as it was.
 */
CG_PUBLIC gboolean cg_fill_hidden_pixels (float *rgb, size_t rgb_stride, const float *alpha, size_t alpha_stride,
                                          int width, int height);

G_END_DECLS
