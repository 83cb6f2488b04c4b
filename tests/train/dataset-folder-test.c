/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What may lie in a data set's folders besides images, names of every kind, and folders that cannot be read. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "dataset-fixture.h"
#include "image-fixture.h"

static GPtrArray *warnings;

static void
collect (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (level & G_LOG_LEVEL_WARNING)
    g_ptr_array_add (warnings, g_strdup (message));
}

static guint
count_warnings (const char *words)
{
  guint n = 0;

  for (guint i = 0; i < warnings->len; i++)
    n += strstr (g_ptr_array_index (warnings, i), words) != NULL;
  return n;
}

/* Folders and hidden files are nobody's images; loops, pipes and dangling links are named. A link to an image is one. */
static void
test_other_things (DatasetRoom *room, gconstpointer data)
{
  static const char *const names[] = { "trainA/folder.jpg", "trainA/self.png", "trainA/up",
                                       "trainA/gone.png",   "trainA/pipe.png", "trainA/link.png" };
  g_auto (GStrv) paths = g_new0 (char *, G_N_ELEMENTS (names) + 1);
  GLogFunc previous;

  dataset_room_add (room, "trainA", 2, 0, 24, 20);
  dataset_room_add (room, "trainB", 1, 0, 24, 20);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    paths[i] = dataset_room_path (room, names[i]);
  g_assert_cmpint (g_mkdir (paths[0], 0777), ==, 0);
  g_assert_cmpint (symlink ("self.png", paths[1]), ==, 0);
  g_assert_cmpint (symlink ("..", paths[2]), ==, 0);
  g_assert_cmpint (symlink ("nowhere.png", paths[3]), ==, 0);
  g_assert_cmpint (mkfifo (paths[4], 0666), ==, 0);
  g_assert_cmpint (symlink ("00.png", paths[5]), ==, 0);

  warnings = g_ptr_array_new_with_free_func (g_free);
  previous = g_log_set_default_handler (collect, NULL);
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);

    g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, 3);
    g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 3);
  }
  g_log_set_default_handler (previous, NULL);
  g_assert_cmpuint (warnings->len, ==, 3);
  g_assert_cmpuint (count_warnings ("self.png"), ==, 1);
  g_assert_cmpuint (count_warnings ("gone.png"), ==, 1);
  g_assert_cmpuint (count_warnings ("pipe.png"), ==, 1);
  g_ptr_array_unref (warnings);
  /* The fixture's own walk would follow the link upwards. */
  g_assert_cmpint (g_unlink (paths[2]), ==, 0);
}

/* Spaces, other alphabets, line ends, bytes that are no UTF-8, no suffix and a wrong one, in bytewise order. */
static void
test_names (DatasetRoom *room, gconstpointer data)
{
  static const char *const names[]
      = { "a b.png", "a\nb.png", "no suffix", "photo.JPEG", "\xc3\xa9t\xc3\xa9.png", "\xe9t\xe9.png", "%s%n.png" };
  static const int in_order[] = { 6, 1, 0, 2, 3, 4, 5 };
  g_autofree char *folder = dataset_room_path (room, "trainA");
  g_autoptr (CgDataset) dataset = NULL;
  g_autofree float *values = NULL;

  room->options.preprocess = CG_PREPROCESS_NONE;
  room->options.serial_batches = TRUE;
  room->options.flip = FALSE;
  room->options.batch_size = 1;
  dataset_room_add (room, "trainB", 1, 0, 8, 8);
  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = fixture_path (folder, names[i]);

      fixture_write_pattern (path, (int)i, 8, 8);
    }
  dataset = dataset_room_open (room);
  g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, (int)G_N_ELEMENTS (names));
  g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 0);
  values = dataset_room_read (dataset, room, 1, G_N_ELEMENTS (names), 0);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (dataset_byte (values[i * 2 * 8 * 8 * 3]), ==, fixture_value (in_order[i], 0, 0, 0));
}

static void
assert_not_opened (const DatasetRoom *room, GFileError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cg_dataset_open (&room->options, &error));
  g_assert_error (error, G_FILE_ERROR, (int)code);
  g_assert_nonnull (strstr (error->message, words));
}

