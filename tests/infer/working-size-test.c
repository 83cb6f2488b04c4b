/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* At which size the network runs, mode by mode. */
#include <limits.h>

#include "infer/working-size.h"

typedef struct
{
  CgSizeMode mode;
  int given, train_scale;
  int width, height;
  CgWorkingSize expected;
} Case;

static void
test_cases (void)
{
  const Case cases[] = {
    /* Every pixel, no margin; at least 8, multiples of 4. */
    { CG_SIZE_FULL, 512, 256, 1, 1, { 1, 1, 0, 8, 8 } },
    { CG_SIZE_FULL, 512, 256, 3, 17, { 3, 17, 0, 8, 20 } },
    { CG_SIZE_FULL, 512, 256, 640, 480, { 640, 480, 0, 640, 480 } },
    /* The short side meets one and a half times the train_scale, the aspect stays. */
    { CG_SIZE_AUTO, 512, 160, 640, 480, { 320, 240, 32, 384, 304 } },
    { CG_SIZE_AUTO, 512, 256, 4000, 6000, { 384, 576, 32, 448, 640 } },
    { CG_SIZE_AUTO, 512, 100, 333, 301, { 166, 150, 32, 232, 216 } },
    /* Never enlarged by auto, but by a size that asks for it. */
    { CG_SIZE_AUTO, 512, 256, 17, 40, { 17, 40, 32, 84, 104 } },
    { CG_SIZE_SIZE, 80, 256, 17, 40, { 80, 188, 32, 144, 252 } },
    { CG_SIZE_SIZE, 16, 256, 4000, 6000, { 16, 24, 32, 80, 88 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      CgTranslateOptions options;
      CgWorkingSize size;

      cg_translate_options_init (&options);
      options.size_mode = c->mode;
      options.size = c->given;
      g_assert_true (cg_working_size_init (&size, &options, c->train_scale, 4, 8, c->width, c->height));
      g_test_message ("case %u", i);
      g_assert_cmpint (size.width, ==, c->expected.width);
      g_assert_cmpint (size.height, ==, c->expected.height);
      g_assert_cmpint (size.margin, ==, c->expected.margin);
      g_assert_cmpint (size.padded_width, ==, c->expected.padded_width);
      g_assert_cmpint (size.padded_height, ==, c->expected.padded_height);
    }
}

static void
test_overflow (void)
{
  CgTranslateOptions options;
  CgWorkingSize size;

  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_SIZE;
  options.size = 8192;
  g_assert_false (cg_working_size_init (&size, &options, 256, 4, 8, 1, INT_MAX));
  options.size_mode = CG_SIZE_FULL;
  g_assert_false (cg_working_size_init (&size, &options, 256, 4, 8, 1, INT_MAX));
  g_assert_true (cg_working_size_init (&size, &options, 256, 4, 8, 1, INT_MAX - 3));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/working-size/cases", test_cases);
  g_test_add_func ("/working-size/overflow", test_overflow);
  return g_test_run ();
}
