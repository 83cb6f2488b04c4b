/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading every kind of image to the right pixels, refusing damaged ones by name, and writing PNGs that read back
 * the same. */
#include "image-io.h"

#include <gegl.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "image-fixture.h"

typedef struct
{
  char *folder;
} Room;

static void
set_up (Room *room, gconstpointer data)
{
  /* The loaders' own warnings are what is listened for; under the test framework they would be fatal. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  room->folder = fixture_folder_new ();
}

static void
tear_down (Room *room, gconstpointer data)
{
  fixture_folder_free (room->folder);
}

static void
test_rgb (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "rgb");
  g_autoptr (CgImage) image = NULL;

  fixture_write_pattern (path, 1, 19, 11);
  image = fixture_load (path, 19, 11);
  for (int y = 0; y < 11; y++)
    for (int x = 0; x < 19; x++)
      for (int c = 0; c < 3; c++)
        g_assert_cmpint (image->pixels[(y * 19 + x) * 3 + c], ==, fixture_value (1, x, y, c));
}

static void
test_alpha_on_white (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "alpha.png");
  const guint8 rows[] = { 10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128, 255, 255, 255, 7 };
  const int expected[] = { 10, 20, 30, 255, 255, 255, 127, 177, 227, 255, 255, 255 };
  FixturePng png = { .width = 4, .height = 1, .bit_depth = 8, .colour_type = 6 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 4, 1);
  for (int i = 0; i < 12; i++)
    g_assert_cmpint (image->pixels[i], ==, expected[i]);
}

static void
test_16_bit (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "deep.png");
  guint8 rows[256 * 3 * 2];
  FixturePng png = { .width = 256, .height = 1, .bit_depth = 16, .colour_type = 2 };
  g_autoptr (CgImage) image = NULL;

  /* v * 257 is v exactly; 100 more or less still rounds to v, since half a level is 128.5. */
  for (int i = 0; i < 256 * 3; i++)
    {
      int value = CLAMP (i / 3 * 257 + (i % 3 - 1) * 100, 0, 65535);

      rows[2 * i] = (guint8)(value >> 8);
      rows[2 * i + 1] = (guint8)value;
    }
  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 256, 1);
  for (int i = 0; i < 256 * 3; i++)
    g_assert_cmpint (image->pixels[i], ==, i / 3);
}

static void
test_grey (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "grey.png");
  g_autofree char *bits = fixture_path (room->folder, "bits.png");
  const guint8 rows[] = { 0, 1, 77, 128, 254, 255 };
  const guint8 bit_rows[] = { 0xa0 };
  FixturePng png = { .width = 6, .height = 1, .bit_depth = 8, .colour_type = 0 };
  g_autoptr (CgImage) image = NULL;
  g_autoptr (CgImage) bit_image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 6, 1);
  for (int i = 0; i < 18; i++)
    g_assert_cmpint (image->pixels[i], ==, rows[i / 3]);

  png.bit_depth = 1;
  png.width = 4;
  fixture_write_png (bits, &png, bit_rows);
  bit_image = fixture_load (bits, 4, 1);
  for (int i = 0; i < 12; i++)
    g_assert_cmpint (bit_image->pixels[i], ==, i / 3 % 2 ? 0 : 255);
}

static void
test_indexed (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "indexed.png");
  const guint8 palette[] = { 1, 2, 3, 200, 100, 50, 9, 255, 0 };
  const guint8 rows[] = { 0x21, 0x02 };
  const int order[] = { 2, 1, 0, 2 };
  FixturePng png = { .width = 4, .height = 1, .bit_depth = 4, .colour_type = 3, .palette = palette, .palette_size = 3 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 4, 1);
  for (int i = 0; i < 12; i++)
    g_assert_cmpint (image->pixels[i], ==, palette[order[i / 3] * 3 + i % 3]);
}

/* Where the upright image's pixel (x, y) is in a stored one of width x height, from the words of EXIF's table:
 * what the stored first row and first column are in the upright image. */
