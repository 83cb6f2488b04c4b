/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the algorithms of Winograd's kind share: images cut into tiles of 4x4, these into blocks, and one element's products. */
#pragma once

#include "kernels/machine.h"

/**
 * CgWinogradPlan: a block's transformed input lies as rows [element][tile][in_width] where the kernel reads rows, in panels
 * [element][tiles of a panel][c][tile] where it does not; its products as [element][tile][product_step].
 *
 * Every tile's sums are formed in the same order whatever the blocks, so that these may depend on the number of threads.
 */
typedef struct
{
  int across, down; /* tiles */
  int n_tiles;      /* of all images */
  int block_tiles;
  int n_blocks;
  int n_panels;         /* of output channels */
  int in_width;         /* floats of one tile, one element of V, where the kernel reads rows */
  size_t in_step;       /* floats of one element's V of a block: [tile][in_width], or panels [c][n_pixels] */
  size_t product_step;  /* floats of one tile's products, one element */
  size_t product_plane; /* floats of one element's products */
} CgWinogradPlan;

/* Tiles for @n grids of @height x @width output pixels. */
void cg_winograd_plan_init (CgWinogradPlan *plan, const CgMachine *machine, int n, int height, int width,
                            int in_channels, int out_channels, int n_threads);

/* Where a tile lies in its image. */
typedef struct
{
  int n, top, left;
} CgWinogradPlace;

static inline CgWinogradPlace
cg_winograd_get_place (const CgWinogradPlan *plan, int tile)
{
  const int per_image = plan->across * plan->down, within = tile % per_image;

  return (CgWinogradPlace){ tile / per_image, within / plan->across * CG_WINOGRAD_OUT,
                            within % plan->across * CG_WINOGRAD_OUT };
}

/* The transform of CG_WINOGRAD_CHANNELS channels from @c on of one tile: element q to out + q*out_step. */
typedef void (*CgWinogradTransform) (const void *job, int tile, int c, float *out, size_t out_step);

/* Room for one micro-kernel's worth of tiles that have to be packed; 0 where the kernel reads rows. */
size_t cg_winograd_tile_floats (const CgMachine *machine, int n_products);

/* Transforms tiles first … first + count - 1 into @in; @tiles has room for cg_winograd_tile_floats(). */
void cg_winograd_transform (const CgMachine *machine, const CgWinogradPlan *plan, int first, int count, int in_channels,
                            int n_products, CgWinogradTransform transform, const void *job, float *tiles, float *in);

/**
 * cg_winograd_multiply:
 * @in: one element of a block
 * @weights: panels [panel][depth][channel]
 * @next: what is multiplied by afterwards, to be fetched ahead
 *
 * products [tile][o] (+)= in [tile][c] * weights [c][o] for one element of @count tiles.
 */
void cg_winograd_multiply (const CgMachine *machine, const CgWinogradPlan *plan, int count, size_t depth,
                           const float *in, const float *weights, const float *next, bool add, float *products);

/**
 * cg_winograd_pack_panel:
 * @packed: where element 0 goes; the others follow in steps of @element floats
 *
 * One panel of output channels, [c][o], of all elements that @transform makes of the taps of @gather.
 */
void cg_winograd_pack_panel (const CgMachine *machine, const CgGather *gather, const CgConvShape *shape, const float *w,
                             int panel, CgWinogradWeights transform, float *packed, size_t element);
