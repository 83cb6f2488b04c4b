/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checked size arithmetic: exact at the edge, refused beyond it. */
#include <glib.h>

#include "base/size.h"

static void
test_mul (void)
{
  size_t result = 17;

  g_assert_false (cg_size_mul (G_MAXSIZE, 2, &result));
  g_assert_false (cg_size_mul (G_MAXSIZE / 3 + 1, 3, &result));
  g_assert_cmpuint (result, ==, 17);
  g_assert_true (cg_size_mul (G_MAXSIZE / 3, 3, &result));
  g_assert_cmpuint (result, ==, G_MAXSIZE / 3 * 3);
  g_assert_true (cg_size_mul (G_MAXSIZE, 0, &result));
  g_assert_cmpuint (result, ==, 0);
}

static void
test_add (void)
{
  size_t result = 17;

  g_assert_false (cg_size_add (G_MAXSIZE, 1, &result));
  g_assert_cmpuint (result, ==, 17);
  g_assert_true (cg_size_add (G_MAXSIZE - 1, 1, &result));
  g_assert_cmpuint (result, ==, G_MAXSIZE);
}

static void
test_align (void)
{
  g_assert_cmpuint (cg_size_align (0, 64), ==, 0);
  g_assert_cmpuint (cg_size_align (1, 64), ==, 64);
  g_assert_cmpuint (cg_size_align (64, 64), ==, 64);
  g_assert_cmpuint (cg_size_align (65, 64), ==, 128);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/size/mul", test_mul);
  g_test_add_func ("/base/size/add", test_add);
  g_test_add_func ("/base/size/align", test_align);
  return g_test_run ();
}
