/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `cyclegan translate` from files to files: depth, alpha, space and orientation follow the input, and the exit status tells the truth. */
#include <gexiv2/gexiv2.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "command-fixture.h"

/* Instead of a tolerance: a file format that blurs the noise which a random network makes. */
#define LOSSY -1.0f

/* The colours that the network makes of @input, compared where the file rounded them: in its own space. */
static void
check_colours (GeglBuffer *input, GeglBuffer *result, float tolerance)
{
  const Babl *space = babl_format_get_space (gegl_buffer_get_format (result));
  const Babl *format = babl_format_with_space ("R'G'B' float", space);
  int n = gegl_buffer_get_width (input) * gegl_buffer_get_height (input);
  g_autoptr (CgModel) model = cg_model_load (cg_command_model, NULL);
  g_autofree float *expected = NULL;
  g_autofree float *pixels = cg_picture_get (result, format);
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  expected = cg_picture_translate (input, model, &options);
  babl_process (babl_fish (babl_format ("R'G'B' float"), format), expected, expected, n);
  g_assert_true (gegl_rectangle_equal (gegl_buffer_get_extent (input), gegl_buffer_get_extent (result)));
  if (tolerance == LOSSY)
    {
      double sum = 0.0;

      for (int i = 0; i < 3 * n; i++)
        sum += fabsf (pixels[i] - expected[i]);
      g_assert_cmpfloat (sum / (3 * n), <, 0.15);
    }
  else
    g_assert_cmpfloat (cg_picture_compare (pixels, expected, (gsize)(3 * n)), <=, tolerance);
}

static void
test_depth_and_space (void)
{
  const struct
  {
    const char *in, *out, *format, *space;
    int bits;
    const char *result_format;
    float tolerance;
  } cases[] = {
    { "in.png", "out.png", "R'G'B' u8", "sRGB", 8, "R'G'B' u8", 0.6f / 255.0f },
    { "in.png", "out.png", "R'G'B' u16", "sRGB", 16, "R'G'B' u16", 1e-4f },
    { "in.png", "out.png", "Y' u8", "sRGB", 8, "R'G'B' u8", 0.6f / 255.0f },
    { "in.png", "out.tif", "R'G'B' u16", "sRGB", 16, "R'G'B' u16", 1e-4f },
    { "in.tif", "out.tif", "R'G'B' float", "sRGB", 0, "R'G'B' float", 1e-5f },
    { "in.png", "out.png", "R'G'B' u16", "Adobish", 16, "R'G'B' u16", 1e-3f },
    { "in.jpg", "out.png", "R'G'B' u8", "Adobish", 0, "R'G'B' u8", 0.6f / 255.0f },
    /* WebP of GEGL carries no profile: its pixels are sRGB, and lossy. */
    { "in.png", "out.webp", "R'G'B' u8", "Adobish", 8, "R'G'B' u8", LOSSY },
    { "in.png", "out.jpg", "R'G'B' u16", "sRGB", 16, "R'G'B' u8", LOSSY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Babl *space = babl_space (cases[i].space);
      g_autoptr (GeglBuffer) input
          = cg_command_save_new (cases[i].in, 47, 36, babl_format_with_space (cases[i].format, space), cases[i].bits);
      g_autoptr (GeglBuffer) result = NULL;
      g_autofree char *words = g_strdup_printf ("%s --out %s", cases[i].in, cases[i].out);
      g_autofree char *errors = NULL;
      const Babl *format;

      g_test_message ("%s to %s, %s", cases[i].in, cases[i].out, cases[i].format);
      g_assert_cmpint (cg_command_run (words, &errors), ==, 0);
      /* libpng itself may mumble about the bKGD chunk that GEGL gives it. */
      g_assert_null (strstr (errors, "cyclegan"));
      result = cg_command_load (cases[i].out);
      format = gegl_buffer_get_format (result);
      g_assert_cmpstr (babl_format_get_encoding (format), ==, cases[i].result_format);
      if (!g_str_equal (cases[i].out, "out.webp"))
        g_assert_true (babl_format_get_space (format) == babl_format_get_space (gegl_buffer_get_format (input))
                       || g_str_has_prefix (cases[i].format, "Y"));
      check_colours (input, result, cases[i].tolerance);
    }
}

static void
test_alpha (void)
{
  const char *formats[] = { "R'G'B'A u8", "R'G'B'A u16" };

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GeglBuffer) input = cg_command_save_new ("alpha.png", 50, 40, babl_format (formats[i]), 8 + 8 * i);
      g_autoptr (GeglBuffer) result = NULL;
      g_autofree float *before = cg_picture_get (input, babl_format ("R'G'B'A float"));
      g_autofree float *after = NULL;

      g_assert_cmpint (cg_command_run ("alpha.png --out out.png", NULL), ==, 0);
      result = cg_command_load ("out.png");
      g_assert_cmpstr (babl_get_name (gegl_buffer_get_format (result)), ==, formats[i]);
      after = cg_picture_get (result, babl_format ("R'G'B'A float"));
      for (int p = 0; p < 50 * 40; p++)
        {
          g_assert_true (after[4 * p + 3] == before[4 * p + 3]);
          if (before[4 * p + 3] <= 0.0f)
            g_assert_cmpmem (after + 4 * p, 3 * sizeof (float), before + 4 * p, 3 * sizeof (float));
        }
    }
}

