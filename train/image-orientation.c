/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The EXIF orientation of a file and turning an image by it. */
#include "image-orientation.h"

#include <gexiv2/gexiv2.h>
#include <string.h>

int
cg_image_orientation_read (const char *path)
{
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();
  GExiv2Orientation orientation;

  /* Formats without metadata fail here; they are upright. */
  if (!gexiv2_metadata_open_path (metadata, path, NULL))
    return 1;
  orientation = gexiv2_metadata_try_get_orientation (metadata, NULL);
  return orientation >= GEXIV2_ORIENTATION_NORMAL && orientation <= GEXIV2_ORIENTATION_ROT_270 ? (int)orientation : 1;
}

gboolean
cg_image_orientation_swaps (int orientation)
{
  return orientation >= 5;
}

/* EXIF 2.32, tag 0x0112: where the stored image's first row and column belong. For each pixel (x, y) of the
 * upright image the stored pixel is (u, v); 2 mirrors, 3 turns by half, 4 flips, 5 … 8 transpose first. */
CgImage *
cg_image_orientation_apply (CgImage *image, int orientation, GError **error)
{
  gboolean swaps = cg_image_orientation_swaps (orientation);
  gboolean from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  gboolean from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  CgImage *upright;

  if (orientation == 1)
    return image;
  upright
      = swaps ? cg_image_new (image->height, image->width, error) : cg_image_new (image->width, image->height, error);
  if (upright)
    for (int y = 0; y < upright->height; y++)
      for (int x = 0; x < upright->width; x++)
        {
          int u = swaps ? y : x, v = swaps ? x : y;

          u = from_right ? image->width - 1 - u : u;
          v = from_bottom ? image->height - 1 - v : v;
          memcpy (upright->pixels + ((gsize)y * upright->width + x) * 3,
                  image->pixels + ((gsize)v * image->width + u) * 3, 3);
        }
  cg_image_free (image);
  return upright;
}
