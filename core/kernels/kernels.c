/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The choice of the table: CG_CPU's word or, without one, what CPUID says; never a timing, so that runs can be repeated. */
#include "kernels/kernels.h"

#include <glib/gi18n-lib.h>

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/kernels-private.h"
#include "kernels/packed-tables.h"
#include "kernels/reference-convolution.h"
#include "kernels/reference-pointwise.h"

const CgKernels cg_kernels_reference = {
  .name = "c",
  .explanation = N_ ("the reference loops, asked for by CG_CPU=c"),
  .conv_packed_floats = cg_reference_conv_packed_floats,
  .conv_pack = cg_reference_conv_pack,
  .conv_scratch_floats = cg_reference_conv_scratch_floats,
  .conv_weight_gradient_scratch_floats = cg_reference_conv_scratch_floats,
  .conv_row_tile = cg_reference_conv_row_tile,
  .conv_forward = cg_reference_conv_forward,
  .conv_adjoint = cg_reference_conv_adjoint,
  .conv_weight_gradient = cg_reference_conv_weight_gradient,
  .norm_statistics = cg_reference_norm_statistics,
  .norm_add_statistics = cg_reference_norm_add_statistics,
  .norm_row_tile = cg_reference_norm_row_tile,
  .norm_apply = cg_reference_norm_apply,
  .norm_gradient_sums = cg_reference_norm_gradient_sums,
  .norm_gradient_apply = cg_reference_norm_gradient_apply,
  .norm_scratch_floats = cg_reference_norm_scratch_floats,
  .bias_gradient = cg_reference_bias_gradient,
  .activation_gradient = cg_reference_activation_gradient,
  .adam = cg_reference_adam,
};

/* What can be had here, for the message to whom asks for something else. */
static const char *
list_words (void)
{
  return cg_packed_table_avx512 () ? "c, blis, avx2, avx512" : cg_packed_table_avx2 () ? "c, blis, avx2" : "c, blis";
}

const CgKernels *
cg_kernels_lookup (const char *word, GError **error)
{
  const CgKernels *kernels = NULL;
  CgGemmBlisKind kind;

  if (g_strcmp0 (word, "c") == 0)
    kernels = &cg_kernels_reference;
  else if (g_strcmp0 (word, "blis") == 0)
    kernels = cg_packed_table_blis (&kind);
  else if (g_strcmp0 (word, "avx2") == 0)
    kernels = cg_packed_table_avx2 ();
  else if (g_strcmp0 (word, "avx512") == 0)
    kernels = cg_packed_table_avx512 ();

  if (!kernels)
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("CG_CPU=%s cannot be had here; these can: %s"), word,
                 list_words ());
  return kernels;
}

/* Our AVX-512 kernel wherever it runs, also where BLIS has one: BLIS's wants pixels and Winograd's elements in panels, and packing
 * them costs more than it can win back, for few of them are read often (a generator takes 1.24 times as long on it, Zen 5). Otherwise
 * BLIS where it has a kernel for this processor, and our AVX2 kernel where it has none. */
static const CgKernels *
choose (void)
{
  CgGemmBlisKind kind;
  const CgKernels *blis;

  if (cg_packed_table_avx512 ())
    return cg_packed_table_avx512 ();
  blis = cg_packed_table_blis (&kind);
  if ((kind == CG_GEMM_BLIS_GENERIC || kind == CG_GEMM_BLIS_STRANGER) && cg_packed_table_avx2 ())
    return cg_packed_table_avx2 ();
  return blis;
}

const CgKernels *
cg_kernels_get (GError **error)
{
  const char *wish = cg_cpu_get_wish ();

  return wish ? cg_kernels_lookup (wish, error) : choose ();
}

/* x[p] is reached by y[i] with i*stride = p + pad - r. At the near end the lowest i is -floor ((taps - 1 - pad) / stride),
 * at the far end the highest is floor ((size - 1 + pad) / stride). */
static int
reach (int size, int small, int taps, int stride, int pad)
{
  const int near = MAX (taps - 1 - pad, 0) / stride;
  const int far = (size - 1 + pad) / stride - (small - 1);

  return MAX (near, MAX (far, 0));
}

int
cg_conv_adjoint_halo (const CgConvShape *shape)
{
  return MAX (reach (shape->h, shape->ho, shape->r, shape->stride, shape->pad),
              reach (shape->w, shape->wo, shape->s, shape->stride, shape->pad));
}
