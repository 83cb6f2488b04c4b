/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network's configuration from and to a file's metadata, and whether the file can hold such a network at all. */
#include "model/model-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "model/model.h"
#include "model/safetensors-header.h"

/* As cg_network_new() and the builders allow. */
#define MAX_CHANNELS 1024
#define MAX_BLOCKS 1000
#define MIN_DOWNS 5
#define MAX_DOWNS 12
#define MAX_LAYERS 8

static const char *const norm_words[] = { "instance", "batch", "none", NULL }; /* CgNormKind */
static const char *const upsample_words[] = { "transpose", "resize", NULL };   /* CgUpsampleKind */
static const char *const boolean_words[] = { "false", "true", NULL };
static const char *const discriminator_words[] = { "basic", "n_layers", "pixel", NULL };

static const char *const keys[]
    = { "format",  "format_version", "net_g",      "n_blocks", "ngf",      "norm",      "upsample",
        "dropout", "net_d",          "n_layers_d", "ndf",      "input_nc", "output_nc", NULL };

gboolean
cg_model_config_owns_key (const char *key)
{
  return g_strv_contains (keys, key);
}

gboolean
cg_model_config_is_discriminator (const CgNetworkConfig *config)
{
  return config->kind == CG_NET_N_LAYERS || config->kind == CG_NET_PIXEL;
}

/* Always FALSE, so that callers may return it. */
static gboolean
refuse (const CgSafetensors *file, const char *key, CgError code, const char *expected, GError **error)
{
  const char *value = cg_safetensors_get_metadata (file, key);
  g_autofree char *path = g_filename_display_name (cg_safetensors_get_path (file));
  g_autofree char *printable = cg_safetensors_printable (value ? value : "");

  if (value)
    g_set_error (error, CG_ERROR, code, _ ("%s: metadata key “%s”: found “%s”, expected %s"), path, key, printable,
                 expected);
  else
    g_set_error (error, CG_ERROR, code, _ ("%s: metadata key “%s”: found nothing, expected %s"), path, key, expected);
  return FALSE;
}

gboolean
cg_model_metadata_get_int (const CgSafetensors *file, const char *key, int min, int max, int *value, GError **error)
{
  const char *text = cg_safetensors_get_metadata (file, key);
  guint64 number;

  if (!text)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, (guint64)min, (guint64)max, &number, NULL))
    {
      g_autofree char *expected = g_strdup_printf (_ ("a number of %d to %d"), min, max);

      return refuse (file, key, CG_ERROR_FORMAT, expected, error);
    }
  *value = (int)number;
  return TRUE;
}

static gboolean
read_int (const CgSafetensors *file, const char *key, int min, int max, int *value, GError **error)
{
  if (!cg_safetensors_get_metadata (file, key))
    {
      g_autofree char *expected = g_strdup_printf (_ ("a number of %d to %d"), min, max);

      return refuse (file, key, CG_ERROR_FORMAT, expected, error);
    }
  return cg_model_metadata_get_int (file, key, min, max, value, error);
}

/* Sets *@index to the place of the value in @words. */
static gboolean
read_word (const CgSafetensors *file, const char *key, const char *const *words, int *index, GError **error)
{
  const char *value = cg_safetensors_get_metadata (file, key);
  g_autofree char *expected = NULL;

  for (int i = 0; value && words[i]; i++)
    if (strcmp (value, words[i]) == 0)
      {
        *index = i;
        return TRUE;
      }
  expected = g_strjoinv (", ", (char **)words);
  return refuse (file, key, CG_ERROR_FORMAT, expected, error);
}

static gboolean
check_format (const CgSafetensors *file, GError **error)
{
  const char *version = cg_safetensors_get_metadata (file, "format_version");
  guint64 number;

  if (g_strcmp0 (cg_safetensors_get_metadata (file, "format"), "cyclegan") != 0)
    return refuse (file, "format", CG_ERROR_FORMAT, _ ("“cyclegan”, which says that this is a model of this program"),
                   error);
  if (!version || !g_ascii_string_to_unsigned (version, 10, 1, G_MAXUINT64, &number, NULL))
    return refuse (file, "format_version", CG_ERROR_FORMAT, _ ("a number from 1"), error);
  if (number > CG_MODEL_FORMAT_VERSION)
    {
      g_autofree char *expected = g_strdup_printf (
          _ ("at most %d: the file was made by a later version of this program"), CG_MODEL_FORMAT_VERSION);

      return refuse (file, "format_version", CG_ERROR_VERSION, expected, error);
    }
  return TRUE;
}

