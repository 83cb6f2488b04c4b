/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network's list of layers, its parameters in flat vectors, and the packed copies that the kernels read. */
#include "nets/network.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"
#include "base/size.h"
#include "nets/network-private.h"

#define ALIGNMENT 64

static void
clear_layer (gpointer data)
{
  g_free (((CgLayer *)data)->name);
}

static void
clear_parameter (gpointer data)
{
  g_free (((CgParameter *)data)->name);
}

/* Zeroed memory that may be refused. */
static float *
try_floats (size_t n_floats, GError **error)
{
  size_t bytes = cg_size_align (MAX (n_floats, 1) * sizeof (float), ALIGNMENT);
  float *floats = cg_pages_new (bytes);

  if (!floats)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory: %zu MiB of weights could not be allocated"),
                   bytes >> 20);
      return NULL;
    }
  return floats;
}

CgNetwork *
cg_network_new_outline (const CgNetworkConfig *config, GError **error)
{
  g_autoptr (CgNetwork) network = NULL;
  gboolean built;

  g_return_val_if_fail (config, NULL);

  network = g_new0 (CgNetwork, 1);
  g_mutex_init (&network->packing);
  network->config = *config;
  network->layers = g_array_new (FALSE, TRUE, sizeof (CgLayer));
  network->parameters = g_array_new (FALSE, TRUE, sizeof (CgParameter));
  g_array_set_clear_func (network->layers, clear_layer);
  g_array_set_clear_func (network->parameters, clear_parameter);

  if (config->input_nc < 1 || config->input_nc > 1024 || config->output_nc < 1 || config->output_nc > 1024
      || config->nf < 1 || config->nf > 1024)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                   _ ("A network needs 1 to 1024 channels; asked for %d in, %d out, %d inside"), config->input_nc,
                   config->output_nc, config->nf);
      return NULL;
    }
  switch (config->kind)
    {
    case CG_NET_RESNET:
      built = cg_resnet_generator_build (network, error);
      break;
    case CG_NET_N_LAYERS:
      built = cg_patch_discriminator_build (network, error);
      break;
    case CG_NET_UNET:
      built = cg_unet_generator_build (network, error);
      break;
    case CG_NET_PIXEL:
      built = cg_pixel_discriminator_build (network, error);
      break;
    default:
      g_return_val_if_reached (NULL);
    }
  return built ? g_steal_pointer (&network) : NULL;
}

CgNetwork *
cg_network_new (const CgNetworkConfig *config, GError **error)
{
  g_autoptr (CgNetwork) network = cg_network_new_outline (config, error);

  if (!network)
    return NULL;
  network->weights = try_floats (network->n_floats, error);
  return network->weights ? g_steal_pointer (&network) : NULL;
}

void
cg_network_free (CgNetwork *network)
{
  if (!network)
    return;
  free (network->weights);
  free (network->gradients);
  free (network->packed_block[0]);
  free (network->packed_block[1]);
  g_mutex_clear (&network->packing);
  g_array_unref (network->layers);
  g_array_unref (network->parameters);
  g_free (network);
}

const CgNetworkConfig *
cg_network_get_config (const CgNetwork *network)
{
  return &network->config;
}

guint
cg_network_get_n_parameters (const CgNetwork *network)
{
  return network->parameters->len;
}

const CgParameter *
cg_network_get_parameter (const CgNetwork *network, guint i)
{
  g_return_val_if_fail (i < network->parameters->len, NULL);
  return &g_array_index (network->parameters, CgParameter, i);
}

const CgParameter *
cg_network_find_parameter (const CgNetwork *network, const char *name)
{
  for (guint i = 0; i < network->parameters->len; i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (strcmp (parameter->name, name) == 0)
        return parameter;
    }
  return NULL;
}

size_t
cg_network_get_n_floats (const CgNetwork *network)
{
  return network->n_floats;
}

float *
cg_network_get_weights (CgNetwork *network)
{
  return network->weights;
}

void
cg_network_touch (CgNetwork *network)
{
  network->packed_fresh[0] = network->packed_fresh[1] = FALSE;
}

gboolean
cg_network_need_gradients (CgNetwork *network, GError **error)
{
  if (!network->gradients)
    network->gradients = try_floats (network->n_floats, error);
  return network->gradients != NULL;
}

float *
cg_network_get_gradients (CgNetwork *network)
{
  return network->gradients;
}

void
cg_network_zero_gradients (CgNetwork *network)
{
  g_return_if_fail (network->gradients);
  memset (network->gradients, 0, network->n_floats * sizeof (float));
}

