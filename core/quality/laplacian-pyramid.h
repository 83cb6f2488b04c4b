/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Laplacian pyramid of one image: what each scale adds to the next coarser one (Burt & Adelson 1983). */
#pragma once

#include <stddef.h>

/* The coarsest level has at least this many pixels on each side, unless the image itself has fewer. */
#define CG_LAPLACIAN_PYRAMID_MIN_SIZE 16

/* Levels of an image of @h x @w pixels: halved while both sides stay at 16 or more. */
int cg_laplacian_pyramid_get_n_levels (int h, int w);

/* The size of level @level, 0 the finest: halves are rounded up. */
void cg_laplacian_pyramid_get_size (int level, int h, int w, int *level_h, int *level_w);

/* Floats of all levels behind each other, and of the scratch memory that computing them needs. */
size_t cg_laplacian_pyramid_get_n_floats (int h, int w, int c);
size_t cg_laplacian_pyramid_get_scratch_floats (int h, int w, int c);

/**
 * cg_laplacian_pyramid_compute:
 * @image: dense [h][w][c], h and w at least 3
 * @levels: (out): dense levels from the finest to the coarsest, overwritten; the coarsest is the image blurred and halved, all others are
 *   differences
 */
void cg_laplacian_pyramid_compute (const float *image, int h, int w, int c, float *levels, float *scratch);
