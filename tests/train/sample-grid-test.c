/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgSampleGrid: where cells go, how values become bytes, and that a failed save leaves nothing behind. */
#include "sample-grid.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "image-fixture.h"
#include "image-io.h"

static int
pixel (const CgImage *image, int x, int y, int c)
{
  return image->pixels[((gsize)y * image->width + x) * 3 + c];
}

static void
test_layout (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "grid.png");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSampleGrid) grid = cg_sample_grid_new (2, 3, 4, 5, &error);
  g_autoptr (CgImage) image = NULL;
  float values[4 * 5 * 3];

  g_assert_no_error (error);
  for (int cell = 0; cell < 5; cell++)
    {
      for (int i = 0; i < 4 * 5 * 3; i++)
        values[i] = (float)(cell * 40 + i % 7) / 127.5f - 1.0f;
      cg_sample_grid_set (grid, cell / 3, cell % 3, values);
    }
  g_assert_true (cg_sample_grid_save (grid, path, &error));
  g_assert_no_error (error);
  image = cg_image_load (path, &error);
  g_assert_no_error (error);

  g_assert_cmpint (image->width, ==, 3 * 5 + 2 * 2);
  g_assert_cmpint (image->height, ==, 2 * 4 + 2);
  for (int cell = 0; cell < 5; cell++)
    for (int i = 0; i < 4 * 5 * 3; i++)
      g_assert_cmpint (pixel (image, cell % 3 * 7 + i / 3 % 5, cell / 3 * 6 + i / 15, i % 3), ==, cell * 40 + i % 7);
  g_assert_cmpint (pixel (image, 5, 0, 0), ==, 128);
  g_assert_cmpint (pixel (image, 18, 9, 2), ==, 128);
  fixture_folder_free (folder);
}

static void
test_values (void)
{
  static const float values[6 * 3] = { -1.0f, 1.0f, 0.0f,  -1.5f, 1.5f, NAN,   INFINITY,     -INFINITY,      -0.999f,
                                       0.5f,  1e9f, -1e9f, 0.99f, 0.0f, -0.5f, 127.0f / 255, -1.0f / 255.0f, 0.002f };
  static const int expected[6 * 3] = { 0, 255, 128, 0, 255, 0, 255, 0, 0, 191, 255, 0, 254, 128, 64, 191, 127, 128 };
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "grid.png");
  g_autoptr (CgSampleGrid) grid = cg_sample_grid_new (1, 1, 1, 6, NULL);
  g_autoptr (CgImage) image = NULL;

  cg_sample_grid_set (grid, 0, 0, values);
  g_assert_true (cg_sample_grid_save (grid, path, NULL));
  image = cg_image_load (path, NULL);
  for (int i = 0; i < 18; i++)
    g_assert_cmpint (image->pixels[i], ==, expected[i]);
  fixture_folder_free (folder);
}

static void
test_unwritable (void)
{
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "absent/grid.png");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSampleGrid) grid = cg_sample_grid_new (1, 1, 4, 4, NULL);

  g_assert_false (cg_sample_grid_save (grid, path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "grid.png"));
  fixture_folder_free (folder);
}

/* What was put into a cell comes out of it again. */
static void
test_cut (void)
{
  float values[2 * 3 * 3];
  char *folder = fixture_folder_new ();
  g_autofree char *path = fixture_path (folder, "grid.png");
  g_autoptr (CgSampleGrid) grid = cg_sample_grid_new (4, 3, 2, 3, NULL);
  g_autoptr (CgImage) image = NULL;
  g_autoptr (CgImage) cell = NULL;
  g_autoptr (CgImage) none = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 18; i++)
    values[i] = (float)(10 * i) / 127.5f - 1.0f;
  cg_sample_grid_set (grid, 2, 1, values);
  g_assert_true (cg_sample_grid_save (grid, path, NULL));
  image = cg_image_load (path, NULL);
  cell = cg_sample_grid_cut (image, 4, 3, 2, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (cell->width, ==, 3);
  g_assert_cmpint (cell->height, ==, 2);
  for (int i = 0; i < 18; i++)
    g_assert_cmpint (cell->pixels[i], ==, 10 * i);
  none = cg_sample_grid_cut (image, 3, 3, 2, 1, &error);
  g_assert_null (none);
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  fixture_folder_free (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sample-grid/layout", test_layout);
  g_test_add_func ("/sample-grid/values", test_values);
  g_test_add_func ("/sample-grid/unwritable", test_unwritable);
  g_test_add_func ("/sample-grid/cut", test_cut);
  return g_test_run ();
}
