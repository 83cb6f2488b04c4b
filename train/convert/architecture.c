/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the one network whose names a state dict could have, then holds it to every name and shape of that network. */
#include "convert/architecture.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"
#include "convert/pickle-value.h"

/* What the builders allow. Guesses stay within, so that a foreign network is refused by its first difference from one of ours. */
#define MAX_CHANNELS 1024
#define MAX_BLOCKS 1000
#define MIN_DOWNS 5
#define MAX_DOWNS 12
#define MAX_LAYERS 8

static const CgStateTensor *find (const CgStateDict *dict, const char *format, ...) G_GNUC_PRINTF (2, 3);

static const CgStateTensor *
find (const CgStateDict *dict, const char *format, ...)
{
  g_autofree char *name = NULL;
  va_list arguments;

  va_start (arguments, format);
  name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return cg_state_dict_find (dict, name);
}

/* A dimension of a convolution's weight, or 1. */
static int
get_dimension (const CgStateTensor *tensor, int i)
{
  return tensor && tensor->n_dims == 4 ? (int)CLAMP (tensor->shape[i], 1, MAX_CHANNELS) : 1;
}

/* From the convolution @conv and the norm @norm behind it: batch norm has weights, instance norm has none, but then the
 * convolution has a bias, which it has not without a norm. */
static CgNormKind
detect_norm (const CgStateDict *dict, const char *conv, const char *norm)
{
  if (find (dict, "%s.weight", norm))
    return CG_NORM_BATCH;
  return find (dict, "%s.bias", conv) ? CG_NORM_INSTANCE : CG_NORM_NONE;
}

static void
detect_resnet (const CgStateDict *dict, CgNetworkConfig *config)
{
  const CgStateTensor *first = find (dict, "model.1.weight");
  int n = 0, last;

  config->kind = CG_NET_RESNET;
  config->nf = get_dimension (first, 0);
  config->input_nc = get_dimension (first, 1);
  config->norm = detect_norm (dict, "model.1", "model.2");
  /* Blocks that pad with zeros begin with their convolution; counted as well, they are what is found to differ. */
  while (
      n < MAX_BLOCKS
      && (find (dict, "model.%d.conv_block.1.weight", 10 + n) || find (dict, "model.%d.conv_block.0.weight", 10 + n)))
    n++;
  config->n_blocks = n;
  config->dropout
      = n > 0 && find (dict, "model.10.conv_block.6.weight") && !find (dict, "model.10.conv_block.5.weight");

  /* (transposed, norm, ReLU) twice, pad, convolution; or (upsample, pad, convolution, norm, ReLU) twice, pad, convolution. */
  config->upsample = find (dict, "model.%d.weight", 10 + n + 2) ? CG_UPSAMPLE_RESIZE : CG_UPSAMPLE_TRANSPOSE;
  last = 10 + n + (config->upsample == CG_UPSAMPLE_RESIZE ? 11 : 7);
  config->output_nc = get_dimension (find (dict, "model.%d.weight", last), 0);
}

static void
detect_unet (const CgStateDict *dict, CgNetworkConfig *config)
{
  const CgStateTensor *first = find (dict, "model.model.0.weight");
  g_autoptr (GString) prefix = g_string_new ("model.model.1.model.");

  config->kind = CG_NET_UNET;
  config->nf = get_dimension (first, 0);
  config->input_nc = get_dimension (first, 1);
  config->output_nc = get_dimension (find (dict, "model.model.3.weight"), 1);
  config->norm = detect_norm (dict, "model.model.1.model.1", "model.model.1.model.2");
  config->n_downs = 1;
  while (config->n_downs < MAX_DOWNS && find (dict, "%s1.weight", prefix->str))
    {
      config->n_downs++;
      g_string_append (prefix, "3.model.");
    }
  config->n_downs = MAX (config->n_downs, MIN_DOWNS);
}

