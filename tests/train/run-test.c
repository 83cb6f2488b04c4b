/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Runs in this process: another number of threads and another start give the same bits as they must. */
#include "run.h"

#include <string.h>

#include "base/parallel.h"
#include "image-fixture.h"
#include "image-io.h"
#include "tiny-run.h"
#include "vectors.h"

/* Of the runs on different numbers of threads. */
#define N_STEPS 3
#define STEPS "3"

/* The losses of every step, as texts, from "D_A" to the end of the line. */
static char *
get_losses (const char *out)
{
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GString *losses = g_string_new (NULL);

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line && **line; line++)
    {
      const char *first = strstr (*line, "\"D_A\"");

      g_assert_nonnull (first);
      g_string_append (losses, first);
    }
  return g_string_free (losses, FALSE);
}

static void
test_threads (TinyFixture *fixture, gconstpointer data)
{
  static const char *const counts[] = { "1", "2", "3", "7" };
  g_autofree char *first = tiny_fixture_path (fixture, "1");
  g_autofree char *first_losses = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autofree char *out = tiny_fixture_path (fixture, counts[i]);
      g_autofree char *losses = NULL;

      cg_parallel_reset_peak_workers ();
      tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", STEPS, "--threads", counts[i],
                                      "--load-size", "134", "--crop-size", "128", NULL),
                       CG_RUN_COMPLETE);
      if (i == 0)
        g_assert_cmpint (cg_parallel_get_peak_workers (), ==, 1);
      else
        g_assert_cmpint (cg_parallel_get_peak_workers (), >, 1);
      losses = get_losses (out);
      if (!first_losses)
        first_losses = g_steal_pointer (&losses);
      else
        g_assert_cmpstr (losses, ==, first_losses);
      tiny_run_assert_equal (first, out, N_STEPS);
    }
}

/* One file of the checkpoint of @step. */
static CgSafetensors *
open_checkpoint (const char *out, int step, const char *name)
{
  g_autofree char *relative = g_strdup_printf ("checkpoints/step-%08d/%s.safetensors", step, name);
  g_autofree char *path = g_build_filename (out, relative, NULL);
  g_autoptr (GError) error = NULL;
  CgSafetensors *file = cg_safetensors_open (path, &error);

  g_assert_no_error (error);
  return file;
}

/* The average after one step: w_0 + (1 - 2/11) * (w_1 - w_0), where w_0 is what a rate of 0 leaves. It is what is published,
 * and it does not change the training. */
static void
test_average (TinyFixture *fixture, gconstpointer data)
{
  static const char *const generators[] = { "G_A", "G_B" };
  g_autofree char *plain = tiny_fixture_path (fixture, "plain");
  g_autofree char *still = tiny_fixture_path (fixture, "still");
  g_autofree char *averaged = tiny_fixture_path (fixture, "averaged");
  g_autoptr (GError) error = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, plain, "--norm=batch", "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, still, "--norm=batch", "--max-steps", "1", "--lr", "0", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (
      tiny_run_argv (fixture->dataset, averaged, "--norm=batch", "--max-steps", "1", "--ema", "0.99", NULL),
      CG_RUN_COMPLETE);
  for (size_t i = 0; i < G_N_ELEMENTS (generators); i++)
    {
      g_autofree char *name = g_strconcat ("average_", generators[i], NULL);
      g_autofree char *published = g_strdup_printf ("%s/%s.safetensors", averaged, generators[i]);
      g_autoptr (CgSafetensors) before = open_checkpoint (still, 1, generators[i]);
      g_autoptr (CgSafetensors) after = open_checkpoint (plain, 1, generators[i]);
      g_autoptr (CgSafetensors) same = open_checkpoint (averaged, 1, generators[i]);
      g_autoptr (CgSafetensors) average = open_checkpoint (averaged, 1, name);
      g_autoptr (CgSafetensors) model = cg_safetensors_open (published, NULL);
      guint n_moved = 0;

      g_assert_nonnull (model);
      for (guint k = 0; k < cg_safetensors_get_n_entries (average); k++)
        {
          const CgSafetensorsEntry *entry = cg_safetensors_get_entry (average, k);
          const float *w_0 = (const float *)cg_safetensors_find (before, entry->name)->data;
          const float *w_1 = (const float *)cg_safetensors_find (after, entry->name)->data;
          const float *mean = (const float *)entry->data;
          size_t bytes = entry->n_elements * sizeof (float);

          g_assert_cmpmem (w_1, bytes, cg_safetensors_find (same, entry->name)->data, bytes);
          g_assert_cmpmem (mean, bytes, cg_safetensors_find (model, entry->name)->data, bytes);
          for (size_t e = 0; e < entry->n_elements; e++)
            {
              double share = strstr (entry->name, "running_") ? 1.0 : 9.0 / 11.0;

              g_assert_cmpfloat_with_epsilon (mean[e], w_0[e] + share * (w_1[e] - w_0[e]), 1e-7);
              n_moved += mean[e] != w_1[e];
            }
        }
      g_assert_cmpuint (n_moved, >, 100);
    }

  error = tiny_run_fail (tiny_run_argv (fixture->dataset, averaged, "--resume", "--ema", "0.999", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "--ema"));
}

