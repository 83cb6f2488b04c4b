/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every option of `cyclegan train` has the effect that --help tells, seen in what a run leaves behind; an option without a row
 * fails the test. */
#include <math.h>
#include <string.h>

#include "image-io.h"
#include "run.h"
#include "tiny-run.h"

/* Of every run, unless its row says otherwise. */
#define N_STEPS 3
#define BASE "--max-steps=3"

typedef enum
{
  OTHER_WEIGHTS,   /* than the plain run has: @key of the checkpoint differs */
  SAME_WEIGHTS,    /* all bits of the checkpoint */
  TIMES_LOSS,      /* @key in the first step is @value times that of the plain run */
  OTHER_LOSS,      /* than the plain run has: @key in the first step differs */
  LAST_LR,         /* @value */
  LIMITED_WEIGHTS, /* those of @key are within @value */
  METADATA,        /* of the model: @key is @text */
  CONFIG,          /* of the dataset in config.json: @key is @value */
  FILES,           /* in the folder @key, @value in number */
  LINES,           /* of metrics.jsonl, @value in number */
  POOL,            /* @value images in the checkpoint's pool_A */
  ELSEWHERE        /* tested where @key says */
} Effect;

/* For OTHER_LOSS @text, if there, is what the plain run has as well. */
typedef struct
{
  const char *option, *arguments;
  Effect effect;
  const char *key;
  double value;
  const char *text;
} Row;

static const Row rows[] = {
  { "dataroot", NULL, ELSEWHERE, "run-test", 0, NULL },
  { "out", NULL, ELSEWHERE, "run-test", 0, NULL },
  { "resume", NULL, ELSEWHERE, "resume-test", 0, NULL },
  { "preset", NULL, ELSEWHERE, "preset-test", 0, NULL },
  { "print-config", NULL, ELSEWHERE, "preset-test, command-test", 0, NULL },
  { "init-from", NULL, ELSEWHERE, "run-test", 0, NULL },
  { "ema", NULL, ELSEWHERE, "run-test", 0, NULL },
  { "eval-freq", NULL, ELSEWHERE, "run-evaluation-test", 0, NULL },
  { "input-nc", NULL, ELSEWHERE, "channels-test", 0, NULL },
  { "output-nc", NULL, ELSEWHERE, "channels-test", 0, NULL },
  { "preprocess", NULL, ELSEWHERE, "dataset-modes-test", 0, NULL },
  { "net-g", "--net-g=resnet_6blocks --n-blocks=0", METADATA, "n_blocks", 0, "6" },
  { "n-blocks", "--n-blocks=2", METADATA, "n_blocks", 0, "2" },
  { "ngf", "--ngf=5", METADATA, "ngf", 0, "5" },
  { "norm", "--norm=batch", METADATA, "norm", 0, "batch" },
  { "upsample", "--upsample=resize", METADATA, "upsample", 0, "resize" },
  { "dropout", "--dropout", METADATA, "dropout", 0, "true" },
  { "title", "--title=Dusk", METADATA, "title", 0, "Dusk" },
  { "description", "--description=Noon", METADATA, "description", 0, "Noon" },
  { "domain-from", "--domain-from=photo", METADATA, "domain_from", 0, "photo" },
  { "domain-to", "--domain-to=print", METADATA, "domain_to", 0, "print" },
  { "author", "--author=Someone", METADATA, "author", 0, "Someone" },
  { "license", "--license=CC0-1.0", METADATA, "license", 0, "CC0-1.0" },
  { "net-d", "--net-d=pixel --n-layers-d=3", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "n-layers-d", "--n-layers-d=2", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "ndf", "--ndf=5", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "init-type", "--init-type=orthogonal", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "init-gain", "--init-gain=0.1", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "gan-mode", "--gan-mode=hinge", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "clip-value", "--gan-mode=wgan --clip-value=0.001", LIMITED_WEIGHTS, "D_A", 0.001, NULL },
  { "lambda-gp", "--gan-mode=wgangp --lambda-gp=5", OTHER_LOSS, "D_A", 0, "--gan-mode=wgangp" },
  { "lambda-a", "--lambda-a=20", TIMES_LOSS, "cycle_A", 2, NULL },
  { "lambda-b", "--lambda-b=5", TIMES_LOSS, "cycle_B", 0.5, NULL },
  { "lambda-identity", "--lambda-identity=0", TIMES_LOSS, "idt_A", 0, NULL },
  { "lambda-tv", "--lambda-tv=1e-5", OTHER_LOSS, "tv_B", 0, NULL },
  { "pool-size", "--pool-size=2", POOL, NULL, 2, NULL },
  { "lr", "--lr=0.001", LAST_LR, NULL, 0.001, NULL },
  { "beta1", "--beta1=0.9", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "lr-policy", "--lr-policy=step --lr-decay-iters=1 --max-dataset-size=1", LAST_LR, NULL, 2e-6, NULL },
  { "lr-decay-iters", "--lr-policy=step --lr-decay-iters=2 --max-dataset-size=1", LAST_LR, NULL, 2e-5, NULL },
  { "n-epochs", "--n-epochs=1 --max-dataset-size=1", LAST_LR, NULL, 2e-4 / 3.0, NULL },
  { "n-epochs-decay", "--n-epochs-decay=7 --max-dataset-size=1", LAST_LR, NULL, 2e-4 * 7.0 / 8.0, NULL },
  { "augment", "--augment", OTHER_WEIGHTS, "D_A", 0, NULL },
  { "batch-size", "--batch-size=2", CONFIG, "steps_per_epoch", 3, NULL },
  { "load-size", "--load-size=40", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "crop-size", "--crop-size=28", CONFIG, "crop_width", 28, NULL },
  { "no-flip", "--no-flip", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "serial-batches", "--serial-batches", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "max-dataset-size", "--max-dataset-size=2", CONFIG, "steps_per_epoch", 2, NULL },
  { "cache-size", "--cache-size=0", SAME_WEIGHTS, NULL, 0, NULL },
  { "seed", "--seed=1", OTHER_WEIGHTS, "G_A", 0, NULL },
  { "threads", "--threads=2", SAME_WEIGHTS, NULL, 0, NULL },
  { "max-steps", "--max-steps=2", LINES, NULL, 2, NULL },
  { "print-freq", "--print-freq=2", LINES, NULL, 1, NULL },
  { "sample-freq", "--sample-freq=1", FILES, "samples", 3, NULL },
  { "save-freq", "--save-freq=1", FILES, "checkpoints", 2, NULL },
  { "save-epoch-freq", "--save-epoch-freq=1 --max-dataset-size=1", FILES, "checkpoints", 3, NULL },
};