static void
detect_patch_discriminator (const CgStateDict *dict, CgNetworkConfig *config)
{
  const CgStateTensor *first = find (dict, "model.0.weight");
  int n = 0;

  while (n <= MAX_LAYERS && find (dict, "model.%d.weight", 3 * n + 2))
    n++;
  config->kind = CG_NET_N_LAYERS;
  config->nf = get_dimension (first, 0);
  config->input_nc = get_dimension (first, 1);
  config->norm = detect_norm (dict, "model.2", "model.3");
  config->n_layers = CLAMP (n - 1, 1, MAX_LAYERS);
  config->output_nc = get_dimension (find (dict, "model.%d.weight", 3 * n - 1), 0);
}

static void
detect_pixel_discriminator (const CgStateDict *dict, CgNetworkConfig *config)
{
  const CgStateTensor *first = find (dict, "net.0.weight");

  config->kind = CG_NET_PIXEL;
  config->nf = get_dimension (first, 0);
  config->input_nc = get_dimension (first, 1);
  config->norm = detect_norm (dict, "net.2", "net.3");
  config->output_nc = get_dimension (find (dict, "net.5.weight"), 0);
}

/* What stands before the names of networks that share the dict: "“G”, “D”"; NULL if it is nothing of that kind. */
static char *
list_wrapped (const CgStateDict *dict)
{
  static const char *const suffixes[]
      = { ".model.1.weight", ".model.model.0.weight", ".model.0.weight", ".net.0.weight" };
  const char *outer = cg_state_dict_get_key (dict);
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *within = NULL;

  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict) && list->len < 500; i++)
    {
      const char *name = cg_state_dict_get_tensor (dict, i)->name;

      /* The deeper levels of a U-Net end like other networks. */
      if (within && g_str_has_prefix (name, within))
        continue;
      for (size_t j = 0; j < G_N_ELEMENTS (suffixes); j++)
        if (g_str_has_suffix (name, suffixes[j]))
          {
            g_autofree char *prefix = g_strndup (name, strlen (name) - strlen (suffixes[j]));
            g_autofree char *key = *outer ? g_strconcat (outer, ".", prefix, NULL) : g_strdup (prefix);
            g_autofree char *printable = cg_pickle_printable (key, -1);

            g_free (within);
            within = g_strconcat (prefix, ".", NULL);
            g_string_append_printf (list, "%s“%s”", list->len ? ", " : "", printable);
            break;
          }
    }
  return list->len ? g_strdup (list->str) : NULL;
}

/* Always FALSE. */
static gboolean
fail_unknown (const CgStateDict *dict, GError **error)
{
  const CgStateTensor *first = cg_state_dict_get_n_tensors (dict) ? cg_state_dict_get_tensor (dict, 0) : NULL;
  g_autofree char *printable = cg_pickle_printable (first ? first->name : "", -1);
  g_autofree char *shape = first ? cg_state_dict_shape_to_string (first->n_dims, first->shape) : g_strdup ("");
  g_autofree char *wrapped = list_wrapped (dict);

  if (wrapped)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                 _ ("%s: its tensors belong to parts of a larger network: %s; choose one with --key"),
                 cg_state_dict_get_display_name (dict), wrapped);
  else
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                 _ ("%s: another kind of network: its first tensor is “%s” %s; expected “model.1.weight” (ResNet), "
                    "“model.model.0.weight” (U-Net), “model.0.weight” or “net.0.weight” (discriminators)"),
                 cg_state_dict_get_display_name (dict), printable, shape);
  return FALSE;
}

gboolean
cg_architecture_detect (const CgStateDict *dict, CgNetworkConfig *config, GError **error)
{
  memset (config, 0, sizeof *config);
  if (find (dict, "model.1.weight"))
    detect_resnet (dict, config);
  else if (find (dict, "model.model.0.weight"))
    detect_unet (dict, config);
  else if (find (dict, "model.0.weight"))
    detect_patch_discriminator (dict, config);
  else if (find (dict, "net.0.weight"))
    detect_pixel_discriminator (dict, config);
  else
    return fail_unknown (dict, error);
  return TRUE;
}

