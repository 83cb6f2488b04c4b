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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/resume/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("plain", test_resume);
  ADD ("stateful", test_resume_stateful);
  ADD ("kernel", test_kernel);
  ADD ("damaged-checkpoint", test_damaged_checkpoint);
  return g_test_run ();
}
