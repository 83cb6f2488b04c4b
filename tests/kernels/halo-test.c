/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Halos filled and folded, planes copied and added, and the reach of the adjoint, all by hand-made expectations. */
#include "kernels-fixture.h"

static int
mirror (int i, int size)
{
  return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
}

static void
test_fill_reflect (void)
{
  Image image = image_new (2, 5, 4, 3, 3);

  image_fill (&image, 0, 1);
  cg_halo_fill (image.plane, 2, 5, 4, 3, 3, CG_PAD_REFLECT, 3);
  for (int n = 0; n < 2; n++)
    for (int i = -3; i < 8; i++)
      for (int j = -3; j < 7; j++)
        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat (at (&image, n, i, j)[c], ==, at (&image, n, mirror (i, 5), mirror (j, 4))[c]);
  g_assert_true (is_canary (at (&image, 0, -4, 0)[0]));
  g_assert_true (is_canary (at (&image, 1, 0, 7)[0]));
  g_assert_true (is_canary (at (&image, 1, 4, -4)[2]));
  image_clear (&image);
}

static void
test_fill_zero (void)
{
  Image image = image_new (1, 1, 2, 2, 4);

  image_fill (&image, 0, 1);
  cg_halo_fill (image.plane, 1, 1, 2, 2, 4, CG_PAD_ZERO, 1);
  for (int i = -4; i < 5; i++)
    for (int j = -4; j < 6; j++)
      for (int c = 0; c < 2; c++)
        if (i != 0 || j < 0 || j > 1)
          g_assert_cmpfloat (at (&image, 0, i, j)[c], ==, 0);
        else
          g_assert_cmpfloat (at (&image, 0, i, j)[c], !=, 0);
  image_clear (&image);
}

/* <fill (x), y> = <x, fold (y)> for every x: here x runs through all unit vectors, so both sides are single sums. */
static void
test_fold_is_adjoint (void)
{
  const int h = 6, w = 5, halo = 3;
  Image y = image_new (1, h, w, 2, halo), folded;

  image_fill (&y, halo, 2);
  folded = image_absolute (&y);
  memcpy (folded.block, y.block, y.n_floats * sizeof (float));
  cg_halo_fold (folded.plane, 1, h, w, 2, halo, 7);
  for (int i = 0; i < h; i++)
    for (int j = 0; j < w; j++)
      for (int c = 0; c < 2; c++)
        {
          double sum = 0;

          for (int p = -halo; p < h + halo; p++)
            for (int q = -halo; q < w + halo; q++)
              if (mirror (p, h) == i && mirror (q, w) == j)
                sum += at (&y, 0, p, q)[c];
          /* Up to nine numbers below 1. */
          g_assert_cmpfloat (fabs (at (&folded, 0, i, j)[c] - sum), <=, 1e-6);
        }
  g_assert_cmpfloat (at (&folded, 0, -1, -1)[0], ==, at (&y, 0, -1, -1)[0]);
  image_clear (&y);
  image_clear (&folded);
}

static void
test_copy_and_add (void)
{
  Image from = image_new (2, 3, 5, 3, 1), to = image_new (2, 3, 5, 3, 2);

  image_fill (&from, 0, 3);
  cg_plane_copy (from.plane, to.plane, 2, 3, 5, 3, 2);
  assert_canaries (&to);
  g_assert_cmpfloat (at (&to, 1, 2, 4)[2], ==, at (&from, 1, 2, 4)[2]);
  cg_plane_add (from.plane, to.plane, 2, 3, 5, 3, 2);
  assert_canaries (&to);
  for (int n = 0; n < 2; n++)
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 5; j++)
        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat (at (&to, n, i, j)[c], ==, 2 * at (&from, n, i, j)[c]);
  image_clear (&from);
  image_clear (&to);
}

static void
test_adjoint_halo (void)
{
  const struct
  {
    CgConvShape shape;
    int halo;
  } cases[] = {
    { { 1, 8, 8, 1, 8, 8, 1, 3, 3, 1, 1 }, 1 },   /* same size: one each side */
    { { 1, 14, 14, 1, 8, 8, 1, 7, 7, 1, 0 }, 6 }, /* a reflected halo counted as image */
    { { 1, 8, 8, 1, 8, 8, 1, 7, 7, 1, 3 }, 3 },
    { { 1, 16, 16, 1, 8, 8, 1, 3, 3, 2, 1 }, 1 }, /* PyTorch's output_padding 1 */
    { { 1, 16, 16, 1, 8, 8, 1, 4, 4, 2, 1 }, 1 },
    { { 1, 8, 8, 1, 8, 8, 1, 1, 1, 1, 0 }, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (cg_conv_adjoint_halo (&cases[i].shape), ==, cases[i].halo);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/kernels/halo/fill-reflect", test_fill_reflect);
  g_test_add_func ("/kernels/halo/fill-zero", test_fill_zero);
  g_test_add_func ("/kernels/halo/fold-is-adjoint", test_fold_is_adjoint);
  g_test_add_func ("/kernels/halo/copy-and-add", test_copy_and_add);
  g_test_add_func ("/kernels/halo/adjoint-halo", test_adjoint_halo);

  return g_test_run ();
}
