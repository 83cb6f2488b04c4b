/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every kind of picture through the real `gegl` and through `cyclegan translate`: both make the same of it, in a file like the first. */
#include <math.h>
#include <string.h>

#include "command-fixture.h"
#include "image-fixture.h"

typedef enum
{
  PLAIN,
  INDEXED,
  TRANSPARENT, /* nowhere visible */
  WILD         /* with samples that are no numbers, or no brightness */
} Kind;

typedef struct
{
  const char *name, *format;
  int bits; /* for PNG */
  int width, height;
  const char *space;
  Kind kind;
} Case;

static const Case cases[] = {
  { "rgb.png", "R'G'B' u8", 8, 47, 36, "sRGB", PLAIN },
  { "rgba.png", "R'G'B'A u8", 8, 47, 36, "sRGB", PLAIN },
  { "grey.png", "Y' u8", 8, 47, 36, "sRGB", PLAIN },
  { "grey-alpha.png", "Y'A u16", 16, 47, 36, "sRGB", PLAIN },
  { "indexed.png", NULL, 0, 48, 36, "sRGB", INDEXED },
  { "rgb16.png", "R'G'B' u16", 16, 47, 36, "sRGB", PLAIN },
  { "rgba16.png", "R'G'B'A u16", 16, 47, 36, "sRGB", PLAIN },
  { "float.tif", "R'G'B' float", 0, 47, 36, "sRGB", PLAIN },
  { "float-alpha.tif", "R'G'B'A float", 0, 47, 36, "sRGB", PLAIN },
  { "linear.exr", "RGB float", 0, 47, 36, "sRGB", PLAIN },
  { "adobe.png", "R'G'B' u16", 16, 47, 36, "Adobish", PLAIN },
  { "adobe.tif", "R'G'B'A u16", 0, 47, 36, "Adobish", PLAIN },
  { "p3.tif", "R'G'B' u8", 0, 47, 36, "P3", PLAIN },
  { "p3-alpha.tif", "R'G'B'A u16", 0, 47, 36, "P3", PLAIN },
  { "pixel.png", "R'G'B' u8", 8, 1, 1, "sRGB", PLAIN },
  { "few.png", "R'G'B'A u8", 8, 3, 5, "sRGB", PLAIN },
  { "narrow.png", "R'G'B' u8", 8, 17, 1000, "sRGB", PLAIN },
  { "transparent.png", "R'G'B'A u8", 8, 47, 36, "sRGB", TRANSPARENT },
  { "wild.tif", "R'G'B' float", 0, 47, 36, "sRGB", WILD },
};

/* Display P3: the primaries of SMPTE RP 431-2 with D65 and the curve of sRGB; by way of a profile, as files bring it. */
static const Babl *
get_space (const char *name)
{
  const Babl *curve = babl_trc ("sRGB");
  const Babl *space;
  const char *profile, *problem = NULL;
  int length = 0;

  if (!g_str_equal (name, "P3"))
    return babl_space (name);
  space = babl_space_from_chromaticities ("display-p3-by-test", 0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150,
                                          0.060, curve, curve, curve, BABL_SPACE_FLAG_EQUALIZE);
  profile = babl_space_get_icc (space, &length);
  return babl_space_from_icc (profile, length, BABL_ICC_INTENT_RELATIVE_COLORIMETRIC, &problem);
}

static void
write_indexed (const char *path)
{
  const guint8 palette[] = { 200, 30, 40, 20, 120, 220, 250, 240, 200, 10, 60, 20 };
  const FixturePng png
      = { .width = 48, .height = 36, .bit_depth = 8, .colour_type = 3, .palette = palette, .palette_size = 4 };
  guint8 rows[48 * 36];

  for (int i = 0; i < 48 * 36; i++)
    rows[i] = (guint8)((i % 48 / 9 + i / 48 / 7) % 4);
  fixture_write_png (path, &png, rows);
}

