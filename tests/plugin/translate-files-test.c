/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `cyclegan translate` and the files around the pixels: metadata, depth, whole folders, and what an interrupted run leaves. */
#include <gexiv2/gexiv2.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "command-fixture.h"

/* A camera held upright: what it stored lies on its side. */
static GeglBuffer *
save_camera_photo (const char *name)
{
  const Babl *format = babl_format_with_space ("R'G'B' u8", babl_space ("Adobish"));
  GeglBuffer *stored = cg_command_save_new (name, 200, 120, format, 0);
  g_autofree char *path = cg_command_path (name);
  g_autofree char *thumbnail_path = cg_command_path ("thumbnail.jpg");
  cg_command_write_new ("thumbnail.jpg", 160, 96, babl_format ("R'G'B' u8"), 0);
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();

  g_assert_true (gexiv2_metadata_open_path (metadata, path, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Image.Orientation", 6, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Exif.Image.Make", "Camera & Sons", NULL));
  g_assert_true (
      gexiv2_metadata_try_set_tag_string (metadata, "Exif.Photo.DateTimeOriginal", "2021:03:04 05:06:07", NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Photo.PixelXDimension", 200, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Photo.PixelYDimension", 120, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Photo.ColorSpace", 65535, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Exif.GPSInfo.GPSLatitudeRef", "S", NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Image.ImageWidth", 200, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Xmp.dc.title", "lang=x-default A coast", NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Xmp.tiff.Orientation", 6, NULL));
  g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Iptc.Application2.City", "Nagasaki", NULL));
  g_assert_true (gexiv2_metadata_set_exif_thumbnail_from_file (metadata, thumbnail_path, NULL));
  g_assert_true (gexiv2_metadata_save_file (metadata, path, NULL));
  return stored;
}

static GExiv2Metadata *
read_metadata (const char *name)
{
  g_autofree char *path = cg_command_path (name);
  GExiv2Metadata *metadata = gexiv2_metadata_new ();

  g_assert_true (gexiv2_metadata_open_path (metadata, path, NULL));
  return metadata;
}

static void
check_text (GExiv2Metadata *metadata, const char *tag, const char *expected)
{
  g_autofree char *text = gexiv2_metadata_try_get_tag_string (metadata, tag, NULL);

  g_test_message ("%s", tag);
  g_assert_cmpstr (text, ==, expected);
}

static void
check_thumbnail (GExiv2Metadata *metadata, int width, int height)
{
  g_autofree guint8 *bytes = NULL;
  g_autofree char *path = cg_command_path ("found.jpg");
  g_autoptr (GeglBuffer) thumbnail = NULL;
  int length = 0;

  g_assert_true (gexiv2_metadata_get_exif_thumbnail (metadata, &bytes, &length));
  g_assert_true (g_file_set_contents (path, (const char *)bytes, length, NULL));
  thumbnail = cg_picture_load (path);
  g_assert_cmpint (gegl_buffer_get_width (thumbnail), ==, width);
  g_assert_cmpint (gegl_buffer_get_height (thumbnail), ==, height);
}

static void
test_metadata (void)
{
  const char *outs[] = { "upright.jpg", "upright.png", "upright.tif", "upright.webp" };
  g_autoptr (GeglBuffer) stored = save_camera_photo ("camera.jpg");

  for (guint i = 0; i < G_N_ELEMENTS (outs); i++)
    {
      g_autofree char *words = g_strdup_printf ("camera.jpg --out %s", outs[i]);
      gboolean webp = g_str_has_suffix (outs[i], ".webp");
      g_autoptr (GeglBuffer) result = NULL;
      g_autoptr (GExiv2Metadata) metadata = NULL;
      const Babl *space;

      g_test_message ("%s", outs[i]);
      g_assert_cmpint (cg_command_run (words, NULL), ==, 0);
      result = cg_command_load (outs[i]);
      g_assert_cmpint (gegl_buffer_get_width (result), ==, 120);
      g_assert_cmpint (gegl_buffer_get_height (result), ==, 200);
      space = babl_format_get_space (gegl_buffer_get_format (result));
      g_assert_true (space == (webp ? babl_space ("sRGB") : babl_format_get_space (gegl_buffer_get_format (stored))));
      metadata = read_metadata (outs[i]);
      check_text (metadata, "Exif.Image.Orientation", "1");
      check_text (metadata, "Exif.Image.Make", "Camera & Sons");
      check_text (metadata, "Exif.Photo.DateTimeOriginal", "2021:03:04 05:06:07");
      check_text (metadata, "Exif.Photo.PixelXDimension", "120");
      check_text (metadata, "Exif.Photo.PixelYDimension", "200");
      check_text (metadata, "Exif.Photo.ColorSpace", webp ? "1" : "65535");
      check_text (metadata, "Exif.GPSInfo.GPSLatitudeRef", "S");
      check_text (metadata, "Exif.Image.ImageWidth", g_str_has_suffix (outs[i], ".tif") ? "120" : NULL);
      check_text (metadata, "Xmp.dc.title", "lang=\"x-default\" A coast");
      check_text (metadata, "Xmp.tiff.Orientation", "1");
      if (!webp) /* which has no room for IPTC */
        check_text (metadata, "Iptc.Application2.City", "Nagasaki");
      check_thumbnail (metadata, 96, 160);
    }
  g_assert_cmpint (cg_command_run ("camera.jpg --out bare.jpg --no-metadata", NULL), ==, 0);
  {
    g_autoptr (GExiv2Metadata) metadata = read_metadata ("bare.jpg");
    g_autoptr (GeglBuffer) result = cg_command_load ("bare.jpg");

    g_assert_false (gexiv2_metadata_has_exif (metadata));
    g_assert_cmpint (gegl_buffer_get_width (result), ==, 120);
    g_assert_true (babl_format_get_space (gegl_buffer_get_format (result))
                   == babl_format_get_space (gegl_buffer_get_format (stored)));
  }
}

/* A TIFF's tags lay out its pixels: those of one with other samples must not come along. */
static void
test_tiff_to_tiff (void)
{
  g_autofree char *path = cg_command_path ("in.tif");
  cg_command_write_new ("in.tif", 61, 40, babl_format ("R'G'B'A u16"), 0);
  g_autoptr (GExiv2Metadata) metadata = read_metadata ("in.tif");
  g_autoptr (GExiv2Metadata) kept = NULL;
  g_autoptr (GeglBuffer) result = NULL;

  g_assert_true (gexiv2_metadata_try_set_tag_string (metadata, "Exif.Image.Artist", "Somebody", NULL));
  g_assert_true (gexiv2_metadata_save_file (metadata, path, NULL));
  g_assert_cmpint (cg_command_run ("in.tif --out out.tif --bit-depth 32f", NULL), ==, 0);
  result = cg_command_load ("out.tif");
  g_assert_cmpstr (babl_format_get_encoding (gegl_buffer_get_format (result)), ==, "R'G'B'A float");
  g_assert_cmpint (gegl_buffer_get_width (result), ==, 61);
  kept = read_metadata ("out.tif");
  check_text (kept, "Exif.Image.Artist", "Somebody");
}

/* A space whose PNG files GEGL 0.4.42 refuses to write: Display P3, as phones give it to their photos. */
static void
test_wide_space (void)
{
  const Babl *curve = babl_trc ("sRGB");
  const Babl *space = babl_space_from_chromaticities ("display-p3-by-test", 0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690,
                                                      0.150, 0.060, curve, curve, curve, BABL_SPACE_FLAG_EQUALIZE);
  g_autoptr (GeglBuffer) input = cg_command_save_new ("p3.jpg", 50, 40, babl_format_with_space ("R'G'B' u8", space), 0);
  const Babl *p3 = babl_format_get_space (gegl_buffer_get_format (input));
  const Babl *format = babl_format_with_space ("R'G'B' float", p3);
  g_autoptr (GeglBuffer) png = NULL;
  g_autoptr (GeglBuffer) tiff = NULL;
  g_autofree float *by_png = NULL;
  g_autofree float *by_tiff = NULL;

  g_assert_true (p3 != babl_space ("sRGB"));
  g_assert_cmpint (cg_command_run ("p3.jpg --bit-depth 16 --out p3.png", NULL), ==, 0);
  g_assert_cmpint (cg_command_run ("p3.jpg --bit-depth 16 --out p3.tif", NULL), ==, 0);
  png = cg_command_load ("p3.png");
  tiff = cg_command_load ("p3.tif");
  g_assert_true (babl_format_get_space (gegl_buffer_get_format (png)) == p3);
  g_assert_true (babl_format_get_space (gegl_buffer_get_format (tiff)) == p3);
  by_png = cg_picture_get (png, format);
  by_tiff = cg_picture_get (tiff, format);
  g_assert_cmpfloat (cg_picture_compare (by_png, by_tiff, 50 * 40 * 3), <, 1e-4f);
}

static void
test_bit_depth (void)
{
  const struct
  {
    const char *words, *out, *result_format;
  } cases[] = {
    { "8.png", "o.png", "R'G'B' u8" },
    { "16.png", "o.png", "R'G'B' u16" },
    { "32.tif", "o.tif", "R'G'B' float" },
    { "32.tif", "o.png", "R'G'B' u16" },
    { "linear.exr", "o.tif", "R'G'B' float" },
    { "16.png --bit-depth 8", "o.png", "R'G'B' u8" },
    { "8.png --bit-depth 16", "o.png", "R'G'B' u16" },
    { "32.tif --bit-depth 8", "o.tif", "R'G'B' u8" },
    { "8.png --bit-depth 32f", "o.tif", "R'G'B' float" },
    { "16.png --bit-depth input", "o.jpg", "R'G'B' u8" },
  };
  cg_command_write_new ("8.png", 30, 20, babl_format ("R'G'B' u8"), 8);
  cg_command_write_new ("16.png", 30, 20, babl_format ("R'G'B' u16"), 16);
  cg_command_write_new ("32.tif", 30, 20, babl_format ("R'G'B' float"), 0);
  cg_command_write_new ("linear.exr", 30, 20, babl_format ("RGB float"), 0);
  g_autofree char *errors = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *words = g_strdup_printf ("%s --out %s", cases[i].words, cases[i].out);
      g_autoptr (GeglBuffer) result = NULL;

      g_test_message ("%s", words);
      g_assert_cmpint (cg_command_run (words, NULL), ==, 0);
      result = cg_command_load (cases[i].out);
      g_assert_cmpstr (babl_format_get_encoding (gegl_buffer_get_format (result)), ==, cases[i].result_format);
    }
  g_assert_cmpint (cg_command_run ("8.png --bit-depth 16 --out x.jpg", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "8 bits"));
  g_assert_cmpint (cg_command_run ("8.png --bit-depth 32f --out x.png", NULL), ==, 1);
  g_assert_cmpint (cg_command_run ("8.png --bit-depth 12 --out x.png", NULL), ==, 2);
  g_assert_cmpint (cg_command_run ("8.png --statistics some --out x.png", NULL), ==, 2);
  g_assert_cmpint (cg_command_run ("8.png --statistics exact --out o.png", NULL), ==, 0);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

/* The names below a folder, sorted, one a line. */
static void
list_below (const char *folder, const char *place, GString *names)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (sorted, g_strdup (name));
  g_ptr_array_sort (sorted, compare_names);
  for (guint i = 0; i < sorted->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, sorted->pdata[i], NULL);
      g_autofree char *below = g_strconcat (place, sorted->pdata[i], NULL);
      g_autofree char *deeper = g_strconcat (below, "/", NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        list_below (path, deeper, names);
      else
        g_string_append_printf (names, "%s\n", below);
    }
}

static void
check_files (const char *name, const char *expected)
{
  g_autofree char *folder = cg_command_path (name);
  g_autoptr (GString) names = g_string_new (NULL);

  list_below (folder, "", names);
  g_assert_cmpstr (names->str, ==, expected);
}

static void
write_text (const char *name)
{
  g_autofree char *path = cg_command_path (name);

  g_assert_true (g_file_set_contents (path, "not a picture", -1, NULL));
}

static void
make_folder (const char *name)
{
  g_autofree char *path = cg_command_path (name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0777), ==, 0);
}