/* A file in the place of a folder, and a folder without permission, which root would not notice. */
static void
test_unreadable_folders (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *path = dataset_room_path (room, "trainA");

  dataset_room_add (room, "trainB", 1, 0, 24, 20);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  assert_not_opened (room, G_FILE_ERROR_NOTDIR, "trainA");
  g_assert_cmpint (g_unlink (path), ==, 0);

  dataset_room_add (room, "trainA", 1, 0, 24, 20);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  g_assert_cmpint (g_chmod (room->root, 0755), ==, 0);
  if (geteuid () == 0)
    g_assert_cmpint (seteuid (65534), ==, 0);
  assert_not_opened (room, G_FILE_ERROR_ACCES, "trainA");
  if (getuid () == 0)
    g_assert_cmpint (seteuid (0), ==, 0);
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

/* Readable files alone count towards the limit; numbers over the files there are do no harm. */
static void
test_max_dataset_size (DatasetRoom *room, gconstpointer data)
{
  static const int limits[][4] = { { 1, 1, 1, 1 }, { 2, 2, 2, 1 }, { 3, 3, 2, 2 }, { 100, 4, 2, 2 }, { 0, 4, 2, 2 } };
  g_autofree char *text = dataset_room_path (room, "trainA/00.png");
  GLogFunc previous;

  dataset_room_add (room, "trainA", 5, 0, 24, 20);
  dataset_room_add (room, "trainB", 2, 0, 24, 20);
  g_assert_true (g_file_set_contents (text, "words", -1, NULL));
  warnings = g_ptr_array_new_with_free_func (g_free);
  previous = g_log_set_default_handler (collect, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_autoptr (CgDataset) dataset = NULL;

      room->options.max_dataset_size = limits[i][0];
      dataset = dataset_room_open (room);
      g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, limits[i][1]);
      g_assert_cmpint (cg_dataset_get_size (dataset, 'B'), ==, limits[i][2]);
      /* Batches of 2: ceil (max (|A|, |B|) / 2). */
      g_assert_cmpint (cg_dataset_get_steps_per_epoch (dataset), ==, limits[i][3]);
    }
  g_log_set_default_handler (previous, NULL);
  g_assert_cmpuint (count_warnings ("00.png"), ==, G_N_ELEMENTS (limits));
  g_ptr_array_unref (warnings);
}

/* ceil (max (|A|, |B|) / batch), whichever is the larger. */
static void
test_epoch_length (DatasetRoom *room, gconstpointer data)
{
  static const int expected[][2] = { { 1, 7 }, { 2, 4 }, { 3, 3 }, { 6, 2 }, { 7, 1 }, { 8, 1 }, { 256, 1 } };

  for (int swapped = 0; swapped < 2; swapped++)
    {
      dataset_room_add (room, "trainA", swapped ? 7 : 3, 0, 24, 20);
      dataset_room_add (room, "trainB", swapped ? 3 : 7, 0, 24, 20);
      for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
        {
          g_autoptr (CgDataset) dataset = NULL;

          room->options.batch_size = expected[i][0];
          room->options.max_dataset_size = 0;
          dataset = dataset_room_open (room);
          g_assert_cmpint (cg_dataset_get_steps_per_epoch (dataset), ==, expected[i][1]);
        }
      for (int k = 3; k < 7; k++)
        {
          g_autofree char *name = g_strdup_printf ("trainB/%02d.png", k);
          g_autofree char *path = dataset_room_path (room, name);

          g_unlink (path);
        }
    }
}

#define ADD(name, function)                                                                                            \
  g_test_add ("/dataset-folder/" name, DatasetRoom, NULL, dataset_room_set_up, function, dataset_room_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("other-things", test_other_things);
  ADD ("names", test_names);
  ADD ("unreadable-folders", test_unreadable_folders);
  ADD ("max-dataset-size", test_max_dataset_size);
  ADD ("epoch-length", test_epoch_length);
  return g_test_run ();
}