static char **
get_argv (const TinyFixture *fixture, const char *out, const char *arguments)
{
  g_auto (GStrv) more = g_strsplit (arguments, " ", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) base = tiny_run_argv (fixture->dataset, out, BASE, NULL);

  g_strv_builder_addv (builder, (const char **)base);
  g_strv_builder_addv (builder, (const char **)more);
  return g_strv_builder_end (builder);
}

/* Line @line, from 0, of metrics.jsonl. (transfer full) */
static JsonNode *
get_line (const char *out, guint line)
{
  g_autofree char *path = g_build_filename (out, "metrics.jsonl", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, line);
  return json_from_string (lines[line], NULL);
}

static double
get_number (const char *out, guint line, const char *key)
{
  g_autoptr (JsonNode) node = get_line (out, line);

  return json_object_get_double_member (json_node_get_object (node), key);
}

static CgSafetensors *
open_file (const char *out, const char *name)
{
  g_autofree char *relative = g_strdup_printf ("checkpoints/step-%08d/%s.safetensors", N_STEPS, name);
  g_autofree char *path = g_build_filename (out, relative, NULL);
  g_autoptr (GError) error = NULL;
  CgSafetensors *file = cg_safetensors_open (path, &error);

  g_assert_no_error (error);
  return file;
}

/* Whether a tensor is another, or absent. */
static gboolean
differ (const char *plain, const char *out, const char *name)
{
  g_autoptr (CgSafetensors) a = open_file (plain, name);
  g_autoptr (CgSafetensors) b = open_file (out, name);

  for (guint i = 0; i < cg_safetensors_get_n_entries (a); i++)
    {
      const CgSafetensorsEntry *one = cg_safetensors_get_entry (a, i);
      const CgSafetensorsEntry *other = cg_safetensors_find (b, one->name);

      if (!other || one->n_elements != other->n_elements
          || memcmp (one->data, other->data, one->n_elements * sizeof (float)) != 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_limited (const char *out, const char *name, double limit)
{
  g_autoptr (CgSafetensors) file = open_file (out, name);

  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);

      for (size_t e = 0; e < entry->n_elements; e++)
        if (fabs ((double)((const float *)(gconstpointer)entry->data)[e]) > limit * 1.000001)
          return FALSE;
    }
  return TRUE;
}

static double
get_config (const char *out, const char *key)
{
  g_autofree char *path = g_build_filename (out, "config.json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_file (parser, path, NULL));
  return (double)json_object_get_int_member (
      json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), "dataset"), key);
}