/* What somebody who wants to repeat a run needs to know. */
static void
test_config (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *path = g_build_filename (out, "config.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *config, *part;
  CgAbout about;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", "--seed", "77", NULL), CG_RUN_COMPLETE);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  config = json_node_get_object (json_parser_get_root (parser));
  g_assert_true (cg_about_get (&about, NULL));
  g_assert_cmpstr (json_object_get_string_member (config, "kernel"), ==, about.kernel);

  part = json_object_get_object_member (config, "versions");
  g_assert_cmpstr (json_object_get_string_member (part, "blis"), ==, about.blis_version);
  g_assert_true (json_object_has_member (part, "cyclegan"));
  g_assert_true (json_object_has_member (part, "glib"));
  g_assert_true (json_object_has_member (part, "gegl"));

  part = json_object_get_object_member (config, "options");
  g_assert_cmpint (json_object_get_int_member (part, "seed"), ==, 77);
  g_assert_cmpint (json_object_get_int_member (part, "ngf"), ==, 4);
  g_assert_cmpstr (json_object_get_string_member (part, "gan_mode"), ==, "lsgan");
  g_assert_cmpstr (json_object_get_string_member (part, "dataroot"), ==, fixture->dataset);

  part = json_object_get_object_member (config, "dataset");
  g_assert_cmpint (json_object_get_int_member (part, "steps_per_epoch"), ==, 5);
  g_assert_cmpint (json_object_get_int_member (part, "crop_width"), ==, 32);
  part = json_object_get_object_member (part, "B");
  g_assert_cmpint (json_object_get_int_member (part, "images"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (part, "train_scale"), ==, 34);
  g_assert_cmpuint (strlen (json_object_get_string_member (part, "sha256")), ==, 64);
}

static void
test_seed_matters (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *one = tiny_fixture_path (fixture, "one");
  g_autofree char *two = tiny_fixture_path (fixture, "two");
  g_autofree char *losses_one = NULL;
  g_autofree char *losses_two = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, one, "--max-steps", "1", "--seed", "1", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, two, "--max-steps", "1", "--seed", "2", NULL), CG_RUN_COMPLETE);
  losses_one = get_losses (one);
  losses_two = get_losses (two);
  g_assert_cmpstr (losses_one, !=, losses_two);
}

/* Two generators that start alike would stay each other's mirror. */
static void
test_networks_start_apart (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *a = g_build_filename (out, "checkpoints", "step-00000001", "G_A.safetensors", NULL);
  g_autofree char *b = g_build_filename (out, "checkpoints", "step-00000001", "G_B.safetensors", NULL);
  g_autoptr (CgSafetensors) file_a = NULL;
  g_autoptr (CgSafetensors) file_b = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", "--lr", "0", NULL), CG_RUN_COMPLETE);
  file_a = cg_safetensors_open (a, NULL);
  file_b = cg_safetensors_open (b, NULL);
  g_assert_nonnull (file_a);
  g_assert_nonnull (file_b);
  g_assert_cmpint (memcmp (cg_safetensors_find (file_a, "model.1.weight")->data,
                           cg_safetensors_find (file_b, "model.1.weight")->data, 4 * 3 * 7 * 7 * sizeof (float)),
                   !=, 0);
}