static void
write_case (const Case *c, const char *path)
{
  g_autoptr (GeglBuffer) picture = NULL;

  if (c->kind == INDEXED)
    {
      write_indexed (path);
      return;
    }
  picture = cg_picture_new (c->width, c->height, babl_format_with_space (c->format, get_space (c->space)));
  if (c->kind == TRANSPARENT)
    for (int y = 0; y < c->height; y++)
      for (int x = 0; x < c->width; x++)
        {
          const guint8 pixel[4] = { (guint8)(5 * x), (guint8)(7 * y), 99, 0 };

          gegl_buffer_set (picture, GEGL_RECTANGLE (x, y, 1, 1), 0, babl_format ("R'G'B'A u8"), pixel, 0);
        }
  if (c->kind == WILD)
    for (int i = 0; i < 5; i++)
      {
        const float values[] = { NAN, INFINITY, -INFINITY, 1e30f, -3.0f };
        const float pixel[3] = { values[i], 0.5f, values[(i + 2) % 5] };

        gegl_buffer_set (picture, GEGL_RECTANGLE (5 + 7 * i, 3 + 6 * i, 1, 1), 0, babl_format ("R'G'B' float"), pixel,
                         0);
      }
  cg_picture_save (picture, path, c->bits);
}

/* @full: every pixel, instead of the model's own scale */
static GeglBuffer *
run_gegl (const char *in, const char *out, gboolean full)
{
  g_autofree char *model = g_strconcat ("model=", cg_command_model, NULL);
  const char *mode = full ? "size-mode=full" : "size-mode=auto";
  const char *argv[] = { g_getenv ("CG_TEST_GEGL"), in, "-o", out, "--", "cyclegan:translate", model, mode, NULL };
  g_autofree char *errors = NULL;

  g_assert_cmpint (cg_picture_spawn (cg_command_folder, argv, &errors), ==, 0);
  g_assert_null (strstr (errors, "cyclegan"));
  return cg_command_load (out);
}

static GeglBuffer *
run_command (const char *in, const char *out, gboolean full)
{
  g_autofree char *words = g_strdup_printf ("%s --out %s --size %s", in, out, full ? "full" : "auto");
  g_autofree char *errors = NULL;

  g_assert_cmpint (cg_command_run (words, &errors), ==, 0);
  g_assert_null (strstr (errors, "cyclegan"));
  return cg_command_load (out);
}

/* The alpha of the file, the space of the file where it has colours, and numbers everywhere. */
static void
check_result (const Case *c, GeglBuffer *input, GeglBuffer *result)
{
  const Babl *before = gegl_buffer_get_format (input), *after = gegl_buffer_get_format (result);
  int n = c->width * c->height;
  g_autofree float *was = cg_picture_get (input, babl_format ("R'G'B'A float"));
  g_autofree float *is = cg_picture_get (result, babl_format ("R'G'B'A float"));
  int changed = 0;

  g_assert_true (gegl_rectangle_equal (gegl_buffer_get_extent (input), gegl_buffer_get_extent (result)));
  /* OpenEXR tells primaries, the TIFF made of it a profile with their rounded values. */
  if ((babl_get_model_flags (before) & BABL_MODEL_FLAG_RGB) && !g_str_has_suffix (c->name, ".exr"))
    g_assert_true (babl_format_get_space (before) == babl_format_get_space (after));
  for (int p = 0; p < n; p++)
    {
      for (int i = 0; i < 4; i++)
        g_assert_true (isfinite (is[4 * p + i]));
      g_assert_cmpfloat (fabsf (is[4 * p + 3] - was[4 * p + 3]), <, 1e-5f);
      if (was[4 * p + 3] <= 0.0f)
        g_assert_cmpfloat (cg_picture_compare (is + 4 * p, was + 4 * p, 3), <, 1e-3f);
      else
        changed += !(fabsf (is[4 * p] - was[4 * p]) < 0.02f);
    }
  if (c->kind == TRANSPARENT)
    g_assert_cmpint (changed, ==, 0);
  else
    g_assert_cmpint (changed, >, n / 4);
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  const char *ending = strrchr (c->name, '.');
  const char *kept = g_str_equal (ending, ".exr") ? ".tif" : ending;
  g_autofree char *path = cg_command_path (c->name);
  g_autofree char *by_gegl = g_strconcat ("by-gegl", kept, NULL);
  g_autofree char *by_command = g_strconcat ("by-command", kept, NULL);
  g_autoptr (GeglBuffer) input = NULL;
  g_autoptr (GeglBuffer) a = NULL;
  g_autoptr (GeglBuffer) b = NULL;
  const Babl *format;
  g_autofree float *pixels_a = NULL;
  g_autofree float *pixels_b = NULL;

  write_case (c, path);
  input = cg_command_load (c->name);
  a = run_gegl (c->name, by_gegl, FALSE);
  b = run_command (c->name, by_command, FALSE);
  check_result (c, input, a);
  check_result (c, input, b);
  g_assert_true (babl_format_has_alpha (gegl_buffer_get_format (a))
                 == babl_format_has_alpha (gegl_buffer_get_format (b)));

  format = babl_format_with_space ("R'G'B'A float", babl_format_get_space (gegl_buffer_get_format (b)));
  pixels_a = cg_picture_get (a, format);
  pixels_b = cg_picture_get (b, format);
  g_assert_cmpfloat (cg_picture_compare (pixels_a, pixels_b, (gsize)(c->width * c->height * 4)), <=, 1.0f / 255.0f);
}

