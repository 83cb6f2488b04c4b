/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The rarer kinds of image files, down to their pixels, and those whose headers claim more than anyone should believe. */
#include "image-io.h"

#include <gegl.h>
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
assert_pixels (const CgImage *image, const int *expected)
{
  for (int i = 0; i < image->width * image->height * 3; i++)
    g_assert_cmpint (image->pixels[i], ==, expected[i]);
}

static void
assert_near (const CgImage *image, int x, int y, int r, int g, int b, int tolerance)
{
  const int rgb[] = { r, g, b };

  for (int c = 0; c < 3; c++)
    g_assert_cmpint (ABS (image->pixels[((gsize)y * image->width + x) * 3 + c] - rgb[c]), <=, tolerance);
}

/* v * a / 255 + 255 - a, rounded: 100 at 128 is 177.2, at 51 224. */
static void
test_grey_alpha (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "grey-alpha.png");
  const guint8 rows[] = { 100, 255, 100, 0, 100, 128, 100, 51 };
  const int expected[] = { 100, 100, 100, 255, 255, 255, 177, 177, 177, 224, 224, 224 };
  FixturePng png = { .width = 4, .height = 1, .bit_depth = 8, .colour_type = 4 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 4, 1);
  assert_pixels (image, expected);
}

/* 16 bits: 25700 is 100, 32896 is 128. */
static void
test_deep_alpha (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "deep-alpha.png");
  const guint8 rows[] = { 100, 100, 0, 0, 255, 255, 255, 255, 100, 100, 0, 0, 255, 255, 128, 128 };
  const int expected[] = { 100, 0, 255, 177, 127, 255 };
  FixturePng png = { .width = 2, .height = 1, .bit_depth = 16, .colour_type = 6 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 2, 1);
  assert_pixels (image, expected);
}

static void
test_deep_grey (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "deep-grey.png");
  const guint8 rows[] = { 0, 0, 100, 100, 255, 255 };
  const int expected[] = { 0, 0, 0, 100, 100, 100, 255, 255, 255 };
  FixturePng png = { .width = 3, .height = 1, .bit_depth = 16, .colour_type = 0 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 3, 1);
  assert_pixels (image, expected);
}

static void
test_transparent_palette (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "palette.png");
  const guint8 palette[] = { 10, 20, 30, 0, 100, 200, 9, 255, 0 }, opacities[] = { 0, 128 }, rows[] = { 0, 1, 2 };
  const int expected[] = { 255, 255, 255, 127, 177, 227, 9, 255, 0 };
  FixturePng png = { .width = 3,
                     .height = 1,
                     .bit_depth = 8,
                     .colour_type = 3,
                     .palette = palette,
                     .palette_size = 3,
                     .opacities = opacities,
                     .n_opacities = 2 };
  g_autoptr (CgImage) image = NULL;

  fixture_write_png (path, &png, rows);
  image = fixture_load (path, 3, 1);
  assert_pixels (image, expected);
}