/* With a learning rate of 0 a run that starts from another ends with the other's weights. */
static void
test_init_from (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *one = tiny_fixture_path (fixture, "one");
  g_autofree char *two = tiny_fixture_path (fixture, "two");
  g_autofree char *three = tiny_fixture_path (fixture, "three");
  g_autofree char *checkpoint = g_build_filename (one, "checkpoints", "step-00000002", NULL);
  g_autoptr (GError) error = NULL;
  static const char *const names[] = { "G_A", "G_B", "D_A", "D_B" };

  tiny_run_assert (tiny_run_argv (fixture->dataset, one, "--max-steps", "2", NULL), CG_RUN_COMPLETE);
  tiny_run_assert (
      tiny_run_argv (fixture->dataset, two, "--max-steps", "2", "--lr", "0", "--init-from", checkpoint, NULL),
      CG_RUN_COMPLETE);
  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *relative = g_strdup_printf ("checkpoints/step-00000002/%s.safetensors", names[i]);
      g_autofree char *path_a = g_build_filename (one, relative, NULL);
      g_autofree char *path_b = g_build_filename (two, relative, NULL);
      g_autofree char *text_a = NULL;
      g_autofree char *text_b = NULL;
      gsize length_a, length_b;

      g_assert_true (g_file_get_contents (path_a, &text_a, &length_a, NULL));
      g_assert_true (g_file_get_contents (path_b, &text_b, &length_b, NULL));
      g_assert_cmpmem (text_a, length_a, text_b, length_b);
    }

  error = tiny_run_fail (tiny_run_argv (fixture->dataset, three, "--init-from", fixture->folder, NULL));
  g_assert_nonnull (strstr (error->message, "G_A.safetensors"));
}

static void
test_refusals (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *other = tiny_fixture_path (fixture, "other");
  g_autofree char *file = g_build_filename (fixture->dataset, "trainA", "00.png", NULL);
  GError *error;

  /* No dataset: nothing is made. */
  error = tiny_run_fail (tiny_run_argv (other, out, NULL));
  g_assert_nonnull (strstr (error->message, other));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  /* Nothing to go on with. */
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--resume", NULL));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);

  /* A folder that cannot be made. */
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, file, NULL));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, file));
  g_clear_error (&error);

  /* A crop that the discriminator cannot take is wrong usage. */
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--n-layers-d", "5", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_clear_error (&error);
  g_assert_cmpint (g_file_test (out, G_FILE_TEST_EXISTS), ==, TRUE);

  /* The folder made by then holds no run yet, so that the next attempt is not refused; after that it does. */
  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--max-steps", "2", NULL));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  g_clear_error (&error);

  /* Options that decide what is computed cannot change; the message names them. */
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--resume", "--lr", "0.001", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "--lr"));
  g_assert_nonnull (strstr (error->message, "0.0002"));
  g_clear_error (&error);

  /* Nor can the images. */
  fixture_write_pattern (file, 77, 48, 40);
  error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "2", NULL));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_clear_error (&error);
}

/* Replaces the weights of D_A in a checkpoint. */
static void
blow_up (const TinyFixture *fixture, const char *out, float value)
{
  guint64 given;
  g_auto (GStrv) argv = tiny_run_argv (fixture->dataset, out, NULL);
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  g_autofree char *path = g_build_filename (out, "checkpoints", "step-00000001", "D_A.safetensors", NULL);
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autoptr (CgNetwork) network = NULL;
  CgNetworkConfig config;

  cg_train_options_get_network (options, CG_STEP_D_A, &config);
  network = cg_network_new (&config, NULL);
  for (size_t i = 0; i < cg_network_get_n_floats (network); i++)
    cg_network_get_weights (network)[i] = value;
  g_assert_true (cg_vector_write (writer, "", network, cg_network_get_weights (network), NULL));
  g_assert_true (cg_safetensors_writer_write (writer, path, NULL));
}

