/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which images a step takes, where they are cut and whether they are mirrored: functions of the seed, the step and
 * the place in the batch. */
#pragma once

#include <glib.h>

typedef struct
{
  guint64 seed;
  gboolean serial, flip;
  int size_a, size_b, batch_size;

  int steps_per_epoch;
  gint64 epoch;   /* whose order is in @order; 0 = none */
  guint32 *order; /* [max (size_a, size_b)] */
} CgDatasetSampler;

void cg_dataset_sampler_init (CgDatasetSampler *sampler, guint64 seed, gboolean serial, gboolean flip, int size_a,
                              int size_b, int batch_size);
void cg_dataset_sampler_clear (CgDatasetSampler *sampler);

/* step >= 1; place: 0 … batch_size - 1. */
void cg_dataset_sampler_pick (CgDatasetSampler *sampler, gint64 step, int place, int *a, int *b);

/* The crop's left or top edge among 0 … room, uniformly; axis 0 = x, 1 = y. */
int cg_dataset_sampler_offset (const CgDatasetSampler *sampler, char domain, gint64 step, int place, int axis,
                               int room);
gboolean cg_dataset_sampler_mirrors (const CgDatasetSampler *sampler, char domain, gint64 step, int place);
