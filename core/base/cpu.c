/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the processor offers and what CG_CPU asks for; apart from kernels/ because it must be readable without any of them. */
#include "base/cpu.h"

#include <glib.h>

/* The compiler's run-time check also asks XGETBV whether the operating system saves the registers. */
CgCpuFeatures
cg_cpu_get_features (void)
{
  CgCpuFeatures features = 0;

#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    features |= CG_CPU_AVX2;
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512dq")
      && __builtin_cpu_supports ("avx512vl") && (features & CG_CPU_AVX2))
    features |= CG_CPU_AVX512;
#endif

  return features;
}

/* Read once: a later setenv() of the host must not make two parts of one process disagree. */
const char *
cg_cpu_get_wish (void)
{
  static gsize once = 0;
  static const char *wish = NULL;

  if (g_once_init_enter (&once))
    {
      const char *value = g_getenv ("CG_CPU");

      if (value && *value && g_strcmp0 (value, "auto") != 0)
        wish = g_intern_string (value);
      g_once_init_leave (&once, 1);
    }

  return wish;
}