/* PyTorch's [a][b][r][s] against the flat vectors' [r][s][b][a], whichever way; @to_flat says which. */
static void
permute (const CgParameter *parameter, const float *from, float *to, gboolean to_flat)
{
  size_t a = (size_t)parameter->shape[0], b = (size_t)parameter->shape[1];
  size_t taps = (size_t)parameter->shape[2] * (size_t)parameter->shape[3];

  for (size_t i = 0; i < a; i++)
    for (size_t j = 0; j < b; j++)
      for (size_t tap = 0; tap < taps; tap++)
        {
          size_t pytorch = (i * b + j) * taps + tap, flat = (tap * b + j) * a + i;

          if (to_flat)
            to[flat] = from[pytorch];
          else
            to[pytorch] = from[flat];
        }
}

void
cg_network_read_parameter (const CgNetwork *network, guint i, const float *vector, float *pytorch)
{
  const CgParameter *parameter = cg_network_get_parameter (network, i);

  if (parameter->n_dims == 4)
    permute (parameter, vector + parameter->offset, pytorch, FALSE);
  else
    memcpy (pytorch, vector + parameter->offset, parameter->n_floats * sizeof (float));
}

void
cg_network_write_parameter (const CgNetwork *network, guint i, float *vector, const float *pytorch)
{
  const CgParameter *parameter = cg_network_get_parameter (network, i);

  if (parameter->n_dims == 4)
    permute (parameter, pytorch, vector + parameter->offset, TRUE);
  else
    memcpy (vector + parameter->offset, pytorch, parameter->n_floats * sizeof (float));
}

int
cg_network_get_min_size (const CgNetwork *network)
{
  switch (network->config.kind)
    {
    case CG_NET_UNET:
      return 1 << network->config.n_downs;
    case CG_NET_N_LAYERS:
      /* Halved back from a patch map of one pixel: 4x4 kernels, pad 1. */
      return 3 << network->config.n_layers;
    case CG_NET_PIXEL:
      return 1;
    case CG_NET_RESNET:
    default:
      return 8;
    }
}

int
cg_network_get_size_multiple (const CgNetwork *network)
{
  switch (network->config.kind)
    {
    case CG_NET_RESNET:
      return 4;
    case CG_NET_UNET:
      return 1 << network->config.n_downs;
    case CG_NET_N_LAYERS:
    case CG_NET_PIXEL:
    default:
      return 1;
    }
}

/* Floats of all packed weights for one use: 0 forward passes, 1 backward passes. */
static size_t
count_packed (const CgNetwork *network, const CgKernels *kernels, int use)
{
  size_t total = 0;

  for (guint i = 0; i < network->layers->len; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);
      int direction = use ? layer->klass->backward_direction : layer->klass->forward_direction;
      CgConvShape shape;

      if (direction < 0)
        continue;
      shape = cg_layer_get_weight_shape (layer, direction);
      total += cg_size_align (kernels->conv_packed_floats (&shape, direction), ALIGNMENT / sizeof (float));
    }
  return total;
}

gboolean
cg_network_measure_packed (const CgNetwork *network, size_t *bytes, GError **error)
{
  const CgKernels *kernels = cg_kernels_get (error);

  if (!kernels)
    return FALSE;
  *bytes = count_packed (network, kernels, 0) * sizeof (float);
  return TRUE;
}

gboolean
cg_network_need_packed (CgNetwork *network, const CgKernels *kernels, gboolean training, GError **error)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&network->packing);

  for (int use = 0; use <= (training ? 1 : 0); use++)
    {
      float *block;

      if (network->packed_block[use])
        continue;
      block = try_floats (count_packed (network, kernels, use), error);
      if (!block)
        return FALSE;
      network->packed_block[use] = block;
      network->packed_fresh[use] = FALSE;
      for (guint i = 0; i < network->layers->len; i++)
        {
          CgLayer *layer = cg_network_get_layer (network, i);
          int direction = use ? layer->klass->backward_direction : layer->klass->forward_direction;
          CgConvShape shape;

          if (direction < 0)
            continue;
          shape = cg_layer_get_weight_shape (layer, direction);
          layer->packed[direction] = block;
          block += cg_size_align (kernels->conv_packed_floats (&shape, direction), ALIGNMENT / sizeof (float));
        }
    }
  return TRUE;
}

void
cg_network_pack (CgNetwork *network, const CgKernels *kernels, int use, int n_threads)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&network->packing);

  if (network->packed_fresh[use])
    return;
  for (guint i = 0; i < network->layers->len; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);
      int direction = use ? layer->klass->backward_direction : layer->klass->forward_direction;
      CgConvShape shape;

      if (direction < 0)
        continue;
      shape = cg_layer_get_weight_shape (layer, direction);
      kernels->conv_pack (&shape, direction, network->weights + layer->weight, layer->packed[direction], n_threads);
    }
  network->packed_fresh[use] = TRUE;
}
