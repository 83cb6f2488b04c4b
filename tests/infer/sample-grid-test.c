/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Samples lie inside the picture, are spread over all of it, and see what surrounds them. */
#include "infer/sample-grid.h"

/* What counts is inside its piece, and either far enough from the piece's border or at the picture's. */
static void
check_side (int piece, int size, int counted, int counted_size, int length)
{
  g_assert_cmpint (piece, >=, 0);
  g_assert_cmpint (piece + size, <=, length);
  g_assert_cmpint (piece % 4 + size % 4 + counted % 4 + counted_size % 4, ==, 0);
  g_assert_cmpint (counted, >=, piece == 0 ? 0 : 8);
  g_assert_cmpint (size - counted - counted_size, >=, piece + size == length ? 0 : 8);
}

static void
test_pieces (void)
{
  const int sizes[][2]
      = { { 6000, 4000 }, { 12000, 8000 }, { 4000, 3000 }, { 100000, 64 }, { 8, 1000000 }, { 2120, 2124 } };

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      int width = sizes[s][0], height = sizes[s][1];
      double left = 0.0, right = 0.0, top = 0.0, bottom = 0.0, pixels = 0.0;
      CgSampleGrid grid;

      cg_sample_grid_init (&grid, width, height, 4, NULL);
      g_assert_cmpint (grid.n, >, 30);
      for (int i = 0; i < grid.n; i++)
        {
          const CgStreamArea *area = &grid.areas[i];

          check_side (grid.x[i], grid.width, area->x, area->width, width);
          check_side (grid.y[i], grid.height, area->y, area->height, height);
          left += 2 * (grid.x[i] + area->x) + area->width < width;
          right += 2 * (grid.x[i] + area->x) + area->width > width;
          top += 2 * (grid.y[i] + area->y) + area->height < height;
          bottom += 2 * (grid.y[i] + area->y) + area->height > height;
          pixels += (double)grid.width * grid.height;
        }
      /* As many on each side, but for a middle row of cells; memory depends on all of them. */
      g_assert_cmpfloat (left, >=, width > 2000 ? 0.4 * grid.n : 0.0);
      g_assert_cmpfloat (right, >=, width > 2000 ? 0.4 * grid.n : 0.0);
      g_assert_cmpfloat (top, >=, height > 2000 ? 0.4 * grid.n : 0.0);
      g_assert_cmpfloat (bottom, >=, height > 2000 ? 0.4 * grid.n : 0.0);
      g_assert_cmpfloat (pixels, <, 2.6e6);
      cg_sample_grid_clear (&grid);
    }
}

/* The same picture always gets the same samples; a small one is not worth it. */
static void
test_repeatable (void)
{
  CgSampleGrid a, b, none;

  cg_sample_grid_init (&a, 5000, 3000, 4, NULL);
  cg_sample_grid_init (&b, 5000, 3000, 4, NULL);
  g_assert_cmpmem (a.x, sizeof (int) * (gsize)a.n, b.x, sizeof (int) * (gsize)b.n);
  g_assert_cmpmem (a.y, sizeof (int) * (gsize)a.n, b.y, sizeof (int) * (gsize)b.n);
  cg_sample_grid_init (&none, 1024, 1024, 4, NULL);
  g_assert_cmpint (none.n, ==, 0);
  cg_sample_grid_clear (&a);
  cg_sample_grid_clear (&b);
  cg_sample_grid_clear (&none);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sample-grid/pieces", test_pieces);
  g_test_add_func ("/sample-grid/repeatable", test_repeatable);
  return g_test_run ();
}
