/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A data set in a folder of its own, and reading runs of steps from it. */
#include "dataset-fixture.h"

#include <glib/gstdio.h>

#include "image-fixture.h"

char *
dataset_room_path (const DatasetRoom *room, const char *name)
{
  return fixture_path (room->root, name);
}

/* Folder @name with images 00.png, 01.png, … whose tags count up from @tag. */
void
dataset_room_add (const DatasetRoom *room, const char *name, int n, int tag, int width, int height)
{
  g_autofree char *folder = dataset_room_path (room, name);

  g_mkdir_with_parents (folder, 0777);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *file = g_strdup_printf ("%02d.png", i);
      g_autofree char *path = fixture_path (folder, file);

      fixture_write_pattern (path, tag + i, width, height);
    }
}

void
dataset_room_set_up (DatasetRoom *room, gconstpointer data)
{
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  room->root = fixture_folder_new ();
  room->options = (CgDatasetOptions){ .dataroot = room->root,
                                      .preprocess = CG_PREPROCESS_ZOOM_AND_CROP,
                                      .load_size = 20,
                                      .crop_size = 16,
                                      .flip = TRUE,
                                      .batch_size = 2,
                                      .seed = 42,
                                      .cache_bytes = 1 << 24,
                                      .n_workers = 2 };
}

void
dataset_room_tear_down (DatasetRoom *room, gconstpointer data)
{
  fixture_folder_free (room->root);
}

CgDataset *
dataset_room_open (const DatasetRoom *room)
{
  g_autoptr (GError) error = NULL;
  CgDataset *dataset = cg_dataset_open (&room->options, &error);

  g_assert_no_error (error);
  return dataset;
}

gsize
dataset_batch_length (CgDataset *dataset, const DatasetRoom *room)
{
  int height, width;

  cg_dataset_get_crop_size (dataset, &height, &width);
  return (gsize)room->options.batch_size * height * width * 3;
}

/* Steps first … last, A and B behind each other; the caller frees them. */
float *
dataset_room_read (CgDataset *dataset, const DatasetRoom *room, gint64 first, gint64 last, gulong pause)
{
  gsize n = dataset_batch_length (dataset, room);
  float *values = g_new (float, (gsize)(last - first + 1) * 2 * n);
  g_autoptr (GError) error = NULL;

  for (gint64 step = first; step <= last; step++)
    {
      float *at = values + (gsize)(step - first) * 2 * n;

      g_assert_true (cg_dataset_get_batch (dataset, step, at, at + n, &error));
      g_assert_no_error (error);
      g_usleep (pause);
    }
  return values;
}

int
dataset_byte (float value)
{
  return (int)((value + 1.0f) * 127.5f + 0.5f);
}
