/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The adversarial losses on patch maps of logits, generator's and discriminator's side, each with its gradient. */
#pragma once

#include "base/visibility.h"
#include "tensor/tensor.h"

typedef enum
{
  CG_GAN_MINIMAX,
  CG_GAN_VANILLA,
  CG_GAN_LSGAN,
  CG_GAN_HINGE,
  CG_GAN_WGAN,
  CG_GAN_WGANGP
} CgGanMode;

typedef enum
{
  CG_GAN_DISCRIMINATOR_REAL,
  CG_GAN_DISCRIMINATOR_FAKE,
  CG_GAN_GENERATOR
} CgGanSide;

/**
 * cg_gan_loss:
 * @logits: [N,H,W,1], the discriminator's raw output, any halo (not read)
 * @weight: factor of value and gradient (0.5 for the halved discriminator parts)
 * @gradient: (out) (nullable) same shape, interior overwritten with weight * d value / d logits
 *
 * Returns: weight * mean over all elements, summed in double. Stable for any finite logit.
 */
CG_INTERNAL double cg_gan_loss (CgGanMode mode, CgGanSide side, const CgTensor *logits, double weight,
                                const CgTensor *gradient);
