/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stop and a resumption give the bits of a run that was never stopped, whatever has a state; what cannot go on says why. */
#include <string.h>

#include "image-fixture.h"
#include "image-io.h"
#include "run.h"
#include "tiny-run.h"

static void
test_resume (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *parts = tiny_fixture_path (fixture, "parts");
  g_autoptr (GArray) steps = NULL;

  /* The decay of the learning rate begins at step 11 (5 steps an epoch, 2 epochs), so that it is resumed as well. */
  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--max-steps", "13", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "3", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "4", "--resume", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "13", "--save-freq", "4", "--resume", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, parts, 13);

  steps = tiny_run_get_metric_steps (parts);
  g_assert_cmpuint (steps->len, ==, 13);
  for (guint i = 0; i < steps->len; i++)
    g_assert_cmpint (g_array_index (steps, gint64, i), ==, i + 1);
}

/* The same with everything that draws random numbers in a step or keeps running statistics. */
static void
test_resume_stateful (TinyFixture *fixture, gconstpointer data)
{
  static const char *const lines[][8] = {
    { "--norm=batch", "--dropout", "--augment", "--lr-policy=step", "--lr-decay-iters=1", "--batch-size=2", "--ema=0.9",
      NULL },
    { "--gan-mode=wgangp", "--net-d=pixel", "--n-layers-d=3", "--lr-policy=cosine", "--upsample=resize", "--ema=0.3",
      NULL },
    { "--net-g=unet_128", "--load-size=132", "--crop-size=128", "--dropout", "--norm=batch", "--gan-mode=hinge", NULL },
    { "--gan-mode=vanilla", "--input-nc=1", "--output-nc=1", "--norm=none", "--batch-size=2", "--lambda-tv=1e-5",
      NULL },
    { "--gan-mode=minimax", "--output-nc=1", "--lambda-identity=0", "--augment", "--preprocess=zoom_and_crop", NULL },
    { "--gan-mode=wgan", "--clip-value=0.05", "--input-nc=1", "--lambda-identity=0", "--no-flip", NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const char *const *o = lines[i];
      g_autofree char *name = g_strdup_printf ("whole-%d", (int)i);
      g_autofree char *parts_name = g_strdup_printf ("parts-%d", (int)i);
      g_autofree char *whole = g_build_filename (fixture->folder, name, NULL);
      g_autofree char *parts = g_build_filename (fixture->folder, parts_name, NULL);

      tiny_run_assert (
          tiny_run_argv (fixture->dataset, whole, "--max-steps", "7", o[0], o[1], o[2], o[3], o[4], o[5], o[6], NULL),
          CG_RUN_COMPLETE);
      tiny_run_assert (
          tiny_run_argv (fixture->dataset, parts, "--max-steps", "4", o[0], o[1], o[2], o[3], o[4], o[5], o[6], NULL),
          CG_RUN_COMPLETE);
      tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "7", "--resume", o[0], o[1], o[2], o[3],
                                      o[4], o[5], o[6], NULL),
                       CG_RUN_COMPLETE);
      tiny_run_assert_equal (whole, parts, 7);
    }
}

static void
test_kernel (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *path = g_build_filename (out, "config.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("\"kernel\" : \"[^\"]*\"", 0, 0, NULL);
  g_autofree char *changed = NULL;
  g_autoptr (GError) error = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  changed = g_regex_replace (regex, text, -1, 0, "\"kernel\" : \"other-machine\"", 0, NULL);
  g_assert_true (g_file_set_contents (path, changed, -1, NULL));
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "2", NULL));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "CG_CPU=other"));
}

static void
test_damaged_checkpoint (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *damaged = tiny_fixture_path (fixture, "damaged");
  g_autofree char *state = g_build_filename (damaged, "checkpoints", "step-00000004", "state.safetensors", NULL);

  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--max-steps", "6", "--save-freq", "2", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, damaged, "--max-steps", "4", "--save-freq", "2", NULL),
                   CG_RUN_COMPLETE);
  fixture_truncate (state, 1000);
  tiny_run_assert (tiny_run_argv (fixture->dataset, damaged, "--max-steps", "6", "--resume", NULL), CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, damaged, 6);
}

/* The learning rate that metrics.jsonl tells of @step, the one on the line of that number. */
static double
get_lr (const char *out, guint step)
{
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (JsonNode) node = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, step);
  node = json_from_string (lines[step - 1], NULL);
  g_assert_nonnull (node);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (node), "step"), ==, step);
  return json_object_get_double_member (json_node_get_object (node), "lr");
}

static char *
get_state (const char *out, int step, const char *key)
{
  g_autofree char *relative = g_strdup_printf ("checkpoints/step-%08d/state.safetensors", step);
  g_autofree char *path = g_build_filename (out, relative, NULL);
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, NULL);

  g_assert_nonnull (file);
  return g_strdup (cg_safetensors_get_metadata (file, key));
}

/* Images that are always the same and a rate too small to change anything: the first epoch (of 2 steps) is the best, the six
 * after it are bad, so the rate falls with the eighth, at step 15, and again with the fourteenth. Stops are within epochs and
 * at their ends. */
static void
test_plateau (TinyFixture *fixture, gconstpointer data)
{
  static const char *const stops[] = { "3", "8", "13", "14", "17", "27" };
  static const char *const keys[] = { "lr_plateau", "lr_best", "lr_bad_epochs", "lr_cycle_sum" };
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *parts = tiny_fixture_path (fixture, "parts");

#define PLATEAU                                                                                                        \
  "--lr-policy=plateau", "--lr=1e-6", "--n-epochs=40", "--max-dataset-size=2", "--serial-batches", "--no-flip",        \
      "--load-size=32", "--save-freq=100"
  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--max-steps=27", PLATEAU, NULL), CG_RUN_COMPLETE);
  for (size_t i = 0; i < G_N_ELEMENTS (stops); i++)
    tiny_run_assert (
        tiny_run_argv (fixture->dataset, parts, "--max-steps", stops[i], PLATEAU, i > 0 ? "--resume" : NULL, NULL),
        CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, parts, 27);
  for (size_t i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *one = get_state (whole, 27, keys[i]);
      g_autofree char *other = get_state (parts, 27, keys[i]);

      g_assert_nonnull (one);
      g_assert_cmpstr (one, ==, other);
    }
  g_assert_cmpfloat (get_lr (parts, 1), ==, 1e-6);
  g_assert_cmpfloat (get_lr (parts, 14), ==, 1e-6);
  g_assert_cmpfloat_with_epsilon (get_lr (parts, 15), 2e-7, 1e-20);
  g_assert_cmpfloat_with_epsilon (get_lr (parts, 26), 2e-7, 1e-20);
  g_assert_cmpfloat_with_epsilon (get_lr (parts, 27), 4e-8, 1e-20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/resume/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("plain", test_resume);
  ADD ("stateful", test_resume_stateful);
  ADD ("plateau", test_plateau);
  ADD ("kernel", test_kernel);
  ADD ("damaged-checkpoint", test_damaged_checkpoint);
  return g_test_run ();
}
