/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Runs in this process: a stop and a resumption, another number of threads and another start give the same bits as they must. */
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

typedef struct
{
  char *folder, *dataset;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = fixture_folder_new ();
  fixture->dataset = tiny_dataset_new (fixture->folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->dataset);
  fixture_folder_free (fixture->folder);
}

static char *
path_in (const Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

/* Runs that must fail: the error is returned. */
static GError *
fail_run (char **argv)
{
  guint64 given;
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  GError *error = NULL;

  g_assert_cmpint (cg_run (options, given, &error), ==, CG_RUN_FAILED);
  g_assert_nonnull (error);
  g_strfreev (argv);
  return error;
}

static void
test_resume (Fixture *fixture, gconstpointer data)
{
  g_autofree char *whole = path_in (fixture, "whole");
  g_autofree char *parts = path_in (fixture, "parts");
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
test_resume_stateful (Fixture *fixture, gconstpointer data)
{
  static const char *const lines[][8] = {
    { "--norm=batch", "--dropout", "--augment", "--lr-policy=step", "--lr-decay-iters=1", "--batch-size=2", NULL },
    { "--gan-mode=wgangp", "--net-d=pixel", "--n-layers-d=3", "--lr-policy=cosine", "--upsample=resize", NULL },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const char *const *o = lines[i];
      g_autofree char *name = g_strdup_printf ("whole-%d", (int)i);
      g_autofree char *parts_name = g_strdup_printf ("parts-%d", (int)i);
      g_autofree char *whole = g_build_filename (fixture->folder, name, NULL);
      g_autofree char *parts = g_build_filename (fixture->folder, parts_name, NULL);

      tiny_run_assert (
          tiny_run_argv (fixture->dataset, whole, "--max-steps", "7", o[0], o[1], o[2], o[3], o[4], o[5], NULL),
          CG_RUN_COMPLETE);
      tiny_run_assert (
          tiny_run_argv (fixture->dataset, parts, "--max-steps", "4", o[0], o[1], o[2], o[3], o[4], o[5], NULL),
          CG_RUN_COMPLETE);
      tiny_run_assert (tiny_run_argv (fixture->dataset, parts, "--max-steps", "7", "--resume", o[0], o[1], o[2], o[3],
                                      o[4], o[5], NULL),
                       CG_RUN_COMPLETE);
      tiny_run_assert_equal (whole, parts, 7);
    }
}

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
test_threads (Fixture *fixture, gconstpointer data)
{
  static const char *const counts[] = { "1", "2", "3", "7" };
  g_autofree char *first = path_in (fixture, "1");
  g_autofree char *first_losses = NULL;

  for (size_t i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autofree char *out = path_in (fixture, counts[i]);
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

/* What somebody who wants to repeat a run needs to know. */
static void
test_config (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
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
test_seed_matters (Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = path_in (fixture, "one");
  g_autofree char *two = path_in (fixture, "two");
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
test_networks_start_apart (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
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
test_init_from (Fixture *fixture, gconstpointer data)
{
  g_autofree char *one = path_in (fixture, "one");
  g_autofree char *two = path_in (fixture, "two");
  g_autofree char *three = path_in (fixture, "three");
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

  error = fail_run (tiny_run_argv (fixture->dataset, three, "--init-from", fixture->folder, NULL));
  g_assert_nonnull (strstr (error->message, "G_A.safetensors"));
}

static void
test_refusals (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
  g_autofree char *other = path_in (fixture, "other");
  g_autofree char *file = g_build_filename (fixture->dataset, "trainA", "00.png", NULL);
  GError *error;

  /* No dataset: nothing is made. */
  error = fail_run (tiny_run_argv (other, out, NULL));
  g_assert_nonnull (strstr (error->message, other));
  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  /* Nothing to go on with. */
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--resume", NULL));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);

  /* A folder that cannot be made. */
  error = fail_run (tiny_run_argv (fixture->dataset, file, NULL));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, file));
  g_clear_error (&error);

  /* A crop that the discriminator cannot take is wrong usage. */
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--n-layers-d", "5", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_clear_error (&error);
  g_assert_cmpint (g_file_test (out, G_FILE_TEST_EXISTS), ==, TRUE);

  /* The folder made by then holds no run yet, so that the next attempt is not refused; after that it does. */
  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--max-steps", "2", NULL));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
  g_clear_error (&error);

  /* Options that decide what is computed cannot change; the message names them. */
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--resume", "--lr", "0.001", NULL));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "--lr"));
  g_assert_nonnull (strstr (error->message, "0.0002"));
  g_clear_error (&error);

  /* Nor can the images. */
  fixture_write_pattern (file, 77, 48, 40);
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "2", NULL));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_clear_error (&error);
}

static void
test_kernel (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
  g_autofree char *path = g_build_filename (out, "config.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("\"kernel\" : \"[^\"]*\"", 0, 0, NULL);
  g_autofree char *changed = NULL;
  g_autoptr (GError) error = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  changed = g_regex_replace (regex, text, -1, 0, "\"kernel\" : \"other-machine\"", 0, NULL);
  g_assert_true (g_file_set_contents (path, changed, -1, NULL));
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "2", NULL));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "CG_CPU=other"));
}

