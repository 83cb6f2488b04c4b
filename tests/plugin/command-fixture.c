/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A folder, a model and `cyclegan translate` in it: what the tests of the command share. */
#include "command-fixture.h"

#include "tiny-model.h"

#define MAX_WORDS 24

char *cg_command_folder;
char *cg_command_model;

void
cg_command_start (void)
{
  gegl_init (NULL, NULL);
  cg_command_folder = cg_picture_make_folder ();
  cg_command_model = cg_command_path ("tiny.safetensors");
  cg_tiny_model_save (cg_command_model, 3, 3, 20, 5);
}

void
cg_command_end (void)
{
  g_clear_pointer (&cg_command_model, g_free);
  cg_picture_remove_folder (g_steal_pointer (&cg_command_folder));
  gegl_exit ();
}

char *
cg_command_path (const char *name)
{
  return g_build_filename (cg_command_folder, name, NULL);
}

static void
fill_words (const char *argv[MAX_WORDS], char **more)
{
  const char *first[] = { g_getenv ("CG_TEST_COMMAND"), "translate", "--model", cg_command_model };

  for (int i = 0; i < 4; i++)
    argv[i] = first[i];
  for (guint i = 0; more[i]; i++)
    {
      g_assert_cmpuint (i + 5, <, MAX_WORDS);
      argv[4 + i] = more[i];
    }
}

int
cg_command_run (const char *words, char **errors)
{
  g_auto (GStrv) more = g_strsplit (words, " ", -1);
  const char *argv[MAX_WORDS] = { NULL };

  fill_words (argv, more);
  return cg_picture_spawn (cg_command_folder, argv, errors);
}

GPid
cg_command_spawn (const char *words)
{
  g_auto (GStrv) more = g_strsplit (words, " ", -1);
  const char *argv[MAX_WORDS] = { NULL };
  g_autoptr (GError) error = NULL;
  GPid child = 0;

  fill_words (argv, more);
  g_spawn_async (cg_command_folder, (char **)argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &child,
                 &error);
  g_assert_no_error (error);
  return child;
}

void
cg_command_write_new (const char *name, int width, int height, const Babl *format, int bits)
{
  g_autofree char *path = cg_command_path (name);
  g_autoptr (GeglBuffer) picture = cg_picture_new (width, height, format);

  cg_picture_save (picture, path, bits);
}

GeglBuffer *
cg_command_save_new (const char *name, int width, int height, const Babl *format, int bits)
{
  cg_command_write_new (name, width, height, format, bits);
  return cg_command_load (name);
}

GeglBuffer *
cg_command_load (const char *name)
{
  g_autofree char *path = cg_command_path (name);

  return cg_picture_load (path);
}

char *
cg_command_read_bytes (const char *name, gsize *length)
{
  g_autofree char *path = cg_command_path (name);
  char *bytes = NULL;

  g_file_get_contents (path, &bytes, length, NULL);
  return bytes;
}
