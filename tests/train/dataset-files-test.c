/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which files a dataset is made of: unreadable ones are named once and stood in for, unusable folders are refused, all of it is summed up. */
#include "dataset.h"

#include <glib/gstdio.h>
#include <string.h>

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

static gboolean
is_warned_of (const char *name)
{
  int n = 0;

  for (guint i = 0; i < warnings->len; i++)
    n += strstr (g_ptr_array_index (warnings, i), name) != NULL;
  return n == 1;
}

/* 01.png has a good header only, 03.png is text, 04.png empty: 02.png stands in for 01.png, the others never
 * count. */
static void
test_unreadable (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *cut = dataset_room_path (room, "trainA/01.png");
  g_autofree char *text = dataset_room_path (room, "trainA/03.png");
  g_autofree char *empty = dataset_room_path (room, "trainA/04.png");
  g_autofree char *hidden = dataset_room_path (room, "trainA/.hidden");
  g_autofree char *sub = dataset_room_path (room, "trainA/sub");
  GLogFunc previous;
  gsize n = 12 * 8 * 3;

  room->options.preprocess = CG_PREPROCESS_NONE;
  room->options.serial_batches = TRUE;
  room->options.flip = FALSE;
  room->options.batch_size = 1;
  dataset_room_add (room, "trainA", 6, 0, 12, 8);
  dataset_room_add (room, "trainB", 4, 10, 12, 8);
  fixture_truncate (cut, 60);
  g_assert_true (g_file_set_contents (text, "words", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  g_assert_true (g_file_set_contents (hidden, "words", -1, NULL));
  g_mkdir (sub, 0777);

  warnings = g_ptr_array_new_with_free_func (g_free);
  previous = g_log_set_default_handler (collect, NULL);
  {
    static const int tags[] = { 0, 2, 2, 5, 0, 2, 2, 5, 0 };
    g_autoptr (CgDataset) dataset = dataset_room_open (room);
    g_autofree float *values = NULL;

    g_assert_cmpint (cg_dataset_get_size (dataset, 'A'), ==, 4);
    g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 2);
    values = dataset_room_read (dataset, room, 1, 9, 0);
    g_assert_cmpint (cg_dataset_get_n_skipped (dataset), ==, 3);
    for (int step = 0; step < 9; step++)
      g_assert_cmpint (dataset_byte (values[(gsize)step * 2 * n]), ==, fixture_value (tags[step], 0, 0, 0));
  }
  g_log_set_default_handler (previous, NULL);
  g_assert_cmpuint (warnings->len, ==, 3);
  g_assert_true (is_warned_of ("01.png") && is_warned_of ("03.png") && is_warned_of ("04.png"));
  g_ptr_array_unref (warnings);
}

/* Every header is good, no file is: the worker's error comes out of get_batch(), again and again, and ends
 * nothing. */
static void
test_none_decodes (DatasetRoom *room, gconstpointer data)
{
  float a[2 * 16 * 16 * 3], b[2 * 16 * 16 * 3];
  GLogFunc previous;

  dataset_room_add (room, "trainA", 2, 0, 24, 20);
  dataset_room_add (room, "trainB", 2, 0, 24, 20);
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("trainB/%02d.png", i);
      g_autofree char *path = dataset_room_path (room, name);

      fixture_truncate (path, 100);
    }
  warnings = g_ptr_array_new_with_free_func (g_free);
  previous = g_log_set_default_handler (collect, NULL);
  {
    g_autoptr (CgDataset) dataset = dataset_room_open (room);

    for (int i = 0; i < 3; i++)
      {
        g_autoptr (GError) error = NULL;

        g_assert_false (cg_dataset_get_batch (dataset, i < 2 ? 1 : 2, a, b, &error));
        g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
        g_assert_nonnull (strstr (error->message, "trainB"));
      }
  }
  g_log_set_default_handler (previous, NULL);
  g_assert_cmpuint (warnings->len, ==, 2);
  g_ptr_array_unref (warnings);
}

static void
assert_not_opened (const DatasetRoom *room, GQuark domain, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  CgDataset *dataset = cg_dataset_open (&room->options, &error);

  g_assert_null (dataset);
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refusals (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *folder = dataset_room_path (room, "trainB");
  g_autofree char *odd = dataset_room_path (room, "trainB/02.png");

  assert_not_opened (room, G_FILE_ERROR, G_FILE_ERROR_NOENT, "trainA");
  dataset_room_add (room, "trainA", 2, 0, 12, 8);
  assert_not_opened (room, G_FILE_ERROR, G_FILE_ERROR_NOENT, "trainB");
  g_mkdir (folder, 0777);
  assert_not_opened (room, CG_ERROR, CG_ERROR_FORMAT, "trainB: holds no image that can be used (0 files were tried)");

  dataset_room_add (room, "trainB", 2, 0, 12, 8);
  room->options.preprocess = CG_PREPROCESS_RESIZE_AND_CROP;
  room->options.load_size = 15;
  assert_not_opened (room, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "load size 15");
  room->options.preprocess = CG_PREPROCESS_NONE;
  fixture_write_pattern (odd, 0, 12, 12);
  assert_not_opened (room, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                     "02.png: 12 x 12 pixels after preprocessing, but 12 x 8");
  room->options.max_dataset_size = 2;
  cg_dataset_free (dataset_room_open (room));
  room->options.batch_size = 0;
  assert_not_opened (room, CG_ERROR, CG_ERROR_FORMAT, "a batch of 0");
}

static char *
sum_of (const DatasetRoom *room, char domain)
{
  g_autoptr (CgDataset) dataset = dataset_room_open (room);
  g_autoptr (GError) error = NULL;
  char *sum = cg_dataset_checksum (dataset, domain, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (sum), ==, 64);
  return sum;
}

/* A test folder does not count; another content, name or file does. */
static void
test_checksum (DatasetRoom *room, gconstpointer data)
{
  g_autofree char *old = dataset_room_path (room, "trainA/01.png");
  g_autofree char *renamed = dataset_room_path (room, "trainA/05.png");
  g_autofree char *sum = NULL, *of_b = NULL, *with_test = NULL, *changed = NULL, *moved = NULL, *more = NULL;

  dataset_room_add (room, "trainA", 2, 0, 24, 20);
  dataset_room_add (room, "trainB", 2, 0, 24, 20);
  sum = sum_of (room, 'A');
  of_b = sum_of (room, 'B');
  g_assert_cmpstr (of_b, ==, sum);
  dataset_room_add (room, "testA", 1, 0, 24, 20);
  with_test = sum_of (room, 'A');
  g_assert_cmpstr (with_test, ==, sum);

  dataset_room_add (room, "trainA", 1, 7, 24, 20);
  changed = sum_of (room, 'A');
  g_assert_cmpstr (changed, !=, sum);
  g_assert_cmpint (g_rename (old, renamed), ==, 0);
  moved = sum_of (room, 'A');
  g_assert_cmpstr (moved, !=, changed);
  dataset_room_add (room, "trainA", 2, 7, 24, 20);
  more = sum_of (room, 'A');
  g_assert_cmpstr (more, !=, moved);
}

#define ADD(name, function)                                                                                            \
  g_test_add ("/dataset-files/" name, DatasetRoom, NULL, dataset_room_set_up, function, dataset_room_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("unreadable", test_unreadable);
  ADD ("none-decodes", test_none_decodes);
  ADD ("refusals", test_refusals);
  ADD ("checksum", test_checksum);
  return g_test_run ();
}
