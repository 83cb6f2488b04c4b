/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* cg_image_resize() against Pillow's own results, and on sizes that leave no doubt about what is right. */
#include "resize.h"

#include <string.h>

#include "base/error.h"

static CgImage *
load_golden (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("CG_GOLDEN_DIR"), name, NULL);
  g_autoptr (GError) error = NULL;
  CgImage *image = cg_image_load (path, &error);

  g_assert_no_error (error);
  return image;
}

static void
test_pillow (void)
{
  static const int sizes[][2]
      = { { 20, 14 }, { 41, 58 }, { 97, 29 }, { 63, 45 }, { 13, 9 }, { 41, 7 }, { 5, 29 }, { 1, 1 } };
  g_autoptr (CgImage) source = load_golden ("resize-source.png");

  g_assert_cmpint (source->width, ==, 41);
  g_assert_cmpint (source->height, ==, 29);
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      int width = sizes[i][0], height = sizes[i][1];
      g_autofree char *name = g_strdup_printf ("resize-%dx%d.png", width, height);
      g_autoptr (CgImage) golden = load_golden (name);
      g_autoptr (GError) error = NULL;
      g_autoptr (CgImage) resized = cg_image_resize (source, width, height, &error);

      g_assert_no_error (error);
      g_assert_cmpint (golden->width, ==, width);
      g_assert_cmpint (golden->height, ==, height);
      /* The arithmetic is Pillow's down to its rounding, so not even one level is allowed. */
      g_assert_cmpmem (resized->pixels, (gsize)width * height * 3, golden->pixels, (gsize)width * height * 3);
    }
}

static void
test_same_size_copies (void)
{
  g_autoptr (CgImage) source = load_golden ("resize-source.png");
  g_autoptr (CgImage) copy = cg_image_resize (source, source->width, source->height, NULL);
  gsize n = (gsize)source->width * source->height * 3;

  g_assert_cmpmem (copy->pixels, n, source->pixels, n);
}

static void
test_flat_stays_flat (void)
{
  g_autoptr (CgImage) source = cg_image_new (33, 21, NULL);
  g_autoptr (CgImage) resized = NULL;

  memset (source->pixels, 200, 33 * 21 * 3);
  resized = cg_image_resize (source, 70, 8, NULL);
  for (int i = 0; i < 70 * 8 * 3; i++)
    g_assert_cmpint (resized->pixels[i], ==, 200);
}

static void
test_too_large (void)
{
  g_autoptr (CgImage) source = cg_image_new (2, 2, NULL);
  g_autoptr (GError) error = NULL;

  memset (source->pixels, 0, 12);
  g_assert_null (cg_image_resize (source, CG_IMAGE_MAX_SIDE + 1, 2, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resize/pillow", test_pillow);
  g_test_add_func ("/resize/same-size-copies", test_same_size_copies);
  g_test_add_func ("/resize/flat-stays-flat", test_flat_stays_flat);
  g_test_add_func ("/resize/too-large", test_too_large);
  return g_test_run ();
}