/* Results keep their places, also where they go into the folder they come from; the second time they are no photos. */
static void
test_folders (void)
{
  const char *const photos[] = { "trip/b.png", "trip/day 1/a.png", "trip/day 1/c.tif", "trip/.hidden.png" };
  const Babl *format = babl_format ("R'G'B' u8");
  const char *expected = "b.png\nday 1/a.png\nday 1/c.tif\n";
  g_autofree char *errors = NULL;

  make_folder ("trip/day 1");
  for (guint i = 0; i < G_N_ELEMENTS (photos); i++)
    cg_command_write_new (photos[i], 24, 18, format, 8);
  write_text ("trip/day 1/notes.txt");
  write_text ("trip/day 1/broken.jpg");
  for (int time = 0; time < 2; time++)
    {
      g_autofree char *said = NULL;

      g_assert_cmpint (cg_command_run ("trip --out trip/translated", &said), ==, 1);
      g_assert_nonnull (strstr (said, "cyclegan: trip/day 1/broken.jpg: "));
      g_assert_nonnull (strstr (said, "3 of 4 pictures translated, 1 failed\n"));
      check_files ("trip/translated", expected);
    }
  make_folder ("nothing");
  g_assert_cmpint (cg_command_run ("nothing trip/b.png --out somewhere", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "cyclegan: nothing: no pictures"));
  check_files ("somewhere", "b.png\n");
}

