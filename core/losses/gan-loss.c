/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The adversarial losses; apart because the choice among them is one table of functions of a single logit. */
#include "losses/gan-loss.h"

#include <glib.h>
#include <math.h>

#include "losses/row-sum.h"

/* Stores dl/dz at @slope. */
typedef double (*LogitLoss) (double z, double *slope);

typedef struct
{
  LogitLoss loss;
  const CgTensor *logits, *gradient;
  double scale; /* weight / number of elements */
} Gan;

/* With softplus (z) = log (1 + e^z): -log sigmoid (z) = softplus (-z) and -log (1 - sigmoid (z)) = softplus (z).
 * Exponentials are taken of -|z| only, so nothing overflows and no logarithm comes near 0. */
static double
softplus (double z)
{
  return (z > 0.0 ? z : 0.0) + log1p (exp (-fabs (z)));
}

static double
sigmoid (double z)
{
  double e = exp (-fabs (z));

  return (z >= 0.0 ? 1.0 : e) / (1.0 + e);
}

/* BCE (z, 1) = -log sigmoid (z) */
static double
cross_entropy_one (double z, double *slope)
{
  *slope = -sigmoid (-z);
  return softplus (-z);
}

/* BCE (z, 0) = -log (1 - sigmoid (z)) */
static double
cross_entropy_zero (double z, double *slope)
{
  *slope = sigmoid (z);
  return softplus (z);
}

/* log (1 - sigmoid (z)): Goodfellow et al. 2014, equation 1, what the generator descends */
static double
saturating (double z, double *slope)
{
  *slope = -sigmoid (z);
  return -softplus (z);
}

/* (z - 1)^2: Mao et al. 2017 */
static double
square_to_one (double z, double *slope)
{
  *slope = 2.0 * (z - 1.0);
  return (z - 1.0) * (z - 1.0);
}

static double
square_to_zero (double z, double *slope)
{
  *slope = 2.0 * z;
  return z * z;
}

/* max (0, 1 - z); the slope at the kink is 0, as in PyTorch. Written so that a NaN is not taken for 0. */
static double
hinge_real (double z, double *slope)
{
  double margin = 1.0 - z;

  *slope = margin <= 0.0 ? 0.0 : -1.0;
  return margin <= 0.0 ? 0.0 : margin;
}

/* max (0, 1 + z) */
static double
hinge_fake (double z, double *slope)
{
  double margin = 1.0 + z;

  *slope = margin <= 0.0 ? 0.0 : 1.0;
  return margin <= 0.0 ? 0.0 : margin;
}

static double
plus (double z, double *slope)
{
  *slope = 1.0;
  return z;
}

static double
minus (double z, double *slope)
{
  *slope = -1.0;
  return -z;
}

/* The table of training.md: [mode][side]. Of wgangp this is the part without the penalty. */
static const LogitLoss losses[][3] = {
  [CG_GAN_MINIMAX] = { cross_entropy_one, cross_entropy_zero, saturating },
  [CG_GAN_VANILLA] = { cross_entropy_one, cross_entropy_zero, cross_entropy_one },
  [CG_GAN_LSGAN] = { square_to_one, square_to_zero, square_to_one },
  [CG_GAN_HINGE] = { hinge_real, hinge_fake, minus },
  [CG_GAN_WGAN] = { minus, plus, minus },
  [CG_GAN_WGANGP] = { minus, plus, minus },
};

static double
gan_row (int n, int y, const void *data)
{
  const Gan *gan = data;
  size_t length = (size_t)gan->logits->w * (size_t)gan->logits->c;
  const float *logits = cg_tensor_at (gan->logits, n, y, 0);
  float *gradient = gan->gradient != NULL ? cg_tensor_at (gan->gradient, n, y, 0) : NULL;
  double sum = 0.0;

  for (size_t i = 0; i < length; i++)
    {
      double slope;

      sum += gan->loss (logits[i], &slope);
      if (gradient != NULL)
        gradient[i] = (float)(gan->scale * slope);
    }
  return sum;
}

double
cg_gan_loss (CgGanMode mode, CgGanSide side, const CgTensor *logits, double weight, const CgTensor *gradient)
{
  double scale = weight / ((double)logits->n * logits->h * logits->w * logits->c);
  Gan gan = { .loss = losses[mode][side], .logits = logits, .gradient = gradient, .scale = scale };

  g_assert (gradient == NULL
            || (logits->n == gradient->n && logits->h == gradient->h && logits->w == gradient->w
                && logits->c == gradient->c));

  return scale * cg_row_sum (logits, gan_row, &gan);
}
