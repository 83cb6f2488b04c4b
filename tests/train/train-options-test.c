/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The options of `cyclegan train`: the paper's defaults, what is refused, JSON and back, what a resumed run may change. */
#include "train-options.h"

#include <string.h>

static CgTrainOptions *
parse (const char *line, guint64 *given, GError **error)
{
  g_autoptr (CgTrainOptions) options = cg_train_options_new ();
  g_autofree char *command = g_strconcat ("train ", line, NULL);
  g_auto (GStrv) argv = NULL;
  g_autofree char **rest = NULL;
  char **cursor;
  int argc;

  g_assert_true (g_shell_parse_argv (command, &argc, &argv, NULL));
  rest = g_memdup2 (argv, (size_t)(argc + 1) * sizeof *argv);
  cursor = rest;
  if (!cg_option_table_parse (&cg_train_option_table, options, given, NULL, &argc, &cursor, error)
      || !cg_train_options_resolve (options, error))
    return NULL;
  return g_steal_pointer (&options);
}

/* Zhu et al. 2017 and training.md. */
static void
test_defaults (void)
{
  guint64 given;
  g_autoptr (CgTrainOptions) options = parse ("", &given, NULL);
  CgNetworkConfig generator, discriminator;
  CgStepOptions step, library;
  CgDatasetOptions dataset;

  g_assert_nonnull (options);
  g_assert_cmpuint (given, ==, 0);
  cg_train_options_get_network (options, CG_STEP_G_A, &generator);
  g_assert_cmpint (generator.kind, ==, CG_NET_RESNET);
  g_assert_cmpint (generator.n_blocks, ==, 9);
  g_assert_cmpint (generator.nf, ==, 64);
  g_assert_cmpint (generator.norm, ==, CG_NORM_INSTANCE);
  g_assert_cmpint (generator.upsample, ==, CG_UPSAMPLE_TRANSPOSE);
  cg_train_options_get_network (options, CG_STEP_D_A, &discriminator);
  g_assert_cmpint (discriminator.kind, ==, CG_NET_N_LAYERS);
  g_assert_cmpint (discriminator.n_layers, ==, 3);
  g_assert_cmpint (discriminator.nf, ==, 64);
  g_assert_cmpint (discriminator.output_nc, ==, 1);

  cg_train_options_get_step (options, 256, 256, &step);
  cg_step_options_init (&library);
  g_assert_cmpint (step.gan_mode, ==, CG_GAN_LSGAN);
  g_assert_cmpfloat (step.lambda_a, ==, 10.0);
  g_assert_cmpfloat (step.lambda_b, ==, 10.0);
  g_assert_cmpfloat (step.lambda_identity, ==, 0.5);
  g_assert_cmpfloat (step.lambda_tv, ==, 0.0);
  g_assert_cmpfloat (step.beta1, ==, 0.5);
  g_assert_cmpfloat (step.beta2, ==, 0.999);
  g_assert_cmpfloat (step.clip_value, ==, library.clip_value);
  g_assert_cmpint (step.pool_size, ==, 50);
  g_assert_cmpint (step.batch_size, ==, 1);
  g_assert_cmpfloat (options->lr, ==, 2e-4);
  g_assert_cmpfloat (options->init_gain, ==, 0.02);
  g_assert_cmpint (options->init_type, ==, CG_INIT_NORMAL);
  g_assert_cmpint (options->n_epochs, ==, 100);
  g_assert_cmpint (options->n_epochs_decay, ==, 100);

  cg_train_options_get_dataset (options, &dataset);
  g_assert_cmpint (dataset.preprocess, ==, CG_PREPROCESS_RESIZE_AND_CROP);
  g_assert_cmpint (dataset.load_size, ==, 286);
  g_assert_cmpint (dataset.crop_size, ==, 256);
  g_assert_true (dataset.flip);
  g_assert_false (dataset.serial_batches);
  g_assert_cmpuint (dataset.cache_bytes, ==, 1 << 30);
  g_assert_cmpint (dataset.n_workers, >=, 2);
  g_assert_cmpint (dataset.n_workers, <=, 8);
}