/* Two photos of one name: the first is translated, the second is told to have no place. */
static void
test_collisions (void)
{
  const Babl *format = babl_format ("R'G'B' u8");
  g_autofree char *errors = NULL;

  make_folder ("one");
  make_folder ("two");
  cg_command_write_new ("one/a.png", 24, 18, format, 8);
  cg_command_write_new ("two/a.png", 24, 18, format, 8);
  cg_command_write_new ("two/b.png", 24, 18, format, 8);
  g_assert_cmpint (cg_command_run ("one two --out both", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "cyclegan: two/a.png: both/a.png: is the result of one/a.png already\n"));
  check_files ("both", "a.png\nb.png\n");
  g_clear_pointer (&errors, g_free);
  g_assert_cmpint (cg_command_run ("two --out two", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "would overwrite an input"));
  check_files ("two", "a.png\nb.png\n");
}

/* Whenever it is stopped, there is the old result or the new one, whole, and nothing else. */
static void
stop_at_many_times (int number)
{
  const int n_times = 8;
  gint64 begin = g_get_monotonic_time (), whole;
  gint64 quickest = G_MAXINT64;
  int n_stopped = 0;

  make_folder ("stop");
  cg_command_write_new ("large.png", 900, 700, babl_format ("R'G'B' u16"), 16);
  g_assert_cmpint (cg_command_run ("large.png --size 100 --out stop/out.png", NULL), ==, 0);
  whole = g_get_monotonic_time () - begin;
  for (int i = 1; i <= n_times; i++)
    {
      GPid child = cg_command_spawn ("large.png --size 100 --out stop/out.png");
      gint64 delay = whole * i / n_times;
      int status;

      g_usleep ((gulong)delay);
      begin = g_get_monotonic_time ();
      kill (child, number);
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      quickest = MIN (quickest, g_get_monotonic_time () - begin);
      g_test_message ("after %d ms: status %#x", (int)(delay / 1000), (guint)status);
      if (number == SIGINT && WIFEXITED (status))
        g_assert_true (WEXITSTATUS (status) == 130 || WEXITSTATUS (status) == 0);
      n_stopped += !WIFEXITED (status) || WEXITSTATUS (status) != 0;
      check_files ("stop", "out.png\n");
      g_object_unref (cg_command_load ("stop/out.png"));
    }
  g_assert_cmpint (n_stopped, >, 0);
  /* Of many, for a busy machine or its disk may hold up any of them. */
  g_assert_cmpint (quickest, <, G_USEC_PER_SEC / 2);
}

