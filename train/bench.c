/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan bench`: how fast a generator or a training step is here, and which kinds of layers take the time. */
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "commands.h"
#include "cyclegan-train.h"

#define SEED 1u

typedef struct
{
  int size, ngf, n_blocks, threads, repeat;
  gboolean train, json;
} Options;

/* What was measured; the profile holds the sums over all counted runs. */
typedef struct
{
  CgAbout about;
  CgProfile *profile;
  double *seconds;
  double peak_gflops;
} Result;

static CgNetwork *
new_network (CgNetKind kind, const Options *options, GError **error)
{
  CgNetworkConfig config = { .kind = kind,
                             .input_nc = 3,
                             .output_nc = kind == CG_NET_N_LAYERS ? 1 : 3,
                             .nf = options->ngf,
                             .n_blocks = options->n_blocks,
                             .n_layers = 3,
                             .norm = CG_NORM_INSTANCE };
  CgNetwork *network = cg_network_new (&config, error);

  if (network)
    cg_network_init (network, CG_INIT_NORMAL, 0.02, SEED);
  return network;
}

static gboolean
measure_generator (const Options *options, Result *result, GError **error)
{
  g_autoptr (CgNetwork) network = new_network (CG_NET_RESNET, options, error);

  return network
         && cg_network_measure (network, 1, options->size, options->size, options->threads, options->repeat,
                                result->seconds, result->profile, error);
}

/* A step on random images; the first one, which packs and warms up, does not count. */
static gboolean
measure_steps (const Options *options, Result *result, CgNetwork *const networks[CG_STEP_N_NETWORKS], GError **error)
{
  size_t n_floats = (size_t)options->size * (size_t)options->size * 3;
  g_autofree float *real_a = g_try_new (float, n_floats);
  g_autofree float *real_b = g_try_new (float, n_floats);
  g_autoptr (CgStep) step = NULL;
  CgStepOptions step_options;

  if (!real_a || !real_b)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for images of %d x %d pixels"),
                   options->size, options->size);
      return FALSE;
    }
  for (size_t i = 0; i < n_floats; i++)
    {
      real_a[i] = (float)(2.0 * cg_random_uniform (SEED, CG_RANDOM_TEST, 0, i) - 1.0);
      real_b[i] = (float)(2.0 * cg_random_uniform (SEED, CG_RANDOM_TEST, 1, i) - 1.0);
    }
  cg_step_options_init (&step_options);
  step_options.crop_h = step_options.crop_w = options->size;
  step_options.n_threads = options->threads;
  step = cg_step_new (&step_options, networks, error);
  if (!step)
    return FALSE;
  for (int run = -1; run < options->repeat; run++)
    {
      CgStepLosses losses;
      gint64 start = g_get_monotonic_time ();

      cg_step_set_profile (step, run < 0 ? NULL : result->profile);
      if (!cg_step_run (step, run + 2, 2e-4, real_a, real_b, &losses, error))
        return FALSE;
      if (run >= 0)
        result->seconds[run] = (double)(g_get_monotonic_time () - start) / 1e6;
    }
  return TRUE;
}

static gboolean
measure_training (const Options *options, Result *result, GError **error)
{
  CgNetwork *networks[CG_STEP_N_NETWORKS] = { NULL };
  gboolean ok = TRUE;

  for (int i = 0; i < CG_STEP_N_NETWORKS && ok; i++)
    {
      gboolean generator = i == CG_STEP_G_A || i == CG_STEP_G_B;

      networks[i] = new_network (generator ? CG_NET_RESNET : CG_NET_N_LAYERS, options, error);
      ok = networks[i] != NULL;
    }
  ok = ok && measure_steps (options, result, networks, error);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_network_free (networks[i]);
  return ok;
}

static int
compare_seconds (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return x < y ? -1 : x > y;
}

static double
get_median (const Options *options, const Result *result)
{
  int n = options->repeat;

  return (result->seconds[(n - 1) / 2] + result->seconds[n / 2]) / 2.0;
}

/* Of one run, by the direct algorithm. */
static double
get_flops (const Options *options, const Result *result)
{
  double flops = 0.0;

  for (guint i = 0; i < cg_profile_get_n_entries (result->profile); i++)
    flops += cg_profile_get_entry (result->profile, i)->flops;
  return flops / options->repeat;
}

static double
get_peak_rss_mib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024.0;
}

static void
add_number (JsonBuilder *builder, const char *name, double value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, value);
}

static void
add_integer (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
print_json (const Options *options, const Result *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  add_string (builder, "work", options->train ? "training_step" : "generator");
  add_integer (builder, "size", options->size);
  add_integer (builder, "ngf", options->ngf);
  add_integer (builder, "n_blocks", options->n_blocks);
  add_integer (builder, "threads", options->threads);
  add_string (builder, "kernel", result->about.kernel);
  add_number (builder, "seconds_median", get_median (options, result));
  add_number (builder, "seconds_min", result->seconds[0]);
  add_number (builder, "gflops", get_flops (options, result) / get_median (options, result) / 1e9);
  add_number (builder, "peak_gflops", result->peak_gflops);
  add_number (builder, "peak_rss_mib", get_peak_rss_mib ());
  json_builder_set_member_name (builder, "layers");
  json_builder_begin_array (builder);
  for (guint i = 0; i < cg_profile_get_n_entries (result->profile); i++)
    {
      const CgProfileEntry *entry = cg_profile_get_entry (result->profile, i);

      json_builder_begin_object (builder);
      add_string (builder, "layer", entry->label);
      add_integer (builder, "calls", entry->calls / (guint)options->repeat);
      add_number (builder, "seconds", entry->seconds / options->repeat);
      add_number (builder, "gflops", entry->seconds > 0.0 ? entry->flops / entry->seconds / 1e9 : 0.0);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  g_print ("%s\n", text);
}

static void
print_table (const Options *options, const Result *result)
{
  double median = get_median (options, result);
  double gflops = get_flops (options, result) / median / 1e9;

  g_print (_ ("%s at %d x %d, %d channels, %d blocks, %d threads, kernel %s\n"),
           options->train ? _ ("Training step") : _ ("Generator"), options->size, options->size, options->ngf,
           options->n_blocks, options->threads, result->about.kernel);
  g_print ("%-44s %5s %9s %6s %9s %6s\n", _ ("layer"), _ ("calls"), "ms", "%", "GFLOPS", _ ("peak"));
  for (guint i = 0; i < cg_profile_get_n_entries (result->profile); i++)
    {
      const CgProfileEntry *entry = cg_profile_get_entry (result->profile, i);
      double seconds = entry->seconds / options->repeat;
      double rate = entry->seconds > 0.0 ? entry->flops / entry->seconds / 1e9 : 0.0;

      g_print ("%-44s %5u %9.2f %5.1f%% %9.1f %5.0f%%\n", entry->label, entry->calls / (guint)options->repeat,
               seconds * 1e3, 100.0 * seconds / median, rate,
               result->peak_gflops > 0.0 ? 100.0 * rate / result->peak_gflops : 0.0);
    }
  g_print (_ ("median %.4f s, minimum %.4f s of %d runs; %.1f GFLOPS of the direct algorithm, peak %.1f; %.0f MiB at "
              "most\n"),
           median, result->seconds[0], options->repeat, gflops, result->peak_gflops, get_peak_rss_mib ());
}

static gboolean
measure (const Options *options, Result *result, GError **error)
{
  if (!cg_about_get (&result->about, error))
    return FALSE;
  result->peak_gflops = cg_about_measure_peak (options->threads);
  if (!(options->train ? measure_training : measure_generator) (options, result, error))
    return FALSE;
  qsort (result->seconds, (size_t)options->repeat, sizeof (double), compare_seconds);
  return TRUE;
}

int
cg_command_bench (int argc, char **argv)
{
  Options options = { .size = 256, .ngf = 64, .n_blocks = 9, .repeat = 5 };
  const GOptionEntry entries[]
      = { { "size", 0, 0, G_OPTION_ARG_INT, &options.size, N_ ("Side of the square image in pixels (256)"), "N" },
          { "train", 0, 0, G_OPTION_ARG_NONE, &options.train,
            N_ ("Measure a whole training step instead of a generator"), NULL },
          { "ngf", 0, 0, G_OPTION_ARG_INT, &options.ngf, N_ ("Channels of the first convolution (64)"), "N" },
          { "n-blocks", 0, 0, G_OPTION_ARG_INT, &options.n_blocks, N_ ("Residual blocks (9)"), "N" },
          { "threads", 0, 0, G_OPTION_ARG_INT, &options.threads, N_ ("Threads (what the process may use)"), "N" },
          { "repeat", 0, 0, G_OPTION_ARG_INT, &options.repeat, N_ ("Counted runs (5)"), "R" },
          { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_ ("Print one JSON object"), NULL },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgProfile) profile = cg_profile_new ();
  g_autofree double *seconds = NULL;
  Result result = { .profile = profile };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, _ ("Measures how fast this machine computes a generator or a training step."));
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("cyclegan: bench: %s\n", error->message);
      return CG_EXIT_USAGE;
    }
  if (argc > 1 || options.repeat < 1 || options.repeat > 10000 || options.size < 1 || options.threads < 0
      || options.threads > 1024)
    {
      g_printerr (
          _ ("cyclegan: bench: expected --size of at least 1, --repeat from 1 to 10000, --threads from 0 to 1024 "
             "and no other arguments\n"));
      return CG_EXIT_USAGE;
    }
  if (options.threads == 0)
    options.threads = cg_parallel_get_default_threads ();
  cg_parallel_set_wish (options.threads);
  result.seconds = seconds = g_new0 (double, options.repeat);
  if (!measure (&options, &result, &error))
    {
      g_printerr ("cyclegan: bench: %s\n", error->message);
      return CG_EXIT_FAILED;
    }
  (options.json ? print_json : print_table) (&options, &result);
  return CG_EXIT_OK;
}
