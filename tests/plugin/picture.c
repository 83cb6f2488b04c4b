/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Generated pictures: every pixel a function of its place, so that turned or shifted results do not go unnoticed. */
#include "picture.h"

#include <glib/gstdio.h>
#include <math.h>

GeglBuffer *
cg_picture_new (int width, int height, const Babl *format)
{
  GeglBuffer *picture = gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), format);
  g_autofree float *pixels = g_new (float, 4 * width * height);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        float *pixel = pixels + 4 * (y * width + x);

        pixel[0] = (float)(0.5 + 0.4 * sin (0.21 * x + 0.03 * y));
        pixel[1] = (float)(0.9 * y / height + 0.1 * ((x + y) % 3 == 0));
        pixel[2] = (float)(0.5 + 0.3 * cos (0.11 * x * y));
        pixel[3] = x % 7 == 0 ? 0.0f : x % 7 == 1 ? 1.0f : (float)(x * height + y) / (float)(width * height);
      }
  gegl_buffer_set (picture, NULL, 0, babl_format ("R'G'B'A float"), pixels, GEGL_AUTO_ROWSTRIDE);
  return picture;
}

void
cg_picture_save (GeglBuffer *picture, const char *path, int bits)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", picture, NULL);
  GeglNode *saver;

  if (g_str_has_suffix (path, ".png"))
    saver = gegl_node_new_child (graph, "operation", "gegl:png-save", "path", path, "bitdepth", bits, NULL);
  else
    saver = gegl_node_new_child (graph, "operation", "gegl:save", "path", path, NULL);
  gegl_node_link (source, saver);
  gegl_node_process (saver);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
}

GeglBuffer *
cg_picture_load (const char *path)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglBuffer *picture = NULL;
  GeglNode *loader, *sink;

  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  loader = gegl_node_new_child (graph, "operation", "gegl:load", "path", path, NULL);
  sink = gegl_node_new_child (graph, "operation", "gegl:buffer-sink", "buffer", &picture, "format", NULL, NULL);
  gegl_node_link (loader, sink);
  gegl_node_process (sink);
  g_assert_nonnull (picture);
  return picture;
}

float *
cg_picture_get (GeglBuffer *picture, const Babl *format)
{
  int n = gegl_buffer_get_width (picture) * gegl_buffer_get_height (picture) * babl_format_get_n_components (format);
  float *pixels = g_new (float, n);

  gegl_buffer_get (picture, NULL, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  return pixels;
}

float *
cg_picture_translate (GeglBuffer *picture, CgModel *model, const CgTranslateOptions *options)
{
  int width = gegl_buffer_get_width (picture), height = gegl_buffer_get_height (picture);
  float *pixels = cg_picture_get (picture, babl_format ("R'G'B' float"));
  g_autoptr (GError) error = NULL;

  cg_translate (model, options, width, height, pixels, (gsize)width * 3, pixels, (gsize)width * 3, NULL, NULL, NULL,
                &error);
  g_assert_no_error (error);
  return pixels;
}

float
cg_picture_compare (const float *a, const float *b, gsize n)
{
  float largest = 0.0f;

  for (gsize i = 0; i < n; i++)
    largest = fmaxf (largest, fabsf (a[i] - b[i]));
  return largest;
}

char *
cg_picture_make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("cyclegan-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_below (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_below (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

void
cg_picture_remove_folder (char *folder)
{
  remove_below (folder);
  g_free (folder);
}

int
cg_picture_spawn (const char *folder, const char *const *argv, char **errors)
{
  const char *const homes[] = { "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME" };
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *caught = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    environment = g_environ_setenv (environment, homes[i], folder, TRUE);
  /* The children's warnings are what is tested, so they must not abort. */
  environment = g_environ_unsetenv (environment, "G_DEBUG");
  environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
  g_spawn_sync (folder, (char **)argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                &caught, &status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (status));
  if (errors)
    *errors = g_steal_pointer (&caught);
  return WEXITSTATUS (status);
}
