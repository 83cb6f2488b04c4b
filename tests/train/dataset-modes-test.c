/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every way of preprocessing, seen from the batches: which pixels of which scaled image they hold, and what becomes of
 * images that do not fit. */
#include <string.h>

#include "base/error.h"
#include "dataset-fixture.h"
#include "image-fixture.h"
#include "resize.h"

static GPtrArray *warnings;

static void
collect (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (level & G_LOG_LEVEL_WARNING)
    g_ptr_array_add (warnings, g_strdup (message));
}

static GLogFunc
listen (void)
{
  warnings = g_ptr_array_new_with_free_func (g_free);
  return g_log_set_default_handler (collect, NULL);
}

/* Asserts that there was one warning, with @words in it. */
static void
assert_warned (GLogFunc previous, const char *words)
{
  g_log_set_default_handler (previous, NULL);
  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (warnings, 0), words));
  g_clear_pointer (&warnings, g_ptr_array_unref);
}

/* Whether @crop is what the image shows from (x0, y0) on. */
static gboolean
is_at (const float *crop, const CgImage *image, int x0, int y0, int width, int height)
{
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        if (dataset_byte (crop[(y * width + x) * 3 + c])
            != image->pixels[((gsize)(y0 + y) * image->width + x0 + x) * 3 + c])
          return FALSE;
  return TRUE;
}

/* The room's one image of trainA, scaled. */
static CgImage *
scaled_image (const DatasetRoom *room, int width, int height)
{
  g_autofree char *path = dataset_room_path (room, "trainA/00.png");
  g_autoptr (GError) error = NULL;
  g_autoptr (CgImage) image = cg_image_load (path, &error);
  CgImage *scaled;

  g_assert_no_error (error);
  scaled = cg_image_resize (image, width, height, &error);
  g_assert_no_error (error);
  return scaled;
}

static void
set_up (DatasetRoom *room, CgPreprocess preprocess, int width, int height)
{
  room->options.preprocess = preprocess;
  room->options.batch_size = 1;
  room->options.flip = FALSE;
  dataset_room_add (room, "trainA", 1, 0, width, height);
  dataset_room_add (room, "trainB", 1, 0, width, height);
}

/* Every batch is a crop of the image scaled to @width x @height, and all places come. */
static void
assert_crops_of (const DatasetRoom *room, int width, int height)
{
  enum
  {
    STEPS = 300,
    SIZE = 16
  };
  g_autoptr (CgDataset) dataset = dataset_room_open (room);
  g_autoptr (CgImage) image = scaled_image (room, width, height);
  g_autofree float *values = dataset_room_read (dataset, room, 1, STEPS, 0);
  g_autofree int *seen = g_new0 (int, (width - SIZE + 1) * (height - SIZE + 1));
  int n_seen = 0;

  for (int crop = 0; crop < 2 * STEPS; crop++)
    {
      int found = 0;

      for (int y = 0; y <= height - SIZE; y++)
        for (int x = 0; x <= width - SIZE; x++)
          if (is_at (values + (gsize)crop * SIZE * SIZE * 3, image, x, y, SIZE, SIZE))
            {
              found++;
              n_seen += seen[y * (width - SIZE + 1) + x]++ == 0;
            }
      g_assert_cmpint (found, ==, 1);
    }
  g_assert_cmpint (n_seen, ==, (width - SIZE + 1) * (height - SIZE + 1));
}

static void
test_resize_and_crop (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_RESIZE_AND_CROP, 31, 50);
  assert_crops_of (room, 20, 20);
}

static void
test_zoom_and_crop (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_ZOOM_AND_CROP, 30, 36);
  assert_crops_of (room, 20, 24);
}

static void
test_crop (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_CROP, 21, 18);
  assert_crops_of (room, 21, 18);
}

/* 20 x 11 would be too low for the crop. */
static void
test_scale_width_and_crop (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_SCALE_WIDTH_AND_CROP, 40, 43);
  assert_crops_of (room, 20, 21);
  set_up (room, CG_PREPROCESS_SCALE_WIDTH_AND_CROP, 40, 22);
  assert_crops_of (room, 20, 16);
}

static void
assert_whole (const DatasetRoom *room, int width, int height)
{
  g_autoptr (CgDataset) dataset = dataset_room_open (room);
  g_autoptr (CgImage) image = scaled_image (room, width, height);
  g_autofree float *values = NULL;
  int crop_height, crop_width;

  cg_dataset_get_crop_size (dataset, &crop_height, &crop_width);
  g_assert_cmpint (crop_height, ==, height);
  g_assert_cmpint (crop_width, ==, width);
  g_assert_cmpint (cg_dataset_get_train_scale (dataset, 'A'), ==, MIN (width, height));
  values = dataset_room_read (dataset, room, 1, 2, 0);
  for (int i = 0; i < 4; i++)
    g_assert_true (is_at (values + (gsize)i * width * height * 3, image, 0, 0, width, height));
}

