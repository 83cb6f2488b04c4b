/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Small image files of every kind that the tests need, written without GEGL, in a folder that goes away. */
#include "image-fixture.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <jpeglib.h>

/* A TIFF header and one directory with one entry: orientation (0x0112), a short. */
static const guint8 exif_block[26] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0 };
#define EXIF_ORIENTATION 18

char *
fixture_folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("cyclegan-test-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_tree (const char *path)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      GDir *dir = g_dir_open (path, 0, NULL);
      const char *name;

      while ((name = g_dir_read_name (dir)))
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
      g_dir_close (dir);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

void
fixture_folder_free (char *folder)
{
  remove_tree (folder);
  g_free (folder);
}

char *
fixture_path (const char *folder, const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
append_be32 (GByteArray *bytes, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *)&big, 4);
}

static void
append_chunk (GByteArray *file, const char *type, const guint8 *data, gsize length)
{
  guint start;

  append_be32 (file, (guint32)length);
  start = file->len;
  g_byte_array_append (file, (const guint8 *)type, 4);
  if (length)
    g_byte_array_append (file, data, (guint)length);
  append_be32 (file, (guint32)crc32 (0, file->data + start, file->len - start));
}

/* Every dx-th pixel of every dy-th row from (x0, y0) on, each row behind its filter type, none. */
static void
append_pass (GByteArray *raw, const FixturePng *png, const guint8 *rows, gsize pixel_bytes, guint32 x0, guint32 y0,
             guint32 dx, guint32 dy)
{
  for (guint32 y = y0; y < png->height && x0 < png->width; y += dy)
    {
      g_byte_array_append (raw, (const guint8 *)"", 1);
      for (guint32 x = x0; x < png->width; x += dx)
        g_byte_array_append (raw, rows + ((gsize)y * png->width + x) * pixel_bytes, (guint)pixel_bytes);
    }
}

static void
append_pixels (GByteArray *file, const FixturePng *png, const guint8 *rows)
{
  static const int channels[] = { 1, 0, 3, 1, 2, 0, 4 };
  /* Adam7: PNG specification, section 8.2. */
  static const guint32 passes[7][4] = { { 0, 0, 8, 8 }, { 4, 0, 8, 8 }, { 0, 4, 4, 8 }, { 2, 0, 4, 4 },
                                        { 0, 2, 2, 4 }, { 1, 0, 2, 2 }, { 0, 1, 1, 2 } };
  gsize pixel_bits = (gsize)channels[png->colour_type] * (gsize)png->bit_depth;
  gsize row_bytes = ((gsize)png->width * pixel_bits + 7) / 8;
  g_autoptr (GByteArray) raw = g_byte_array_new ();
  uLongf length;
  g_autofree guint8 *packed = NULL;

  for (int i = 0; png->interlaced && i < 7; i++)
    append_pass (raw, png, rows, pixel_bits / 8, passes[i][0], passes[i][1], passes[i][2], passes[i][3]);
  for (guint32 y = 0; !png->interlaced && y < png->height; y++)
    {
      g_byte_array_append (raw, (const guint8 *)"", 1);
      g_byte_array_append (raw, rows + y * row_bytes, (guint)row_bytes);
    }
  length = compressBound (raw->len);
  packed = g_malloc (length);
  g_assert_cmpint (compress (packed, &length, raw->data, raw->len), ==, Z_OK);
  append_chunk (file, "IDAT", packed, length);
}

void
fixture_write_png (const char *path, const FixturePng *png, const guint8 *rows)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GByteArray) header = g_byte_array_new ();
  const guint8 rest[5] = { (guint8)png->bit_depth, (guint8)png->colour_type, 0, 0, png->interlaced ? 1 : 0 };

  g_byte_array_append (file, (const guint8 *)"\x89PNG\r\n\x1a\n", 8);
  append_be32 (header, png->width);
  append_be32 (header, png->height);
  g_byte_array_append (header, rest, 5);
  append_chunk (file, "IHDR", header->data, header->len);
  if (png->palette)
    append_chunk (file, "PLTE", png->palette, (gsize)png->palette_size * 3);
  if (png->opacities)
    append_chunk (file, "tRNS", png->opacities, (gsize)png->n_opacities);
  if (png->orientation)
    {
      guint8 exif[sizeof exif_block];

      memcpy (exif, exif_block, sizeof exif);
      exif[EXIF_ORIENTATION] = (guint8)png->orientation;
      append_chunk (file, "eXIf", exif, sizeof exif);
    }
  if (rows)
    append_pixels (file, png, rows);
  append_chunk (file, "IEND", NULL, 0);
  g_assert_true (g_file_set_contents (path, (const char *)file->data, file->len, NULL));
}

