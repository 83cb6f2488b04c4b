/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How far an image is from the one it should be: L1, PSNR and SSIM. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/* Mean |a - b| over @n values. */
CG_PUBLIC double cg_distance_l1 (const float *a, const float *b, size_t n);

/* What cg_distance_psnr() gives for images that are equal, or nearly so. */
#define CG_DISTANCE_MAX_PSNR 100.0

/* 10 log10 (peak^2 / mean (a - b)^2) in dB, at most CG_DISTANCE_MAX_PSNR. @peak: the range of the values, 2 for [-1, 1]. */
CG_PUBLIC double cg_distance_psnr (const float *a, const float *b, size_t n, double peak);

/* The smallest height and width that cg_distance_ssim() takes. */
#define CG_DISTANCE_SSIM_WINDOW 11

/**
 * cg_distance_ssim:
 * @a, @b: dense [h][w][c]
 * @peak: the range of the values, 2 for [-1, 1]
 * @ssim: (out): at most 1, which equal images have
 *
 * Structural similarity with a Gaussian window of 11 x 11 pixels and deviation 1.5, K1 = 0.01, K2 = 0.03, the mean over all positions
 * where the window is inside the image, and over channels. Fails with CG_ERROR_SHAPE where there is no such position,
 * CG_ERROR_MEMORY. Source: Wang, Bovik, Sheikh & Simoncelli 2004.
 */
CG_PUBLIC gboolean cg_distance_ssim (const float *a, const float *b, int h, int w, int c, double peak, double *ssim,
                                     GError **error);

G_END_DECLS
