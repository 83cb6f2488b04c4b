/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Total variation: hand values, central differences, single rows and columns, threads. */
#include "losses/tv-loss.h"

#include "base/parallel.h"
#include "image-fixture.h"

static void
test_hand_values (void)
{
  Image x = image_new (2, 2, 2, 1, 1);
  Image gradient = image_new (2, 2, 2, 1, 1);
  static const float values[] = { 1, 3, 0, 4, 5, 5, 5, 5 };
  /* Of the first image, with factor 2 * 3 / 2: (1-3) + (1-0), (3-1) + (3-4), (0-4) + (0-1), (4-0) + (4-3). */
  static const float expected[] = { -3, 3, -15, 15, 0, 0, 0, 0 };

  for (size_t i = 0; i < G_N_ELEMENTS (values); i++)
    *image_element (&x, i) = values[i];

  /* 3 / 2 * (2^2 + 4^2 + 1^2 + 1^2) */
  image_fill (&gradient, 100.0f);
  assert_equal (cg_tv_loss (&x.tensor, 3.0, &gradient.tensor), 33.0);
  for (size_t i = 0; i < G_N_ELEMENTS (values); i++)
    assert_equal (*image_element (&gradient, i), 100.0f + expected[i]);
  image_assert_halo_untouched (&gradient);
  assert_equal (cg_tv_loss (&x.tensor, 3.0, NULL), 33.0);

  image_clear (&x);
  image_clear (&gradient);
}

static void
check_gradient (int n, int h, int w, int c)
{
  Image x = image_new (n, h, w, c, 1);
  Image gradient = image_new (n, h, w, c, 2);
  const double weight = 0.25;

  image_fill_random (&x, 1, 1.0);
  image_fill (&gradient, 0.0f);
  cg_tv_loss (&x.tensor, weight, &gradient.tensor);

  for (size_t i = 0; i < image_count (&x); i++)
    {
      float *element = image_element (&x, i);
      float centre = *element;
      double difference;

      *element = centre + (float)STEP;
      difference = cg_tv_loss (&x.tensor, weight, NULL);
      *element = centre - (float)STEP;
      difference -= cg_tv_loss (&x.tensor, weight, NULL);
      *element = centre;

      /* Central differences of a square are exact; what remains is float rounding of four terms of at most 1. */
      assert_close (*image_element (&gradient, i), difference / (2 * STEP), 1e-6);
    }

  image_clear (&x);
  image_clear (&gradient);
}

static void
test_gradient (void)
{
  check_gradient (2, 4, 5, 3);
  check_gradient (1, 1, 6, 3);
  check_gradient (1, 6, 1, 3);
  check_gradient (1, 1, 1, 3);
}

static void
test_threads (void)
{
  Image x = image_new (1, 301, 200, 3, 0);
  Image alone_gradient = image_new (1, 301, 200, 3, 0);
  Image gradient = image_new (1, 301, 200, 3, 0);
  double alone;

  image_fill_random (&x, 2, 1.0);
  image_fill (&alone_gradient, 0.5f);

  cg_parallel_set_wish (1);
  alone = cg_tv_loss (&x.tensor, 1e-5, &alone_gradient.tensor);
  for (int n_threads = 2; n_threads <= 7; n_threads++)
    {
      cg_parallel_set_wish (n_threads);
      image_fill (&gradient, 0.5f);
      g_assert_true (cg_tv_loss (&x.tensor, 1e-5, &gradient.tensor) == alone);
      g_assert_cmpmem (gradient.memory, image_count (&gradient) * sizeof (float), alone_gradient.memory,
                       image_count (&alone_gradient) * sizeof (float));
    }
  cg_parallel_set_wish (0);

  image_clear (&x);
  image_clear (&alone_gradient);
  image_clear (&gradient);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/losses/tv/hand-values", test_hand_values);
  g_test_add_func ("/losses/tv/gradient", test_gradient);
  g_test_add_func ("/losses/tv/threads", test_threads);
  return g_test_run ();
}