static void
write_exif_marker (struct jpeg_compress_struct *info, int orientation)
{
  guint8 marker[6 + sizeof exif_block] = "Exif\0";

  memcpy (marker + 6, exif_block, sizeof exif_block);
  marker[6 + EXIF_ORIENTATION] = (guint8)orientation;
  jpeg_write_marker (info, JPEG_APP0 + 1, marker, sizeof marker);
}

void
fixture_write_jpeg (const char *path, const FixtureJpeg *jpeg, const guint8 *pixels)
{
  static const J_COLOR_SPACE spaces[MAX_COMPONENTS + 1] = { [1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK };
  jpeg_scan_info scans[MAX_COMPONENTS];
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  info.err = jpeg_std_error (&errors);
  jpeg_create_compress (&info);
  jpeg_stdio_dest (&info, file);
  info.image_width = (JDIMENSION)jpeg->width;
  info.image_height = (JDIMENSION)jpeg->height;
  info.input_components = jpeg->n_components;
  info.in_color_space = spaces[jpeg->n_components];
  jpeg_set_defaults (&info);
  jpeg_set_quality (&info, 100, TRUE);
  if (jpeg->ycck)
    jpeg_set_colorspace (&info, JCS_YCCK);
  if (jpeg->progressive)
    jpeg_simple_progression (&info);
  /* More than one scan may hold: each component by itself. */
  for (int i = 0; i < jpeg->n_components; i++)
    scans[i] = (jpeg_scan_info){ .comps_in_scan = 1, .component_index = { i }, .Se = DCTSIZE2 - 1 };
  if (jpeg->n_components > MAX_COMPS_IN_SCAN)
    {
      info.scan_info = scans;
      info.num_scans = jpeg->n_components;
    }
  for (int i = 0; i < jpeg->n_components; i++)
    info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  info.write_Adobe_marker = jpeg->adobe || jpeg->ycck;
  jpeg_start_compress (&info, TRUE);
  if (jpeg->orientation)
    write_exif_marker (&info, jpeg->orientation);
  if (jpeg->profile)
    jpeg_write_icc_profile (&info, jpeg->profile, jpeg->profile_length);
  while (info.next_scanline < info.image_height)
    {
      JSAMPROW row = (JSAMPROW)pixels + (gsize)info.next_scanline * jpeg->width * jpeg->n_components;

      jpeg_write_scanlines (&info, &row, 1);
    }
  jpeg_finish_compress (&info);
  jpeg_destroy_compress (&info);
  g_assert_cmpint (fclose (file), ==, 0);
}

guint8
fixture_value (int tag, int x, int y, int c)
{
  return (guint8)(tag * 37 + x * (3 + c) + y * (7 - 2 * c) + (x * y) % 5 * 11);
}

void
fixture_write_pattern (const char *path, int tag, int width, int height)
{
  g_autofree guint8 *rows = g_malloc ((gsize)width * height * 3);
  FixturePng png = { .width = (guint32)width, .height = (guint32)height, .bit_depth = 8, .colour_type = 2 };

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        rows[((gsize)y * width + x) * 3 + c] = fixture_value (tag, x, y, c);
  fixture_write_png (path, &png, rows);
}

void
fixture_truncate (const char *path, gsize n)
{
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &data, &length, NULL));
  g_assert_cmpuint (n, <, length);
  g_assert_true (g_file_set_contents (path, data, (gssize)n, NULL));
}

CgImage *
fixture_load (const char *path, int width, int height)
{
  g_autoptr (GError) error = NULL;
  CgImage *image = cg_image_load (path, &error);
  int probed_width, probed_height;

  g_assert_no_error (error);
  g_assert_cmpint (image->width, ==, width);
  g_assert_cmpint (image->height, ==, height);
  g_assert_true (cg_image_probe (path, &probed_width, &probed_height, &error));
  g_assert_cmpint (probed_width, ==, width);
  g_assert_cmpint (probed_height, ==, height);
  return image;
}
