/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Four images learnt by heart: after some hundred steps the cycles reproduce them. What a wrong sign anywhere would prevent. */
#include <math.h>

#include "../pass-fixture.h"
#include "step/step.h"

#define SEED 31337

/* Pixels of an image a side, steps, mean |error| in [-1, 1] that is asked for (the unweighted cycle loss of both directions). */
typedef struct
{
  int size, nf, n_blocks, n_steps;
  double lr, error;
} Lesson;

static double
draw (guint64 image, guint64 index)
{
  return cg_random_uniform (SEED, CG_RANDOM_TEST, image, index);
}

/* A landscape of sorts, [size][size][3]: a sky that brightens towards a horizon, hills of two waves before it, a disc, and grain. */
static float *
paint (guint64 image, int size)
{
  float *pixels = g_new (float, (size_t)size *(size_t)size * 3);
  double disc_x = draw (image, 0), disc_y = 0.5 * draw (image, 1), radius = 0.08 + 0.12 * draw (image, 2);
  double phase = 6.28 * draw (image, 3), horizon = 0.4 + 0.3 * draw (image, 4);

  for (int i = 0; i < size; i++)
    for (int j = 0; j < size; j++)
      {
        double y = (i + 0.5) / size, x = (j + 0.5) / size;
        double hill = horizon + 0.1 * sin (7.0 * x + phase) + 0.04 * sin (19.0 * x + 2.0 * phase);
        gboolean sky = y < hill, disc = sky && hypot (x - disc_x, y - disc_y) < radius;

        for (int c = 0; c < 3; c++)
          {
            double top = draw (image, 10 + (guint64)c), ground = draw (image, 20 + (guint64)c);
            double value = disc ? 0.9 : sky ? top + (1.0 - top) * y : ground * (1.5 - y);
            double grain = draw (image, 100 + (guint64)((i * size + j) * 3 + c)) - 0.5;

            pixels[(i * size + j) * 3 + c] = (float)CLAMP (2.0 * value - 1.0 + 0.05 * grain, -1.0, 1.0);
          }
      }
  return pixels;
}

static void
learn (const Lesson *lesson)
{
  const CgNetworkConfig generator = { .kind = CG_NET_RESNET,
                                      .input_nc = 3,
                                      .output_nc = 3,
                                      .nf = lesson->nf,
                                      .n_blocks = lesson->n_blocks,
                                      .norm = CG_NORM_INSTANCE };
  const CgNetworkConfig discriminator = {
    .kind = CG_NET_N_LAYERS, .input_nc = 3, .output_nc = 1, .nf = lesson->nf, .n_layers = 2, .norm = CG_NORM_INSTANCE
  };
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgStepOptions options;
  g_autoptr (CgStep) step = NULL;
  g_autoptr (GError) error = NULL;
  float *images[4];
  double sum = 0.0;

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      networks[i] = cg_network_new (i < CG_STEP_D_A ? &generator : &discriminator, &error);
      g_assert_no_error (error);
      cg_network_init (networks[i], CG_INIT_NORMAL, 0.02, SEED + (guint64)i);
    }
  cg_step_options_init (&options);
  options.crop_h = options.crop_w = lesson->size;
  options.seed = SEED;
  step = cg_step_new (&options, networks, &error);
  g_assert_no_error (error);
  for (guint64 i = 0; i < 4; i++)
    images[i] = paint (i, lesson->size);

  /* Two images a side; the mean of the last pass over all four pairs counts. */
  for (int t = 0; t < lesson->n_steps; t++)
    {
      CgStepLosses losses;
      double cycle;

      /* Falling rate: at a constant one the last digits of the error are the optimiser's noise. */
      double lr = lesson->lr * MIN (1.0, 2.0 * (1.0 - (double)t / lesson->n_steps));

      g_assert_true (cg_step_run (step, t + 1, lr, images[t % 2], images[2 + t / 2 % 2], &losses, &error));
      g_assert_no_error (error);
      cycle = 0.5 * (losses.cycle_A / options.lambda_a + losses.cycle_B / options.lambda_b);
      if (t % 50 == 0)
        g_test_message ("step %d: mean |error| %.4f", t, cycle);
      if (t >= lesson->n_steps - 4)
        sum += cycle / 4.0;
    }
  g_test_message ("mean |error| %.4f", sum);
  g_assert_cmpfloat (sum, <, lesson->error);

  for (int i = 0; i < 4; i++)
    g_free (images[i]);
  g_clear_pointer (&step, cg_step_free);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_network_free (networks[i]);
}

static void
test_lesson (gconstpointer data)
{
  learn (data);
}

int
main (int argc, char *argv[])
{
  static const Lesson quick = { .size = 32, .nf = 8, .n_blocks = 1, .n_steps = 120, .lr = 2e-3, .error = 0.2 };
  static const Lesson whole = { .size = 64, .nf = 16, .n_blocks = 2, .n_steps = 1000, .lr = 1e-3, .error = 0.05 };

  g_test_init (&argc, &argv, NULL);
  if (g_test_slow ())
    g_test_add_data_func ("/step/overfit/whole", &whole, test_lesson);
  else
    g_test_add_data_func ("/step/overfit/quick", &quick, test_lesson);
  return g_test_run ();
}
