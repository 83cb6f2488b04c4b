/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgSlicedWasserstein: how far sets of images are from each other, by the patches they are made of. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/* Patches are squares of this side; images of a side below that have none. */
#define CG_SLICED_WASSERSTEIN_PATCH 7

/**
 * CgSlicedWassersteinOptions: what a distance depends on besides the images; only equal ones can be compared.
 * @n_patches: of each image and level
 * @n_directions: on which each level's patches are projected
 * @n_threads: 0: cg_parallel_get_default_threads (). Never changes the distance.
 */
typedef struct
{
  int n_patches, n_directions;
  guint64 seed;
  int n_threads;
} CgSlicedWassersteinOptions;

/* 128 patches, 512 directions as published, seed 0. */
CG_PUBLIC void cg_sliced_wasserstein_options_init (CgSlicedWassersteinOptions *options);

typedef struct _CgSlicedWasserstein CgSlicedWasserstein;

/**
 * cg_sliced_wasserstein_new:
 * @n_sets: of @n_images images each
 * @h, @w, @c: of every image
 *
 * Holds the patches of all images, about n_sets * n_images * n_patches * 49 * c floats for each level. Fails with CG_ERROR_SHAPE,
 * CG_ERROR_MEMORY.
 */
CG_PUBLIC CgSlicedWasserstein *cg_sliced_wasserstein_new (const CgSlicedWassersteinOptions *options, int n_sets,
                                                          int n_images, int h, int w, int c, GError **error);
CG_PUBLIC void cg_sliced_wasserstein_free (CgSlicedWasserstein *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgSlicedWasserstein, cg_sliced_wasserstein_free)

/* Makes @values, dense [h][w][c], image number @image of set number @set, in place of an earlier one. */
CG_PUBLIC void cg_sliced_wasserstein_set_image (CgSlicedWasserstein *self, int set, int image, const float *values);

/**
 * cg_sliced_wasserstein_compute:
 * @distances: (out): [n_sets][n_sets], symmetric with a zero diagonal: the mean over levels, times 1000
 *
 * Laplacian pyramid from the images' own size down to 16 pixels; patches at random places, each channel normalised to mean 0 and
 * deviation 1 over its set; for each of the random directions the Wasserstein distance of the projections, which in one dimension is
 * the mean distance of the sorted ones. All images must have been set. Fails with CG_ERROR_MEMORY.
 * Source: Karras, Aila, Laine & Lehtinen 2018, section 5; Rabin et al. 2011 for the slices.
 */
CG_PUBLIC gboolean cg_sliced_wasserstein_compute (CgSlicedWasserstein *self, double *distances, GError **error);

G_END_DECLS
