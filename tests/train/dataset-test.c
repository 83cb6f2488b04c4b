/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgDataset: batches are functions of options, files and step; crops, flips and orders have the distribution they
 * should. */
#include "dataset.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "dataset-fixture.h"
#include "image-fixture.h"

static void
test_deterministic (DatasetRoom *room, gconstpointer data)
{
  gsize bytes;
  g_autofree float *eager = NULL, *idle = NULL, *jumped = NULL;

  dataset_room_add (room, "trainA", 5, 0, 31, 24);
  dataset_room_add (room, "trainB", 3, 10, 24, 40);
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);

    bytes = 12 * 2 * dataset_batch_length (dataset, room) * sizeof (float);
    eager = dataset_room_read (dataset, room, 1, 12, 0);
  }
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);

    idle = dataset_room_read (dataset, room, 1, 12, 3000);
    g_assert_cmpmem (idle, bytes, eager, bytes);
  }
  {
    /* Another part first, while the worker is ahead, then the same again, and one step twice. */
    g_autoptr (CgDataset) dataset = dataset_room_open (room);
    g_autofree float *tail = dataset_room_read (dataset, room, 7, 12, 0);
    g_autofree float *last = dataset_room_read (dataset, room, 12, 12, 0);

    jumped = dataset_room_read (dataset, room, 1, 12, 0);
    g_assert_cmpmem (jumped, bytes, eager, bytes);
    g_assert_cmpmem (tail, bytes / 2, eager + bytes / 2 / sizeof (float), bytes / 2);
    g_assert_cmpmem (last, bytes / 12, eager + bytes / 12 * 11 / sizeof (float), bytes / 12);
  }
  for (int i = 0; i < 4; i++)
    {
      /* Neither the number of workers nor what stays in memory shows: nothing, three images or all of them. */
      static const int n_workers[] = { 1, 7, 3, 1 };
      static const gsize cache_bytes[] = { 0, 0, 5000, 1 << 24 };
      g_autoptr (CgDataset) dataset = NULL;
      g_autofree float *same = NULL;

      room->options.n_workers = n_workers[i];
      room->options.cache_bytes = cache_bytes[i];
      dataset = dataset_room_open (room);
      same = dataset_room_read (dataset, room, 1, 12, i % 2 ? 500 : 0);
      g_assert_cmpmem (same, bytes, eager, bytes);
    }
  {
    g_autoptr (CgDataset) dataset = NULL;
    g_autofree float *other = NULL;

    room->options.seed = 43;
    dataset = dataset_room_open (room);
    other = dataset_room_read (dataset, room, 1, 12, 0);
    g_assert_cmpint (memcmp (other, eager, bytes), !=, 0);
  }
}

/* Without preprocessing and in serial order, values are the files' own: v / 127.5 - 1. */
static void
test_serial (DatasetRoom *room, gconstpointer data)
{
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *values = NULL;
  int height, width;
  gsize n = 12 * 8 * 3;

  room->options.preprocess = CG_PREPROCESS_NONE;
  room->options.serial_batches = TRUE;
  room->options.flip = FALSE;
  dataset_room_add (room, "trainA", 5, 0, 12, 8);
  dataset_room_add (room, "trainB", 3, 10, 12, 8);
  dataset = dataset_room_open (room);
  g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, 5);
  g_assert_cmpint (cg_dataset_get_size (dataset, 'B'), ==, 3);
  g_assert_cmpint (cg_dataset_get_steps_per_epoch (dataset), ==, 3);
  cg_dataset_get_crop_size (dataset, &height, &width);
  g_assert_cmpint (height, ==, 8);
  g_assert_cmpint (width, ==, 12);
  g_assert_cmpint (cg_dataset_get_train_scale (dataset, 'A'), ==, 8);

  values = dataset_room_read (dataset, room, 1, 6, 0);
  for (int item = 0; item < 6 * 2 * 2; item++)
    {
      int step = item / 4, domain = item / 2 % 2, place = item % 2;
      int position = step % 3 * 2 + place;
      int tag = domain ? 10 + position % 3 : position % 5;

      for (gsize i = 0; i < n; i++)
        {
          guint8 byte = fixture_value (tag, (int)(i / 3 % 12), (int)(i / 36), (int)(i % 3));

          g_assert_cmpfloat (values[(gsize)item * n + i], ==, (float)byte / 127.5f - 1.0f);
        }
    }
}

/* Images of one colour each tell by it which was drawn. */
static void
add_flat_images (const DatasetRoom *room, const char *name, int n)
{
  g_autofree char *folder = dataset_room_path (room, name);

  g_mkdir_with_parents (folder, 0777);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *file = g_strdup_printf ("%02d.png", i);
      g_autofree char *path = fixture_path (folder, file);
      guint8 rows[8 * 8];
      FixturePng png = { .width = 8, .height = 8, .bit_depth = 8, .colour_type = 0 };

      memset (rows, i * 5, sizeof rows);
      fixture_write_png (path, &png, rows);
    }
}

