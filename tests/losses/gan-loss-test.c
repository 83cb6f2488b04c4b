/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The adversarial losses: hand values, naive formulas, central differences, extreme logits. */
#include "losses/gan-loss.h"

#include <float.h>

#include "base/parallel.h"
#include "image-fixture.h"

#define N_MODES (CG_GAN_WGANGP + 1)
#define N_SIDES (CG_GAN_GENERATOR + 1)

#define FOR_EACH_MODE_AND_SIDE(mode, side)                                                                             \
  for (CgGanMode mode = 0; mode < N_MODES; mode++)                                                                     \
    for (CgGanSide side = 0; side < N_SIDES; side++)

/* Value and slope at one logit. */
static double
loss_at (CgGanMode mode, CgGanSide side, float z, float *slope)
{
  Image logit = image_new (1, 1, 1, 1, 0);
  Image gradient = image_new (1, 1, 1, 1, 0);
  double value;

  image_fill (&logit, z);
  value = cg_gan_loss (mode, side, &logit.tensor, 1.0, &gradient.tensor);
  *slope = *image_element (&gradient, 0);
  image_clear (&logit);
  image_clear (&gradient);
  return value;
}

static void
test_hand_values (void)
{
  static const struct
  {
    CgGanMode mode;
    CgGanSide side;
    float z;
    double value, slope;
  } cases[] = {
    { CG_GAN_MINIMAX, CG_GAN_DISCRIMINATOR_REAL, 0, G_LN2, -0.5 },
    { CG_GAN_MINIMAX, CG_GAN_DISCRIMINATOR_FAKE, 0, G_LN2, 0.5 },
    { CG_GAN_MINIMAX, CG_GAN_GENERATOR, 0, -G_LN2, -0.5 },
    { CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_REAL, 0, G_LN2, -0.5 },
    { CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_FAKE, 0, G_LN2, 0.5 },
    { CG_GAN_VANILLA, CG_GAN_GENERATOR, 0, G_LN2, -0.5 },
    { CG_GAN_LSGAN, CG_GAN_DISCRIMINATOR_REAL, 3, 4, 4 },
    { CG_GAN_LSGAN, CG_GAN_DISCRIMINATOR_REAL, 1, 0, 0 },
    { CG_GAN_LSGAN, CG_GAN_DISCRIMINATOR_FAKE, 3, 9, 6 },
    { CG_GAN_LSGAN, CG_GAN_GENERATOR, -1, 4, -4 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_REAL, 0.25, 0.75, -1 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_REAL, 1, 0, 0 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_REAL, 2, 0, 0 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_FAKE, 0.25, 1.25, 1 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_FAKE, -1, 0, 0 },
    { CG_GAN_HINGE, CG_GAN_DISCRIMINATOR_FAKE, -2, 0, 0 },
    { CG_GAN_HINGE, CG_GAN_GENERATOR, 3, -3, -1 },
    { CG_GAN_WGAN, CG_GAN_DISCRIMINATOR_REAL, 3, -3, -1 },
    { CG_GAN_WGAN, CG_GAN_DISCRIMINATOR_FAKE, 3, 3, 1 },
    { CG_GAN_WGAN, CG_GAN_GENERATOR, 3, -3, -1 },
    { CG_GAN_WGANGP, CG_GAN_DISCRIMINATOR_REAL, 3, -3, -1 },
    { CG_GAN_WGANGP, CG_GAN_DISCRIMINATOR_FAKE, 3, 3, 1 },
    { CG_GAN_WGANGP, CG_GAN_GENERATOR, 3, -3, -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      float slope;
      double value = loss_at (cases[i].mode, cases[i].side, cases[i].z, &slope);

      assert_close (value, cases[i].value, 1e-15);
      assert_equal (slope, cases[i].slope);
    }
}

/* The logarithm of a sigmoid as it stands in the papers is exact enough between -8 and 8. */
static void
test_naive_formulas (void)
{
  for (double z = -8.0; z <= 8.0; z += 0.5)
    {
      double d = 1.0 / (1.0 + exp (-z));
      float slope;

      assert_close (loss_at (CG_GAN_MINIMAX, CG_GAN_DISCRIMINATOR_REAL, (float)z, &slope), -log (d), 1e-12);
      assert_close (loss_at (CG_GAN_MINIMAX, CG_GAN_DISCRIMINATOR_FAKE, (float)z, &slope), -log (1.0 - d), 1e-12);
      assert_close (loss_at (CG_GAN_MINIMAX, CG_GAN_GENERATOR, (float)z, &slope), log (1.0 - d), 1e-12);
      assert_close (loss_at (CG_GAN_VANILLA, CG_GAN_GENERATOR, (float)z, &slope), -log (d), 1e-12);
    }
}

/* Mean over map and batch, weight in both results, halo neither read nor written. */
static void
test_gradient (void)
{
  const double weight = 0.5;

  FOR_EACH_MODE_AND_SIDE (mode, side)
  {
    Image logits = image_new (2, 3, 5, 1, 2);
    Image gradient = image_new (2, 3, 5, 1, 1);
    size_t count = image_count (&logits);
    double value, sum = 0.0;

    image_fill_random (&logits, (uint64_t)(mode * N_SIDES + side), 3.0);
    value = cg_gan_loss (mode, side, &logits.tensor, weight, &gradient.tensor);
    g_assert_true (value == cg_gan_loss (mode, side, &logits.tensor, weight, NULL));

    for (size_t i = 0; i < count; i++)
      {
        float *z = image_element (&logits, i);
        float centre = *z, slope;
        double difference;

        sum += loss_at (mode, side, centre, &slope);

        /* Kinks lie at multiples of STEP, where no logit is; half a step never crosses one. */
        *z = centre + (float)(STEP / 2);
        difference = cg_gan_loss (mode, side, &logits.tensor, weight, NULL);
        *z = centre - (float)(STEP / 2);
        difference -= cg_gan_loss (mode, side, &logits.tensor, weight, NULL);
        *z = centre;

        /* Float rounding of a slope up to 8, and the third derivative (at most 1/8) of softplus. */
        assert_close (*image_element (&gradient, i) * (double)count, difference / STEP * (double)count, 1e-6);
      }

    assert_close (value, weight * sum / (double)count, 1e-13);
    image_assert_halo_untouched (&gradient);
    image_clear (&logits);
    image_clear (&gradient);
  }
}

static void
test_extreme_logits (void)
{
  static const float extremes[] = { -1e4f, 1e4f, -FLT_MAX, FLT_MAX };

  FOR_EACH_MODE_AND_SIDE (mode, side)
  for (gsize i = 0; i < G_N_ELEMENTS (extremes); i++)
    {
      float slope;

      g_assert_true (isfinite (loss_at (mode, side, extremes[i], &slope)));
      if (mode != CG_GAN_LSGAN || i < 2)
        g_assert_true (isfinite (slope));
    }

  /* Where the logarithm of a rounded sigmoid would be infinite or 0. */
  {
    float slope;

    g_assert_true (loss_at (CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_REAL, -1e4f, &slope) == 1e4);
    g_assert_true (slope == -1.0f);
    g_assert_true (loss_at (CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_FAKE, 1e4f, &slope) == 1e4);
    g_assert_true (slope == 1.0f);
    g_assert_true (loss_at (CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_REAL, 1e4f, &slope) == 0.0);
    g_assert_true (loss_at (CG_GAN_MINIMAX, CG_GAN_GENERATOR, 1e4f, &slope) == -1e4);
    assert_close (loss_at (CG_GAN_VANILLA, CG_GAN_DISCRIMINATOR_REAL, 40.0f, &slope) / exp (-40.0), 1.0, 1e-12);
    assert_close ((double)slope / -exp (-40.0), 1.0, 1e-6);
  }
}

/* A NaN logit must not hide behind a comparison. */
static void
test_nan (void)
{
  FOR_EACH_MODE_AND_SIDE (mode, side)
  {
    float slope;

    g_assert_true (isnan (loss_at (mode, side, NAN, &slope)));
  }
}

static void
test_threads (void)
{
  Image logits = image_new (2, 150, 200, 1, 0);
  double alone;

  image_fill_random (&logits, 77, 3.0);
  cg_parallel_set_wish (1);
  alone = cg_gan_loss (CG_GAN_VANILLA, CG_GAN_GENERATOR, &logits.tensor, 1.0, NULL);
  cg_parallel_set_wish (3);
  g_assert_true (cg_gan_loss (CG_GAN_VANILLA, CG_GAN_GENERATOR, &logits.tensor, 1.0, NULL) == alone);
  cg_parallel_set_wish (0);
  image_clear (&logits);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/losses/gan/hand-values", test_hand_values);
  g_test_add_func ("/losses/gan/naive-formulas", test_naive_formulas);
  g_test_add_func ("/losses/gan/gradient", test_gradient);
  g_test_add_func ("/losses/gan/extreme-logits", test_extreme_logits);
  g_test_add_func ("/losses/gan/nan", test_nan);
  g_test_add_func ("/losses/gan/threads", test_threads);
  return g_test_run ();
}
