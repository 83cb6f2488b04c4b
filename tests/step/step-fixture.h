/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Four networks and their training step as a golden file describes them; shared by the golden tests of the step. */
#pragma once

#include <stdlib.h>

#include "../golden-file.h"
#include "step/step.h"

static const char *const step_fixture_names[CG_STEP_N_NETWORKS] = { "G_A", "G_B", "D_A", "D_B" };

static const struct
{
  const char *name;
  size_t offset;
} step_fixture_losses[]
    = { { "D_A", G_STRUCT_OFFSET (CgStepLosses, D_A) },         { "G_A", G_STRUCT_OFFSET (CgStepLosses, G_A) },
        { "cycle_A", G_STRUCT_OFFSET (CgStepLosses, cycle_A) }, { "idt_A", G_STRUCT_OFFSET (CgStepLosses, idt_A) },
        { "tv_A", G_STRUCT_OFFSET (CgStepLosses, tv_A) },       { "D_B", G_STRUCT_OFFSET (CgStepLosses, D_B) },
        { "G_B", G_STRUCT_OFFSET (CgStepLosses, G_B) },         { "cycle_B", G_STRUCT_OFFSET (CgStepLosses, cycle_B) },
        { "idt_B", G_STRUCT_OFFSET (CgStepLosses, idt_B) },     { "tv_B", G_STRUCT_OFFSET (CgStepLosses, tv_B) } };

typedef struct
{
  CgStepOptions options;
  double lr;
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgStep *step;
} StepFixture;

static inline double
step_fixture_get_loss (const CgStepLosses *losses, size_t i)
{
  return G_STRUCT_MEMBER (double, losses, step_fixture_losses[i].offset);
}

/* Makes networks (weights zero) and the step; @mode replaces the file's gan_mode unless it is NULL. */
static inline void
step_fixture_init (StepFixture *fixture, const CgSafetensors *file, const char *mode)
{
  static const struct
  {
    const char *name;
    CgGanMode mode;
  } modes[] = { { "minimax", CG_GAN_MINIMAX }, { "vanilla", CG_GAN_VANILLA }, { "lsgan", CG_GAN_LSGAN },
                { "hinge", CG_GAN_HINGE },     { "wgan", CG_GAN_WGAN },       { "wgangp", CG_GAN_WGANGP } };
  CgStepOptions *options = &fixture->options;
  g_auto (GStrv) shape = golden_get_words (file, "shape");
  g_autoptr (GError) error = NULL;
  size_t m = 0;

  cg_step_options_init (options);
  options->batch_size = atoi (shape[0]);
  options->crop_h = atoi (shape[1]);
  options->crop_w = atoi (shape[2]);
  if (!mode)
    mode = golden_get_text (file, "gan_mode");
  while (m < G_N_ELEMENTS (modes) && g_strcmp0 (modes[m].name, mode) != 0)
    m++;
  g_assert_cmpuint (m, <, G_N_ELEMENTS (modes));
  options->gan_mode = modes[m].mode;
  options->lambda_a = golden_get_number (file, "lambda_a");
  options->lambda_b = golden_get_number (file, "lambda_b");
  options->lambda_identity = golden_get_number (file, "lambda_identity");
  options->lambda_tv = golden_get_number (file, "lambda_tv");
  options->pool_size = (int)golden_get_number (file, "pool_size");
  options->seed = g_ascii_strtoull (golden_get_text (file, "seed"), NULL, 10);
  options->n_threads = 2;
  fixture->lr = golden_get_number (file, "lr");

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    fixture->networks[i]
        = golden_make_network (golden_get_text (file, i < CG_STEP_D_A ? "generator" : "discriminator"));
  fixture->step = cg_step_new (options, fixture->networks, &error);
  g_assert_no_error (error);
}

static inline void
step_fixture_clear (StepFixture *fixture)
{
  cg_step_free (fixture->step);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_network_free (fixture->networks[i]);
}

/* Weights "PREFIX/w/…", and Adam's moments "PREFIX/m/…", "PREFIX/v/…" if @t steps were taken before. */
static inline void
step_fixture_load (StepFixture *fixture, const CgSafetensors *file, const char *prefix, gint64 t)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      CgNetwork *network = fixture->networks[i];
      CgAdam *adam = cg_step_get_adam (fixture->step, (CgStepNetwork)i);
      g_autofree char *w = g_strdup_printf ("%s/w/%s", prefix, step_fixture_names[i]);
      g_autofree char *m = g_strdup_printf ("%s/m/%s", prefix, step_fixture_names[i]);
      g_autofree char *v = g_strdup_printf ("%s/v/%s", prefix, step_fixture_names[i]);

      golden_read_vector (file, w, network, GOLDEN_ALL, cg_network_get_weights (network));
      cg_network_touch (network);
      adam->t = t;
      if (t == 0)
        continue;
      golden_read_vector (file, m, network, GOLDEN_WITHOUT_BUFFERS, adam->m);
      golden_read_vector (file, v, network, GOLDEN_WITHOUT_BUFFERS, adam->v);
    }
}
