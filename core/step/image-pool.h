/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The history of generated images that discriminators are shown (Shrivastava et al. 2017, training.md). */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "base/random.h"
#include "base/visibility.h"
#include "tensor/tensor.h"

typedef struct _CgImagePool CgImagePool;

/* Images of h x w x c; @size 0 = off. CG_ERROR_MEMORY. */
CG_INTERNAL CgImagePool *cg_image_pool_new (int size, int h, int w, int c, GError **error);
CG_INTERNAL void cg_image_pool_free (CgImagePool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgImagePool, cg_image_pool_free)

/**
 * cg_image_pool_query:
 * @images: [N,h,w,c]; @out: the same shape, interior overwritten (may be @images itself)
 *
 * Image by image: while not full store and return it; then with probability 1/2 return a uniformly drawn stored image and
 * put the new one in its place, else return the new one unstored. Draws are (seed, purpose, step, 2*image and 2*image + 1).
 */
CG_INTERNAL void cg_image_pool_query (CgImagePool *pool, guint64 seed, CgRandomPurpose purpose, guint64 step,
                                      const CgTensor *images, const CgTensor *out);

/* For checkpoints: the stored images in order, dense [count][h][w][c]. */
CG_PUBLIC int cg_image_pool_get_count (const CgImagePool *pool);
CG_PUBLIC const float *cg_image_pool_get_images (const CgImagePool *pool);
CG_PUBLIC void cg_image_pool_restore (CgImagePool *pool, const float *images, int count); /* count <= size */
