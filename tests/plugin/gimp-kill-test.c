/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* GIMP's Cancel kills the plug-in, and so does this, at random moments: image, layers and history must be as they were. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gimp-session.h"
#include "picture.h"
#include "tiny-model.h"

#define N_KILLS 20

/* At most so much of the first run, which is not killed, goes by before the others are: more, and many would be done by then. */
#define LATEST 0.8

static char *folder;
static char *said;

/**
 * Killer: times are in microseconds
 * @victim: the process that is running, 0 before the first
 * @begin, @length: of the first one; @length is 0 until it has ended
 * @end: when the victim will be killed
 * @last: the one before, which the system may take a moment to clear away
 */
typedef struct
{
  GRand *random;
  GPid victim, last;
  gint64 begin, length, end;
} Killer;

/* The child of @gimp that runs our plug-in, or 0. */
static GPid
find_plug_in (GPid gimp)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", (int)gimp, (int)gimp);
  g_autofree char *children = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents (path, &children, NULL, NULL))
    return 0;
  words = g_strsplit (children, " ", -1);
  for (char **word = words; *word; word++)
    {
      g_autofree char *name_path = g_strdup_printf ("/proc/%s/comm", *word);
      g_autofree char *name = NULL;

      if (**word && g_file_get_contents (name_path, &name, NULL, NULL) && g_str_equal (name, "cyclegan\n"))
        return (GPid)atoi (*word);
    }
  return 0;
}

/* The first one is left to end. */
static void
measure (Killer *killer, GPid found)
{
  gint64 now = g_get_monotonic_time ();

  if (!killer->victim && found)
    {
      killer->victim = found;
      killer->begin = now;
    }
  else if (killer->victim != found)
    {
      killer->length = now - killer->begin;
      killer->last = killer->victim;
    }
}

static void
watch (GPid gimp, gpointer data)
{
  Killer *killer = data;
  GPid found = find_plug_in (gimp);
  g_autofree char *begun = g_build_filename (folder, "begun", NULL);

  /* GIMP's questions at its start are answered by the same program. */
  if (!g_file_test (begun, G_FILE_TEST_EXISTS))
    return;
  if (!killer->length)
    measure (killer, found);
  if (!killer->length || !found || found == killer->last)
    return;
  if (found != killer->victim)
    {
      killer->victim = found;
      killer->end
          = g_get_monotonic_time () + (gint64)(g_rand_double (killer->random) * LATEST * (double)killer->length);
    }
  if (g_get_monotonic_time () >= killer->end)
    {
      kill (found, SIGKILL);
      killer->last = found;
    }
}

static void
test_killed (void)
{
  g_autofree char *source_path = g_build_filename (folder, "rgb.png", NULL);
  g_autoptr (GeglBuffer) source = cg_picture_load (source_path);
  g_autofree float *expected = cg_picture_get (source, babl_format ("R'G'B' float"));
  gsize n = (gsize)gegl_buffer_get_width (source) * (gsize)gegl_buffer_get_height (source) * 3;
  int n_killed = 0;

  g_assert_nonnull (strstr (said, "\n0: (0 "));
  for (int i = 1; i <= N_KILLS; i++)
    {
      g_autofree char *killed = g_strdup_printf ("\n%d: (-1 1 0)\n", i);
      g_autofree char *finished = g_strdup_printf ("\n%d: (0 ", i);
      g_autofree char *name = g_strdup_printf ("killed-%d.png", i);
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (GeglBuffer) picture = NULL;
      g_autofree float *pixels = NULL;

      if (strstr (said, finished))
        continue;
      g_test_message ("%d", i);
      if (!strstr (said, killed))
        g_test_message ("%s", said);
      g_assert_nonnull (strstr (said, killed));
      n_killed++;
      picture = cg_picture_load (path);
      pixels = cg_picture_get (picture, babl_format ("R'G'B' float"));
      g_assert_cmpfloat (cg_picture_compare (pixels, expected, n), ==, 0.0f);
    }
  g_test_message ("%d of %d were killed before they were done", n_killed, N_KILLS);
  g_assert_cmpint (n_killed, >=, N_KILLS / 2);
}

int
main (int argc, char **argv)
{
  Killer killer = { 0 };
  g_autofree char *tiny = NULL;
  g_autofree char *picture_path = NULL;
  g_autofree char *said_path = NULL;
  g_autofree char *told = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GeglBuffer) picture = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  gegl_init (NULL, NULL);
  folder = cg_picture_make_folder ();
  tiny = g_build_filename (folder, "tiny.safetensors", NULL);
  picture_path = g_build_filename (folder, "rgb.png", NULL);
  said_path = g_build_filename (folder, "said.txt", NULL);
  cg_tiny_model_save (tiny, 3, 3, 24, 7);
  picture = cg_picture_new (1200, 900, babl_format ("R'G'B' u8"));
  cg_picture_save (picture, picture_path, 8);
  g_clear_object (&picture);
  gimp_session_prepare (folder);
  killer.random = g_rand_new_with_seed (6);
  errors = gimp_session_run (folder, g_getenv ("CG_TEST_SCRIPT"), watch, &killer);
  g_file_get_contents (said_path, &told, NULL, NULL);
  said = g_strconcat ("\n", told, NULL);
  if (!strstr (said, "\nend: #t\n"))
    g_error ("the script broke off after\n%s\nwith\n%s", said, errors);

  g_test_add_func ("/gimp/killed", test_killed);
  status = g_test_run ();
  g_rand_free (killer.random);
  g_free (said);
  cg_picture_remove_folder (folder);
  gegl_exit ();
  return status;
}