/* Sizes with and without empty passes. */
static void
test_interlaced (Room *room, gconstpointer data)
{
  static const int sizes[][2] = { { 1, 1 }, { 3, 2 }, { 8, 8 }, { 21, 13 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = fixture_path (room->folder, "woven.png");
      int width = sizes[i][0], height = sizes[i][1];
      g_autofree guint8 *rows = g_malloc ((gsize)width * height * 3);
      FixturePng png = {
        .width = (guint32)width, .height = (guint32)height, .bit_depth = 8, .colour_type = 2, .interlaced = TRUE
      };
      g_autoptr (CgImage) image = NULL;

      for (int k = 0; k < width * height * 3; k++)
        rows[k] = fixture_value (9, k / 3 % width, k / 3 / width, k % 3);
      fixture_write_png (path, &png, rows);
      image = fixture_load (path, width, height);
      g_assert_cmpmem (image->pixels, (gsize)width * height * 3, rows, (gsize)width * height * 3);
    }
}

/* A frame of four corners with colours of their own, as a JPEG that is turned in each of the eight ways: the corner that
 * EXIF says is the upright picture's top left one is there. */
static void
test_jpeg_orientation (Room *room, gconstpointer data)
{
  /* Colours of top left, top right, bottom right, bottom left of the stored picture. */
  static const guint8 colours[4][3] = { { 230, 20, 20 }, { 20, 230, 20 }, { 20, 20, 230 }, { 230, 230, 20 } };
  /* Which of them is where, in the same order, in the upright one: 2 mirrors, 3 turns by half, 4 flips; 5 swaps along
   * the falling diagonal, 6 turns clockwise, 7 swaps along the rising one, 8 turns counter-clockwise. */
  static const int upright[9][4] = { { 0 },          { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 2, 3, 0, 1 }, { 3, 2, 1, 0 },
                                     { 0, 3, 2, 1 }, { 3, 0, 1, 2 }, { 2, 1, 0, 3 }, { 1, 2, 3, 0 } };
  enum
  {
    W = 48,
    H = 32
  };
  g_autofree guint8 *pixels = g_malloc (W * H * 3);

  for (int i = 0; i < W * H; i++)
    {
      gboolean right = i % W >= W / 2, below = i / W >= H / 2;

      memcpy (pixels + 3 * i, colours[below ? (right ? 2 : 3) : (right ? 1 : 0)], 3);
    }
  for (int orientation = 1; orientation <= 8; orientation++)
    {
      g_autofree char *path = fixture_path (room->folder, "turned.jpg");
      FixtureJpeg jpeg = { .width = W, .height = H, .n_components = 3, .orientation = orientation };
      int width = orientation < 5 ? W : H, height = orientation < 5 ? H : W;
      const int x[] = { 2, width - 3, width - 3, 2 }, y[] = { 2, 2, height - 3, height - 3 };
      g_autoptr (CgImage) image = NULL;

      fixture_write_jpeg (path, &jpeg, pixels);
      image = fixture_load (path, width, height);
      for (int corner = 0; corner < 4; corner++)
        {
          const guint8 *colour = colours[upright[orientation][corner]];

          assert_near (image, x[corner], y[corner], colour[0], colour[1], colour[2], 3);
        }
    }
}

/* Scan by scan or all at once, the coefficients and so the pixels are the same. */
static void
test_progressive_jpeg (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "scans.jpg");
  g_autofree guint8 *pixels = g_malloc (40 * 24 * 3);
  FixtureJpeg jpeg = { .width = 40, .height = 24, .n_components = 3 };
  g_autoptr (CgImage) baseline = NULL;
  g_autoptr (CgImage) progressive = NULL;

  for (int i = 0; i < 40 * 24 * 3; i++)
    pixels[i] = (guint8)(i / 3 % 40 * 5 + i / 120 * 2);
  fixture_write_jpeg (path, &jpeg, pixels);
  baseline = fixture_load (path, 40, 24);
  jpeg.progressive = TRUE;
  fixture_write_jpeg (path, &jpeg, pixels);
  progressive = fixture_load (path, 40, 24);
  g_assert_cmpmem (progressive->pixels, 40 * 24 * 3, baseline->pixels, 40 * 24 * 3);
  assert_near (progressive, 20, 12, 124, 124, 124, 3);
}

/* No ink is white, full black ink is black, cyan leaves no red; 4 components with the Adobe marker are complements. */
static void
test_ycck_jpeg (Room *room, gconstpointer data)
{
  static const guint8 inks[3][4] = { { 0, 0, 0, 0 }, { 0, 0, 0, 255 }, { 255, 0, 0, 0 } };
  g_autofree char *path = fixture_path (room->folder, "ycck.jpg");
  g_autofree guint8 *pixels = g_malloc (48 * 16 * 4);
  FixtureJpeg jpeg = { .width = 48, .height = 16, .n_components = 4, .ycck = TRUE };
  g_autoptr (CgImage) image = NULL;

  for (int i = 0; i < 48 * 16; i++)
    for (int c = 0; c < 4; c++)
      pixels[4 * i + c] = 255 - inks[i % 48 / 16][c];
  fixture_write_jpeg (path, &jpeg, pixels);
  image = fixture_load (path, 48, 16);
  assert_near (image, 8, 8, 255, 255, 255, 3);
  assert_near (image, 24, 8, 0, 0, 0, 3);
  g_assert_cmpint (image->pixels[(8 * 48 + 40) * 3], <, 30);
  g_assert_cmpint (image->pixels[(8 * 48 + 40) * 3 + 1], >, 100);
  g_assert_cmpint (image->pixels[(8 * 48 + 40) * 3 + 2], >, 100);
}