static void
test_order (DatasetRoom *room, gconstpointer data)
{
  enum
  {
    A = 12,
    B = 20,
    EPOCHS = 30,
    N = 8 * 8 * 3
  };
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *values = NULL;
  int drawn[B] = { 0 }, first[A] = { 0 };

  room->options.preprocess = CG_PREPROCESS_NONE;
  room->options.batch_size = 1;
  add_flat_images (room, "trainA", A);
  add_flat_images (room, "trainB", B);
  dataset = dataset_room_open (room);
  g_assert_cmpint (cg_dataset_get_steps_per_epoch (dataset), ==, B);
  values = dataset_room_read (dataset, room, 1, EPOCHS * B, 0);
  for (int epoch = 0; epoch < EPOCHS; epoch++)
    {
      int seen[A] = { 0 };

      for (int i = 0; i < B; i++)
        {
          const float *step = values + (gsize)(epoch * B + i) * 2 * N;

          seen[dataset_byte (step[0]) / 5]++;
          drawn[dataset_byte (step[N]) / 5]++;
          first[dataset_byte (step[0]) / 5] += i == 0;
        }
      /* 20 numbers modulo 12: every image of A comes once, the first eight twice. */
      for (int i = 0; i < A; i++)
        g_assert_cmpint (seen[i], ==, i < B - A ? 2 : 1);
    }
  /* 600 draws of 20: 30 each, standard deviation 5.3; five of them. The first place of 30 epochs is not always the
   * same image's. */
  for (int i = 0; i < B; i++)
    g_assert_cmpint (ABS (drawn[i] - EPOCHS), <, 27);
  for (int i = 0; i < A; i++)
    g_assert_cmpint (first[i], <, 15);
}

/* Finds the crop in the known image: the offset and mirroring are read off the pixels. */
static gboolean
matches (const float *crop, int tag, int x0, int y0, gboolean mirror, int size)
{
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      if (dataset_byte (crop[(y * size + x) * 3]) != fixture_value (tag, x0 + (mirror ? size - 1 - x : x), y0 + y, 0))
        return FALSE;
  return TRUE;
}

static void
test_crops_and_flips (DatasetRoom *room, gconstpointer data)
{
  enum
  {
    STEPS = 400,
    SIZE = 16,
    N = SIZE * SIZE * 3
  };
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *values = NULL;
  int at_x[9] = { 0 }, at_y[5] = { 0 }, flips[2] = { 0 };

  /* The short side is the load size already, so pixels are the file's. */
  room->options.batch_size = 1;
  dataset_room_add (room, "trainA", 1, 0, 24, 20);
  dataset_room_add (room, "trainB", 1, 1, 24, 20);
  dataset = dataset_room_open (room);
  values = dataset_room_read (dataset, room, 1, STEPS, 0);
  for (int crop = 0; crop < 2 * STEPS; crop++)
    {
      int found = 0;

      for (int i = 0; i < 9 * 5 * 2; i++)
        if (matches (values + (gsize)crop * N, crop % 2, i % 9, i / 9 % 5, i >= 45, SIZE))
          {
            found++;
            at_x[i % 9]++;
            at_y[i / 9 % 5]++;
            flips[crop % 2] += i >= 45;
          }
      g_assert_cmpint (found, ==, 1);
    }
  /* 800 crops over 9 and 5 places: 89 +- 8.9 and 160 +- 11.3; 400 tosses: 200 +- 10. Five standard deviations. */
  for (int i = 0; i < 9; i++)
    g_assert_cmpint (ABS (at_x[i] - 89), <, 45);
  for (int i = 0; i < 5; i++)
    g_assert_cmpint (ABS (at_y[i] - 160), <, 57);
  g_assert_cmpint (ABS (flips[0] - 200), <, 50);
  g_assert_cmpint (ABS (flips[1] - 200), <, 50);
}

static void
test_no_flip (DatasetRoom *room, gconstpointer data)
{
  enum
  {
    STEPS = 40,
    SIZE = 16,
    N = SIZE * SIZE * 3
  };
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *values = NULL;

  room->options.batch_size = 1;
  room->options.flip = FALSE;
  room->options.load_size = SIZE;
  dataset_room_add (room, "trainA", 1, 0, SIZE, SIZE);
  dataset_room_add (room, "trainB", 1, 1, SIZE, SIZE);
  dataset = dataset_room_open (room);
  values = dataset_room_read (dataset, room, 1, STEPS, 0);
  for (int crop = 0; crop < 2 * STEPS; crop++)
    g_assert_true (matches (values + (gsize)crop * N, crop % 2, 0, 0, FALSE, SIZE));
}

