/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Real photographs: every adversarial loss trains on them, in batches of more than one image. */
#include <gio/gio.h>

#include "image-fixture.h"
#include "image-io.h"
#include "run.h"
#include "tiny-run.h"

/* Two of the photographs that come with the program, one for each domain; crops are drawn at random. */
static void
set_up (TinyFixture *fixture, gconstpointer data)
{
  static const char *const photographs[][2]
      = { { "trainA", "coast-photo-by-rob-bye-cc0.jpg" }, { "trainB", "mountains-photo-by-ryan-schroeder-cc0.jpg" } };

  fixture->folder = fixture_folder_new ();
  fixture->dataset = g_build_filename (fixture->folder, "photographs", NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (photographs); i++)
    {
      g_autofree char *from_path = g_build_filename (g_getenv ("CG_SAMPLES_DIR"), photographs[i][1], NULL);
      g_autofree char *folder = g_build_filename (fixture->dataset, photographs[i][0], NULL);
      g_autofree char *to_path = g_build_filename (folder, photographs[i][1], NULL);
      g_autoptr (GFile) from = g_file_new_for_path (from_path);
      g_autoptr (GFile) to = g_file_new_for_path (to_path);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (g_mkdir_with_parents (folder, 0777), ==, 0);
      g_file_copy (from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
    }
}

/* The cycle and identity losses of a line of metrics.jsonl. */
static double
get_distance (const char *line)
{
  static const char *const names[] = { "cycle_A", "cycle_B", "idt_A", "idt_B" };
  g_autoptr (JsonNode) node = json_from_string (line, NULL);
  double sum = 0.0;

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    sum += json_object_get_double_member (json_node_get_object (node), names[i]);
  return sum;
}

/* Twelve steps are enough for generators to come nearer to what they are given; the adversarial losses stay numbers. */
static void
test_mode (TinyFixture *fixture, gconstpointer data)
{
  const char *mode = data;
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--gan-mode", mode, "--batch-size=2", "--max-steps=12",
                                  "--n-epochs=100", "--preprocess=zoom_and_crop", "--load-size=72", "--crop-size=64",
                                  "--n-layers-d=2", "--lr=0.002", NULL),
                   CG_RUN_COMPLETE);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 12);
  g_test_message ("%s: %f, then %f", mode, get_distance (lines[0]), get_distance (lines[11]));
  g_assert_cmpfloat (get_distance (lines[11]), <, 0.9 * get_distance (lines[0]));
}

int
main (int argc, char **argv)
{
  static const char *const modes[] = { "minimax", "vanilla", "lsgan", "hinge", "wgan", "wgangp" };

  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
  for (size_t i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *name = g_strconcat ("/train/photographs/", modes[i], NULL);

      g_test_add (name, TinyFixture, modes[i], set_up, test_mode, tiny_fixture_tear_down);
    }
  return g_test_run ();
}
