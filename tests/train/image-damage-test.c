/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Damaged, truncated, oversized and other files that are no whole image: refused by name, whatever the format. */
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
assert_refused (const char *path, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) stored = NULL;
  g_autofree char *base = g_path_get_basename (path);

  g_assert_null (cg_image_load (path, &error));
  g_assert_error (error, CG_ERROR, code);
  g_assert_nonnull (strstr (error->message, base));
  g_assert_null (cg_image_load_stored (path, &stored));
  g_assert_error (stored, CG_ERROR, code);
  g_assert_cmpstr (stored->message, ==, error->message);
}

static void
test_damaged_jpeg (Room *room, gconstpointer data)
{
  g_autofree char *cut = fixture_path (room->folder, "cut.jpg");
  g_autofree char *junk = fixture_path (room->folder, "junk.jpg");
  g_autofree char *tables = fixture_path (room->folder, "tables.jpg");
  g_autofree guint8 *pixels = g_malloc (64 * 64 * 3);
  FixtureJpeg jpeg = { .width = 64, .height = 64, .n_components = 3 };
  g_autofree char *bytes = NULL;
  gsize length;

  for (int i = 0; i < 64 * 64 * 3; i++)
    pixels[i] = fixture_value (3, i / 3 % 64, i / 192, i % 3);
  fixture_write_jpeg (cut, &jpeg, pixels);
  g_assert_true (g_file_get_contents (cut, &bytes, &length, NULL));
  fixture_truncate (cut, length - 2); /* all but the end marker */
  assert_refused (cut, CG_ERROR_CORRUPT);
  fixture_truncate (cut, length * 3 / 4);
  assert_refused (cut, CG_ERROR_CORRUPT);
  fixture_truncate (cut, 100);
  assert_refused (cut, CG_ERROR_CORRUPT);

  g_assert_true (g_file_set_contents (junk, "\xff\xd8\xff\xe0 this is no JPEG at all, only its first bytes", 50, NULL));
  assert_refused (junk, CG_ERROR_CORRUPT);

  /* A frame that names a quantisation table nobody defined: libjpeg's default is to end the process. */
  for (gsize i = 0; i + 11 < length; i++)
    if ((guint8)bytes[i] == 0xff && (guint8)bytes[i + 1] == 0xc0)
      bytes[i + 12] = 3;
  g_assert_true (g_file_set_contents (tables, bytes, (gssize)length, NULL));
  assert_refused (tables, CG_ERROR_CORRUPT);
}

/* Whole files of more components than a pixel can have, and of two, which are no colours either. */
static void
test_strange_jpeg (Room *room, gconstpointer data)
{
  const int numbers[] = { 2, 5, 10 };
  g_autofree guint8 *samples = g_malloc0 (640 * 16 * 10);

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *path = fixture_path (room->folder, "strange.jpg");
      FixtureJpeg jpeg = { .width = 640, .height = 16, .n_components = numbers[i] };
      g_autoptr (GError) error = NULL;
      int width, height;

      fixture_write_jpeg (path, &jpeg, samples);
      assert_refused (path, CG_ERROR_CORRUPT);
      g_assert_false (cg_image_probe (path, &width, &height, &error));
      g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
    }
}

static void
test_damaged_png (Room *room, gconstpointer data)
{
  g_autofree char *path = fixture_path (room->folder, "cut.png");
  g_autofree char *bytes = NULL;
  gsize length;

  fixture_write_pattern (path, 4, 50, 40);
  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  bytes[length / 2] ^= 0x10;
  g_assert_true (g_file_set_contents (path, bytes, (gssize)length, NULL));
  assert_refused (path, CG_ERROR_CORRUPT);
  bytes[length / 2] ^= 0x10;
  g_assert_true (g_file_set_contents (path, bytes, (gssize)length, NULL));
  cg_image_free (fixture_load (path, 50, 40));
  for (gsize keep = length - 1; keep >= 8; keep = keep * 3 / 4)
    {
      fixture_truncate (path, keep);
      assert_refused (path, CG_ERROR_CORRUPT);
    }
}