/* All eight ways a camera may be held: the result is upright. */
static void
test_orientation (void)
{
  g_autofree char *in = cg_command_path ("camera.jpg");
  g_autoptr (GeglBuffer) stored = cg_command_save_new ("camera.jpg", 40, 30, babl_format ("R'G'B' u8"), 0);
  guint8 pixels[40 * 30][3];

  gegl_buffer_get (stored, NULL, 1.0, babl_format ("R'G'B' u8"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int orientation = 1; orientation <= 8; orientation++)
    {
      g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();
      int width = orientation < 5 ? 40 : 30, height = orientation < 5 ? 30 : 40;
      g_autoptr (GeglBuffer) upright
          = gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), babl_format ("R'G'B' u8"));
      g_autoptr (GeglBuffer) result = NULL;

      g_assert_true (gexiv2_metadata_open_path (metadata, in, NULL));
      g_assert_true (gexiv2_metadata_try_set_tag_long (metadata, "Exif.Image.Orientation", orientation, NULL));
      g_assert_true (gexiv2_metadata_save_file (metadata, in, NULL));

      /* The stored row 0 is the picture's top, top, bottom, bottom, left, right, right, left; column 0 its left, right, right,
       * left, top, top, bottom, bottom. */
      for (int row = 0; row < 30; row++)
        for (int column = 0; column < 40; column++)
          {
            const int x[] = { column, 39 - column, 39 - column, column, row, 29 - row, 29 - row, row };
            const int y[] = { row, row, 29 - row, 29 - row, column, column, 39 - column, 39 - column };

            gegl_buffer_set (upright, GEGL_RECTANGLE (x[orientation - 1], y[orientation - 1], 1, 1), 0,
                             babl_format ("R'G'B' u8"), pixels[row * 40 + column], GEGL_AUTO_ROWSTRIDE);
          }
      g_assert_cmpint (cg_command_run ("camera.jpg --out out.png", NULL), ==, 0);
      result = cg_command_load ("out.png");
      g_test_message ("orientation %d", orientation);
      check_colours (upright, result, 0.6f / 255.0f);
    }
}

static void
test_options (void)
{
  g_autoptr (GeglBuffer) input = cg_command_save_new ("in.tif", 47, 36, babl_format ("R'G'B' float"), 0);
  const char *words[] = { "--size full", "--size 20",
                          "--size auto --detail 0.25 --apply colour --strength 0.5 --threads 2", "--strength 0" };
  g_autoptr (CgModel) model = cg_model_load (cg_command_model, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      const CgSizeMode modes[] = { CG_SIZE_FULL, CG_SIZE_SIZE, CG_SIZE_AUTO, CG_SIZE_AUTO };
      const double strengths[] = { 1.0, 1.0, 0.5, 0.0 };
      g_autofree char *all = g_strdup_printf ("%s in.tif --out out.tif", words[i]);
      g_autoptr (GeglBuffer) result = NULL;
      g_autofree float *expected = NULL;
      g_autofree float *got = NULL;
      CgTranslateOptions options;

      cg_translate_options_init (&options);
      options.size_mode = modes[i];
      options.size = 20;
      options.detail = i == 2 ? 0.25 : options.detail;
      options.apply = i == 2 ? CG_APPLY_COLOUR : CG_APPLY_ALL;
      options.strength = strengths[i];
      expected = cg_picture_translate (input, model, &options);
      g_assert_cmpint (cg_command_run (all, NULL), ==, 0);
      result = cg_command_load ("out.tif");
      got = cg_picture_get (result, babl_format ("R'G'B' float"));
      g_assert_cmpfloat (cg_picture_compare (got, expected, 47 * 36 * 3), <, 1e-5f);
    }
}