/* "@prefix<number>@suffix" without a sign or leading zeros, as this program writes it. */
static gboolean
parse_name (const char *name, const char *prefix, const char *suffix, guint64 max, guint64 *number)
{
  g_autofree char *digits = NULL;

  if (!g_str_has_prefix (name, prefix) || !g_str_has_suffix (name, suffix)
      || strlen (name) <= strlen (prefix) + strlen (suffix))
    return FALSE;
  digits = g_strndup (name + strlen (prefix), strlen (name) - strlen (prefix) - strlen (suffix));
  return (digits[0] != '0' || !digits[1]) && g_ascii_string_to_unsigned (digits, 10, 0, max, number, NULL);
}

static gboolean
read_generator (const CgSafetensors *file, CgNetworkConfig *config, GError **error)
{
  const char *name = cg_safetensors_get_metadata (file, "net_g");
  guint64 number;
  int upsample = 0, dropout = 0;

  if (strcmp (name, "resnet") == 0)
    {
      config->kind = CG_NET_RESNET;
      if (!read_int (file, "n_blocks", 0, MAX_BLOCKS, &config->n_blocks, error))
        return FALSE;
    }
  else if (parse_name (name, "resnet_", "blocks", MAX_BLOCKS, &number))
    {
      config->kind = CG_NET_RESNET;
      config->n_blocks = (int)number;
      if (!cg_model_metadata_get_int (file, "n_blocks", 0, MAX_BLOCKS, &config->n_blocks, error))
        return FALSE;
      if (config->n_blocks != (int)number)
        {
          g_autofree char *expected = g_strdup_printf (_ ("%d, as net_g says"), (int)number);

          return refuse (file, "n_blocks", CG_ERROR_FORMAT, expected, error);
        }
    }
  else if (parse_name (name, "unet_", "", 1 << MAX_DOWNS, &number) && number >= 1 << MIN_DOWNS
           && (number & (number - 1)) == 0)
    {
      config->kind = CG_NET_UNET;
      config->n_downs = (int)g_bit_storage (number) - 1;
    }
  else
    return refuse (file, "net_g", CG_ERROR_UNSUPPORTED, "resnet_9blocks, resnet_6blocks, resnet, unet_256, unet_128",
                   error);

  if (!read_int (file, "ngf", 1, MAX_CHANNELS, &config->nf, error)
      || !read_word (file, "upsample", upsample_words, &upsample, error)
      || !read_word (file, "dropout", boolean_words, &dropout, error))
    return FALSE;
  config->upsample = (CgUpsampleKind)upsample;
  config->dropout = dropout;
  return TRUE;
}

static gboolean
read_discriminator (const CgSafetensors *file, CgNetworkConfig *config, GError **error)
{
  int word = 0;

  if (!read_word (file, "net_d", discriminator_words, &word, error)
      || !read_int (file, "ndf", 1, MAX_CHANNELS, &config->nf, error))
    return FALSE;
  config->kind = word == 2 ? CG_NET_PIXEL : CG_NET_N_LAYERS;
  if (word == 0)
    config->n_layers = 3;
  return word != 1 || read_int (file, "n_layers_d", 1, MAX_LAYERS, &config->n_layers, error);
}

/* The elements of all convolution weights, biases and norms left out; counted from the builders of nets/. */
static guint64
count_weights (const CgNetworkConfig *config)
{
  const guint64 nf = (guint64)config->nf, ends = (guint64)(config->input_nc + config->output_nc);
  guint64 weights = 0, c = nf;

  switch (config->kind)
    {
    case CG_NET_RESNET: /* 7x7 at both ends, nf to 2 nf to 4 nf and back, two 3x3 in each block */
      return 49 * nf * ends + 9 * nf * nf * (2 + 8 + 8 + 2) + (guint64)config->n_blocks * 2 * 9 * 16 * nf * nf;
    case CG_NET_UNET: /* down and, from twice the channels but for the innermost, up; the outermost ends are below */
      for (int depth = 1; depth < config->n_downs; depth++)
        {
          const guint64 next = MIN (2 * c, 8 * nf);

          weights += 16 * c * next * (depth == config->n_downs - 1 ? 2 : 3);
          c = next;
        }
      return weights + 16 * nf * (ends + (guint64)config->output_nc);
    case CG_NET_N_LAYERS:
      for (int layer = 1; layer <= config->n_layers; layer++)
        {
          const guint64 next = MIN (2 * c, 8 * nf);

          weights += 16 * c * next;
          c = next;
        }
      return weights + 16 * (nf * (guint64)config->input_nc + c * (guint64)config->output_nc);
    case CG_NET_PIXEL:
      return nf * (guint64)config->input_nc + 2 * nf * nf + 2 * nf * (guint64)config->output_nc;
    }
  g_return_val_if_reached (G_MAXUINT64);
}

