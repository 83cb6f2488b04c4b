/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Presets: which options they set, who goes before whom, and that each makes a run that can begin. */
#include "presets.h"

#include <string.h>

#include "image-fixture.h"
#include "image-io.h"
#include "tiny-run.h"
#include "trial.h"

/* The options of @line, with the preset applied. */
static CgTrainOptions *
parse (const char *line, guint64 *given, GError **error)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  CgTrainOptions *options = tiny_run_options (argv, given);

  cg_presets_apply (options, given);
  if (!cg_train_options_resolve (options, error))
    g_clear_pointer (&options, cg_train_options_free);
  return options;
}

static void
test_values (void)
{
  static const struct
  {
    const char *name;
    int net_g;
    gint64 ngf, crop_size;
    double ema;
  } presets[] = { { "quick", CG_NET_G_RESNET_6BLOCKS, 16, 64, 0.99 },
                  { "small", CG_NET_G_RESNET_6BLOCKS, 32, 128, 0.999 },
                  { "paper", CG_NET_G_RESNET_9BLOCKS, 64, 256, 0.0 } };

  for (size_t i = 0; i < G_N_ELEMENTS (presets); i++)
    {
      g_autofree char *line = g_strdup_printf ("train --preset %s", presets[i].name);
      g_autoptr (CgTrainOptions) options = NULL;
      g_autoptr (GError) error = NULL;
      guint64 given;

      options = parse (line, &given, &error);
      g_assert_no_error (error);
      g_assert_cmpint (options->preprocess, ==, CG_PREPROCESS_ZOOM_AND_CROP);
      g_assert_cmpint (options->net_g, ==, presets[i].net_g);
      g_assert_cmpint (options->ngf, ==, presets[i].ngf);
      g_assert_cmpint (options->crop_size, ==, presets[i].crop_size);
      g_assert_cmpfloat (options->ema, ==, presets[i].ema);
    }
}

/* The paper's networks, losses and schedule are the defaults; only images keep their proportions. */
static void
test_paper (void)
{
  guint64 given;
  g_autoptr (CgTrainOptions) paper = parse ("train --preset paper", &given, NULL);
  g_autoptr (CgTrainOptions) plain = parse ("train --preprocess zoom_and_crop", &given, NULL);

  for (guint i = 0; i < cg_train_option_table.n_options; i++)
    if (cg_train_option_table.options[i].flags & CG_OPTION_STORED)
      {
        g_autofree char *one = cg_option_get (&cg_train_option_table.options[i], paper);
        g_autofree char *other = cg_option_get (&cg_train_option_table.options[i], plain);

        g_assert_cmpstr (one, ==, other);
      }
}

/* What was typed stays, before and after --preset, even where it is the default. */
static void
test_precedence (void)
{
  guint64 given, same;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgTrainOptions) options
      = parse ("train --ngf 64 --preset quick --crop-size 32 --preprocess resize_and_crop", &given, &error);
  g_autoptr (CgTrainOptions) none = parse ("train --ngf 64 --preset none", &same, NULL);

  g_assert_no_error (error);
  g_assert_cmpint (options->ngf, ==, 64);
  g_assert_cmpint (options->crop_size, ==, 32);
  g_assert_cmpint (options->preprocess, ==, CG_PREPROCESS_RESIZE_AND_CROP);
  g_assert_cmpint (options->load_size, ==, 72);
  g_assert_cmpint (options->n_epochs, ==, 10);
  g_assert_cmpint (none->n_epochs, ==, 100);
  /* What the preset set counts as given, so that a resumed run is compared with it. */
  g_assert_cmpuint (given & ~same, !=, 0);
}

/* Images to come are counted as far as they may be kept in memory. */
static void
assert_counts_images (const CgTrainOptions *options)
{
  CgDatasetOptions dataset_options;
  g_autoptr (CgDataset) unbounded = NULL;
  g_autoptr (CgDataset) bounded = NULL;
  g_autoptr (CgDataset) none = NULL;

  cg_train_options_get_dataset (options, &dataset_options);
  dataset_options.cache_bytes = 1 << 30;
  unbounded = cg_dataset_open (&dataset_options, NULL);
  dataset_options.cache_bytes = 1000;
  bounded = cg_dataset_open (&dataset_options, NULL);
  dataset_options.cache_bytes = 0;
  none = cg_dataset_open (&dataset_options, NULL);
  /* Every image is at least what it is scaled to. */
  g_assert_cmpuint (cg_dataset_get_missing_cache_bytes (unbounded), >=,
                    (guint64)(cg_dataset_get_size (unbounded, 'A') + cg_dataset_get_size (unbounded, 'B')) * 3
                        * (guint64)(options->load_size * options->load_size));
  g_assert_cmpuint (cg_dataset_get_missing_cache_bytes (bounded), ==, 1000);
  g_assert_cmpuint (cg_dataset_get_missing_cache_bytes (none), ==, 0);
}

/* The trial takes steps, counts the run's and writes nothing. */
static void
test_trial (TinyFixture *fixture, gconstpointer data)
{
  guint64 given;
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_auto (GStrv) argv
      = tiny_run_argv (fixture->dataset, out, "--preset=quick", "--ema=0.9", "--norm=batch", "--pool-size=50", NULL);
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  g_autoptr (CgDataset) dataset = NULL;
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  CgDatasetOptions dataset_options;
  CgTrial trial;

  cg_presets_apply (options, &given);
  cg_train_options_get_dataset (options, &dataset_options);
  dataset = cg_dataset_open (&dataset_options, &error);
  g_assert_no_error (error);
  cg_trial_run (options, dataset, &trial, &error);
  g_assert_no_error (error);
  g_assert_cmpint (trial.n_timed, >, 0);
  g_assert_cmpfloat (trial.seconds_per_step, >, 0.0);
  /* Four epochs of five steps. */
  g_assert_cmpint (trial.n_steps, ==, 20);
  /* The pools alone. */
  g_assert_cmpuint (trial.memory_bytes, >, (guint64)2 * 50 * 32 * 32 * 3 * sizeof (float));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  assert_counts_images (options);

  object = cg_trial_to_json (&trial);
  g_assert_cmpint (json_object_get_int_member (object, "steps"), ==, 20);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (object, "seconds"), 20.0 * trial.seconds_per_step,
                                  1e-9);
  text = cg_trial_to_text (&(CgTrial){ 3, 0.5, 7200, (guint64)300 << 20 });
  g_assert_nonnull (strstr (text, "0.50 s per step"));
  g_assert_nonnull (strstr (text, "01:00:00 for 7200 steps"));
  g_assert_nonnull (strstr (text, "300.0"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
  g_test_add_func ("/train/preset/values", test_values);
  g_test_add_func ("/train/preset/paper", test_paper);
  g_test_add_func ("/train/preset/precedence", test_precedence);
  g_test_add ("/train/preset/trial", TinyFixture, NULL, tiny_fixture_set_up, test_trial, tiny_fixture_tear_down);
  return g_test_run ();
}
