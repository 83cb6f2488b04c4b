/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan import`: a PyTorch checkpoint, or a safetensors state dict of anywhere, becomes a model. */
#include <glib/gi18n.h>
#include <string.h>

#include "commands.h"
#include "convert/architecture.h"
#include "cyclegan-train.h"
#include "interrupt.h"
#include "terminal.h"

typedef struct
{
  char *out, *key, *dtype, *padding, *upsample_mode;
  char **metadata;
  gboolean dropout;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->out);
  g_free (options->key);
  g_free (options->dtype);
  g_free (options->padding);
  g_free (options->upsample_mode);
  g_strfreev (options->metadata);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
fail_value (const char *option, const char *value, const char *expected, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s: found “%s”, expected %s"), option, value,
               expected);
  return FALSE;
}

/* What weights do not reveal: there is one choice of each that the networks here compute. */
static gboolean
check_options (const Options *options, CgDtype *dtype, GError **error)
{
  g_autofree char *name = g_ascii_strup (options->dtype ? options->dtype : "f32", -1);

  if (!cg_dtype_from_name (name, dtype))
    return fail_value ("--dtype", options->dtype, "f32, f16, bf16", error);
  if (options->padding && strcmp (options->padding, "reflect") != 0)
    return fail_value ("--padding", options->padding, _ ("reflect, the only one that is supported"), error);
  if (options->upsample_mode && strcmp (options->upsample_mode, "nearest") != 0)
    return fail_value ("--upsample-mode", options->upsample_mode, _ ("nearest, the only one that is supported"), error);
  for (char **pair = options->metadata; pair && *pair; pair++)
    if (!strchr (*pair, '=') || **pair == '=')
      return fail_value ("--metadata", *pair, "KEY=VALUE", error);
  /* Else a name typed twice would put a model in the place of the checkpoint. */
  if (options->out && !g_str_has_suffix (options->out, ".safetensors"))
    {
      g_autofree char *shown = g_filename_display_name (options->out);

      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--out: found “%s”, expected a name ending in %s"), shown, ".safetensors");
      return FALSE;
    }
  return TRUE;
}

/* (transfer full): (element-type char* char*) */
static GHashTable *
collect_metadata (const Options *options)
{
  GHashTable *metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (char **pair = options->metadata; pair && *pair; pair++)
    {
      const char *equals = strchr (*pair, '=');

      g_hash_table_insert (metadata, g_strndup (*pair, (size_t)(equals - *pair)), g_strdup (equals + 1));
    }
  return metadata;
}

static void
print_text (const char *label, const char *value)
{
  g_autofree char *text = cg_terminal_text (value, 0);

  g_print ("%s: %s\n", label, text);
}

/* What was found, and what was assumed because the weights do not tell. */
static void
print_found (const CgStateDict *dict, const Options *options, const CgNetworkConfig *config)
{
  g_autofree char *network = cg_architecture_describe (config);
  g_autoptr (GString) assumed = g_string_new (NULL);

  print_text (cg_state_dict_get_display_name (dict), cg_state_dict_get_format_name (dict));
  if (*cg_state_dict_get_key (dict))
    print_text (_ ("key"), cg_state_dict_get_key (dict));
  print_text (_ ("found"), network);
  if (config->kind == CG_NET_RESNET && !options->padding)
    g_string_append (assumed, _ ("padding by reflection (--padding reflect)"));
  if (config->kind == CG_NET_RESNET && config->upsample == CG_UPSAMPLE_RESIZE && !options->upsample_mode)
    g_string_append_printf (assumed, "%s%s", assumed->len ? ", " : "",
                            _ ("nearest neighbour (--upsample-mode nearest)"));
  if (cg_architecture_drops_statistics (dict, config))
    g_string_append_printf (assumed, "%s%s", assumed->len ? ", " : "",
                            _ ("instance norm of each image by itself; the running statistics are left out"));
  if (config->kind == CG_NET_UNET && !options->dropout)
    g_string_append_printf (assumed, "%s%s", assumed->len ? ", " : "", _ ("no dropout in training (--dropout)"));
  if (assumed->len)
    print_text (_ ("assumed"), assumed->str);
}

static int
import_file (const char *path, const Options *options, CgDtype dtype)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (CgNetwork) network = NULL;
  g_autoptr (GHashTable) metadata = NULL;
  CgNetworkConfig config;

  /* What is being written is finished or taken away. */
  cg_interrupt_install ();
  dict = cg_state_dict_open (path, options->key, &error);

  if (!dict || !cg_architecture_detect (dict, &config, &error))
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);
  if (config.kind == CG_NET_UNET)
    config.dropout = options->dropout;
  network = cg_architecture_load (dict, &config, &error);
  if (!network)
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);

  print_found (dict, options, &config);
  metadata = collect_metadata (options);
  if (cg_interrupt_is_requested ())
    return CG_EXIT_INTERRUPTED;
  if (!cg_model_save (network, dtype, metadata, options->out, &error))
    return cg_terminal_fail (error->message, CG_EXIT_FAILED);
  print_text (_ ("wrote"), options->out);
  return CG_EXIT_OK;
}

int
cg_command_import (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[]
      = { { "out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out, N_ ("The model to write (.safetensors)"), N_ ("FILE") },
          { "key", 0, 0, G_OPTION_ARG_STRING, &options.key,
            N_ ("Which network, in a file with several: a key of its dict, or what the tensors' names begin with"),
            N_ ("KEY") },
          { "dtype", 0, 0, G_OPTION_ARG_STRING, &options.dtype, N_ ("How numbers are stored: f32 (default), f16, bf16"),
            N_ ("TYPE") },
          { "padding", 0, 0, G_OPTION_ARG_STRING, &options.padding,
            N_ ("How a ResNet pads, which weights do not tell: reflect"), N_ ("MODE") },
          { "upsample-mode", 0, 0, G_OPTION_ARG_STRING, &options.upsample_mode,
            N_ ("How a ResNet resizes, which weights do not tell: nearest"), N_ ("MODE") },
          { "dropout", 0, 0, G_OPTION_ARG_NONE, &options.dropout,
            N_ ("A U-Net was trained with dropout, which weights do not tell"), NULL },
          { "metadata", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.metadata,
            N_ ("title, description, domain_from, domain_to, author, license, train_scale, …; may be repeated"),
            N_ ("KEY=VALUE") },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("CHECKPOINT — turn weights into a model"));
  g_autoptr (GError) error = NULL;
  CgDtype dtype;

  g_option_context_set_summary (
      context, _ ("Reads state dicts that torch.save wrote, before and since PyTorch 1.6, and safetensors. "
                  "Nothing in the file is executed."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error) || !check_options (&options, &dtype, &error))
    return cg_terminal_fail (error->message, CG_EXIT_USAGE);
  if (argc != 2 || !options.out)
    return cg_terminal_fail (_ ("import takes one CHECKPOINT and --out FILE"), CG_EXIT_USAGE);
  return import_file (argv[1], &options, dtype);
}