/* A picture at full size goes by rows: the command needs less than cg_translate(), whose result is whole in memory. */
static void
test_memory (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  g_autoptr (GeglBuffer) input = cg_command_save_new ("wide.tif", 700, 600, format, 0);
  g_autoptr (CgModel) model = cg_model_load (cg_command_model, NULL);
  g_autoptr (GeglBuffer) result = NULL;
  g_autofree float *in = cg_picture_get (input, format);
  g_autofree float *expected = NULL;
  g_autofree float *got = NULL;
  g_autofree char *words = NULL;
  g_autoptr (GError) error = NULL;
  CgTranslateOptions options;
  guint64 bytes;

  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_FULL;
  options.n_threads = 1;
  expected = cg_picture_translate (input, model, &options);
  g_assert_true (cg_translate_estimate (model, &options, 700, 600, NULL, NULL, &bytes, NULL));
  options.memory_limit = ((bytes >> 20) - 2) << 20;
  g_assert_false (cg_translate (model, &options, 700, 600, in, 2100, in, 2100, NULL, NULL, NULL, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);

  words = g_strdup_printf ("wide.tif --size full --threads 1 --memory-limit %u --out out.tif",
                           (guint)(options.memory_limit >> 20));
  g_assert_cmpint (cg_command_run (words, NULL), ==, 0);
  result = cg_command_load ("out.tif");
  got = cg_picture_get (result, format);
  g_assert_cmpfloat (cg_picture_compare (got, expected, 700 * 600 * 3), <, 1e-5f);
}

/* The operation gives the same picture to 1/255. */
static void
test_like_operation (void)
{
  const Babl *space = babl_space ("Adobish");
  const Babl *format = babl_format_with_space ("R'G'B'A float", space);
  g_autoptr (GeglBuffer) input
      = cg_command_save_new ("in.png", 47, 36, babl_format_with_space ("R'G'B'A u8", space), 8);
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  GeglNode *node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", cg_command_model, NULL);
  g_autofree float *by_operation = g_new (float, 47 * 36 * 4);
  g_autofree float *by_command = NULL;
  g_autoptr (GeglBuffer) result = NULL;

  gegl_node_link (source, node);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, 47, 36), format, by_operation, 0, GEGL_BLIT_DEFAULT);
  g_assert_cmpint (cg_command_run ("in.png --out command.png", NULL), ==, 0);
  result = cg_command_load ("command.png");
  by_command = cg_picture_get (result, format);
  g_assert_cmpfloat (cg_picture_compare (by_operation, by_command, 47 * 36 * 4), <, 1.0f / 255.0f);
}

/* One bad file does not cost the others their translation, but it costs the exit status. */
static void
test_bad_files (void)
{
  const char *names[] = { "cut.png", "cut.jpg", "text.png", "empty.tif" };
  cg_command_write_new ("good.png", 64, 64, babl_format ("R'G'B' u8"), 8);
  cg_command_write_new ("good.jpg", 64, 64, babl_format ("R'G'B' u8"), 0);
  g_autofree char *errors = NULL;
  gsize png_length, jpg_length;
  g_autofree char *png_bytes = cg_command_read_bytes ("good.png", &png_length);
  g_autofree char *jpg_bytes = cg_command_read_bytes ("good.jpg", &jpg_length);
  const char *contents[] = { png_bytes, jpg_bytes, "not a picture at all", "" };
  const gsize lengths[] = { png_length / 2, jpg_length / 2, 20, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = cg_command_path (names[i]);

      g_assert_true (g_file_set_contents (path, contents[i], (gssize)lengths[i], NULL));
    }
  g_assert_cmpint (
      cg_command_run ("good.png cut.png cut.jpg text.png empty.tif missing.png good.jpg --out many", &errors), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *prefix = g_strdup_printf ("cyclegan: %s: ", names[i]);
      g_autofree char *result = g_build_filename (cg_command_folder, "many", names[i], NULL);

      g_assert_nonnull (strstr (errors, prefix));
      g_assert_false (g_file_test (result, G_FILE_TEST_EXISTS));
    }
  g_assert_nonnull (strstr (errors, "cyclegan: missing.png: "));
  g_assert_null (strstr (errors, "good"));
  g_object_unref (cg_command_load ("many/good.png"));
  g_object_unref (cg_command_load ("many/good.jpg"));
}

