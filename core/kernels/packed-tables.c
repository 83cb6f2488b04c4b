/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The tables of the packed path: which micro-kernel goes with which innermost loops, and why. */
#include "kernels/packed-tables.h"

#include <glib/gi18n-lib.h>

#include "base/cpu.h"
#include "kernels/convolution.h"
#include "kernels/peak.h"
#include "kernels/pointwise.h"

#define MACHINE blis
#include "kernels/packed-table.h"

/* The loops around BLIS's kernel are the best that the processor has, whatever that kernel is written for. */
static const CgRows *
rows_for_blis (CgGemmBlisKind kind)
{
#ifdef __x86_64__
  const CgCpuFeatures features = cg_cpu_get_features ();

  if (kind != CG_GEMM_BLIS_GENERIC && kind != CG_GEMM_BLIS_STRANGER && (features & CG_CPU_AVX512))
    return &cg_rows_table_avx512;
  if (kind != CG_GEMM_BLIS_GENERIC && kind != CG_GEMM_BLIS_STRANGER && (features & CG_CPU_AVX2))
    return &cg_rows_table_avx2;
#endif
  return &cg_rows_table_baseline;
}

/* Says all that results may depend on: BLIS's kernel, and the loops where they do not follow from it. */
static const char *
name_blis (CgGemmBlisKind kind, const CgGemm *gemm)
{
  const bool wider = kind == CG_GEMM_BLIS_OTHER && (cg_cpu_get_features () & CG_CPU_AVX512);
  g_autofree char *name = g_strconcat ("blis-", gemm->name, wider ? "+avx512" : NULL, NULL);

  return g_intern_string (name);
}

static const char *
explain_blis (CgGemmBlisKind kind)
{
  switch (kind)
    {
    case CG_GEMM_BLIS_GENERIC:
      return N_ ("BLIS does not know this processor and gives its portable micro-kernel, which is slow");
    case CG_GEMM_BLIS_SKX:
      return N_ ("BLIS's AVX-512 micro-kernel");
    case CG_GEMM_BLIS_STRANGER:
      return N_ ("another BLIS than the one this library was built with: only its bli_sgemm() is used, which is slow");
    case CG_GEMM_BLIS_OTHER:
    default:
      return N_ ("the micro-kernel that BLIS chose for this processor");
    }
}

const CgKernels *
cg_packed_table_blis (CgGemmBlisKind *kind)
{
  static gsize once = 0;
  static CgGemmBlisKind found;

  if (g_once_init_enter (&once))
    {
      blis_machine.gemm = cg_gemm_blis (&found);
      blis_machine.rows = rows_for_blis (found);
      blis_table.name = name_blis (found, blis_machine.gemm);
      blis_table.explanation = explain_blis (found);
      g_once_init_leave (&once, 1);
    }

  *kind = found;
  return &blis_table;
}

#ifdef __x86_64__

#define MACHINE avx2
#include "kernels/packed-table.h"

#define MACHINE avx512
#include "kernels/packed-table.h"

const CgKernels *
cg_packed_table_avx2 (void)
{
  static gsize once = 0;

  if (!(cg_cpu_get_features () & CG_CPU_AVX2))
    return NULL;

  if (g_once_init_enter (&once))
    {
      avx2_machine = (CgMachine){ &cg_gemm_avx2, &cg_rows_table_avx2 };
      avx2_table.name = "avx2";
      avx2_table.explanation = N_ ("own AVX2 micro-kernel");
      g_once_init_leave (&once, 1);
    }
  return &avx2_table;
}

const CgKernels *
cg_packed_table_avx512 (void)
{
  static gsize once = 0;

  if (!(cg_cpu_get_features () & CG_CPU_AVX512))
    return NULL;

  if (g_once_init_enter (&once))
    {
      avx512_machine = (CgMachine){ &cg_gemm_avx512, &cg_rows_table_avx512 };
      avx512_table.name = "avx512";
      avx512_table.explanation
          = N_ ("own AVX-512 micro-kernel: it reads images as they lie, while BLIS's kernels want copies of them");
      g_once_init_leave (&once, 1);
    }
  return &avx512_table;
}

#else

const CgKernels *
cg_packed_table_avx2 (void)
{
  return NULL;
}

const CgKernels *
cg_packed_table_avx512 (void)
{
  return NULL;
}

#endif
