/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Folders of images to measure with: order, middle, luma, names, and files that are none. */
#include "image-set.h"

#include <cyclegan-train.h>
#include <string.h>

#include "image-fixture.h"

typedef struct
{
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  fixture->folder = fixture_folder_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  fixture_folder_free (fixture->folder);
}

static void
add (const Fixture *fixture, const char *name, int tag, int width, int height)
{
  g_autofree char *path = fixture_path (fixture->folder, name);

  fixture_write_pattern (path, tag, width, height);
}

static CgImageSet *
open (const Fixture *fixture, int load_size, int crop_size, int max_images)
{
  g_autoptr (GError) error = NULL;
  CgImageSet *set = cg_image_set_open (fixture->folder, load_size, crop_size, max_images, &error);

  g_assert_no_error (error);
  return set;
}

/* Sorted, and the middle of a picture that is as large as it is loaded. */
static void
test_pixels (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CgImageSet) set = NULL;
  float values[8 * 8 * 3], grey[8 * 8];

  add (fixture, "b.png", 2, 20, 12);
  add (fixture, "a.png", 1, 12, 14);
  set = open (fixture, 12, 8, 0);
  g_assert_cmpint (cg_image_set_get_size (set), ==, 2);
  cg_image_set_get (set, 1, 3, values);
  cg_image_set_get (set, 1, 1, grey);
  for (int y = 0; y < 8; y++)
    for (int x = 0; x < 8; x++)
      {
        const float *pixel = values + (y * 8 + x) * 3;

        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat (pixel[c], ==, (float)fixture_value (2, x + 6, y + 2, c) / 127.5f - 1.0f);
        /* To the level. */
        g_assert_cmpfloat_with_epsilon (grey[y * 8 + x], 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2],
                                        0.5 / 127.5 + 1e-5);
      }
  cg_image_set_get (set, 0, 3, values);
  g_assert_cmpfloat (values[0], ==, (float)fixture_value (1, 2, 3, 0) / 127.5f - 1.0f);
}

/* Whatever the proportions, the short side is scaled. */
static void
test_scale (Fixture *fixture, gconstpointer data)
{
  g_autoptr (CgImageSet) set = NULL;
  float values[16 * 16 * 3];

  add (fixture, "wide.png", 1, 90, 30);
  add (fixture, "tall.png", 1, 9, 40);
  set = open (fixture, 17, 16, 0);
  g_assert_cmpint (cg_image_set_get_size (set), ==, 2);
  for (int i = 0; i < 2; i++)
    {
      cg_image_set_get (set, i, 3, values);
      for (int k = 0; k < 16 * 16 * 3; k++)
        g_assert_true (values[k] >= -1.0f && values[k] <= 1.0f);
    }
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  g_autofree char *other_folder = fixture_folder_new ();
  g_autofree char *truth = fixture_path (other_folder, "two.three.png");
  g_autofree char *stray = fixture_path (other_folder, "stray.png");
  g_autoptr (CgImageSet) set = NULL;
  g_autoptr (CgImageSet) other = NULL;

  add (fixture, "one.png", 1, 16, 16);
  add (fixture, "two.three.PNG", 2, 16, 16);
  fixture_write_pattern (truth, 3, 16, 16);
  fixture_write_pattern (stray, 4, 16, 16);
  set = open (fixture, 16, 16, 0);
  other = cg_image_set_open (other_folder, 16, 16, 0, NULL);
  g_assert_cmpint (cg_image_set_find (other, set, 0), ==, -1);
  g_assert_cmpint (cg_image_set_find (other, set, 1), ==, 1);
  fixture_folder_free (g_steal_pointer (&other_folder));
}

static void
test_strays (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = fixture_path (fixture->folder, "0-notes.txt");
  g_autofree char *half = fixture_path (fixture->folder, "1-half.png");
  g_autoptr (CgImageSet) set = NULL;
  g_autoptr (CgImageSet) one = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (text, "no image", -1, NULL));
  g_assert_null (cg_image_set_open (fixture->folder, 16, 16, 0, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, fixture->folder));
  g_clear_error (&error);

  add (fixture, "1-half.png", 1, 32, 32);
  fixture_truncate (half, 200);
  add (fixture, "2.png", 2, 16, 16);
  add (fixture, "3.png", 3, 16, 16);
  add (fixture, ".hidden.png", 4, 16, 16);
  set = open (fixture, 16, 16, 0);
  g_assert_cmpint (cg_image_set_get_size (set), ==, 2);
  one = open (fixture, 16, 16, 1);
  g_assert_cmpint (cg_image_set_get_size (one), ==, 1);

  g_assert_null (cg_image_set_open (text, 16, 16, 0, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, text));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function) g_test_add ("/train/image-set/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("pixels", test_pixels);
  ADD ("scale", test_scale);
  ADD ("names", test_names);
  ADD ("strays", test_strays);
  return g_test_run ();
}
