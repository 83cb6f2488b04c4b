/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `cyclegan export`: a model as a file that PyTorch and others open. */
#include <glib/gi18n.h>
#include <string.h>

#include "commands.h"
#include "convert/architecture.h"
#ifdef CG_HAVE_ONNX
#include "convert/onnx-writer.h"
#endif
#include "convert/torch-writer.h"
#include "cyclegan-train.h"
#include "interrupt.h"
#include "terminal.h"

typedef enum
{
  FORMAT_TORCH,
  FORMAT_SAFETENSORS,
  FORMAT_ONNX
} Format;

/* By the name's ending. */
static gboolean
find_format (const char *path, Format *format, GError **error)
{
  static const struct
  {
    const char *suffix;
    Format format;
  } formats[] = {
    { ".pth", FORMAT_TORCH }, { ".pt", FORMAT_TORCH }, { ".safetensors", FORMAT_SAFETENSORS }, { ".onnx", FORMAT_ONNX }
  };

  for (size_t i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (path, formats[i].suffix))
      {
        *format = formats[i].format;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("--out: found “%s”, expected a name ending in %s"),
               path, ".pth, .pt, .safetensors, .onnx");
  return FALSE;
}

/* The network of a model (its metadata say what it is) with its metadata, or of any checkpoint that import takes. */
static CgNetwork *
load_network (const char *name, const char *key, GHashTable *metadata, GError **error)
{
  g_autofree char *path
      = g_file_test (name, G_FILE_TEST_EXISTS) ? g_strdup (name) : cg_model_library_find (name, error);
  g_autoptr (CgStateDict) dict = path ? cg_state_dict_open (path, key, error) : NULL;
  g_autoptr (CgSafetensors) file = NULL;
  CgNetworkConfig config;

  if (!dict)
    return NULL;
  if (g_strcmp0 (cg_state_dict_get_metadata (dict, "format"), "cyclegan") != 0)
    return cg_architecture_load (dict, NULL, error);

  file = cg_safetensors_open (path, error);
  if (!file || !cg_model_config_from_metadata (file, &config, error))
    return NULL;
  for (const char *const *name_of = cg_safetensors_get_metadata_keys (file); *name_of; name_of++)
    g_hash_table_insert (metadata, g_strdup (*name_of), g_strdup (cg_safetensors_get_metadata (file, *name_of)));
  return cg_architecture_load (dict, &config, error);
}

static gboolean
save (CgNetwork *network, GHashTable *metadata, const char *out, Format format, CgDtype dtype, GError **error)
{
  switch (format)
    {
    case FORMAT_TORCH:
      return cg_torch_writer_save (network, dtype, out, error);
#ifdef CG_HAVE_ONNX
    case FORMAT_ONNX:
      return cg_onnx_writer_save (network, metadata, out, error);
#endif
    case FORMAT_SAFETENSORS:
    default:
      return cg_model_save (network, dtype, metadata, out, error);
    }
}

/* What goes together, and what this build can do. */
static gboolean
check_format (Format format, CgDtype dtype, GError **error)
{
#ifndef CG_HAVE_ONNX
  if (format == FORMAT_ONNX)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("--out: this build writes no ONNX"));
      return FALSE;
    }
#endif
  if (format == FORMAT_ONNX && dtype != CG_DTYPE_F32)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("--dtype: ONNX is written as f32 only"));
      return FALSE;
    }
  return TRUE;
}

static int
export_model (const char *name, const char *key, const char *out, Format format, CgDtype dtype)
{
  g_autoptr (GHashTable) metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = NULL;

  /* What is being written is finished or taken away. */
  cg_interrupt_install ();
  network = load_network (name, key, metadata, &error);
  if (network && cg_interrupt_is_requested ())
    return CG_EXIT_INTERRUPTED;
  return network && save (network, metadata, out, format, dtype, &error)
             ? CG_EXIT_OK
             : cg_terminal_fail (error->message, CG_EXIT_FAILED);
}

int
cg_command_export (int argc, char **argv)
{
  g_autofree char *out = NULL, *key = NULL, *dtype_option = NULL, *dtype_name = NULL;
  const GOptionEntry entries[]
      = { { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
            N_ ("The file to write: .pth or .pt (a state dict for torch.load), .safetensors, .onnx"), N_ ("FILE") },
          { "key", 0, 0, G_OPTION_ARG_STRING, &key,
            N_ ("Which network, in a file with several: a key of its dict, or what the tensors' names begin with"),
            N_ ("KEY") },
          { "dtype", 0, 0, G_OPTION_ARG_STRING, &dtype_option, N_ ("How numbers are stored: f32 (default), f16, bf16"),
            N_ ("TYPE") },
          G_OPTION_ENTRY_NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("MODEL — write a model in another format"));
  g_autoptr (GError) error = NULL;
  CgDtype dtype;
  Format format;

  g_option_context_set_summary (
      context, _ ("MODEL is a file or the name of an installed model. Tensors keep the names that PyTorch's "
                  "users know."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return cg_terminal_fail (error->message, CG_EXIT_USAGE);
  if (argc != 2 || !out)
    return cg_terminal_fail (_ ("export takes one MODEL and --out FILE"), CG_EXIT_USAGE);
  dtype_name = g_ascii_strup (dtype_option ? dtype_option : "f32", -1);
  if (!cg_dtype_from_name (dtype_name, &dtype))
    {
      g_printerr (_ ("cyclegan: --dtype: found “%s”, expected %s\n"), dtype_option, "f32, f16, bf16");
      return CG_EXIT_USAGE;
    }
  if (!find_format (out, &format, &error) || !check_format (format, dtype, &error))
    return cg_terminal_fail (error->message, CG_EXIT_USAGE);
  return export_model (argv[1], key, out, format, dtype);
}
