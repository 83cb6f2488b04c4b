/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What stands under alpha 0 when the network looks: the mean of what is visible. */
#include <math.h>

#include "infer/hidden-pixels.h"

static void
test_mean (void)
{
  /* 3 x 2 pixels in rows of 4; the last column is outside the picture. */
  float rgb[2 * 12] = { 0.2f, 0.4f, 0.6f, 9.0f, 9.0f, 9.0f, 0.6f, 0.0f, 0.2f, 7.0f, 7.0f, 7.0f,
                        NAN,  NAN,  NAN,  2.0f, 1.0f, 0.5f, 5.0f, 5.0f, 5.0f, 7.0f, 7.0f, 7.0f };
  const float alpha[2 * 4] = { 1.0f, 0.0f, 0.5f, 1.0f, NAN, 0.5f, -1.0f, 1.0f };
  /* (1 * 0.2 + 0.5 * 0.6 + 0.5 * 1) / 2 and so on: 2.0 counts as 1. */
  const float mean[3] = { 0.5f, 0.45f, 0.475f };
  const int hidden[3] = { 3, 12, 18 };

  g_assert_true (cg_fill_hidden_pixels (rgb, 12, alpha, 4, 3, 2));
  for (int i = 0; i < 3; i++)
    for (int c = 0; c < 3; c++)
      g_assert_cmpfloat_with_epsilon (rgb[hidden[i] + c], mean[c], 1e-6f);
  g_assert_cmpfloat (rgb[0], ==, 0.2f);
  g_assert_cmpfloat (rgb[6], ==, 0.6f);
  g_assert_cmpfloat (rgb[15], ==, 2.0f);
  g_assert_cmpfloat (rgb[9], ==, 7.0f);
  g_assert_cmpfloat (rgb[21], ==, 7.0f);
}

static void
test_nothing_visible (void)
{
  float rgb[6] = { 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f };
  const float alpha[2] = { 0.0f, 0.0f };

  g_assert_false (cg_fill_hidden_pixels (rgb, 6, alpha, 2, 2, 1));
  g_assert_cmpfloat (rgb[0], ==, 0.1f);
  g_assert_cmpfloat (rgb[5], ==, 0.6f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hidden-pixels/mean", test_mean);
  g_test_add_func ("/hidden-pixels/nothing-visible", test_nothing_visible);
  return g_test_run ();
}