#define SIDE 64
#define INSIDE(x, y) ((x) >= 20 && (x) < 26 && (y) >= 30 && (y) < 34)

static void
write_light (const char *name, float brightness)
{
  g_autofree char *path = cg_command_path (name);
  g_autoptr (GeglBuffer) picture = cg_picture_new (SIDE, SIDE, babl_format ("R'G'B' float"));
  const float pixel[3] = { brightness, brightness, brightness };

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (INSIDE (x, y))
        gegl_buffer_set (picture, GEGL_RECTANGLE (x, y, 1, 1), 0, babl_format ("R'G'B' float"), pixel, 0);
  cg_picture_save (picture, path, 0);
}

/* A highlight of 4 in a picture of 32 bits is to the network as one of 1: no pixel beside it changes, so there is no ring, and it is
 * itself a number between 0 and 4. */
static void
test_highlight (gconstpointer data)
{
  gboolean full = GPOINTER_TO_INT (data);
  float *results[2][2];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GeglBuffer) by_gegl = NULL;
      g_autoptr (GeglBuffer) by_command = NULL;

      write_light ("light.tif", i ? 4.0f : 1.0f);
      by_gegl = run_gegl ("light.tif", "by-gegl.tif", full);
      by_command = run_command ("light.tif", "by-command.tif", full);
      g_assert_cmpstr (babl_format_get_encoding (gegl_buffer_get_format (by_command)), ==, "R'G'B' float");
      results[i][0] = cg_picture_get (by_gegl, babl_format ("R'G'B' float"));
      results[i][1] = cg_picture_get (by_command, babl_format ("R'G'B' float"));
    }
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      for (int way = 0; way < 2; way++)
        {
          const float *plain = results[0][way] + 3 * (y * SIDE + x), *light = results[1][way] + 3 * (y * SIDE + x);

          if (!INSIDE (x, y))
            g_assert_cmpfloat (cg_picture_compare (plain, light, 3), <, 1e-5f);
          else
            for (int c = 0; c < 3; c++)
              g_assert_true (light[c] >= -1e-5f && light[c] <= 4.0f + 1e-5f);
        }
  g_assert_cmpfloat (cg_picture_compare (results[1][0], results[1][1], 3 * SIDE * SIDE), <=, 1.0f / 255.0f);
  for (int i = 0; i < 4; i++)
    g_free (results[i / 2][i % 2]);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  cg_command_start ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/inputs/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_data_func ("/inputs/highlight", GINT_TO_POINTER (FALSE), test_highlight);
  g_test_add_data_func ("/inputs/highlight-full", GINT_TO_POINTER (TRUE), test_highlight);
  status = g_test_run ();
  cg_command_end ();
  return status;
}