/* The message tells step, loss, checkpoint and what may help; metrics and checkpoints stay as they were. A loss that is still
 * a number stops the run, too, once it is absurd. */
static void
test_divergence (TinyFixture *fixture, gconstpointer data)
{
  static const struct
  {
    float weight;
    const char *became, *gan_mode;
    gboolean other_mode; /* whether another mode may help */
  } cases[] = { { 1e30f, "the loss D_A became ", "lsgan", FALSE },
                { 1e4f, "e+", "lsgan", FALSE },
                { 1e30f, " became ", "hinge", TRUE } };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *out = tiny_fixture_path (fixture, cases[i].became);
      g_autoptr (GError) error = NULL;
      g_autoptr (GArray) steps = NULL;

      tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", "--gan-mode", cases[i].gan_mode, NULL),
                       CG_RUN_COMPLETE);
      blow_up (fixture, out, cases[i].weight);
      error = tiny_run_fail (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "3", NULL));
      g_assert_error (error, CG_ERROR, CG_ERROR_DIVERGED);
      g_assert_nonnull (strstr (error->message, "Step 2"));
      g_assert_nonnull (strstr (error->message, "D_A"));
      g_assert_nonnull (strstr (error->message, cases[i].became));
      g_assert_nonnull (strstr (error->message, "step-00000001"));
      g_assert_nonnull (strstr (error->message, "--lr"));
      g_assert_nonnull (strstr (error->message, "--init-from"));
      g_assert_true (cases[i].other_mode == (strstr (error->message, "--gan-mode lsgan") != NULL));
      steps = tiny_run_get_metric_steps (out);
      g_assert_cmpuint (steps->len, ==, 1);
    }
}

static void
test_samples_and_models (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "out");
  g_autofree char *sample = g_build_filename (out, "samples", "step-00000002.png", NULL);
  g_autofree char *early = g_build_filename (out, "samples", "step-00000001.png", NULL);
  g_autofree char *model_path = g_build_filename (out, "G_B.safetensors", NULL);
  g_autoptr (CgImage) image = NULL;
  g_autoptr (CgModel) model = NULL;
  g_autoptr (GError) error = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "3", "--sample-freq", "2", "--title", "There",
                                  "--domain-from", "photo", "--domain-to", "print", "--license", "CC0-1.0", NULL),
                   CG_RUN_COMPLETE);
  g_assert_false (g_file_test (early, G_FILE_TEST_EXISTS));
  image = cg_image_load (sample, &error);
  g_assert_no_error (error);
  /* Four columns and six rows of crops, with gaps. */
  g_assert_cmpint (image->width, >=, 4 * 32);
  g_assert_cmpint (image->width, <, 5 * 32);
  g_assert_cmpint (image->height, >=, 6 * 32);
  g_assert_cmpint (image->height, <, 7 * 32);

  model = cg_model_load (model_path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (cg_model_get_title (model), ==, "print to photo");
  g_assert_cmpstr (cg_model_get_metadata (model, "domain_from"), ==, "print");
  g_assert_cmpstr (cg_model_get_metadata (model, "steps"), ==, "3");
  g_assert_cmpstr (cg_model_get_metadata (model, "crop_size"), ==, "32");
  g_assert_cmpstr (cg_model_get_metadata (model, "license"), ==, "CC0-1.0");
  g_assert_cmpint (cg_model_get_train_scale (model), ==, 34);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/run/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("threads", test_threads);
  ADD ("average", test_average);
  ADD ("config", test_config);
  ADD ("seed-matters", test_seed_matters);
  ADD ("networks-start-apart", test_networks_start_apart);
  ADD ("init-from", test_init_from);
  ADD ("refusals", test_refusals);
  ADD ("divergence", test_divergence);
  ADD ("samples-and-models", test_samples_and_models);
  return g_test_run ();
}
