/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The operation as an artist meets it on the command line: through the real `gegl`, from files to files. */
#include <math.h>
#include <string.h>

#include "picture.h"
#include "tiny-model.h"

static char *folder;
static char *model_argument;
static CgModel *model;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

/* `gegl IN -o OUT -- cyclegan:translate WORDS`; returns what came, and what was said. */
static GeglBuffer *
run_gegl (const char *in, const char *out, const char *model_word, const char *words, char **errors)
{
  g_auto (GStrv) more = g_strsplit (words, " ", -1);
  const char *argv[12] = { g_getenv ("CG_TEST_GEGL"), in, "-o", out, "--", "cyclegan:translate", model_word };

  for (guint i = 0; more[i]; i++)
    argv[7 + i] = more[i];
  g_assert_cmpint (cg_picture_spawn (folder, argv, errors), ==, 0);
  return cg_picture_load (out);
}

typedef struct
{
  const char *name;
  int width, height;
  const char *format;
  int bits;
  const char *words;
  CgSizeMode mode;
  const char *result_format;
} Case;

/* Each of these is what cg_translate() makes of the same pixels, in a picture of the same shape. */
static void
test_colours (void)
{
  const Case cases[] = {
    { "rgb.png", 48, 36, "R'G'B' u8", 8, "", CG_SIZE_AUTO, "R'G'B' u16" },
    { "odd.png", 41, 37, "R'G'B' u8", 8, "size-mode=full", CG_SIZE_FULL, "R'G'B' u16" },
    { "size.png", 41, 37, "R'G'B' u8", 8, "size-mode=size size=20", CG_SIZE_SIZE, "R'G'B' u16" },
    { "deep.png", 48, 36, "R'G'B' u16", 16, "", CG_SIZE_AUTO, "R'G'B' u16" },
    { "grey.png", 48, 36, "Y' u8", 8, "", CG_SIZE_AUTO, "R'G'B' u16" },
    { "pixel.png", 1, 1, "R'G'B' u8", 8, "", CG_SIZE_AUTO, "R'G'B' u16" },
    { "narrow.png", 3, 200, "R'G'B' u8", 8, "", CG_SIZE_AUTO, "R'G'B' u16" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      gsize n = (gsize)(c->width * c->height * 3);
      g_autofree char *in = in_folder (c->name);
      g_autofree char *out = in_folder ("out.png");
      g_autoptr (GeglBuffer) picture = cg_picture_new (c->width, c->height, babl_format (c->format));
      g_autoptr (GeglBuffer) stored = NULL;
      g_autoptr (GeglBuffer) result = NULL;
      g_autofree char *errors = NULL;
      g_autofree float *expected = NULL;
      g_autofree float *pixels = NULL;
      CgTranslateOptions options;

      g_test_message ("%s", c->name);
      cg_picture_save (picture, in, c->bits);
      stored = cg_picture_load (in);
      cg_translate_options_init (&options);
      options.size_mode = c->mode;
      options.size = 20;
      expected = cg_picture_translate (stored, model, &options);
      result = run_gegl (in, out, model_argument, c->words, &errors);
      g_assert_null (strstr (errors, "cyclegan"));
      g_assert_cmpint (gegl_buffer_get_width (result), ==, c->width);
      g_assert_cmpint (gegl_buffer_get_height (result), ==, c->height);
      g_assert_cmpstr (babl_get_name (gegl_buffer_get_format (result)), ==, c->result_format);
      pixels = cg_picture_get (result, babl_format ("R'G'B' float"));
      g_assert_cmpfloat (cg_picture_compare (pixels, expected, n), <, 1e-3f);
    }
}

static void
test_alpha (void)
{
  g_autofree char *in = in_folder ("alpha.png");
  g_autofree char *out = in_folder ("out.png");
  g_autoptr (GeglBuffer) picture = cg_picture_new (50, 40, babl_format ("R'G'B'A u16"));
  g_autoptr (GeglBuffer) result = NULL;
  guint16 before[50 * 40 * 4], after[50 * 40 * 4];
  int changed = 0;

  cg_picture_save (picture, in, 16);
  result = run_gegl (in, out, model_argument, "", NULL);
  g_assert_cmpstr (babl_get_name (gegl_buffer_get_format (result)), ==, "R'G'B'A u16");
  gegl_buffer_get (picture, NULL, 1.0, babl_format ("R'G'B'A u16"), before, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  gegl_buffer_get (result, NULL, 1.0, babl_format ("R'G'B'A u16"), after, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int p = 0; p < 50 * 40; p++)
    {
      g_assert_cmpint (after[4 * p + 3], ==, before[4 * p + 3]);
      changed += before[4 * p + 3] > 0 && ABS (after[4 * p] - before[4 * p]) > 1000;
    }
  g_assert_cmpint (changed, >, 1000);
}

/* Nothing is lost to a model that is not there: the picture comes out, and the reason is told. */
static void
test_untouched (void)
{
  const char *words[][2] = { { "model=no-such-model", "" }, { model_argument, "strength=0.0" } };
  g_autofree char *in = in_folder ("in.png");
  g_autofree char *out = in_folder ("out.png");
  g_autoptr (GeglBuffer) picture = cg_picture_new (33, 21, babl_format ("R'G'B'A u16"));
  guint16 before[33 * 21 * 4], after[33 * 21 * 4];

  cg_picture_save (picture, in, 16);
  gegl_buffer_get (picture, NULL, 1.0, babl_format ("R'G'B'A u16"), before, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *errors = NULL;
      g_autoptr (GeglBuffer) result
          = run_gegl (in, out, words[i][0] ? words[i][0] : model_argument, words[i][1], &errors);

      gegl_buffer_get (result, NULL, 1.0, babl_format ("R'G'B'A u16"), after, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      g_assert_cmpmem (after, sizeof after, before, sizeof before);
      if (i == 0)
        g_assert_nonnull (strstr (errors, "no-such-model"));
      else
        g_assert_null (strstr (errors, "cyclegan"));
    }
}

/* `gegl FIRST -o NAME -- WORDS`, with cyclegan:translate in place of the word OP, or without it. */
static GeglBuffer *
run_chain (const char *first, const char *name, const char *const *words, gboolean with_operation)
{
  g_autofree char *out = in_folder (name);
  g_autofree char *errors = NULL;
  const char *argv[16] = { g_getenv ("CG_TEST_GEGL") };
  int n = 1;

  if (first)
    argv[n++] = first;
  argv[n++] = "-o";
  argv[n++] = out;
  argv[n++] = "--";
  for (; *words; words++)
    if (!g_str_equal (*words, "OP"))
      argv[n++] = *words;
    else if (with_operation)
      {
        argv[n++] = "cyclegan:translate";
        argv[n++] = model_argument;
      }
  g_assert_cmpint (cg_picture_spawn (folder, argv, &errors), ==, 0);
  g_assert_null (strstr (errors, "cyclegan"));
  return cg_picture_load (out);
}

/* A colour has no borders, and a crop beside the picture leaves nothing of it: both come out as if the operation were not there. */
static void
test_nothing (void)
{
  const char *const plane[]
      = { "gegl:color", "value=rgb(0.2,0.5,0.7)", "OP", "gegl:crop", "width=20", "height=10", NULL };
  const char *const beside[] = { "gegl:crop", "x=100", "y=100", "width=5", "height=5", "OP", NULL };
  g_autofree char *in = in_folder ("in.png");
  g_autoptr (GeglBuffer) picture = cg_picture_new (33, 21, babl_format ("R'G'B' u8"));

  cg_picture_save (picture, in, 8);
  for (int i = 0; i < 2; i++)
    {
      const char *const *words = i == 0 ? plane : beside;
      g_autoptr (GeglBuffer) expected = run_chain (i == 0 ? NULL : in, "plain.png", words, FALSE);
      g_autoptr (GeglBuffer) result = run_chain (i == 0 ? NULL : in, "out.png", words, TRUE);
      gsize n = 4 * (gsize)gegl_buffer_get_pixel_count (expected);
      g_autofree float *a = cg_picture_get (expected, babl_format ("R'G'B'A float"));
      g_autofree float *b = cg_picture_get (result, babl_format ("R'G'B'A float"));

      g_assert_true (gegl_rectangle_equal (gegl_buffer_get_extent (expected), gegl_buffer_get_extent (result)));
      g_assert_cmpmem (b, n * sizeof (float), a, n * sizeof (float));
      if (i == 0)
        g_assert_cmpuint (n, ==, 4 * 20 * 10);
    }
}

/* Programs that only list operations load the module, and must get by without a model. */
static void
test_listing (void)
{
  const char *argv[] = { g_getenv ("CG_TEST_GEGL"), "--list-all", NULL };
  g_autofree char *errors = NULL;

  g_assert_cmpint (cg_picture_spawn (folder, argv, &errors), ==, 0);
  g_assert_cmpstr (errors, ==, "");
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  gegl_init (NULL, NULL);
  folder = cg_picture_make_folder ();
  path = in_folder ("tiny.safetensors");
  model_argument = g_strconcat ("model=", path, NULL);
  cg_tiny_model_save (path, 3, 3, 30, 5);
  model = cg_model_load (path, NULL);

  g_test_add_func ("/gegl/listing", test_listing);
  g_test_add_func ("/gegl/colours", test_colours);
  g_test_add_func ("/gegl/alpha", test_alpha);
  g_test_add_func ("/gegl/untouched", test_untouched);
  g_test_add_func ("/gegl/nothing", test_nothing);
  status = g_test_run ();

  cg_model_unref (model);
  g_free (model_argument);
  cg_picture_remove_folder (folder);
  gegl_exit ();
  return status;
}
