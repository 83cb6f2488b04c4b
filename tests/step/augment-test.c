/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Differentiable augmentation: the map by hand, its adjoint, the reach of its draws. */
#include <glib.h>
#include <string.h>

#include "step/augment.h"

#define H 9
#define W 12
#define SEED 31u

static const CgAugmentDraw nothing = { .saturation = 1.0f, .contrast = 1.0f };

static void
lay (CgTensor *tensor, float *memory)
{
  g_assert_true (cg_tensor_init (tensor, 1, H, W, 3, 0));
  cg_tensor_place (tensor, memory);
}

static void
fill_random (float *values, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  for (int i = 0; i < H * W * 3; i++)
    values[i] = (float)g_rand_double_range (random, -1, 1);
}

static void
test_nothing (void)
{
  float in[H * W * 3], out[H * W * 3];
  CgTensor x, y;

  lay (&x, in);
  lay (&y, out);
  fill_random (in, SEED);
  cg_augment_apply (&nothing, &x, 0, &y);
  for (int i = 0; i < H * W * 3; i++)
    g_assert_cmpfloat_with_epsilon (out[i], in[i], 1e-6);
}

static void
test_geometry (void)
{
  float in[H * W * 3], out[H * W * 3];
  CgAugmentDraw draw = nothing;
  CgTensor x, y;

  lay (&x, in);
  lay (&y, out);
  fill_random (in, SEED);
  draw.shift_y = 1;
  draw.shift_x = -2;
  draw.cut_y = 4;
  draw.cut_x = 5;
  draw.cut_h = 3;
  draw.cut_w = 4;
  cg_augment_apply (&draw, &x, 0, &y);
  for (int i = 0; i < H; i++)
    for (int j = 0; j < W; j++)
      {
        gboolean zero = i < 1 || j >= W - 2 || (i >= 4 && i < 7 && j >= 5 && j < 9);
        float expected = zero ? 0.0f : cg_tensor_at (&x, 0, i - 1, j + 2)[1];

        g_assert_cmpfloat_with_epsilon (cg_tensor_at (&y, 0, i, j)[1], expected, 1e-6);
      }
}

/* Saturation 0 makes pixels grey, contrast 0.5 halves the distance to the mean, brightness moves all. */
static void
test_colour (void)
{
  float in[H * W * 3], out[H * W * 3];
  CgAugmentDraw draw = { .brightness = 0.25f, .saturation = 0.0f, .contrast = 0.5f };
  double mean = 0.0;
  CgTensor x, y;

  lay (&x, in);
  lay (&y, out);
  fill_random (in, SEED);
  for (int i = 0; i < H * W * 3; i++)
    mean += in[i] / (H * W * 3.0);
  cg_augment_apply (&draw, &x, 0, &y);
  for (int i = 0; i < H * W; i++)
    {
      double grey = (in[3 * i] + in[3 * i + 1] + in[3 * i + 2]) / 3.0;

      for (int c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (out[3 * i + c], 0.25 + mean + 0.5 * (grey - mean), 1e-5);
    }
}

/* < T x - T 0, y > = < x, T' y > for drawn maps. */
static void
test_adjoint (void)
{
  float in[H * W * 3], out[H * W * 3], zero[H * W * 3] = { 0 }, base[H * W * 3], g[H * W * 3], dx[H * W * 3];
  CgTensor x, y, x0, y0, dy, gradient;

  lay (&x, in);
  lay (&y, out);
  lay (&x0, zero);
  lay (&y0, base);
  lay (&dy, g);
  lay (&gradient, dx);
  for (guint32 trial = 0; trial < 50; trial++)
    {
      CgAugmentDraw draw;
      double left = 0.0, right = 0.0;

      cg_augment_draw (&draw, H, W, SEED, trial, 0);
      fill_random (in, 2 * trial);
      fill_random (g, 2 * trial + 1);
      cg_augment_apply (&draw, &x, 0, &y);
      cg_augment_apply (&draw, &x0, 0, &y0);
      cg_augment_gradient (&draw, &dy, 0, &gradient);
      for (int i = 0; i < H * W * 3; i++)
        {
          left += ((double)out[i] - base[i]) * g[i];
          right += (double)in[i] * dx[i];
        }
      g_assert_cmpfloat_with_epsilon (left, right, 1e-4);
    }
}

static void
test_draws (void)
{
  gboolean moved[2] = { FALSE, FALSE };

  for (guint64 step = 0; step < 500; step++)
    {
      CgAugmentDraw draw, again;

      cg_augment_draw (&draw, 64, 64, SEED, step, 3);
      cg_augment_draw (&again, 64, 64, SEED, step, 3);
      g_assert_cmpmem (&draw, sizeof draw, &again, sizeof again);
      g_assert_cmpfloat (draw.brightness, >=, -0.5f);
      g_assert_cmpfloat (draw.brightness, <=, 0.5f);
      g_assert_cmpfloat (draw.saturation, >=, 0.0f);
      g_assert_cmpfloat (draw.saturation, <=, 2.0f);
      g_assert_cmpfloat (draw.contrast, >=, 0.5f);
      g_assert_cmpfloat (draw.contrast, <=, 1.5f);
      g_assert_cmpint (ABS (draw.shift_y), <=, 8);
      g_assert_cmpint (ABS (draw.shift_x), <=, 8);
      g_assert_cmpint (draw.cut_h, ==, 32);
      g_assert_cmpint (draw.cut_y + draw.cut_h, >=, 16);
      g_assert_cmpint (draw.cut_y, <=, 48);
      moved[0] |= draw.shift_y == 8;
      moved[1] |= draw.shift_x == -8;
    }
  g_assert_true (moved[0] && moved[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/step/augment/nothing", test_nothing);
  g_test_add_func ("/step/augment/geometry", test_geometry);
  g_test_add_func ("/step/augment/colour", test_colour);
  g_test_add_func ("/step/augment/adjoint", test_adjoint);
  g_test_add_func ("/step/augment/draws", test_draws);
  return g_test_run ();
}