/* Every word of a choice means what the library's enumeration says. */
static void
test_choices (void)
{
  static const struct
  {
    const char *line;
    size_t offset;
    int value;
  } cases[] = {
#define CASE(line, field, value) { line, G_STRUCT_OFFSET (CgTrainOptions, field), value }
    CASE ("--gan-mode minimax", gan_mode, CG_GAN_MINIMAX),
    CASE ("--gan-mode vanilla", gan_mode, CG_GAN_VANILLA),
    CASE ("--gan-mode lsgan", gan_mode, CG_GAN_LSGAN),
    CASE ("--gan-mode hinge", gan_mode, CG_GAN_HINGE),
    CASE ("--gan-mode wgan", gan_mode, CG_GAN_WGAN),
    CASE ("--gan-mode wgangp", gan_mode, CG_GAN_WGANGP),
    CASE ("--norm instance", norm, CG_NORM_INSTANCE),
    CASE ("--norm batch", norm, CG_NORM_BATCH),
    CASE ("--norm none", norm, CG_NORM_NONE),
    CASE ("--net-g unet_256 --crop-size 256", net_g, CG_NET_G_UNET_256),
    CASE ("--net-g unet_128 --crop-size 128", net_g, CG_NET_G_UNET_128),
    CASE ("--net-d pixel", net_d, CG_NET_D_PIXEL),
    CASE ("--lr-policy step", lr_policy, CG_LR_POLICY_STEP),
    CASE ("--lr-policy cosine", lr_policy, CG_LR_POLICY_COSINE),
    CASE ("--lr-policy plateau", lr_policy, CG_LR_POLICY_PLATEAU),
    CASE ("--init-type normal", init_type, CG_INIT_NORMAL),
    CASE ("--init-type xavier", init_type, CG_INIT_XAVIER),
    CASE ("--init-type kaiming", init_type, CG_INIT_KAIMING),
    CASE ("--init-type orthogonal", init_type, CG_INIT_ORTHOGONAL),
    CASE ("--upsample transpose", upsample, CG_UPSAMPLE_TRANSPOSE),
    CASE ("--upsample resize", upsample, CG_UPSAMPLE_RESIZE),
    CASE ("--preprocess resize_and_crop", preprocess, CG_PREPROCESS_RESIZE_AND_CROP),
    CASE ("--preprocess zoom_and_crop", preprocess, CG_PREPROCESS_ZOOM_AND_CROP),
    CASE ("--preprocess crop --load-size 8", preprocess, CG_PREPROCESS_CROP),
    CASE ("--preprocess scale_width --load-size 8", preprocess, CG_PREPROCESS_SCALE_WIDTH),
    CASE ("--preprocess scale_width_and_crop", preprocess, CG_PREPROCESS_SCALE_WIDTH_AND_CROP),
    CASE ("--preprocess none --crop-size 9 --load-size 8", preprocess, CG_PREPROCESS_NONE),
  };
  guint64 given;

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CgTrainOptions) options = parse (cases[i].line, &given, &error);

      g_assert_no_error (error);
      g_assert_cmpint (G_STRUCT_MEMBER (int, options, cases[i].offset), ==, cases[i].value);
      g_assert_cmpuint (given, !=, 0);
    }
  {
    g_autoptr (CgTrainOptions) options = parse ("--norm none --no-flip --net-g resnet_6blocks", &given, NULL);
    CgNetworkConfig generator;
    CgDatasetOptions dataset;

    cg_train_options_get_network (options, CG_STEP_G_A, &generator);
    g_assert_cmpint (generator.norm, ==, CG_NORM_NONE);
    g_assert_cmpint (generator.n_blocks, ==, 6);
    cg_train_options_get_dataset (options, &dataset);
    g_assert_false (dataset.flip);
  }
}