static void
find_stored (int orientation, int width, int height, int x, int y, int *u, int *v)
{
  const int places[9][2] = { { 0 },
                             { x, y },                          /* row top, column left */
                             { width - 1 - x, y },              /* top, right */
                             { width - 1 - x, height - 1 - y }, /* bottom, right */
                             { x, height - 1 - y },             /* bottom, left */
                             { y, x },                          /* left, top */
                             { y, height - 1 - x },             /* right, top */
                             { width - 1 - y, height - 1 - x }, /* right, bottom */
                             { width - 1 - y, x } };            /* left, bottom */

  *u = places[orientation][0];
  *v = places[orientation][1];
}

static void
test_orientation (Room *room, gconstpointer data)
{
  enum
  {
    W = 5,
    H = 3
  };
  guint8 rows[W * H * 3];

  for (int i = 0; i < W * H * 3; i++)
    rows[i] = fixture_value (2, i / 3 % W, i / 3 / W, i % 3);
  for (int orientation = 1; orientation <= 8; orientation++)
    {
      g_autofree char *path = fixture_path (room->folder, "turned.png");
      FixturePng png = { .width = W, .height = H, .bit_depth = 8, .colour_type = 2, .orientation = orientation };
      int width = orientation < 5 ? W : H, height = orientation < 5 ? H : W;
      g_autoptr (CgImage) image = NULL;

      fixture_write_png (path, &png, rows);
      image = fixture_load (path, width, height);
      for (int i = 0; i < W * H * 3; i++)
        {
          int u, v;

          find_stored (orientation, W, H, i / 3 % width, i / 3 / width, &u, &v);
          g_assert_cmpint (image->pixels[i], ==, rows[(v * W + u) * 3 + i % 3]);
        }
    }
}

/* Left half @left, right half @right, n components each. */
static guint8 *
new_halves (int width, int height, int n, const guint8 *left, const guint8 *right)
{
  guint8 *pixels = g_malloc ((gsize)width * height * n);

  for (int i = 0; i < width * height * n; i++)
    pixels[i] = (i / n % width < width / 2 ? left : right)[i % n];
  return pixels;
}

static void
assert_near (const CgImage *image, int x, int y, const int *rgb, int tolerance)
{
  for (int c = 0; c < 3; c++)
    g_assert_cmpint (ABS (image->pixels[((gsize)y * image->width + x) * 3 + c] - rgb[c]), <=, tolerance);
}

static void
test_jpeg (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "photo.png"); /* the name tells nothing */
  const guint8 left[] = { 200, 40, 60 }, right[] = { 20, 90, 180 };
  const int left_rgb[] = { 200, 40, 60 }, right_rgb[] = { 20, 90, 180 };
  g_autofree guint8 *pixels = new_halves (32, 16, 3, left, right);
  FixtureJpeg jpeg = { .width = 32, .height = 16, .n_components = 3, .orientation = 6 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_jpeg (path, &jpeg, pixels);
  image = fixture_load (path, 16, 32);
  /* Turned by a quarter clockwise: the left half is on top. 2 levels: quality 100 rounds YCbCr to integers. */
  assert_near (image, 8, 4, left_rgb, 2);
  assert_near (image, 8, 28, right_rgb, 2);
}

static void
test_grey_jpeg (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "grey.jpg");
  const guint8 left[] = { 30 }, right[] = { 222 };
  const int left_rgb[] = { 30, 30, 30 }, right_rgb[] = { 222, 222, 222 };
  g_autofree guint8 *pixels = new_halves (16, 8, 1, left, right);
  FixtureJpeg jpeg = { .width = 16, .height = 8, .n_components = 1 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_jpeg (path, &jpeg, pixels);
  image = fixture_load (path, 16, 8);
  assert_near (image, 2, 2, left_rgb, 1);
  assert_near (image, 13, 2, right_rgb, 1);
}

/* Adobe's programs store the complement of the ink, others the ink: either way no ink is white, full black ink is
 * black, and full cyan leaves no red. */
