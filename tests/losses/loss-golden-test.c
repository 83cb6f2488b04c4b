/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Every loss against PyTorch: values and gradients, with logits at which a sigmoid is 0 or 1 in float32. */
#include <math.h>

#include "../golden-file.h"
#include "image-fixture.h"
#include "losses/gan-loss.h"
#include "losses/l1-loss.h"
#include "losses/tv-loss.h"
#include "tensor/dense.h"

/* One float32 rounding of each gradient, and of what it is computed from; values are summed in double. */
#define TOLERANCE 1e-6

/* Not a power of two, so that a forgotten weight or one applied twice shows. */
#define WEIGHT 0.7

static Image
load_image (const CgSafetensors *file, const char *name)
{
  int size[4];
  g_autofree float *dense = golden_get_image (file, size, "%s", name);
  Image image = image_new (size[0], size[1], size[2], size[3], 2);

  cg_tensor_from_dense (&image.tensor, dense);
  return image;
}

static void
check (const CgSafetensors *file, const char *name, double value, const Image *gradient)
{
  double truth = WEIGHT * golden_get_number (file, "%s", name);
  int size[4];
  g_autofree float *expected = golden_get_image (file, size, "%s", name);
  size_t n = (size_t)size[0] * (size_t)size[1] * (size_t)size[2] * (size_t)size[3];
  g_autofree float *found = g_new (float, n);

  if (fabs (value - truth) > TOLERANCE * MAX (fabs (truth), 0.1))
    g_error ("%s is %.9g, expected %.9g", name, value, truth);
  for (size_t i = 0; i < n; i++)
    expected[i] = (float)(WEIGHT * expected[i]);
  cg_tensor_to_dense (&gradient->tensor, found);
  if (golden_get_distance (found, expected, n) > TOLERANCE * golden_get_largest (expected, n))
    g_error ("%s: a gradient is off by %g", name, golden_get_distance (found, expected, n));
}

static void
test_gan (void)
{
  static const struct
  {
    const char *name;
    CgGanMode mode;
  } modes[] = { { "minimax", CG_GAN_MINIMAX }, { "vanilla", CG_GAN_VANILLA }, { "lsgan", CG_GAN_LSGAN },
                { "hinge", CG_GAN_HINGE },     { "wgan", CG_GAN_WGAN },       { "wgangp", CG_GAN_WGANGP } };
  static const struct
  {
    const char *name;
    CgGanSide side;
  } sides[] = { { "real", CG_GAN_DISCRIMINATOR_REAL },
                { "fake", CG_GAN_DISCRIMINATOR_FAKE },
                { "generator", CG_GAN_GENERATOR } };
  static const char *const sizes[] = { "small", "large" };
  g_autoptr (CgSafetensors) file = golden_open ("losses");

  for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      g_autofree char *name = g_strconcat ("logits/", sizes[s], NULL);
      Image logits = load_image (file, name);
      const CgTensor *t = &logits.tensor;

      for (size_t m = 0; m < G_N_ELEMENTS (modes); m++)
        for (size_t side = 0; side < G_N_ELEMENTS (sides); side++)
          {
            g_autofree char *key = g_strdup_printf ("%s/%s/%s", modes[m].name, sides[side].name, sizes[s]);
            Image gradient = image_new (t->n, t->h, t->w, t->c, 1);
            double value = cg_gan_loss (modes[m].mode, sides[side].side, t, WEIGHT, &gradient.tensor);

            check (file, key, value, &gradient);
            image_clear (&gradient);
          }
      image_clear (&logits);
    }
}

static void
test_l1 (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("losses");
  Image x = load_image (file, "image/x"), target = load_image (file, "image/target");
  Image gradient = image_new (x.tensor.n, x.tensor.h, x.tensor.w, x.tensor.c, 1);
  double value = cg_l1_loss (&x.tensor, &target.tensor, WEIGHT, &gradient.tensor);

  check (file, "l1", value, &gradient);
  image_clear (&x);
  image_clear (&target);
  image_clear (&gradient);
}

static void
test_tv (void)
{
  g_autoptr (CgSafetensors) file = golden_open ("losses");
  Image x = load_image (file, "image/x");
  const CgTensor *t = &x.tensor;
  Image gradient = image_new (t->n, t->h, t->w, t->c, 0);
  double value;

  for (size_t i = 0; i < cg_tensor_get_floats (&gradient.tensor); i++)
    gradient.memory[i] = 0.0f; /* it adds */
  value = cg_tv_loss (t, WEIGHT, &gradient.tensor);

  check (file, "tv", value, &gradient);
  image_clear (&x);
  image_clear (&gradient);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/losses/golden/gan", test_gan);
  g_test_add_func ("/losses/golden/l1", test_l1);
  g_test_add_func ("/losses/golden/tv", test_tv);
  return g_test_run ();
}
