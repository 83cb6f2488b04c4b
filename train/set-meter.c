/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chooses which images are compared; apart because a distance means something only with equal counts and its floor. */
#include "set-meter.h"

#include <cyclegan-train.h>

/* The sets that are compared. */
enum
{
  SET_REAL,
  SET_OTHER_REAL,
  SET_FAKE,
  SET_INPUT,
  N_SETS
};

/* Fixed, so that distances of different runs and models can be compared. */
#define SEED 1

struct _CgSetMeter
{
  CgSlicedWasserstein *distance;
  int n_images, n_sets;
  int n_real, n_input;
  int *real_places, *input_places; /* of each image in the drawing, -1: not drawn */
};

void
cg_set_meter_free (CgSetMeter *meter)
{
  if (!meter)
    return;
  cg_sliced_wasserstein_free (meter->distance);
  g_free (meter->real_places);
  g_free (meter->input_places);
  g_free (meter);
}

/* The places of @n images in a drawing of @n_drawn without replacement (Fisher & Yates), -1 for the others. */
static int *
draw (guint64 stream, int n, int n_drawn)
{
  int *places = g_new (int, n);
  g_autofree int *images = g_new (int, n);

  for (int i = 0; i < n; i++)
    {
      images[i] = i;
      places[i] = -1;
    }
  for (int place = 0; place < n_drawn; place++)
    {
      int other = place + (int)cg_random_below (SEED, CG_RANDOM_SUBSET, stream, (guint64)place, (guint64)(n - place));
      int image = images[other];

      images[other] = images[place];
      places[image] = place;
    }
  return places;
}

CgSetMeter *
cg_set_meter_new (int n_real, int n_input, int max_images, int h, int w, int n_channels, gboolean has_input,
                  int n_threads, GError **error)
{
  g_autoptr (CgSetMeter) meter = g_new0 (CgSetMeter, 1);
  CgSlicedWassersteinOptions options;

  g_return_val_if_fail (n_real >= 2 && n_input >= 1, NULL);

  meter->n_sets = has_input ? N_SETS : SET_INPUT;
  meter->n_images = MIN (n_input, n_real / 2);
  if (max_images > 0)
    meter->n_images = MIN (meter->n_images, max_images);
  meter->n_real = n_real;
  meter->n_input = n_input;
  meter->real_places = draw (CG_SET_REAL, n_real, 2 * meter->n_images);
  meter->input_places = draw (CG_SET_INPUT, n_input, meter->n_images);
  cg_sliced_wasserstein_options_init (&options);
  options.seed = SEED;
  options.n_threads = n_threads;
  meter->distance = cg_sliced_wasserstein_new (&options, meter->n_sets, meter->n_images, h, w, n_channels, error);
  return meter->distance ? g_steal_pointer (&meter) : NULL;
}

static int
get_place (const CgSetMeter *meter, CgSetRole role, int index)
{
  g_return_val_if_fail (index >= 0 && index < (role == CG_SET_REAL ? meter->n_real : meter->n_input), -1);

  if (role == CG_SET_INPUT && meter->n_sets <= SET_INPUT)
    return -1;
  return role == CG_SET_REAL ? meter->real_places[index] : meter->input_places[index];
}

gboolean
cg_set_meter_wants (const CgSetMeter *meter, CgSetRole role, int index)
{
  return get_place (meter, role, index) >= 0;
}

void
cg_set_meter_offer (CgSetMeter *meter, CgSetRole role, int index, const float *values)
{
  int place = get_place (meter, role, index);
  int set = role == CG_SET_FAKE ? SET_FAKE : role == CG_SET_INPUT ? SET_INPUT : SET_REAL;

  if (place < 0)
    return;
  if (place >= meter->n_images)
    {
      set = SET_OTHER_REAL;
      place -= meter->n_images;
    }
  cg_sliced_wasserstein_set_image (meter->distance, set, place, values);
}

gboolean
cg_set_meter_compute (CgSetMeter *meter, CgSetDistance *distance, GError **error)
{
  double between[N_SETS * N_SETS];
  int n = meter->n_sets;

  if (!cg_sliced_wasserstein_compute (meter->distance, between, error))
    return FALSE;
  distance->n_images = meter->n_images;
  distance->has_input = n > SET_INPUT;
  distance->floor = between[SET_REAL * n + SET_OTHER_REAL];
  distance->fake = 0.5 * (between[SET_REAL * n + SET_FAKE] + between[SET_OTHER_REAL * n + SET_FAKE]);
  distance->input
      = n <= SET_INPUT ? 0.0 : 0.5 * (between[SET_REAL * n + SET_INPUT] + between[SET_OTHER_REAL * n + SET_INPUT]);
  return TRUE;
}