/* Squashing keeps a flat image flat and makes the crop fit whatever the shape; a too small zoom is raised to the
 * crop. */
static void
test_shapes (DatasetRoom *room, gconstpointer data)
{
  static const int sizes[][2] = { { 200, 9 }, { 3, 50 }, { 1, 1 }, { 17, 16 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int preprocess = 0; preprocess < 2; preprocess++)
      {
        g_autoptr (CgDataset) dataset = NULL;
        g_autofree float *values = NULL;

        dataset_room_add (room, "trainA", 1, 0, sizes[i][0], sizes[i][1]);
        dataset_room_add (room, "trainB", 1, 1, sizes[i][1], sizes[i][0]);
        room->options.preprocess = preprocess ? CG_PREPROCESS_ZOOM_AND_CROP : CG_PREPROCESS_RESIZE_AND_CROP;
        room->options.load_size = preprocess ? 10 : 18;
        dataset = dataset_room_open (room);
        g_assert_cmpint (cg_dataset_get_train_scale (dataset, 'B'), ==, preprocess ? 16 : 18);
        values = dataset_room_read (dataset, room, 1, 3, 0);
        for (gsize k = 0; k < 3 * 2 * dataset_batch_length (dataset, room); k++)
          g_assert_true (values[k] >= -1.0f && values[k] <= 1.0f);
      }
}

static void
test_max_dataset_size (DatasetRoom *room, gconstpointer data)
{
  g_autoptr (CgDataset) dataset = NULL;

  room->options.max_dataset_size = 3;
  dataset_room_add (room, "trainA", 5, 0, 24, 20);
  dataset_room_add (room, "trainB", 2, 0, 24, 20);
  dataset = dataset_room_open (room);
  g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, 3);
  g_assert_cmpint (cg_dataset_get_size (dataset, 'B'), ==, 2);
  g_assert_cmpint (cg_dataset_get_steps_per_epoch (dataset), ==, 2);
}

/* From the test folder where there is one, else from the training folder; centred; also while the worker runs. */
static void
test_sample (DatasetRoom *room, gconstpointer data)
{
  g_autoptr (CgDataset) dataset = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *values = NULL;
  float sample[16 * 16 * 3];

  dataset_room_add (room, "trainA", 2, 0, 24, 20);
  dataset_room_add (room, "trainB", 3, 10, 24, 20);
  dataset_room_add (room, "testA", 2, 20, 24, 20);
  dataset = dataset_room_open (room);
  values = dataset_room_read (dataset, room, 1, 1, 0);
  for (int i = 0; i < 4; i++)
    {
      g_assert_true (cg_dataset_get_sample (dataset, 'A', i, sample, &error));
      g_assert_true (matches (sample, 20 + i % 2, 4, 2, FALSE, 16));
      g_assert_true (cg_dataset_get_sample (dataset, 'B', i, sample, &error));
      g_assert_true (matches (sample, 10 + i % 3, 4, 2, FALSE, 16));
      g_assert_no_error (error);
    }
}

/* Once every image is in memory, a caller slower than the worker does not wait. */
static void
test_cached_steps_do_not_wait (DatasetRoom *room, gconstpointer data)
{
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *warm = NULL, *rest = NULL;
  double waited;

  dataset_room_add (room, "trainA", 4, 0, 300, 200);
  dataset_room_add (room, "trainB", 4, 10, 300, 200);
  dataset = dataset_room_open (room);
  g_assert_cmpfloat (cg_dataset_get_wait_seconds (dataset), ==, 0.0);
  warm = dataset_room_read (dataset, room, 1, 20, 0);
  waited = cg_dataset_get_wait_seconds (dataset);
  g_assert_cmpfloat (waited, >, 0.0);
  rest = dataset_room_read (dataset, room, 21, 30, 20000);
  g_test_message ("waited %g s for ten cached steps", cg_dataset_get_wait_seconds (dataset) - waited);
  g_assert_cmpfloat (cg_dataset_get_wait_seconds (dataset) - waited, <, 0.1);
}

#define ADD(name, function)                                                                                            \
  g_test_add ("/dataset/" name, DatasetRoom, NULL, dataset_room_set_up, function, dataset_room_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("deterministic", test_deterministic);
  ADD ("serial", test_serial);
  ADD ("order", test_order);
  ADD ("crops-and-flips", test_crops_and_flips);
  ADD ("no-flip", test_no_flip);
  ADD ("shapes", test_shapes);
  ADD ("max-dataset-size", test_max_dataset_size);
  ADD ("sample", test_sample);
  ADD ("cached-steps-do-not-wait", test_cached_steps_do_not_wait);
  return g_test_run ();
}