/* The crop size is the least height. */
static void
test_scale_width (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_SCALE_WIDTH, 40, 48);
  assert_whole (room, 20, 24);
  set_up (room, CG_PREPROCESS_SCALE_WIDTH, 40, 10);
  assert_whole (room, 20, 16);
}

static void
test_none (DatasetRoom *room, gconstpointer data)
{
  set_up (room, CG_PREPROCESS_NONE, 12, 20);
  assert_whole (room, 12, 20);
}

/* One warning for all images of both domains. */
static void
test_rounding (DatasetRoom *room, gconstpointer data)
{
  GLogFunc previous = listen ();

  set_up (room, CG_PREPROCESS_NONE, 13, 18);
  dataset_room_add (room, "trainA", 3, 0, 13, 18);
  room->options.max_dataset_size = 2;
  room->options.serial_batches = TRUE;
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);
    g_autoptr (CgImage) image = scaled_image (room, 12, 16);
    g_autofree float *values = dataset_room_read (dataset, room, 1, 1, 0);

    g_assert_true (is_at (values, image, 0, 0, 12, 16));
    g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 0);
  }
  assert_warned (previous, "3 images have sides that are no multiples of 4");
}

/* Without a crop, sizes count after scaling. */
static void
test_sizes_differ (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *other = dataset_room_path (room, "trainB/01.png");
  g_autoptr (GError) error = NULL;

  set_up (room, CG_PREPROCESS_SCALE_WIDTH, 40, 48);
  fixture_write_pattern (other, 1, 80, 96);
  cg_dataset_free (dataset_room_open (room));
  fixture_write_pattern (other, 1, 40, 60);
  g_assert_null (cg_dataset_open (&room->options, &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "trainB/01.png: 20 x 32 pixels after preprocessing, but 20 x 24"));
  g_assert_nonnull (strstr (error->message, "zoom_and_crop"));
}

/* Images below the crop are named, counted and left out; a folder of them is an error. */
static void
test_too_small (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *small = dataset_room_path (room, "trainA/01.png");
  g_autoptr (GError) error = NULL;
  GLogFunc previous = listen ();

  set_up (room, CG_PREPROCESS_CROP, 16, 16);
  dataset_room_add (room, "trainA", 3, 0, 16, 16);
  fixture_write_pattern (small, 1, 100, 15);
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);
    g_autofree float *values = dataset_room_read (dataset, room, 1, 8, 0);

    g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, 2);
    g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 1);
    for (int i = 0; i < 16; i += 2)
      g_assert_cmpint (dataset_byte (values[(gsize)i * 16 * 16 * 3]), !=, fixture_value (1, 0, 0, 0));
  }
  assert_warned (previous, "trainA/01.png: 100 x 15 pixels, too small for a crop of 16 x 16");

  previous = listen ();
  dataset_room_add (room, "trainA", 1, 0, 16, 16);
  dataset_room_add (room, "trainB", 1, 0, 15, 16);
  room->options.max_dataset_size = 1;
  g_assert_null (cg_dataset_open (&room->options, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "trainB: holds no image that can be used (1 files were tried)"));
  assert_warned (previous, "trainB/00.png");
}

/* Where sizes stay what they were, the scale is the median of the short sides. */
static void
test_train_scale (DatasetRoom *room, gconstpointer data)
{
  static const int sizes[] = { 90, 20, 30, 50, 40 };
  g_autoptr (CgDataset) dataset = NULL;

  set_up (room, CG_PREPROCESS_CROP, 16, 16);
  for (int i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("trainA/%02d.png", i);
      g_autofree char *path = dataset_room_path (room, name);

      fixture_write_pattern (path, i, i % 2 ? 100 : sizes[i], i % 2 ? sizes[i] : 100);
    }
  dataset = dataset_room_open (room);
  g_assert_cmpint (cg_dataset_get_train_scale (dataset, 'A'), ==, 40);
  g_assert_cmpint (cg_dataset_get_train_scale (dataset, 'B'), ==, 16);
}

#define ADD(name, function)                                                                                            \
  g_test_add ("/dataset-modes/" name, DatasetRoom, NULL, dataset_room_set_up, function, dataset_room_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("resize-and-crop", test_resize_and_crop);
  ADD ("zoom-and-crop", test_zoom_and_crop);
  ADD ("crop", test_crop);
  ADD ("scale-width-and-crop", test_scale_width_and_crop);
  ADD ("scale-width", test_scale_width);
  ADD ("none", test_none);
  ADD ("rounding", test_rounding);
  ADD ("sizes-differ", test_sizes_differ);
  ADD ("too-small", test_too_small);
  ADD ("train-scale", test_train_scale);
  return g_test_run ();
}
