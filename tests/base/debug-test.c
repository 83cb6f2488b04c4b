/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CG_DEBUG is parsed once and gates its messages; CG_ERROR has its domain. */
#include <glib.h>

#include "base/debug.h"
#include "base/error.h"

static int n_evaluated = 0;

static int
evaluate (void)
{
  return ++n_evaluated;
}

static void
test_flags (void)
{
  g_assert_cmpint (cg_debug_get_flags (), ==, CG_DEBUG_SHAPES | CG_DEBUG_NAN);

  g_setenv ("CG_DEBUG", "time", TRUE);
  g_assert_cmpint (cg_debug_get_flags (), ==, CG_DEBUG_SHAPES | CG_DEBUG_NAN);
}

static void
test_log (void)
{
  CG_DEBUG_LOG (CG_DEBUG_TIME, "%d", evaluate ());
  g_assert_cmpint (n_evaluated, ==, 0);

  g_test_expect_message (NULL, G_LOG_LEVEL_MESSAGE, "shape 1");
  CG_DEBUG_LOG (CG_DEBUG_SHAPES | CG_DEBUG_TIME, "shape %d", evaluate ());
  g_test_assert_expected_messages ();
  g_assert_cmpint (n_evaluated, ==, 1);
}

static void
test_error_domain (void)
{
  g_assert_cmpstr (g_quark_to_string (CG_ERROR), ==, "cg-error-quark");
}

int
main (int argc, char **argv)
{
  g_setenv ("CG_DEBUG", "shapes,nan", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/debug/flags", test_flags);
  g_test_add_func ("/base/debug/log", test_log);
  g_test_add_func ("/base/error/domain", test_error_domain);
  return g_test_run ();
}
