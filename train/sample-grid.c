/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSampleGrid: images of a network in rows and columns, as one PNG to look at. */
#include "sample-grid.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "image-io.h"

#define GAP 2
#define GAP_LEVEL 128

struct _CgSampleGrid
{
  int rows, columns;
  int height, width; /* of a cell */
  CgImage *image;
};

CgSampleGrid *
cg_sample_grid_new (int rows, int columns, int height, int width, GError **error)
{
  gint64 total_height = (gint64)rows * (height + GAP) - GAP;
  gint64 total_width = (gint64)columns * (width + GAP) - GAP;
  g_autoptr (CgSampleGrid) grid = NULL;

  g_return_val_if_fail (rows >= 1 && columns >= 1 && height >= 1 && width >= 1, NULL);

  if (total_height > CG_IMAGE_MAX_SIDE || total_width > CG_IMAGE_MAX_SIDE)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("a grid of %d x %d images of %d x %d pixels is too large"),
                   columns, rows, width, height);
      return NULL;
    }
  grid = g_new0 (CgSampleGrid, 1);
  grid->rows = rows;
  grid->columns = columns;
  grid->height = height;
  grid->width = width;
  grid->image = cg_image_new ((int)total_width, (int)total_height, error);
  if (!grid->image)
    return NULL;
  memset (grid->image->pixels, GAP_LEVEL, (gsize)total_width * total_height * 3);
  return g_steal_pointer (&grid);
}

void
cg_sample_grid_free (CgSampleGrid *grid)
{
  if (!grid)
    return;
  cg_image_free (grid->image);
  g_free (grid);
}

static guint8
to_byte (float value)
{
  float level = (value + 1.0f) * 127.5f + 0.5f;

  /* written so that NaN takes the first branch */
  if (!(level > 0.0f))
    return 0;
  return level < 255.0f ? (guint8)level : 255;
}

void
cg_sample_grid_set (CgSampleGrid *grid, int row, int column, const float *values)
{
  g_return_if_fail (row >= 0 && row < grid->rows && column >= 0 && column < grid->columns);

  for (int y = 0; y < grid->height; y++)
    {
      gsize line = (gsize)row * (grid->height + GAP) + y;
      guint8 *out = grid->image->pixels + (line * grid->image->width + (gsize)column * (grid->width + GAP)) * 3;

      for (int i = 0; i < grid->width * 3; i++)
        out[i] = to_byte (*values++);
    }
}

gboolean
cg_sample_grid_save (const CgSampleGrid *grid, const char *path, GError **error)
{
  return cg_image_save (grid->image, path, error);
}

CgImage *
cg_sample_grid_cut (const CgImage *picture, int rows, int columns, int row, int column, GError **error)
{
  int height = (picture->height + GAP) / rows - GAP, width = (picture->width + GAP) / columns - GAP;
  CgImage *cell;

  g_return_val_if_fail (row >= 0 && row < rows && column >= 0 && column < columns, NULL);

  if (height < 1 || width < 1 || rows * (height + GAP) - GAP != picture->height
      || columns * (width + GAP) - GAP != picture->width)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("a picture of %d x %d pixels is no grid of %d x %d images"),
                   picture->width, picture->height, columns, rows);
      return NULL;
    }
  cell = cg_image_new (width, height, error);
  for (int y = 0; cell && y < height; y++)
    memcpy (cell->pixels + (gsize)y * width * 3,
            picture->pixels + (((gsize)row * (height + GAP) + y) * picture->width + (gsize)column * (width + GAP)) * 3,
            (gsize)width * 3);
  return cell;
}
