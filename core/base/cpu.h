/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which kernel this process computes with, decided once from CPUID and CG_CPU alone, never from timings. */
#pragma once

#include <stdbool.h>

/* What the processor AND the operating system (saved registers) support. */
typedef enum
{
  CG_CPU_AVX2 = 1 << 0,   /* with FMA */
  CG_CPU_AVX512 = 1 << 1  /* F, BW, DQ, VL */
} CgCpuFeatures;

CgCpuFeatures cg_cpu_get_features (void);

/**
 * cg_cpu_get_wish:
 *
 * Returns: the value of CG_CPU (c, blis, avx2, avx512), or NULL for "choose" (unset, empty or "auto").
 * What the words mean is told by kernels.h.
 */
const char *cg_cpu_get_wish (void);
