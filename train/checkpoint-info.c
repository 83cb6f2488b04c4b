/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Describes a file by its directory alone: gigabytes take milliseconds. */
#include "checkpoint-info.h"

#include <glib/gi18n.h>
#include <string.h>

#include "convert/architecture.h"
#include "convert/onnx-info.h"
#include "cyclegan-train.h"
#include "terminal.h"

gboolean
cg_checkpoint_info_applies (const char *path)
{
  g_autoptr (CgStateDict) dict = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return FALSE;
  dict = cg_state_dict_open (path, NULL, &error);
  if (!dict)
    return !g_str_has_suffix (path, ".safetensors");
  return g_strcmp0 (cg_state_dict_get_metadata (dict, "format"), "cyclegan") != 0;
}

/* The network, or why it is none. (transfer full) */
static char *
describe_network (const CgStateDict *dict)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) outline = NULL;
  CgNetworkConfig config;
  const char *prefix = cg_state_dict_get_display_name (dict);

  if (cg_architecture_detect (dict, &config, &error))
    outline = cg_network_new_outline (&config, &error);
  if (outline && cg_architecture_compare (dict, outline, &error))
    return cg_architecture_describe (&config);
  /* The file's name stands above already. */
  return g_strdup (g_str_has_prefix (error->message, prefix) ? error->message + strlen (prefix) + 2 : error->message);
}

/* The formats of its tensors, each once. (transfer full) */
static char *
describe_scalars (const CgStateDict *dict)
{
  GString *text = g_string_new (NULL);
  guint seen = 0;

  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict); i++)
    {
      const CgScalar scalar = cg_state_dict_get_tensor (dict, i)->scalar;

      if (!(seen & 1u << scalar))
        g_string_append_printf (text, "%s%s", seen ? ", " : "", cg_scalar_get_name (scalar));
      seen |= 1u << scalar;
    }
  return g_string_free (text, FALSE);
}

static gboolean
print_onnx (const char *path, GError **error)
{
  g_autoptr (CgOnnxInfo) info = cg_onnx_info_read (path, error);
  g_autofree char *display_name = g_filename_display_name (path);
  g_autofree char *format = NULL, *producer = NULL, *size = NULL;

  if (!info)
    return FALSE;
  format
      = g_strdup_printf (_ ("ONNX, opset %lld, IR version %lld"), (long long)info->opset, (long long)info->ir_version);
  if (info->producer)
    producer = g_strjoin (" ", info->producer, info->producer_version, NULL);
  size = g_format_size_full (info->file_bytes, G_FORMAT_SIZE_LONG_FORMAT);
  cg_terminal_print_field (_ ("file"), display_name);
  cg_terminal_print_field (_ ("format"), format);
  cg_terminal_print_field (_ ("made by"), producer);
  cg_terminal_print_field (_ ("size"), size);
  for (guint i = 0; i + 1 < info->metadata->len; i += 2)
    cg_terminal_print_field (g_ptr_array_index (info->metadata, i), g_ptr_array_index (info->metadata, i + 1));
  return TRUE;
}

static void
print_dict (const CgStateDict *dict)
{
  g_autofree char *network = describe_network (dict);
  g_autofree char *scalars = describe_scalars (dict);
  g_autofree char *tensors = NULL;
  guint64 n_elements = 0;

  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict); i++)
    n_elements += cg_state_dict_get_tensor (dict, i)->n_elements;
  tensors
      = g_strdup_printf (_ ("%u, %llu numbers"), cg_state_dict_get_n_tensors (dict), (unsigned long long)n_elements);
  if (*cg_state_dict_get_key (dict))
    cg_terminal_print_field (_ ("key"), cg_state_dict_get_key (dict));
  cg_terminal_print_field (_ ("network"), network);
  cg_terminal_print_field (_ ("tensors"), tensors);
  cg_terminal_print_field (_ ("numbers"), scalars);
}

/* Where there are several dicts, all of them. */
static gboolean
print_checkpoint (const char *path, GError **error)
{
  g_auto (GStrv) keys = cg_state_dict_list_keys (path, error);
  const gboolean several = keys && *keys && keys[1];

  if (!keys)
    return FALSE;
  for (guint i = 0; i == 0 || (several && keys[i]); i++)
    {
      g_autoptr (CgStateDict) dict = cg_state_dict_open (path, several ? keys[i] : NULL, error);
      g_autofree char *size = NULL;

      if (!dict)
        return FALSE;
      if (i == 0)
        {
          size = g_format_size_full (cg_state_dict_get_file_bytes (dict), G_FORMAT_SIZE_LONG_FORMAT);
          cg_terminal_print_field (_ ("file"), cg_state_dict_get_display_name (dict));
          cg_terminal_print_field (_ ("format"), cg_state_dict_get_format_name (dict));
          cg_terminal_print_field (_ ("size"), size);
        }
      print_dict (dict);
    }
  return TRUE;
}

gboolean
cg_checkpoint_info_print (const char *path, GError **error)
{
  return g_str_has_suffix (path, ".onnx") ? print_onnx (path, error) : print_checkpoint (path, error);
}