static void
test_interrupt (void)
{
  stop_at_many_times (SIGINT);
}

static void
test_kill (void)
{
  stop_at_many_times (SIGKILL);
}

/* Brighter than white: where the photo is not, nothing changes; where it is, the result is finite, and stays brighter. */
static void
test_highlight (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  const struct
  {
    const char *words;
    gboolean headroom;
  } cases[] = {
    { "", FALSE },
    { "--detail 1", FALSE },
    { "--detail 0", FALSE },
    { "--apply colour", TRUE },
    { "--size full", FALSE },
  };
  float *results[2];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      for (int bright = 0; bright < 2; bright++)
        {
          g_autoptr (GeglBuffer) picture = cg_picture_new (60, 48, format);
          g_autofree char *path = cg_command_path ("lamp.tif");
          g_autofree char *words
              = g_strdup_printf ("lamp.tif --out lit.tif%s%s", *cases[i].words ? " " : "", cases[i].words);
          g_autoptr (GeglBuffer) result = NULL;

          for (int y = 20; y < 30; y++)
            for (int x = 25; x < 35; x++)
              {
                float value = bright ? 4.0f : 1.0f;
                const float pixel[3] = { value, value, value };

                gegl_buffer_set (picture, GEGL_RECTANGLE (x, y, 1, 1), 0, format, pixel, GEGL_AUTO_ROWSTRIDE);
              }
          cg_picture_save (picture, path, 0);
          g_assert_cmpint (cg_command_run (words, NULL), ==, 0);
          result = cg_command_load ("lit.tif");
          g_assert_cmpstr (babl_format_get_encoding (gegl_buffer_get_format (result)), ==, "R'G'B' float");
          results[bright] = cg_picture_get (result, format);
        }
      g_test_message ("%s", cases[i].words);
      for (int y = 0; y < 48; y++)
        for (int x = 0; x < 60; x++)
          {
            const float *dull = results[0] + 3 * (y * 60 + x), *lit = results[1] + 3 * (y * 60 + x);
            gboolean inside = x >= 25 && x < 35 && y >= 20 && y < 30;

            for (int c = 0; c < 3; c++)
              g_assert_true (isfinite (lit[c]));
            if (!inside)
              g_assert_true (cg_picture_compare (lit, dull, 3) == 0.0f);
            else if (cases[i].headroom)
              g_assert_cmpfloat (fmaxf (fmaxf (lit[0], lit[1]), lit[2]), >, 1.5f);
          }
      g_free (results[0]);
      g_free (results[1]);
    }
}