/* --- comparing --- */

/* A buffer of an instance norm. */
static gboolean
is_statistic (const CgStateDict *dict, const CgNetworkConfig *config, const char *name)
{
  const char *dot = strrchr (name, '.');
  g_autofree char *module = dot ? g_strndup (name, (size_t)(dot - name)) : NULL;

  return dot && config->norm == CG_NORM_INSTANCE
         && (strcmp (dot, ".running_mean") == 0 || strcmp (dot, ".running_var") == 0)
         && !find (dict, "%s.weight", module);
}

gboolean
cg_architecture_drops_statistics (const CgStateDict *dict, const CgNetworkConfig *config)
{
  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict); i++)
    if (is_statistic (dict, config, cg_state_dict_get_tensor (dict, i)->name))
      return TRUE;
  return FALSE;
}

/* Buffers that PyTorch itself drops or rebuilds. */
static gboolean
is_dropped (const CgStateDict *dict, const CgNetworkConfig *config, const char *name)
{
  return g_str_has_suffix (name, ".num_batches_tracked") || is_statistic (dict, config, name);
}

/* Always FALSE. @tensor: (nullable): what was found; @parameter: (nullable): what was expected */
static gboolean
fail_difference (const CgStateDict *dict, const CgNetwork *outline, const CgStateTensor *tensor,
                 const CgParameter *parameter, GError **error)
{
  const char *file = cg_state_dict_get_display_name (dict);
  g_autofree char *network = cg_architecture_describe (cg_network_get_config (outline));
  g_autofree char *name = cg_pickle_printable (tensor ? tensor->name : parameter->name, -1);
  g_autofree char *found = tensor ? cg_state_dict_shape_to_string (tensor->n_dims, tensor->shape) : NULL;
  g_autofree char *expected = parameter ? cg_state_dict_shape_to_string (parameter->n_dims, parameter->shape) : NULL;

  if (!found)
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("%s: tensor “%s”: found nothing, expected the shape %s (%s)"),
                 file, name, expected, network);
  else if (!expected)
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                 _ ("%s: tensor “%s”: found the shape %s, expected no such tensor (%s)"), file, name, found, network);
  else
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("%s: tensor “%s”: found the shape %s, expected %s (%s)"), file,
                 name, found, expected, network);
  return FALSE;
}

/* Tensors may share storages, but not so much that a small file becomes a network of gigabytes. */
static gboolean
check_claims (const CgStateDict *dict, const CgNetwork *outline, GError **error)
{
  const size_t allowed = 4 * cg_state_dict_get_file_bytes (dict) + (1 << 20);
  const size_t claimed = cg_network_get_n_floats (outline) * sizeof (float);

  if (claimed <= allowed)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("%s: found %zu bytes, expected more for tensors of %zu"),
               cg_state_dict_get_display_name (dict), cg_state_dict_get_file_bytes (dict), claimed);
  return FALSE;
}

gboolean
cg_architecture_compare (const CgStateDict *dict, const CgNetwork *outline, GError **error)
{
  for (guint i = 0; i < cg_network_get_n_parameters (outline); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (outline, i);
      const CgStateTensor *tensor = cg_state_dict_find (dict, parameter->name);

      if (!tensor || tensor->n_dims != parameter->n_dims
          || memcmp (tensor->shape, parameter->shape, (size_t)tensor->n_dims * sizeof *tensor->shape) != 0)
        return fail_difference (dict, outline, tensor, parameter, error);
    }
  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict); i++)
    {
      const CgStateTensor *tensor = cg_state_dict_get_tensor (dict, i);

      if (!cg_network_find_parameter (outline, tensor->name)
          && !is_dropped (dict, cg_network_get_config (outline), tensor->name))
        return fail_difference (dict, outline, tensor, NULL, error);
    }
  return check_claims (dict, outline, error);
}

/* --- reading --- */

