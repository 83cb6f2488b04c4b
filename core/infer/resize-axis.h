/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgResizeAxis: antialiased bicubic resampling of float rows, one table of weights per direction, no picture-sized temporary. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * CgResizeAxis: where every output sample of one direction comes from.
 * @first: [n_out] the first input sample
 * @n_taps: [n_out] how many
 * @weights: [n_out][max_taps], each row sums to 1
 */
typedef struct
{
  int n_in, n_out;
  int max_taps;
  int *first;
  int *n_taps;
  float *weights;
} CgResizeAxis;

/* Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_resize_axis_init (CgResizeAxis *axis, int n_in, int n_out, GError **error);
void cg_resize_axis_clear (CgResizeAxis *axis);

/**
 * cg_resize_row:
 * @across, @down: horizontal and vertical direction
 * @in: [?][across->n_in][channels], rows @in_first and after of down->n_in, @in_stride floats apart; those that row @y needs are there
 * @clean: clip what is read to 0 … 1, NaN to 0
 * @y: the output row, 0 … down->n_out - 1
 * @scratch: across->n_in * @channels floats
 * @out: [across->n_out][channels], overwritten; may lie outside 0 … 1 beside sharp edges
 */
void cg_resize_row (const CgResizeAxis *across, const CgResizeAxis *down, int channels, const float *in, int in_first,
                    size_t in_stride, bool clean, int y, float *scratch, float *out);

/* Clips to 0 … 1; NaN becomes 0. */
static inline float
cg_clean_sample (float v)
{
  return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f;
}
