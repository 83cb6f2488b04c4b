/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which images a step takes, where they are cut and whether they are mirrored: functions of the seed, the step and
 * the place in the batch. */
#include "dataset-sampler.h"

#include "base/random.h"

void
cg_dataset_sampler_init (CgDatasetSampler *sampler, guint64 seed, gboolean serial, gboolean flip, int size_a,
                         int size_b, int batch_size)
{
  int longer = MAX (size_a, size_b);

  *sampler = (CgDatasetSampler){ .seed = seed, .serial = serial, .flip = flip, .size_a = size_a, .size_b = size_b };
  sampler->batch_size = batch_size;
  sampler->steps_per_epoch = longer / batch_size + (longer % batch_size != 0);
  sampler->order = g_new (guint32, longer);
}

void
cg_dataset_sampler_clear (CgDatasetSampler *sampler)
{
  g_clear_pointer (&sampler->order, g_free);
}

/* Fisher-Yates: every order of 0 … n-1 is equally likely. */
static void
shuffle (CgDatasetSampler *sampler, gint64 epoch, int n)
{
  if (sampler->epoch == epoch)
    return;
  for (int i = 0; i < n; i++)
    sampler->order[i] = (guint32)i;
  for (int i = n - 1; i > 0; i--)
    {
      guint64 j = cg_random_below (sampler->seed, CG_RANDOM_SHUFFLE_A, (guint64)epoch, (guint64)i, (guint64)i + 1);
      guint32 kept = sampler->order[i];

      sampler->order[i] = sampler->order[j];
      sampler->order[j] = kept;
    }
  sampler->epoch = epoch;
}

/* An epoch walks over max (|A|, |B|) numbers, A's image being the number modulo |A|; its last batch is filled up
 * from the start. */
void
cg_dataset_sampler_pick (CgDatasetSampler *sampler, gint64 step, int place, int *a, int *b)
{
  int n = MAX (sampler->size_a, sampler->size_b);
  gint64 epoch = (step - 1) / sampler->steps_per_epoch + 1;
  gint64 position = (step - 1) % sampler->steps_per_epoch * sampler->batch_size + place;

  if (sampler->serial)
    {
      *a = (int)(position % sampler->size_a);
      *b = (int)(position % sampler->size_b);
      return;
    }
  shuffle (sampler, epoch, n);
  *a = (int)(sampler->order[position % n] % (guint32)sampler->size_a);
  *b = (int)cg_random_below (sampler->seed, CG_RANDOM_SHUFFLE_B, (guint64)epoch, (guint64)position,
                             (guint64)sampler->size_b);
}

int
cg_dataset_sampler_offset (const CgDatasetSampler *sampler, char domain, gint64 step, int place, int axis, int room)
{
  CgRandomPurpose purpose = domain == 'A' ? CG_RANDOM_CROP_A : CG_RANDOM_CROP_B;

  return (int)cg_random_below (sampler->seed, purpose, (guint64)step, 2 * (guint64)place + (guint64)axis,
                               (guint64)room + 1);
}

gboolean
cg_dataset_sampler_mirrors (const CgDatasetSampler *sampler, char domain, gint64 step, int place)
{
  CgRandomPurpose purpose = domain == 'A' ? CG_RANDOM_FLIP_A : CG_RANDOM_FLIP_B;

  return sampler->flip && cg_random_below (sampler->seed, purpose, (guint64)step, (guint64)place, 2);
}