/* A file of a kilobyte must not make the caller allocate a terabyte: the metadata ask for no more weights than are
 * there. */
static gboolean
check_size (const CgSafetensors *file, const CgNetworkConfig *config, GError **error)
{
  const guint64 expected = count_weights (config);
  guint64 found = 0;

  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    found += cg_safetensors_get_entry (file, i)->n_elements;
  if (found < expected)
    {
      g_autofree char *path = g_filename_display_name (cg_safetensors_get_path (file));

      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                   _ ("%s: found %llu values in its tensors, expected at least %llu for the network of its metadata"),
                   path, (unsigned long long)found, (unsigned long long)expected);
      return FALSE;
    }
  return TRUE;
}

gboolean
cg_model_config_from_metadata (const CgSafetensors *file, CgNetworkConfig *config, GError **error)
{
  const gboolean generator = cg_safetensors_get_metadata (file, "net_g") != NULL;
  const gboolean discriminator = cg_safetensors_get_metadata (file, "net_d") != NULL;
  int norm = 0;

  memset (config, 0, sizeof *config);
  if (!check_format (file, error))
    return FALSE;
  if (generator && discriminator)
    return refuse (file, "net_d", CG_ERROR_FORMAT, _ ("nothing beside net_g"), error);
  if (!generator && !discriminator)
    return refuse (file, "net_g", CG_ERROR_FORMAT, _ ("the name of a network"), error);
  if (!(generator ? read_generator (file, config, error) : read_discriminator (file, config, error))
      || !read_int (file, "input_nc", 1, MAX_CHANNELS, &config->input_nc, error)
      || !read_int (file, "output_nc", 1, MAX_CHANNELS, &config->output_nc, error)
      || !read_word (file, "norm", norm_words, &norm, error))
    return FALSE;
  config->norm = (CgNormKind)norm;
  return check_size (file, config, error);
}

static void
set_int (CgSafetensorsWriter *writer, const char *key, int value)
{
  g_autofree char *text = g_strdup_printf ("%d", value);

  cg_safetensors_writer_set_metadata (writer, key, text);
}

void
cg_model_config_to_metadata (const CgNetworkConfig *config, CgSafetensorsWriter *writer)
{
  g_autofree char *name = NULL;

  cg_safetensors_writer_set_metadata (writer, "format", "cyclegan");
  set_int (writer, "format_version", CG_MODEL_FORMAT_VERSION);
  if (cg_model_config_is_discriminator (config))
    {
      cg_safetensors_writer_set_metadata (writer, "net_d", config->kind == CG_NET_PIXEL ? "pixel" : "n_layers");
      if (config->kind == CG_NET_N_LAYERS)
        set_int (writer, "n_layers_d", config->n_layers);
      set_int (writer, "ndf", config->nf);
    }
  else
    {
      name = config->kind == CG_NET_RESNET ? g_strdup_printf ("resnet_%dblocks", config->n_blocks)
                                           : g_strdup_printf ("unet_%d", 1 << config->n_downs);
      cg_safetensors_writer_set_metadata (writer, "net_g", name);
      if (config->kind == CG_NET_RESNET)
        set_int (writer, "n_blocks", config->n_blocks);
      set_int (writer, "ngf", config->nf);
      cg_safetensors_writer_set_metadata (writer, "upsample", upsample_words[config->upsample]);
      cg_safetensors_writer_set_metadata (writer, "dropout", boolean_words[config->dropout ? 1 : 0]);
    }
  cg_safetensors_writer_set_metadata (writer, "norm", norm_words[config->norm]);
  set_int (writer, "input_nc", config->input_nc);
  set_int (writer, "output_nc", config->output_nc);
}
