/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The size that each way of preprocessing scales an image to. The numbers of resize, scale_width and none are those of the
 * formulas that PyTorch users know, evaluated in Python. */
#include "dataset-shape.h"

typedef struct
{
  CgPreprocess preprocess;
  int load_size, crop_size;
  int width, height;
  int scaled_width, scaled_height;
  gboolean rounded;
} Case;

#define RESIZE CG_PREPROCESS_RESIZE_AND_CROP
#define ZOOM CG_PREPROCESS_ZOOM_AND_CROP
#define CROP CG_PREPROCESS_CROP
#define WIDTH CG_PREPROCESS_SCALE_WIDTH
#define WIDTH_CROP CG_PREPROCESS_SCALE_WIDTH_AND_CROP
#define NONE CG_PREPROCESS_NONE

static const Case cases[] = {
  { RESIZE, 286, 256, 640, 480, 286, 286, FALSE },
  { RESIZE, 286, 256, 1, 65535, 286, 286, FALSE },
  { ZOOM, 286, 256, 640, 480, 381, 286, FALSE }, /* 381.33 */
  { ZOOM, 286, 256, 480, 640, 286, 381, FALSE },
  { ZOOM, 286, 256, 100, 100, 286, 286, FALSE },
  { ZOOM, 200, 256, 300, 100, 768, 256, FALSE }, /* at least the crop */
  { CROP, 286, 256, 641, 301, 641, 301, FALSE },
  { WIDTH_CROP, 286, 256, 640, 480, 286, 256, FALSE }, /* 214.5 is raised to the crop */
  { WIDTH_CROP, 286, 256, 480, 640, 286, 381, FALSE }, /* 381.33 */
  { WIDTH_CROP, 286, 256, 300, 500, 286, 476, FALSE }, /* 476.67, rounded down */
  { WIDTH_CROP, 286, 256, 286, 300, 286, 300, FALSE }, /* as it is */
  { WIDTH_CROP, 286, 256, 286, 200, 286, 256, FALSE },
  { WIDTH, 288, 256, 640, 480, 288, 256, FALSE },
  { WIDTH, 288, 256, 480, 640, 288, 384, FALSE },
  { WIDTH, 286, 256, 480, 640, 288, 380, TRUE }, /* 286 x 381 */
  { WIDTH, 128, 64, 256, 100, 128, 64, FALSE },
  { WIDTH, 128, 8, 256, 101, 128, 48, TRUE }, /* 50.5 down to 50, 12.5 to the even 12 */
  { NONE, 286, 256, 12, 8, 12, 8, FALSE },
  { NONE, 286, 256, 5, 7, 4, 8, TRUE },
  { NONE, 286, 256, 6, 10, 8, 8, TRUE }, /* 1.5 and 2.5: both to 2 */
  { NONE, 286, 256, 14, 18, 16, 16, TRUE },
  { NONE, 286, 256, 1, 9, 4, 8, TRUE }, /* never 0 */
};

static void
test_sizes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *one = &cases[i];
      CgDatasetOptions options
          = { .preprocess = one->preprocess, .load_size = one->load_size, .crop_size = one->crop_size };
      int width, height;
      gboolean rounded;

      cg_preprocess_get_size (&options, one->width, one->height, &width, &height, &rounded);
      if (width != one->scaled_width || height != one->scaled_height || rounded != one->rounded)
        g_error ("case %zu: %d x %d, rounded %d, expected %d x %d", i, width, height, rounded, one->scaled_width,
                 one->scaled_height);
    }
}

static void
test_uncropped (void)
{
  g_assert_true (cg_preprocess_is_uncropped (NONE) && cg_preprocess_is_uncropped (WIDTH));
  g_assert_false (cg_preprocess_is_uncropped (RESIZE) || cg_preprocess_is_uncropped (ZOOM));
  g_assert_false (cg_preprocess_is_uncropped (CROP) || cg_preprocess_is_uncropped (WIDTH_CROP));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dataset-shape/sizes", test_sizes);
  g_test_add_func ("/dataset-shape/uncropped", test_uncropped);
  return g_test_run ();
}
