/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Norms as plain affine maps of channels, whatever their constants come from. */
#include "nets/norms.h"

#include <math.h>

#include "nets/network-private.h"

/* Of both norms, as PyTorch. */
#define EPS 1e-5

static gboolean
is_norm (const CgLayer *layer)
{
  return layer->klass == &cg_instance_norm_class || layer->klass == &cg_batch_norm_class;
}

/* z = gamma * (x - mean) / sqrt (var + eps) + beta, with the running mean and variance. */
static void
settle_batch_norm (CgNorms *norms, size_t offset, const CgLayer *layer, const float *weights)
{
  for (int c = 0; c < layer->c; c++)
    {
      double rstd = 1.0 / sqrt (weights[layer->running_variance + (size_t)c] + EPS);
      double gamma = weights[layer->weight + (size_t)c];

      norms->scale[offset + (size_t)c] = (float)(gamma * rstd);
      norms->shift[offset + (size_t)c]
          = (float)(weights[layer->bias + (size_t)c] - weights[layer->running_mean + (size_t)c] * rstd * gamma);
    }
}

CgNorms *
cg_norms_new (const CgNetwork *network)
{
  CgNorms *norms = g_new0 (CgNorms, 1);

  norms->n_layers = network->layers->len;
  norms->offsets = g_new (size_t, norms->n_layers);
  for (guint i = 0; i < norms->n_layers; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);

      norms->offsets[i] = is_norm (layer) ? norms->n_floats : (size_t)-1;
      norms->n_floats += is_norm (layer) ? (size_t)layer->c : 0;
    }
  norms->scale = g_new0 (float, norms->n_floats);
  norms->shift = g_new0 (float, norms->n_floats);
  for (guint i = 0; i < norms->n_layers; i++)
    {
      const CgLayer *layer = cg_network_get_layer (network, i);

      if (layer->klass == &cg_batch_norm_class)
        settle_batch_norm (norms, norms->offsets[i], layer, network->weights);
    }
  return norms;
}

void
cg_norms_free (CgNorms *norms)
{
  if (!norms)
    return;
  g_free (norms->offsets);
  g_free (norms->scale);
  g_free (norms->shift);
  g_free (norms);
}

/* scale = 1 / sqrt (var + eps), shift = -mean * scale, with the biased variance; a single pixel is 0 by definition. Statistics are rounded to
 * float as those of a whole image are, for the same bits. */
void
cg_norms_settle (CgNorms *norms, guint layer, int channels, double count, const double *mean, const double *m2)
{
  size_t offset = norms->offsets[layer];

  for (int c = 0; c < channels; c++)
    {
      double rstd = count > 1 ? 1.0 / sqrt ((float)m2[c] / count + EPS) : 0.0;

      norms->scale[offset + (size_t)c] = (float)rstd;
      norms->shift[offset + (size_t)c] = (float)(-(float)mean[c] * rstd);
    }
}

gboolean
cg_norms_depend_on_picture (const CgNetwork *network)
{
  for (guint i = 0; i < network->layers->len; i++)
    if (cg_network_get_layer (network, i)->klass == &cg_instance_norm_class)
      return TRUE;
  return FALSE;
}
