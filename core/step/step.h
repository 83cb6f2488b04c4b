/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgStep: one CycleGAN training step: generator passes, losses, pools and both optimisers (training.md). */
#pragma once

#include <glib.h>

#include "base/visibility.h"
#include "losses/gan-loss.h"
#include "nets/network.h"
#include "nets/profile.h"
#include "optim/adam.h"
#include "step/image-pool.h"

G_BEGIN_DECLS

/* Order of everything that exists once per network. G_A: A->B, G_B: B->A, D_A judges B, D_B judges A. */
typedef enum
{
  CG_STEP_G_A,
  CG_STEP_G_B,
  CG_STEP_D_A,
  CG_STEP_D_B,
  CG_STEP_N_NETWORKS
} CgStepNetwork;

typedef struct
{
  int batch_size, crop_h, crop_w;
  CgGanMode gan_mode;
  double lambda_a, lambda_b, lambda_identity, lambda_tv;
  double beta1, beta2, eps; /* 0.5, 0.999, 1e-8 */
  double clip_value;        /* wgan */
  double lambda_gp;         /* wgangp */
  int pool_size;
  gboolean augment; /* what discriminators see, by augment.h; off by default */
  guint64 seed;
  int n_threads; /* 0: cg_parallel_get_default_threads () */
} CgStepOptions;

/* The paper's defaults. */
CG_PUBLIC void cg_step_options_init (CgStepOptions *options);

/* Weighted, as they enter the totals. */
typedef struct
{
  double D_A, G_A, cycle_A, idt_A, tv_A;
  double D_B, G_B, cycle_B, idt_B, tv_B;
} CgStepLosses;

typedef struct _CgStep CgStep;

/**
 * cg_step_new:
 * @networks: (transfer none): four networks that outlive the step
 *
 * Plans and allocates everything. Fails with CG_ERROR_SHAPE (a crop a network cannot take: names the minimum), CG_ERROR_MEMORY.
 */
CG_PUBLIC CgStep *cg_step_new (const CgStepOptions *options, CgNetwork *const networks[CG_STEP_N_NETWORKS],
                               GError **error);
CG_PUBLIC void cg_step_free (CgStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgStep, cg_step_free)

/**
 * cg_step_run:
 * @index: the number of this step, from 1; seeds the pools
 * @lr: learning rate of both optimisers in this step
 * @real_a, @real_b: dense [N][H][W][C], values in [-1,1]
 *
 * Fails with CG_ERROR_DIVERGED (names the loss) before any weight is changed by a loss that is not a number or beyond 1e8.
 */
CG_PUBLIC gboolean cg_step_run (CgStep *step, gint64 index, double lr, const float *real_a, const float *real_b,
                                CgStepLosses *losses, GError **error);

/* What a checkpoint must hold besides the networks' weights. */
CG_PUBLIC CgAdam *cg_step_get_adam (CgStep *step, CgStepNetwork network);
CG_PUBLIC CgImagePool *cg_step_get_pool_a (CgStep *step); /* of fake A, shown to D_B */
CG_PUBLIC CgImagePool *cg_step_get_pool_b (CgStep *step); /* of fake B, shown to D_A */

/* Times of every layer are added to @profile (transfer none) from now on; NULL ends that. */
CG_PUBLIC void cg_step_set_profile (CgStep *step, CgProfile *profile);

G_END_DECLS
