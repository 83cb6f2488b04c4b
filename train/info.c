/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan info`: what a model file is, told and checked by its directory alone; or what this machine computes with. */
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "checkpoint-info.h"
#include "commands.h"
#include "cyclegan.h"
#include "terminal.h"

static gboolean about_cpu;

static const GOptionEntry entries[] = { { "cpu", 0, 0, G_OPTION_ARG_NONE, &about_cpu,
                                          N_ ("Tell which kernel this machine computes with, and why"), NULL },
                                        G_OPTION_ENTRY_NULL };

static int
print_cpu (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *threads = NULL;
  CgAbout about;

  if (!cg_about_get (&about, &error))
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);
  threads = g_strdup_printf ("%d", about.n_threads);
  cg_terminal_print_field (_ ("kernel"), about.kernel);
  cg_terminal_print_field (_ ("because"), _ (about.explanation));
  cg_terminal_print_field ("BLIS", about.blis_version);
  cg_terminal_print_field (_ ("threads"), threads);
  return CG_EXIT_OK;
}

static const char *
describe_norm (CgNormKind norm)
{
  switch (norm)
    {
    case CG_NORM_INSTANCE:
      return _ ("instance norm");
    case CG_NORM_BATCH:
      return _ ("batch norm");
    default:
      return _ ("no norm");
    }
}

/* "resnet_9blocks, 64 channels, instance norm, transposed convolutions, no dropout, 3 to 3 channels". (transfer full) */
static char *
describe_architecture (const CgSafetensors *file, const CgNetworkConfig *config)
{
  const char *net_g = cg_safetensors_get_metadata (file, "net_g");
  GString *text = g_string_new (net_g ? net_g : cg_safetensors_get_metadata (file, "net_d"));

  if (config->kind == CG_NET_RESNET && g_str_equal (text->str, "resnet"))
    g_string_append_printf (text, _ (" (%d blocks)"), config->n_blocks);
  if (config->kind == CG_NET_N_LAYERS)
    g_string_append_printf (text, _ (" (%d layers)"), config->n_layers);
  g_string_append_printf (text, ", %s %d, %s", net_g ? "ngf" : "ndf", config->nf, describe_norm (config->norm));
  if (config->kind == CG_NET_RESNET)
    g_string_append_printf (text, ", %s",
                            config->upsample == CG_UPSAMPLE_RESIZE ? _ ("resize-convolutions")
                                                                   : _ ("transposed convolutions"));
  if (net_g)
    g_string_append_printf (text, ", %s", config->dropout ? _ ("dropout") : _ ("no dropout"));
  g_string_append_printf (text, _ (", %d to %d channels"), config->input_nc, config->output_nc);
  return g_string_free (text, FALSE);
}

/* The formats of its tensors, each once. (transfer full) */
static char *
describe_dtypes (const CgSafetensors *file)
{
  GString *text = g_string_new (NULL);
  guint seen = 0;

  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    {
      const CgDtype dtype = cg_safetensors_get_entry (file, i)->dtype;

      if (!(seen & 1u << dtype))
        g_string_append_printf (text, "%s%s", seen ? ", " : "", cg_dtype_get_name (dtype));
      seen |= 1u << dtype;
    }
  return g_string_free (text, FALSE);
}

/* Batch norm's running statistics are no parameters, as PyTorch counts them. (transfer full) */
static char *
count_parameters (const CgNetwork *network)
{
  size_t n = 0;

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (!parameter->is_buffer)
        n += parameter->n_floats;
    }
  return g_strdup_printf ("%zu", n);
}

static void
print_metadata (const CgSafetensors *file)
{
  static const char *const told[]
      = { "format",  "net_g",    "net_d",     "n_blocks", "n_layers_d", "ngf",         "ndf",       "norm", "upsample",
          "dropout", "input_nc", "output_nc", "title",    "license",    "domain_from", "domain_to", NULL };

  for (const char *const *key = cg_safetensors_get_metadata_keys (file); *key; key++)
    if (!g_strv_contains (told, *key))
      cg_terminal_print_field (*key, cg_safetensors_get_metadata (file, *key));
}

static void
print_model (const CgSafetensors *file, const CgNetworkConfig *config, const CgNetwork *network)
{
  const char *from = cg_safetensors_get_metadata (file, "domain_from");
  const char *to = cg_safetensors_get_metadata (file, "domain_to");
  const char *licence = cg_safetensors_get_metadata (file, "license");
  g_autofree char *path = g_filename_display_name (cg_safetensors_get_path (file));
  g_autofree char *architecture = describe_architecture (file, config);
  g_autofree char *parameters = count_parameters (network);
  g_autofree char *dtypes = describe_dtypes (file);
  g_autofree char *domains = from || to ? g_strdup_printf ("%s → %s", from ? from : "?", to ? to : "?") : NULL;
  g_autofree char *size = NULL;
  GStatBuf status;

  if (g_stat (cg_safetensors_get_path (file), &status) == 0)
    size = g_format_size_full ((guint64)status.st_size, G_FORMAT_SIZE_LONG_FORMAT);
  cg_terminal_print_field (_ ("file"), path);
  cg_terminal_print_field (_ ("title"), cg_safetensors_get_metadata (file, "title"));
  cg_terminal_print_field (_ ("domains"), domains);
  cg_terminal_print_field (_ ("architecture"), architecture);
  cg_terminal_print_field (_ ("parameters"), parameters);
  cg_terminal_print_field (_ ("numbers"), dtypes);
  cg_terminal_print_field (_ ("size"), size);
  cg_terminal_print_field (_ ("licence"), licence ? licence : _ ("not stated"));
  print_metadata (file);
}

/* Whether names, shapes and sizes are right all through shows without a weight being read. */
static int
print_file (const char *name)
{
  /* A file of the current folder needs no "./" here, unlike where only models are named. */
  g_autofree char *path = g_file_test (name, G_FILE_TEST_EXISTS) ? g_strdup (name) : NULL;
  g_autoptr (CgSafetensors) file = NULL;
  g_autoptr (CgNetwork) network = NULL;
  g_autoptr (GError) error = NULL;
  CgNetworkConfig config;

  if (!path)
    path = cg_model_library_find (name, &error);
  if (path && cg_checkpoint_info_applies (path))
    {
      if (cg_checkpoint_info_print (path, &error))
        return CG_EXIT_OK;
      return cg_terminal_fail (error->message, CG_EXIT_FAILED);
    }
  if (path)
    file = cg_safetensors_open (path, &error);
  if (file && cg_model_config_from_metadata (file, &config, &error))
    {
      network = cg_network_new_outline (&config, &error);
      if (!network)
        g_prefix_error (&error, "%s: ", path);
    }
  if (!network || !cg_model_check_tensors (file, network, &error))
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);
  print_model (file, &config, network);
  return CG_EXIT_OK;
}

int
cg_command_info (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("FILE — tell what a model is"));
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (
      context, _ ("Checks a model file, an installed model by its name, or a checkpoint, and describes it."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return cg_terminal_fail (error->message, CG_EXIT_USAGE);
  if (argc != (about_cpu ? 1 : 2))
    return cg_terminal_fail (about_cpu ? _ ("--cpu takes no file") : _ ("info takes one FILE, or --cpu"),
                             CG_EXIT_USAGE);
  return about_cpu ? print_cpu () : print_file (argv[1]);
}
