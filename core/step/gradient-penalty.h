/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The gradient penalty of WGAN-GP (Gulrajani et al. 2017), which needs a derivative of a derivative of the discriminator. */
#pragma once

#include "base/random.h"
#include "nets/pass.h"

/**
 * cg_gradient_penalty:
 * @pass: of the discriminator, made with CG_PASS_TRAINING | CG_PASS_INPUT_GRADIENT | CG_PASS_TANGENT
 * @real, @fake: [N,H,W,C]
 * @lambda: its weight (10 in the paper)
 * @stream: tells the draws of the two discriminators apart
 *
 * Adds lambda * mean_n ((|| d/dx sum_patches D (x_n) ||_2 - 1)²) to the parameter gradients, at x_n = a_n * real_n + (1 - a_n) * fake_n
 * with one uniform a_n per image, drawn from (@seed, CG_RANDOM_GP, @step, stream and image).
 *
 * Returns: the value.
 */
double cg_gradient_penalty (CgPass *pass, const CgTensor *real, const CgTensor *fake, double lambda, guint64 seed,
                            guint64 step, guint stream);