/* What the options of networks and rates become. */
static void
test_meaning (void)
{
  guint64 given;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgTrainOptions) options
      = parse ("--net-g unet_128 --crop-size 128 --dropout --norm batch --net-d pixel --augment --lambda-gp 7 "
               "--lr-policy step --lr-decay-iters 10",
               &given, &error);
  CgNetworkConfig generator, discriminator;
  CgStepOptions step;

  g_assert_no_error (error);
  cg_train_options_get_network (options, CG_STEP_G_A, &generator);
  g_assert_cmpint (generator.kind, ==, CG_NET_UNET);
  g_assert_cmpint (generator.n_downs, ==, 7);
  g_assert_true (generator.dropout);
  g_assert_cmpint (generator.norm, ==, CG_NORM_BATCH);
  cg_train_options_get_network (options, CG_STEP_D_A, &discriminator);
  g_assert_cmpint (discriminator.kind, ==, CG_NET_PIXEL);
  cg_train_options_get_step (options, 128, 128, &step);
  g_assert_true (step.augment);
  g_assert_cmpfloat (step.lambda_gp, ==, 7.0);
  g_assert_cmpfloat (cg_train_options_get_lr (options, 10), ==, 2e-4);
  g_assert_cmpfloat_with_epsilon (cg_train_options_get_lr (options, 11), 2e-5, 1e-12);
}

/* Domains with different channels. */
static void
test_channels (void)
{
  guint64 given;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgTrainOptions) options = parse ("--input-nc 1 --lambda-identity 0", &given, &error);
  static const int channels[CG_STEP_N_NETWORKS][2] = { { 1, 3 }, { 3, 1 }, { 3, 1 }, { 1, 1 } };

  g_assert_no_error (error);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      CgNetworkConfig config;

      cg_train_options_get_network (options, (CgStepNetwork)i, &config);
      g_assert_cmpint (config.input_nc, ==, channels[i][0]);
      g_assert_cmpint (config.output_nc, ==, channels[i][1]);
    }
}

/* Each is refused as wrong usage, and the message holds what would have been right. */
static void
test_refused (void)
{
  static const struct
  {
    const char *line, *told;
  } cases[] = {
    { "--net-g unet_1024", "resnet_9blocks, resnet_6blocks, unet_256, unet_128" },
    { "--net-g unet_128 --crop-size 64 --load-size 70", "multiple of 128" },
    { "--gan-mode wgangp --norm batch", "--norm instance" },
    { "--gan-mode lsgans", "minimax, vanilla, lsgan, hinge, wgan, wgangp" },
    { "--lr -1", "from 0" },
    { "--lr nan", "--lr" },
    { "--lr 2e-4x", "--lr" },
    { "--lr inf", "--lr" },
    { "--beta1 1", "0.9999" },
    { "--batch-size 0", "from 1 to 256" },
    { "--batch-size 1.5", "whole number" },
    { "--ngf 99999999999999999999", "--ngf" },
    { "--seed -1", "--seed" },
    { "--seed 9007199254740993", "--seed" },
    { "--n-epochs ''", "--n-epochs" },
    { "--no-such-option", "--no-such-option" },
    { "--crop-size 300", "--load-size 286" },
    { "--crop-size 250", "4" },
    { "--input-nc 2 --output-nc 2", "1 (grey) or 3 (colour)" },
    { "--input-nc 4", "from 1 to 3" },
    { "--input-nc 1", "--lambda-identity 0" },
    { "--output-nc 1 --lambda-identity 0.1", "--lambda-identity 0" },
    { "--preprocess crop --crop-size 250", "4" },
    { "--preprocess scale_width_and_crop --crop-size 300", "--load-size 286" },
    { "--preprocess zoom", "resize_and_crop, zoom_and_crop, crop, scale_width, scale_width_and_crop, none" },
    { "--cache-size -1", "from 0" },
    { "--n-layers-d 4", "--net-d n_layers" },
    { "--n-epochs 0 --n-epochs-decay 0", "nothing to train" },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 given;
      g_autoptr (GError) error = NULL;
      g_autoptr (CgTrainOptions) options = NULL;

      options = parse (cases[i].line, &given, &error);
      g_assert_null (options);
      g_assert_nonnull (error);
      g_assert_cmpstr (g_quark_to_string (error->domain), ==, g_quark_to_string (G_OPTION_ERROR));
      if (!strstr (error->message, cases[i].told))
        g_error ("%s: “%s” does not tell “%s”", cases[i].line, error->message, cases[i].told);
    }
}