static int
count_files (const char *out, const char *folder)
{
  g_autofree char *path = g_build_filename (out, folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  int n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

static gboolean
has_metadata (const char *out, const char *key, const char *text)
{
  g_autofree char *path = g_build_filename (out, "G_A.safetensors", NULL);
  g_autoptr (CgModel) model = cg_model_load (path, NULL);

  g_assert_nonnull (model);
  return g_strcmp0 (cg_model_get_metadata (model, key), text) == 0;
}

static gboolean
has_effect (const Row *row, const char *plain, const char *out)
{
  g_autoptr (GArray) steps = tiny_run_get_metric_steps (out);
  g_autoptr (CgSafetensors) state = NULL;

  switch (row->effect)
    {
    case OTHER_WEIGHTS:
      return differ (plain, out, row->key);
    case SAME_WEIGHTS:
      tiny_run_assert_equal (plain, out, N_STEPS);
      return TRUE;
    case TIMES_LOSS:
      return fabs (get_number (out, 0, row->key) - row->value * get_number (plain, 0, row->key)) < 1e-5;
    case OTHER_LOSS:
      return get_number (out, 0, row->key) != get_number (plain, 0, row->key);
    case LAST_LR:
      return fabs (get_number (out, N_STEPS - 1, "lr") - row->value) < 1e-12;
    case LIMITED_WEIGHTS:
      return is_limited (out, row->key, row->value) && !is_limited (plain, row->key, row->value);
    case METADATA:
      return has_metadata (out, row->key, row->text) && !has_metadata (plain, row->key, row->text);
    case CONFIG:
      return get_config (out, row->key) == row->value && get_config (plain, row->key) != row->value;
    case FILES:
      return count_files (out, row->key) == (int)row->value && count_files (plain, row->key) != (int)row->value;
    case LINES:
      return steps->len == (guint)row->value;
    case POOL:
      state = open_file (out, "state");
      return cg_safetensors_find (state, "pool_A")->shape[0] == (gint64)row->value;
    case ELSEWHERE:
    default:
      return TRUE;
    }
}

static void
test_effects (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *plain = tiny_fixture_path (fixture, "plain");

  tiny_run_assert (tiny_run_argv (fixture->dataset, plain, BASE, NULL), CG_RUN_COMPLETE);
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *out = tiny_fixture_path (fixture, rows[i].option);
      g_autofree char *other = NULL;

      if (rows[i].effect == ELSEWHERE)
        continue;
      tiny_run_assert (get_argv (fixture, out, rows[i].arguments), CG_RUN_COMPLETE);
      if (rows[i].effect == OTHER_LOSS && rows[i].text)
        {
          other = g_strconcat (out, "-plain", NULL);
          tiny_run_assert (get_argv (fixture, other, rows[i].text), CG_RUN_COMPLETE);
        }
      if (!has_effect (&rows[i], other ? other : plain, out))
        {
          g_test_message ("%s has not the effect that it should have", rows[i].arguments);
          g_test_fail ();
        }
    }
}

/* No option without a row, and no row without an option. */
static void
test_all (void)
{
  for (guint k = 0; k < cg_train_option_table.n_options; k++)
    {
      const char *name = cg_train_option_table.options[k].name;
      gboolean found = FALSE;

      for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
        found |= strcmp (rows[i].option, name) == 0;
      if (!found)
        g_error ("--%s has no test of its effect", name);
    }
  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_nonnull (cg_option_table_find (&cg_train_option_table, rows[i].option));
}

/* An unknown word is wrong usage, and the message lists all that are known. */
static void
test_choices (void)
{
  for (guint k = 0; k < cg_train_option_table.n_options; k++)
    {
      const CgOption *option = &cg_train_option_table.options[k];
      g_autoptr (CgTrainOptions) options = cg_train_options_new ();
      g_autoptr (GError) error = NULL;

      if (option->kind != CG_OPTION_CHOICE)
        continue;
      g_assert_false (cg_option_set (option, options, "no-such-word", &error));
      g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
      g_assert_nonnull (strstr (error->message, option->name));
      for (int i = 0; option->choices[i]; i++)
        g_assert_nonnull (strstr (error->message, option->choices[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cg_image_init ();
  g_test_add_func ("/train/option-effects/all", test_all);
  g_test_add_func ("/train/option-effects/choices", test_choices);
  g_test_add ("/train/option-effects/effects", TinyFixture, NULL, tiny_fixture_set_up, test_effects,
              tiny_fixture_tear_down);
  return g_test_run ();
}