static void
test_cmyk_jpeg (Room *room, gconstpointer data)
{
  const guint8 white[] = { 0, 0, 0, 0 }, black[] = { 0, 0, 0, 255 }, cyan[] = { 255, 0, 0, 0 };
  const int white_rgb[] = { 255, 255, 255 }, black_rgb[] = { 0, 0, 0 };

  for (int adobe = 0; adobe < 2; adobe++)
    {
      g_autofree char *path = fixture_path (room->folder, "ink.jpg");
      g_autofree guint8 *pixels = new_halves (48, 16, 4, white, black);
      FixtureJpeg jpeg = { .width = 48, .height = 16, .n_components = 4, .adobe = adobe };
      g_autoptr (CgImage) image = NULL;

      for (int y = 0; y < 16; y++)
        for (int x = 8; x < 16; x++)
          memcpy (pixels + (y * 48 + x) * 4, cyan, 4);
      for (int i = 0; adobe && i < 48 * 16 * 4; i++)
        pixels[i] = 255 - pixels[i];
      fixture_write_jpeg (path, &jpeg, pixels);
      image = fixture_load (path, 48, 16);
      assert_near (image, 4, 8, white_rgb, 2);
      assert_near (image, 40, 8, black_rgb, 2);
      g_assert_cmpint (image->pixels[(8 * 48 + 12) * 3], <, 30);
      g_assert_cmpint (image->pixels[(8 * 48 + 12) * 3 + 1], >, 100);
    }
}

/* The same numbers mean stronger colours in a wider space: (200, 100, 50) of one with Adobe RGB's primaries and
 * gamma 563/256 is (227, 100, 42) in sRGB (computed by hand from both standards' matrices, D65). */
static void
test_profile (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "wide.jpg");
  const guint8 colour[] = { 200, 100, 50 };
  const int expected[] = { 227, 100, 42 };
  g_autofree guint8 *pixels = new_halves (16, 16, 3, colour, colour);
  FixtureJpeg jpeg = { .width = 16, .height = 16, .n_components = 3 };
  g_autoptr (CgImage) image = NULL;
  int length;

  cg_image_init ();
  jpeg.profile = (const guint8 *)babl_space_get_icc (babl_space ("Adobish"), &length);
  jpeg.profile_length = (unsigned)length;
  fixture_write_jpeg (path, &jpeg, pixels);
  image = fixture_load (path, 16, 16);
  assert_near (image, 8, 8, expected, 2);
}

static void
test_save (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "saved.png");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgImage) image = cg_image_new (37, 23, &error);
  GDir *dir;
  int n_files = 0;

  for (int i = 0; i < 37 * 23 * 3; i++)
    image->pixels[i] = fixture_value (6, i / 3 % 37, i / 111, i % 3);
  for (int round = 0; round < 2; round++) /* the second replaces the first */
    {
      g_autoptr (CgImage) again = NULL;

      image->pixels[0] = (guint8)(100 + round);
      g_assert_true (cg_image_save (image, path, &error));
      g_assert_no_error (error);
      again = fixture_load (path, 37, 23);
      g_assert_cmpmem (again->pixels, 37 * 23 * 3, image->pixels, 37 * 23 * 3);
    }
  dir = g_dir_open (room->folder, 0, NULL);
  while (g_dir_read_name (dir))
    n_files++;
  g_dir_close (dir);
  g_assert_cmpint (n_files, ==, 1);
}

#define ADD(name, function) g_test_add ("/image-io/" name, Room, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rgb", test_rgb);
  ADD ("alpha-on-white", test_alpha_on_white);
  ADD ("16-bit", test_16_bit);
  ADD ("grey", test_grey);
  ADD ("indexed", test_indexed);
  ADD ("orientation", test_orientation);
  ADD ("jpeg", test_jpeg);
  ADD ("grey-jpeg", test_grey_jpeg);
  ADD ("cmyk-jpeg", test_cmyk_jpeg);
  ADD ("profile", test_profile);
  ADD ("save", test_save);
  return g_test_run ();
}
