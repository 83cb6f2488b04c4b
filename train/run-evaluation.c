/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Holds what does not change from one evaluation to the next; apart from `cyclegan evaluate`, which knows no training data. */
#include "run-evaluation.h"

#include <glib/gi18n.h>

#include "channels.h"

struct _CgRunEvaluation
{
  CgDataset *dataset;
  int n_threads, h, w;
  CgSetMeter *meters[CG_BEST_N_GENERATORS];
  float *image, *fake; /* one each, of 3 channels at most */
};

void
cg_run_evaluation_free (CgRunEvaluation *self)
{
  if (!self)
    return;
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    cg_set_meter_free (self->meters[i]);
  g_free (self->image);
  g_free (self);
}

/* The domain that generator number @i reads, and the other one. */
static char
get_from (int i)
{
  return i == CG_STEP_G_A ? 'A' : 'B';
}

static char
get_to (int i)
{
  return i == CG_STEP_G_A ? 'B' : 'A';
}

/* Test image number @index of @domain, with @n_channels, in self->image. */
static gboolean
read_image (CgRunEvaluation *self, char domain, int index, int n_channels, GError **error)
{
  if (!cg_dataset_get_sample (self->dataset, domain, index, self->image, error))
    return FALSE;
  cg_channels_take (self->image, (gsize)self->h * (gsize)self->w, n_channels, self->image);
  return TRUE;
}

/* Offers all images of @domain that are wanted in @role. */
static gboolean
offer_images (CgRunEvaluation *self, int i, CgSetRole role, char domain, int n_channels, GError **error)
{
  int n = cg_dataset_get_n_samples (self->dataset, domain);

  for (int index = 0; index < n; index++)
    if (cg_set_meter_wants (self->meters[i], role, index))
      {
        if (!read_image (self, domain, index, n_channels, error))
          return FALSE;
        cg_set_meter_offer (self->meters[i], role, index, self->image);
      }
  return TRUE;
}

static gboolean
prepare (CgRunEvaluation *self, int i, const CgNetwork *generator, GError **error)
{
  const CgNetworkConfig *config = cg_network_get_config (generator);
  int n_from = cg_dataset_get_n_samples (self->dataset, get_from (i));
  int n_to = cg_dataset_get_n_samples (self->dataset, get_to (i));

  if (n_to < 2)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--eval-freq needs at least two images in test%c; there is %d"), get_to (i), n_to);
      return FALSE;
    }
  self->meters[i] = cg_set_meter_new (n_to, n_from, CG_RUN_EVALUATION_MAX_IMAGES, self->h, self->w, config->output_nc,
                                      config->input_nc == config->output_nc, self->n_threads, error);
  return self->meters[i] && offer_images (self, i, CG_SET_REAL, get_to (i), config->output_nc, error)
         && offer_images (self, i, CG_SET_INPUT, get_from (i), config->input_nc, error);
}

CgRunEvaluation *
cg_run_evaluation_new (CgDataset *dataset, CgNetwork *const generators[CG_BEST_N_GENERATORS], int n_threads,
                       GError **error)
{
  g_autoptr (CgRunEvaluation) self = g_new0 (CgRunEvaluation, 1);
  gsize floats;

  self->dataset = dataset;
  self->n_threads = n_threads;
  cg_dataset_get_crop_size (dataset, &self->h, &self->w);
  floats = (gsize)self->h * (gsize)self->w * 3;
  self->image = g_try_new (float, 2 * floats);
  if (!self->image)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for images of %d x %d"), self->w, self->h);
      return NULL;
    }
  self->fake = self->image + floats;
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    if (!prepare (self, i, generators[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

static gboolean
translate_images (CgRunEvaluation *self, int i, CgNetwork *generator, GError **error)
{
  int n = cg_dataset_get_n_samples (self->dataset, get_from (i));

  for (int index = 0; index < n; index++)
    if (cg_set_meter_wants (self->meters[i], CG_SET_FAKE, index))
      {
        if (!read_image (self, get_from (i), index, cg_network_get_config (generator)->input_nc, error)
            || !cg_network_apply (generator, 1, self->h, self->w, self->image, self->fake, self->n_threads, error))
          return FALSE;
        cg_set_meter_offer (self->meters[i], CG_SET_FAKE, index, self->fake);
      }
  return TRUE;
}

gboolean
cg_run_evaluation_measure (CgRunEvaluation *self, CgNetwork *const generators[CG_BEST_N_GENERATORS],
                           CgSetDistance distances[CG_BEST_N_GENERATORS], GError **error)
{
  for (int i = 0; i < CG_BEST_N_GENERATORS; i++)
    if (!translate_images (self, i, generators[i], error)
        || !cg_set_meter_compute (self->meters[i], &distances[i], error))
      return FALSE;
  return TRUE;
}