/* Files that GEGL itself wrote, whole and cut. */
static void
test_other_formats (Room *room, gconstpointer data)
{
  static const char *const operations[] = { "gegl:tiff-save", "gegl:ppm-save", "gegl:webp-save" };

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autofree char *source = fixture_path (room->folder, "source.png");
      g_autofree char *path = fixture_path (room->folder, operations[i] + 5);
      g_autofree char *bytes = NULL;
      g_autoptr (CgImage) image = NULL;
      GeglNode *graph, *sink;
      gsize length;

      fixture_write_pattern (source, 5, 24, 16);
      cg_image_init ();
      g_assert_true (gegl_has_operation (operations[i]));
      graph = gegl_node_new ();
      sink = gegl_node_new_child (graph, "operation", operations[i], "path", path, NULL);
      gegl_node_link (gegl_node_new_child (graph, "operation", "gegl:png-load", "path", source, NULL), sink);
      gegl_node_process (sink);
      g_object_unref (graph);

      image = fixture_load (path, 24, 16);
      if (i < 2) /* WebP loses something */
        for (int k = 0; k < 24 * 16 * 3; k++)
          g_assert_cmpint (image->pixels[k], ==, fixture_value (5, k / 3 % 24, k / 72, k % 3));
      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      fixture_truncate (path, length / 3); /* TIFF: a profile comes last, which nobody would miss */
      assert_refused (path, CG_ERROR_CORRUPT);
    }
}

/* One image of 2 x 1 pixels, colours 1 and 0 of a palette of two: 4-bit codes clear, 1, 0, end. */
static void
test_gif (Room *room, gconstpointer data)
{
  static const guint8 bytes[]
      = { 'G', 'I', 'F', '8', '9',  'a', 2, 0, 1, 0, 0x80, 0, 0, 10, 20, 30, 200,  100,  50, 0x21, 0xfe,
          2,   'h', 'i', 0,   0x2c, 0,   0, 0, 0, 2, 0,    1, 0, 0,  2,  2,  0x0c, 0x0a, 0,  0x3b };
  static const int expected[] = { 200, 100, 50, 10, 20, 30 };
  g_autofree char *path = fixture_path (room->folder, "two.gif");
  g_autoptr (CgImage) image = NULL;

  g_assert_true (g_file_set_contents (path, (const char *)bytes, sizeof bytes, NULL));
  image = fixture_load (path, 2, 1);
  for (int i = 0; i < 6; i++)
    g_assert_cmpint (image->pixels[i], ==, expected[i]);
  for (gsize keep = sizeof bytes - 2; keep > 6; keep--)
    {
      fixture_truncate (path, keep);
      assert_refused (path, CG_ERROR_CORRUPT);
    }
}

static void
test_huge (Room *room, gconstpointer data)
{
  static const guint32 sizes[][2]
      = { { 0x7fffffff, 0x7fffffff }, { 65536, 1 }, { 65535, 65535 }, { 0xffffffff, 1 }, { 0, 5 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = fixture_path (room->folder, "huge.png");
      FixturePng png = { .width = sizes[i][0], .height = sizes[i][1], .bit_depth = 8, .colour_type = 2 };
      g_autoptr (GError) error = NULL;
      int width, height;

      fixture_write_png (path, &png, NULL);
      assert_refused (path, CG_ERROR_UNSUPPORTED);
      g_assert_false (cg_image_probe (path, &width, &height, &error));
      g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
    }
}

static void
test_not_images (Room *room, gconstpointer data)
{
  g_autofree char *text = fixture_path (room->folder, "notes.jpg");
  g_autofree char *empty = fixture_path (room->folder, "empty.png");
  g_autofree char *absent = fixture_path (room->folder, "absent.png");
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (text, "no image", -1, NULL));
  assert_refused (text, CG_ERROR_FORMAT);
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  assert_refused (empty, CG_ERROR_FORMAT);
  assert_refused (room->folder, CG_ERROR_FORMAT);
  g_assert_null (cg_image_load (absent, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, "absent.png"));
}

#define ADD(name, function) g_test_add ("/image-damage/" name, Room, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("jpeg", test_damaged_jpeg);
  ADD ("strange-jpeg", test_strange_jpeg);
  ADD ("png", test_damaged_png);
  ADD ("other-formats", test_other_formats);
  ADD ("gif", test_gif);
  ADD ("huge", test_huge);
  ADD ("not-images", test_not_images);
  return g_test_run ();
}
