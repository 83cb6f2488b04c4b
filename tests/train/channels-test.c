/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Grey images: the luma that Pillow gives, and whole runs between grey and colour, from the options to the translated picture. */
#include "channels.h"

#include <string.h>

#include "commands.h"
#include "image-fixture.h"
#include "image-io.h"
#include "program.h"
#include "run.h"
#include "tiny-run.h"

static float
value (int level)
{
  return (float)(level / 127.5 - 1.0);
}

/* Levels from PIL.Image.convert ("L") of Pillow 9.4. */
static void
test_luma (void)
{
  static const int pixels[][4]
      = { { 255, 0, 0, 76 },  { 0, 255, 0, 150 },    { 0, 0, 255, 29 }, { 255, 255, 255, 255 }, { 0, 0, 0, 0 },
          { 10, 20, 30, 18 }, { 200, 100, 50, 124 }, { 7, 7, 7, 7 },    { 0, 0, 250, 28 } };
  float rgb[G_N_ELEMENTS (pixels) * 3], grey[G_N_ELEMENTS (pixels)], shown[G_N_ELEMENTS (pixels) * 3];

  for (size_t i = 0; i < G_N_ELEMENTS (pixels); i++)
    for (int k = 0; k < 3; k++)
      rgb[3 * i + k] = value (pixels[i][k]);
  cg_channels_take (rgb, G_N_ELEMENTS (pixels), 1, grey);
  cg_channels_show (grey, G_N_ELEMENTS (pixels), 1, shown);
  for (size_t i = 0; i < G_N_ELEMENTS (pixels); i++)
    {
      g_assert_cmpfloat (grey[i], ==, value (pixels[i][3]));
      for (int k = 0; k < 3; k++)
        g_assert_cmpfloat (shown[3 * i + k], ==, grey[i]);
    }
  cg_channels_take (rgb, G_N_ELEMENTS (pixels), 3, shown);
  g_assert_cmpmem (shown, sizeof shown, rgb, sizeof rgb);
  /* Within the same memory. */
  cg_channels_take (rgb, G_N_ELEMENTS (pixels), 1, rgb);
  g_assert_cmpmem (rgb, sizeof grey, grey, sizeof grey);
}

/* Whether all pixels of a cell of @size pixels are grey; cells are parted by @gap. */
static gboolean
is_grey (const CgImage *image, int x, int y, int size)
{
  for (int i = y; i < y + size; i++)
    for (int j = x; j < x + size; j++)
      {
        const guint8 *pixel = image->pixels + ((gsize)i * image->width + j) * 3;

        if (pixel[0] != pixel[1] || pixel[1] != pixel[2])
          return FALSE;
      }
  return TRUE;
}

typedef struct
{
  const char *input_nc, *output_nc, *lambda_identity;
} Domains;

/* A run from one kind of image to the other, interrupted once. */
static void
test_run (TinyFixture *fixture, gconstpointer data)
{
  const Domains *domains = data;
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *parts = tiny_fixture_path (fixture, "parts");
  g_autofree char *sample_path = g_build_filename (whole, "samples", "step-00000004.png", NULL);
  g_autofree char *model_path = g_build_filename (whole, "G_A.safetensors", NULL);
  g_autofree char *photo = g_build_filename (fixture->dataset, "trainA", "00.png", NULL);
  g_autofree char *result_path = tiny_fixture_path (fixture, "result.png");
  g_autofree char *messages = NULL;
  g_autoptr (CgImage) samples = NULL;
  g_autoptr (CgImage) result = NULL;
  g_autoptr (CgModel) model = NULL;
  g_autoptr (GError) error = NULL;
  gboolean grey_a = strcmp (domains->input_nc, "1") == 0, grey_b = strcmp (domains->output_nc, "1") == 0;
  char *translate[] = { "translate", "--model", model_path, "--size", "full", photo, "--out", result_path, NULL };
  int step;

#define CHANNELS                                                                                                       \
  "--input-nc", domains->input_nc, "--output-nc", domains->output_nc, "--lambda-identity", domains->lambda_identity,   \
      "--ema=0.9", "--augment", "--batch-size=2"
  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--max-steps=4", "--sample-freq=4", CHANNELS, NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps=2", CHANNELS, NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps=4", "--resume", CHANNELS, NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, parts, 4);

  model = cg_model_load (model_path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (cg_model_get_metadata (model, "input_nc"), ==, domains->input_nc);
  g_assert_cmpstr (cg_model_get_metadata (model, "output_nc"), ==, domains->output_nc);

  /* Columns: real, fake, reconstruction; the first half of the rows is of A. */
  samples = cg_image_load (sample_path, &error);
  g_assert_no_error (error);
  step = (samples->width - 32) / 3;
  g_assert_cmpint (is_grey (samples, 0, 0, 32), ==, grey_a);
  g_assert_cmpint (is_grey (samples, step, 0, 32), ==, grey_b);
  g_assert_cmpint (is_grey (samples, 2 * step, 0, 32), ==, grey_a);
  g_assert_cmpint (is_grey (samples, 0, 3 * step, 32), ==, grey_b);
  g_assert_cmpint (is_grey (samples, step, 3 * step, 32), ==, grey_a);

  g_assert_cmpint (program_finish (program_start (g_strdupv (translate)), NULL, &messages), ==, CG_EXIT_OK);
  result = cg_image_load (result_path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result->width, ==, 48);
  g_assert_cmpint (is_grey (result, 0, 0, 40), ==, grey_b);
}

int
main (int argc, char **argv)
{
  static const Domains grey_to_grey = { "1", "1", "0.5" }, grey_to_colour = { "1", "3", "0" },
                       colour_to_grey = { "3", "1", "0" };

  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
  g_test_add_func ("/train/channels/luma", test_luma);
#define ADD(name, domains)                                                                                             \
  g_test_add ("/train/channels/" name, TinyFixture, &domains, tiny_fixture_set_up, test_run, tiny_fixture_tear_down)
  ADD ("grey-to-grey", grey_to_grey);
  ADD ("grey-to-colour", grey_to_colour);
  ADD ("colour-to-grey", colour_to_grey);
  return g_test_run ();
}