static gboolean
read_weights (CgStateDict *dict, CgNetwork *network, float *weights, float *values, GError **error)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgStateTensor *tensor = cg_state_dict_find (dict, cg_network_get_parameter (network, i)->name);

      if (!cg_state_dict_read (dict, tensor, values, error))
        return FALSE;
      cg_network_write_parameter (network, i, weights, values);
    }
  return TRUE;
}

gboolean
cg_architecture_read (CgStateDict *dict, CgNetwork *network, GError **error)
{
  const size_t n_floats = cg_network_get_n_floats (network);
  g_autofree float *weights = NULL, *values = NULL;
  size_t largest = 0;

  if (!cg_architecture_compare (dict, network, error))
    return FALSE;
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    largest = MAX (largest, cg_network_get_parameter (network, i)->n_floats);
  weights = g_try_new (float, n_floats);
  values = g_try_new (float, largest);
  if (!weights || !values)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("%s: no memory for its %zu numbers"),
                   cg_state_dict_get_display_name (dict), n_floats + largest);
      return FALSE;
    }
  if (!read_weights (dict, network, weights, values, error))
    return FALSE;
  memcpy (cg_network_get_weights (network), weights, n_floats * sizeof *weights);
  cg_network_touch (network);
  return TRUE;
}

CgNetwork *
cg_architecture_load (CgStateDict *dict, const CgNetworkConfig *config, GError **error)
{
  g_autoptr (CgNetwork) outline = NULL, network = NULL;
  CgNetworkConfig detected;

  if (!config)
    {
      if (!cg_architecture_detect (dict, &detected, error))
        return NULL;
      config = &detected;
    }
  outline = cg_network_new_outline (config, error);
  if (!outline)
    {
      g_prefix_error (error, "%s: ", cg_state_dict_get_display_name (dict));
      return NULL;
    }
  if (!cg_architecture_compare (dict, outline, error))
    return NULL;
  network = cg_network_new (config, error);
  if (!network)
    g_prefix_error (error, "%s: ", cg_state_dict_get_display_name (dict));
  return network && cg_architecture_read (dict, network, error) ? g_steal_pointer (&network) : NULL;
}

gboolean
cg_state_dict_load (const char *path, CgNetwork *network, GError **error)
{
  g_autoptr (CgStateDict) dict = cg_state_dict_open (path, NULL, error);

  return dict && cg_architecture_read (dict, network, error);
}

/* --- describing --- */

static const char *
describe_norm (CgNormKind norm)
{
  switch (norm)
    {
    case CG_NORM_BATCH:
      return _ ("batch norm");
    case CG_NORM_NONE:
      return _ ("no norm");
    case CG_NORM_INSTANCE:
    default:
      return _ ("instance norm");
    }
}

char *
cg_architecture_describe (const CgNetworkConfig *config)
{
  g_autofree char *kind = NULL;

  switch (config->kind)
    {
    case CG_NET_UNET:
      kind = g_strdup_printf (_ ("unet_%d generator, ngf %d"), 1 << config->n_downs, config->nf);
      break;
    case CG_NET_N_LAYERS:
      kind = g_strdup_printf (_ ("n_layers discriminator, n_layers %d, ndf %d"), config->n_layers, config->nf);
      break;
    case CG_NET_PIXEL:
      kind = g_strdup_printf (_ ("pixel discriminator, ndf %d"), config->nf);
      break;
    case CG_NET_RESNET:
    default:
      kind = g_strdup_printf (config->upsample == CG_UPSAMPLE_RESIZE
                                  ? _ ("resnet_%dblocks generator, ngf %d, upsampling by resizing")
                                  : _ ("resnet_%dblocks generator, ngf %d, upsampling by transposed convolution"),
                              config->n_blocks, config->nf);
    }
  return g_strdup_printf (_ ("%s, %s%s, %d to %d channels"), kind, describe_norm (config->norm),
                          config->dropout ? _ (", dropout") : "", config->input_nc, config->output_nc);
}
