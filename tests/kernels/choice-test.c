/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The words of CG_CPU: what can be had is what the processor has, and what cannot be had is an error, not something else. */
#include <glib.h>

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/kernels.h"

static void
test_words (void)
{
  const CgCpuFeatures features = cg_cpu_get_features ();
  const CgKernels *blis = cg_kernels_lookup ("blis", NULL);

  g_assert_cmpstr (cg_kernels_lookup ("c", NULL)->name, ==, "c");
  g_assert_nonnull (blis);
  g_assert_true (g_str_has_prefix (blis->name, "blis-"));
  g_assert_nonnull (blis->explanation);
#ifdef __x86_64__
  g_assert_true (!(features & CG_CPU_AVX2) == !cg_kernels_lookup ("avx2", NULL));
  g_assert_true (!(features & CG_CPU_AVX512) == !cg_kernels_lookup ("avx512", NULL));
#else
  g_assert_cmpint (features, ==, 0);
  g_assert_null (cg_kernels_lookup ("avx2", NULL));
#endif
}

static void
test_unknown_word (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cg_kernels_lookup ("mmx", &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "mmx"));
  g_assert_nonnull (strstr (error->message, "c, blis"));
}

/* The table of the process is the one asked for, and always the same. */
static void
test_get (void)
{
  g_autoptr (GError) error = NULL;
  const CgKernels *kernels = cg_kernels_get (&error);

  g_assert_no_error (error);
  g_assert_true (kernels == cg_kernels_get (NULL));
  if (cg_cpu_get_wish ())
    g_assert_true (kernels == cg_kernels_lookup (cg_cpu_get_wish (), NULL));
  else if (cg_cpu_get_features () & CG_CPU_AVX512)
    g_assert_cmpstr (kernels->name, ==, "avx512");
  else
    g_assert_cmpstr (kernels->name, !=, "c");
}

/* In a process of its own, because the wish is read once. */
static void
test_impossible_wish (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (GError) error = NULL;

      g_setenv ("CG_CPU", "abacus", TRUE);
      g_assert_null (cg_kernels_get (&error));
      g_assert_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/kernels/choice/words", test_words);
  g_test_add_func ("/kernels/choice/unknown-word", test_unknown_word);
  g_test_add_func ("/kernels/choice/impossible-wish", test_impossible_wish);
  /* Asks for the wish of this process, so a wish that cannot be granted fails here and not silently. */
  g_test_add_func ("/kernels/choice/get", test_get);

  return g_test_run ();
}
