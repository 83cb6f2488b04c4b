/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSetMeter: the distance of generated images from real ones, with what tells whether it is large or small beside it. */
#pragma once

#include <glib.h>

/**
 * CgSetDistance: sliced Wasserstein distances of sets of @n_images images each.
 * @fake: of generated images from real ones: the mean over both halves of the real ones
 * @floor: of one half of the real images from the other: no generator can be expected to get below
 * @input: of the images that were translated from the real ones, as @fake; only where @has_input
 */
typedef struct
{
  int n_images;
  double fake, floor;
  gboolean has_input;
  double input;
} CgSetDistance;

typedef enum
{
  CG_SET_REAL, /* images of the domain that is translated into */
  CG_SET_FAKE, /* what a generator made of the inputs */
  CG_SET_INPUT /* images of the domain that is translated from */
} CgSetRole;

typedef struct _CgSetMeter CgSetMeter;

/**
 * cg_set_meter_new:
 * @n_real, @n_input: how many images there are; at least 2 and 1
 * @max_images: of a set; 0: as many as there are
 * @h, @w, @n_channels: of all images
 * @has_input: FALSE leaves CG_SET_INPUT out
 *
 * Every set gets min (n_input, n_real / 2) images, drawn by a fixed seed, because the distance falls with the number of images whatever they
 * are. Fails with CG_ERROR_SHAPE, CG_ERROR_MEMORY.
 */
CgSetMeter *cg_set_meter_new (int n_real, int n_input, int max_images, int h, int w, int n_channels, gboolean has_input,
                              int n_threads, GError **error);
void cg_set_meter_free (CgSetMeter *meter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgSetMeter, cg_set_meter_free)

/* Whether image number @index is one of those drawn. That of CG_SET_FAKE is what was made of the same number of CG_SET_INPUT. */
gboolean cg_set_meter_wants (const CgSetMeter *meter, CgSetRole role, int index);

/* Takes the image, dense [h][w][n_channels] in [-1,1], if it is wanted, in place of an earlier one of that role and number. */
void cg_set_meter_offer (CgSetMeter *meter, CgSetRole role, int index, const float *values);

/* All images that are wanted must have been offered. Fails with CG_ERROR_MEMORY. */
gboolean cg_set_meter_compute (CgSetMeter *meter, CgSetDistance *distance, GError **error);
