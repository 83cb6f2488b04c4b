/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multiplying masks row by row, for they are as large as the picture. */
#include "mask.h"

void
cg_mask_multiply (GeglBuffer *mask, GeglBuffer *by)
{
  const Babl *format = babl_format ("Y float");
  int width = gegl_buffer_get_width (mask);
  g_autofree float *rows = g_new (float, 2 * (gsize)width);

  for (int y = 0; y < gegl_buffer_get_height (mask); y++)
    {
      GeglRectangle line = { 0, y, width, 1 };

      gegl_buffer_get (by, &line, 1.0, format, rows, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      gegl_buffer_get (mask, &line, 1.0, format, rows + width, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < width; x++)
        rows[x] *= rows[width + x];
      gegl_buffer_set (mask, &line, 0, format, rows, GEGL_AUTO_ROWSTRIDE);
    }
}