static void
test_never_overwrites_inputs (void)
{
  cg_command_write_new ("a.png", 32, 32, babl_format ("R'G'B' u8"), 8);
  gsize before_length, after_length;
  g_autofree char *before = cg_command_read_bytes ("a.png", &before_length);
  g_autofree char *after = NULL;
  g_autofree char *path = cg_command_path ("a.png");
  g_autofree char *link = cg_command_path ("link.png");
  g_autofree char *errors = NULL;

  g_assert_cmpint (cg_command_run ("a.png --out ./a.png", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "overwrite"));
  g_assert_cmpint (cg_command_run ("a.png --out .", NULL), ==, 1);
  g_assert_cmpint (symlink (path, link), ==, 0);
  g_assert_cmpint (cg_command_run ("a.png --out link.png", NULL), ==, 1);
  after = cg_command_read_bytes ("a.png", &after_length);
  g_assert_cmpmem (after, after_length, before, before_length);
}

/* A failed run leaves an older result alone, and nothing half-written beside it. */
static void
test_failure_leaves_result (void)
{
  cg_command_write_new ("in.png", 32, 32, babl_format ("R'G'B' u8"), 8);
  g_autofree char *path = cg_command_path ("fresh/old.png");
  g_autofree char *fresh = cg_command_path ("fresh");
  g_autofree char *errors = NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (GDir) dir = NULL;

  g_assert_cmpint (g_mkdir (fresh, 0777), ==, 0);
  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_cmpint (cg_command_run ("in.png --size 4000 --memory-limit 10 --out fresh/old.png", &errors), ==, 1);
  g_assert_nonnull (strstr (errors, "cyclegan: in.png: "));
  g_assert_nonnull (strstr (errors, "MiB"));
  bytes = cg_command_read_bytes ("fresh/old.png", NULL);
  g_assert_cmpstr (bytes, ==, "precious");
  dir = g_dir_open (fresh, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "old.png");
  g_assert_null (g_dir_read_name (dir));
}

static void
test_exit_status (void)
{
  const struct
  {
    const char *words;
    int status;
    const char *told;
  } cases[] = {
    { "--out out.png", 2, "no picture" },
    { "in.png", 2, "--out" },
    { "in.png --out out.png --size huge", 2, "--size" },
    { "in.png --out out.png --size 9000", 2, "--size" },
    { "in.png --out out.png --strength 1.5", 2, "--strength" },
    { "in.png --out out.png --detail 2", 2, "--detail" },
    { "in.png --out out.png --apply none", 2, "--apply" },
    { "in.png --out out.png --strenght 1", 2, "strenght" },
    { "in.png --out out.xyz", 1, "out.xyz" },
    { "in.png --out no/such/folder/out.png", 1, "no/such/folder" },
    { "in.png --model no-such-model --out out.png", 1, "no-such-model" },
    { "in.png --out out.png", 0, "" },
  };
  cg_command_write_new ("in.png", 32, 32, babl_format ("R'G'B' u8"), 8);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *errors = NULL;

      g_test_message ("%s", cases[i].words);
      g_assert_cmpint (cg_command_run (cases[i].words, &errors), ==, cases[i].status);
      g_assert_nonnull (strstr (errors, cases[i].told));
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  cg_command_start ();

  g_test_add_func ("/command/depth-and-space", test_depth_and_space);
  g_test_add_func ("/command/alpha", test_alpha);
  g_test_add_func ("/command/orientation", test_orientation);
  g_test_add_func ("/command/options", test_options);
  g_test_add_func ("/command/memory", test_memory);
  g_test_add_func ("/command/like-operation", test_like_operation);
  g_test_add_func ("/command/bad-files", test_bad_files);
  g_test_add_func ("/command/never-overwrites-inputs", test_never_overwrites_inputs);
  g_test_add_func ("/command/failure-leaves-result", test_failure_leaves_result);
  g_test_add_func ("/command/exit-status", test_exit_status);
  status = g_test_run ();

  cg_command_end ();
  return status;
}