static void
test_damaged_checkpoint (Fixture *fixture, gconstpointer data)
{
  g_autofree char *whole = path_in (fixture, "whole");
  g_autofree char *damaged = path_in (fixture, "damaged");
  g_autofree char *state = g_build_filename (damaged, "checkpoints", "step-00000004", "state.safetensors", NULL);

  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--max-steps", "6", "--save-freq", "2", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, damaged, "--max-steps", "4", "--save-freq", "2", NULL),
                   CG_RUN_COMPLETE);
  fixture_truncate (state, 1000);
  tiny_run_assert (tiny_run_argv (fixture->dataset, damaged, "--max-steps", "6", "--resume", NULL), CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, damaged, 6);
}

/* Multiplies the weights of D_A in a checkpoint until its logits overflow. */
static void
blow_up (const Fixture *fixture, const char *out)
{
  guint64 given;
  g_auto (GStrv) argv = tiny_run_argv (fixture->dataset, out, NULL);
  g_autoptr (CgTrainOptions) options = tiny_run_options (argv, &given);
  g_autofree char *path = g_build_filename (out, "checkpoints", "step-00000001", "D_A.safetensors", NULL);
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autoptr (CgNetwork) network = NULL;
  CgNetworkConfig config;

  cg_train_options_get_discriminator (options, &config);
  network = cg_network_new (&config, NULL);
  for (size_t i = 0; i < cg_network_get_n_floats (network); i++)
    cg_network_get_weights (network)[i] = 1e30f;
  g_assert_true (cg_vector_write (writer, "", network, cg_network_get_weights (network), NULL));
  g_assert_true (cg_safetensors_writer_write (writer, path, NULL));
}

/* The message tells step, loss, checkpoint and what may help; metrics and checkpoints stay as they were. */
static void
test_divergence (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) steps = NULL;

  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
  blow_up (fixture, out);
  error = fail_run (tiny_run_argv (fixture->dataset, out, "--resume", "--max-steps", "3", NULL));
  g_assert_error (error, CG_ERROR, CG_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, "step 2"));
  g_assert_nonnull (strstr (error->message, "step-00000001"));
  g_assert_nonnull (strstr (error->message, "--lr"));
  steps = tiny_run_get_metric_steps (out);
  g_assert_cmpuint (steps->len, ==, 1);
}

static void
test_samples_and_models (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = path_in (fixture, "out");
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
#define ADD(name, function) g_test_add ("/train/run/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("resume", test_resume);
  ADD ("resume-stateful", test_resume_stateful);
  ADD ("threads", test_threads);
  ADD ("config", test_config);
  ADD ("seed-matters", test_seed_matters);
  ADD ("networks-start-apart", test_networks_start_apart);
  ADD ("init-from", test_init_from);
  ADD ("refusals", test_refusals);
  ADD ("kernel", test_kernel);
  ADD ("damaged-checkpoint", test_damaged_checkpoint);
  ADD ("divergence", test_divergence);
  ADD ("samples-and-models", test_samples_and_models);
  return g_test_run ();
}