/* babl times its conversions in each process anew; what it finds must not show. */
static void
test_repeated (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  const char *parts[] = { "colour", "light" };

  cg_command_write_new ("again.tif", 60, 48, format, 0);
  for (int part = 0; part < 2; part++)
    {
      g_autofree char *words = g_strdup_printf ("again.tif --out same.tif --apply %s", parts[part]);
      g_autofree float *first = NULL;

      for (int i = 0; i < 4; i++)
        {
          g_autoptr (GeglBuffer) result = NULL;
          g_autofree float *pixels = NULL;

          g_assert_cmpint (cg_command_run (words, NULL), ==, 0);
          result = cg_command_load ("same.tif");
          pixels = cg_picture_get (result, format);
          if (i == 0)
            first = g_steal_pointer (&pixels);
          else
            g_assert_true (cg_picture_compare (pixels, first, 60 * 48 * 3) == 0.0f);
        }
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  cg_command_start ();
  g_assert_true (gexiv2_initialize ());
  g_assert_cmpint (g_chdir (cg_command_folder), ==, 0);

  g_test_add_func ("/files/metadata", test_metadata);
  g_test_add_func ("/files/tiff-to-tiff", test_tiff_to_tiff);
  g_test_add_func ("/files/wide-space", test_wide_space);
  g_test_add_func ("/files/bit-depth", test_bit_depth);
  g_test_add_func ("/files/folders", test_folders);
  g_test_add_func ("/files/collisions", test_collisions);
  g_test_add_func ("/files/interrupt", test_interrupt);
  g_test_add_func ("/files/kill", test_kill);
  g_test_add_func ("/files/highlight", test_highlight);
  g_test_add_func ("/files/repeated", test_repeated);
  status = g_test_run ();

  cg_command_end ();
  return status;
}