/* What GEGL writes of a picture with alpha: TIFF keeps its values, WebP nearly so. */
static void
test_tiff_and_webp (Room *room, gconstpointer data)
{
  static const char *const operations[] = { "gegl:tiff-save", "gegl:webp-save" };
  g_autofree char *source = fixture_path (room->folder, "source.png");
  g_autofree guint8 *rows = g_malloc (32 * 16 * 4);
  FixturePng png = { .width = 32, .height = 16, .bit_depth = 8, .colour_type = 6 };

  for (int i = 0; i < 32 * 16; i++)
    {
      const guint8 left[] = { 40, 160, 90, 255 }, right[] = { 0, 100, 200, 128 };

      memcpy (rows + 4 * i, i % 32 < 16 ? left : right, 4);
    }
  cg_image_init ();
  fixture_write_png (source, &png, rows);
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autofree char *path = fixture_path (room->folder, operations[i] + strlen ("gegl:"));
      GeglNode *graph = gegl_node_new (), *sink;
      g_autoptr (CgImage) image = NULL;

      sink = gegl_node_new_child (graph, "operation", operations[i], "path", path, NULL);
      gegl_node_link (gegl_node_new_child (graph, "operation", "gegl:png-load", "path", source, NULL), sink);
      gegl_node_process (sink);
      g_object_unref (graph);
      image = fixture_load (path, 32, 16);
      assert_near (image, 4, 8, 40, 160, 90, i == 0 ? 0 : 6);
      assert_near (image, 27, 8, 127, 177, 227, i == 0 ? 0 : 6);
    }
}

/* Headers that claim 65500 x 65500 pixels or about as many, each with a few bytes behind it. Refused from the header:
 * nothing of that size is ever allocated, or the address space would run out under the sanitizers. */
static void
test_bombs (Room *room, gconstpointer data)
{
  static const guint8 gif[]
      = { 'G', 'I',  'F', '8', '9', 'a', 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 1,    2,    3, 4,   5,
          6,   0x2c, 0,   0,   0,   0,   0xff, 0xff, 0xff, 0xff, 0,    2, 2, 0x0c, 0x0a, 0, 0x3b };
  /* Little-endian; one directory of 9 entries: width, height, bits, compression none, RGB, offset, 3 samples, rows in
   * the strip, bytes. */
  static const guint16 tiff[]
      = { 0x4949, 42, 8,   0, 9, 256, 4, 1, 0,   65500, 0, 257, 4, 1, 0,   65500, 0, 258, 3, 1, 0,
          8,      0,  259, 3, 1, 0,   1, 0, 262, 3,     1, 0,   2, 0, 273, 4,     1, 0,   8, 0, 277,
          3,      1,  0,   3, 0, 278, 4, 1, 0,   65500, 0, 279, 4, 1, 0,   100,   0, 0,   0 };
  static const char ppm[] = "P6\n65500 65500\n255\n0123456789";
  g_autofree char *jpeg_path = fixture_path (room->folder, "0.jpg");
  FixtureJpeg jpeg = { .width = 16, .height = 16, .n_components = 3 };
  guint8 pixels[16 * 16 * 3] = { 0 };
  g_autofree char *bytes = NULL;
  gsize length;

  fixture_write_jpeg (jpeg_path, &jpeg, pixels);
  g_assert_true (g_file_get_contents (jpeg_path, &bytes, &length, NULL));
  for (gsize i = 0; i + 9 < length; i++)
    if ((guint8)bytes[i] == 0xff && (guint8)bytes[i + 1] == 0xc0) /* start of frame: length, depth, height, width */
      memcpy (bytes + i + 5, "\xff\xdc\xff\xdc", 4);
  for (int i = 0; i < 4; i++)
    {
      const char *contents[] = { bytes, (const char *)gif, (const char *)tiff, ppm };
      gsize lengths[] = { length, sizeof gif, sizeof tiff, sizeof ppm - 1 };
      g_autofree char *name = g_strdup_printf ("bomb-%d", i);
      g_autofree char *path = fixture_path (room->folder, name);
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) probe_error = NULL;
      int width, height;

      g_assert_true (g_file_set_contents (path, contents[i], (gssize)lengths[i], NULL));
      g_assert_null (cg_image_load (path, &error));
      g_assert_cmpuint (error->domain, ==, CG_ERROR);
      g_assert_true (error->code == CG_ERROR_UNSUPPORTED || error->code == CG_ERROR_CORRUPT);
      g_assert_nonnull (strstr (error->message, name));
      g_assert_false (cg_image_probe (path, &width, &height, &probe_error));
      g_assert_nonnull (strstr (probe_error->message, name));
    }
}

#define ADD(name, function) g_test_add ("/image-kinds/" name, Room, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("grey-alpha", test_grey_alpha);
  ADD ("deep-alpha", test_deep_alpha);
  ADD ("deep-grey", test_deep_grey);
  ADD ("transparent-palette", test_transparent_palette);
  ADD ("interlaced", test_interlaced);
  ADD ("jpeg-orientation", test_jpeg_orientation);
  ADD ("progressive-jpeg", test_progressive_jpeg);
  ADD ("ycck-jpeg", test_ycck_jpeg);
  ADD ("tiff-and-webp", test_tiff_and_webp);
  ADD ("bombs", test_bombs);
  return g_test_run ();
}
