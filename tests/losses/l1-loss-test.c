/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The L1 loss: hand values, central differences, ties, threads. */
#include "losses/l1-loss.h"

#include "base/parallel.h"
#include "image-fixture.h"

static void
test_hand_values (void)
{
  Image x = image_new (1, 1, 2, 2, 1);
  Image target = image_new (1, 1, 2, 2, 0);
  Image gradient = image_new (1, 1, 2, 2, 2);
  static const float x_values[] = { 1.0f, -2.0f, 0.5f, 0.25f };
  static const float target_values[] = { 0.5f, 1.0f, 0.5f, -1.0f };
  static const float expected[] = { 2.5f, -2.5f, 0.0f, 2.5f };

  for (size_t i = 0; i < 4; i++)
    {
      *image_element (&x, i) = x_values[i];
      *image_element (&target, i) = target_values[i];
    }

  /* 10 / 4 * (0.5 + 3 + 0 + 1.25) */
  assert_equal (cg_l1_loss (&x.tensor, &target.tensor, 10.0, &gradient.tensor), 11.875);
  for (size_t i = 0; i < 4; i++)
    assert_equal (*image_element (&gradient, i), expected[i]);
  image_assert_halo_untouched (&gradient);

  assert_equal (cg_l1_loss (&x.tensor, &target.tensor, 10.0, NULL), 11.875);

  image_clear (&x);
  image_clear (&target);
  image_clear (&gradient);
}

static void
test_gradient (void)
{
  Image x = image_new (2, 4, 5, 3, 1);
  Image target = image_new (2, 4, 5, 3, 2);
  Image gradient = image_new (2, 4, 5, 3, 0);
  const double weight = 7.0;
  size_t count = image_count (&x);

  /* The values differ by multiples of STEP; a quarter of a step more keeps them off the kink. */
  image_fill_random (&x, 1, 1.0);
  image_fill_random (&target, 2, 1.0);
  for (size_t i = 0; i < count; i++)
    *image_element (&target, i) += (float)(STEP / 4);
  cg_l1_loss (&x.tensor, &target.tensor, weight, &gradient.tensor);

  for (size_t i = 0; i < count; i++)
    {
      float *element = image_element (&x, i);
      float centre = *element;
      double difference;

      *element = centre + (float)(STEP / 8);
      difference = cg_l1_loss (&x.tensor, &target.tensor, weight, NULL);
      *element = centre - (float)(STEP / 8);
      difference -= cg_l1_loss (&x.tensor, &target.tensor, weight, NULL);
      *element = centre;

      assert_close (*image_element (&gradient, i), difference / (STEP / 4), 1e-8);
    }

  image_clear (&x);
  image_clear (&target);
  image_clear (&gradient);
}

static void
test_nan (void)
{
  Image x = image_new (1, 1, 1, 3, 0);
  Image target = image_new (1, 1, 1, 3, 0);

  image_fill (&x, 0.0f);
  image_fill (&target, 0.0f);
  g_assert_true (cg_l1_loss (&x.tensor, &target.tensor, 1.0, NULL) == 0.0);
  *image_element (&x, 1) = NAN;
  g_assert_true (isnan (cg_l1_loss (&x.tensor, &target.tensor, 1.0, NULL)));

  image_clear (&x);
  image_clear (&target);
}

static void
test_threads (void)
{
  Image x = image_new (1, 301, 200, 3, 0);
  Image target = image_new (1, 301, 200, 3, 0);
  Image alone_gradient = image_new (1, 301, 200, 3, 0);
  Image gradient = image_new (1, 301, 200, 3, 0);
  double alone;

  image_fill_random (&x, 3, 1.0);
  image_fill_random (&target, 4, 1.0);

  cg_parallel_set_wish (1);
  alone = cg_l1_loss (&x.tensor, &target.tensor, 1.0, &alone_gradient.tensor);
  for (int n_threads = 2; n_threads <= 7; n_threads++)
    {
      cg_parallel_set_wish (n_threads);
      image_fill (&gradient, NAN);
      g_assert_true (cg_l1_loss (&x.tensor, &target.tensor, 1.0, &gradient.tensor) == alone);
      g_assert_cmpmem (gradient.memory, image_count (&gradient) * sizeof (float), alone_gradient.memory,
                       image_count (&alone_gradient) * sizeof (float));
    }
  cg_parallel_set_wish (0);

  image_clear (&x);
  image_clear (&target);
  image_clear (&alone_gradient);
  image_clear (&gradient);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/losses/l1/hand-values", test_hand_values);
  g_test_add_func ("/losses/l1/gradient", test_gradient);
  g_test_add_func ("/losses/l1/nan", test_nan);
  g_test_add_func ("/losses/l1/threads", test_threads);
  return g_test_run ();
}
