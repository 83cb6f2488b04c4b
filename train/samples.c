/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws the sample pictures; apart because it only looks at the networks. */
#include "samples.h"

#include <glib/gi18n.h>

#include "channels.h"
#include "sample-grid.h"

#define COLUMNS CG_SAMPLES_COLUMNS

/* Four columns for one image: itself, @there of it, @back of that, @back of itself, which a network for other channels cannot
 * take. Buffers hold one image each, @rgb another to show. */
static gboolean
draw_row (CgSampleGrid *grid, int row, CgNetwork *there, CgNetwork *back, int h, int w, float *const images[COLUMNS],
          float *rgb, int n_threads, GError **error)
{
  int from = cg_network_get_config (there)->input_nc, to = cg_network_get_config (there)->output_nc;
  const int channels[COLUMNS] = { from, to, from, from };
  int n_columns = from == to ? COLUMNS : COLUMNS - 1;
  gsize n_pixels = (gsize)h * (gsize)w;

  cg_channels_take (images[0], n_pixels, from, images[0]);
  if (!cg_network_apply (there, 1, h, w, images[0], images[1], n_threads, error)
      || !cg_network_apply (back, 1, h, w, images[1], images[2], n_threads, error)
      || (n_columns == COLUMNS && !cg_network_apply (back, 1, h, w, images[0], images[3], n_threads, error)))
    return FALSE;
  for (int column = 0; column < n_columns; column++)
    {
      cg_channels_show (images[column], n_pixels, channels[column], rgb);
      cg_sample_grid_set (grid, row, column, rgb);
    }
  return TRUE;
}

gboolean
cg_samples_write (CgDataset *dataset, CgNetwork *const networks[CG_STEP_N_NETWORKS], int n_threads, const char *path,
                  GError **error)
{
  g_autoptr (CgSampleGrid) grid = NULL;
  g_autofree float *memory = NULL;
  float *images[COLUMNS];
  int h, w;
  size_t floats;

  cg_dataset_get_crop_size (dataset, &h, &w);
  floats = (size_t)h * (size_t)w * 3;
  memory = g_try_new (float, (COLUMNS + 1) * floats);
  if (!memory)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for sample images of %d x %d"), w, h);
      return FALSE;
    }
  for (int column = 0; column < COLUMNS; column++)
    images[column] = memory + (size_t)column * floats;
  grid = cg_sample_grid_new (2 * CG_SAMPLES_COUNT, COLUMNS, h, w, error);
  if (!grid)
    return FALSE;

  for (int i = 0; i < 2 * CG_SAMPLES_COUNT; i++)
    {
      gboolean from_a = i < CG_SAMPLES_COUNT;
      CgNetwork *there = networks[from_a ? CG_STEP_G_A : CG_STEP_G_B];
      CgNetwork *back = networks[from_a ? CG_STEP_G_B : CG_STEP_G_A];

      if (!cg_dataset_get_sample (dataset, from_a ? 'A' : 'B', i % CG_SAMPLES_COUNT, images[0], error)
          || !draw_row (grid, i, there, back, h, w, images, memory + COLUMNS * floats, n_threads, error))
        return FALSE;
    }
  return cg_sample_grid_save (grid, path, error);
}
