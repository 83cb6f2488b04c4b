/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a process says of itself, in processes of their own, because a kernel is chosen once. */
#include "infer/about.h"

#include <string.h>

#include "base/error.h"
#include "base/parallel.h"

static void
test_c (void)
{
  g_autoptr (GError) error = NULL;
  CgAbout about;

  if (!g_test_subprocess ())
    {
      g_setenv ("CG_CPU", "c", TRUE);
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  cg_parallel_set_wish (3);
  cg_about_get (&about, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (about.kernel, ==, "c");
  g_assert_nonnull (strstr (about.explanation, "CG_CPU=c"));
  g_assert_true (g_ascii_isdigit (about.blis_version[0]));
  g_assert_cmpint (about.n_threads, ==, cg_parallel_get_default_threads ());
  g_assert_cmpint (about.n_threads, >=, 1);
}

static void
test_impossible_wish (void)
{
  g_autoptr (GError) error = NULL;
  CgAbout about;

  if (!g_test_subprocess ())
    {
      g_setenv ("CG_CPU", "abacus", TRUE);
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  g_assert_false (cg_about_get (&about, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "abacus"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/infer/about/c", test_c);
  g_test_add_func ("/infer/about/impossible-wish", test_impossible_wish);
  return g_test_run ();
}