/* Limits themselves are allowed. */
static void
test_limits (void)
{
  guint64 given;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgTrainOptions) options = parse (
      "--seed 9007199254740992 --batch-size 256 --lr 0 --beta1 0 --sample-freq 0 --pool-size 0", &given, &error);

  g_assert_no_error (error);
  g_assert_cmpint (options->seed, ==, G_GINT64_CONSTANT (9007199254740992));
  g_assert_cmpint (options->batch_size, ==, 256);
  g_assert_cmpint (options->sample_freq, ==, 0);
}

static void
test_round_trip (void)
{
  guint64 given;
  g_autoptr (CgTrainOptions) options = parse (
      "--dataroot here --lr 0.00031234567890123 --lambda-a 1e-7 --lambda-b 3 --gan-mode wgan --seed 12345678901234 "
      "--no-flip --title 'Straße \"7\"' --norm none --n-blocks 2",
      &given, NULL);
  g_autoptr (JsonObject) object = cg_option_table_to_json (&cg_train_option_table, options);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonNode) parsed = NULL;
  g_autoptr (CgTrainOptions) back = cg_train_options_new ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  json_node_set_object (node, object);
  text = json_to_string (node, TRUE);
  parsed = json_from_string (text, &error);
  g_assert_no_error (error);
  cg_option_table_from_json (&cg_train_option_table, json_node_get_object (parsed), back, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < cg_train_option_table.n_options; i++)
    {
      const CgOption *option = &cg_train_option_table.options[i];
      g_autofree char *before = cg_option_get (option, options);
      g_autofree char *after = cg_option_get (option, back);

      g_assert_cmpstr (before, ==, after);
    }
  g_assert_cmpfloat (back->lr, ==, 0.00031234567890123);
  g_assert_true (g_path_is_absolute (back->dataroot));

  /* What is unknown or of another type is refused by name; what is missing takes its default. */
  json_object_set_string_member (json_node_get_object (parsed), "lr", "fast");
  g_assert_false (cg_option_table_from_json (&cg_train_option_table, json_node_get_object (parsed), back, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "lr"));
  g_clear_error (&error);
  json_object_remove_member (json_node_get_object (parsed), "lr");
  json_object_remove_member (json_node_get_object (parsed), "title");
  cg_option_table_from_json (&cg_train_option_table, json_node_get_object (parsed), back, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (back->lr, ==, 2e-4);
  g_assert_null (back->title);
  g_assert_cmpfloat (back->lambda_b, ==, 3.0);
  json_object_set_double_member (json_node_get_object (parsed), "lr", 0.1);
  json_object_set_double_member (json_node_get_object (parsed), "momentum", 0.1);
  g_assert_false (cg_option_table_from_json (&cg_train_option_table, json_node_get_object (parsed), back, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_VERSION);
  g_assert_nonnull (strstr (error->message, "momentum"));
}

static void
test_merge (void)
{
  guint64 given;
  g_autoptr (CgTrainOptions) stored = parse ("--dataroot here --lr 0.001 --max-steps 5", &given, NULL);
  g_autoptr (CgTrainOptions) same = NULL;
  g_autoptr (CgTrainOptions) other = NULL;
  g_autoptr (GError) error = NULL;

  same = parse ("--dataroot ./here/ --lr 1e-3 --max-steps 50 --threads 3 --n-epochs 7", &given, NULL);
  cg_train_options_merge (stored, same, given, &error);
  g_assert_no_error (error);
  g_assert_cmpint (stored->max_steps, ==, 50);
  g_assert_cmpint (stored->threads, ==, 3);
  g_assert_cmpint (stored->n_epochs, ==, 7);
  g_assert_cmpfloat (stored->lr, ==, 0.001);

  other = parse ("--no-flip", &given, NULL);
  g_assert_false (cg_train_options_merge (stored, other, given, &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "--no-flip"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/options/defaults", test_defaults);
  g_test_add_func ("/train/options/choices", test_choices);
  g_test_add_func ("/train/options/meaning", test_meaning);
  g_test_add_func ("/train/options/channels", test_channels);
  g_test_add_func ("/train/options/refused", test_refused);
  g_test_add_func ("/train/options/limits", test_limits);
  g_test_add_func ("/train/options/round-trip", test_round_trip);
  g_test_add_func ("/train/options/merge", test_merge);
  return g_test_run ();
}
