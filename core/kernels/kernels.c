/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The choice of the table: CG_CPU's word or, without one, what CPUID says; never a timing, so that runs can be repeated. */
#include "kernels/kernels.h"

#include <glib/gi18n-lib.h>

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/kernels-private.h"
#include "kernels/reference-convolution.h"
#include "kernels/reference-pointwise.h"

const CgKernels cg_kernels_reference = {
  .name = "c",
  .explanation = "the reference loops, asked for by CG_CPU=c",
  .conv_packed_floats = cg_reference_conv_packed_floats,
  .conv_pack = cg_reference_conv_pack,
  .conv_scratch_floats = cg_reference_conv_scratch_floats,
  .conv_forward = cg_reference_conv_forward,
  .conv_adjoint = cg_reference_conv_adjoint,
  .conv_weight_gradient = cg_reference_conv_weight_gradient,
  .norm_statistics = cg_reference_norm_statistics,
  .norm_apply = cg_reference_norm_apply,
  .norm_gradient_sums = cg_reference_norm_gradient_sums,
  .norm_gradient_apply = cg_reference_norm_gradient_apply,
  .norm_scratch_floats = cg_reference_norm_scratch_floats,
  .bias_gradient = cg_reference_bias_gradient,
  .activation_gradient = cg_reference_activation_gradient,
  .adam = cg_reference_adam,
};

const CgKernels *
cg_kernels_lookup (const char *word, GError **error)
{
  if (g_strcmp0 (word, "c") == 0)
    return &cg_kernels_reference;

  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("CG_CPU=%s cannot be had here; these can: %s"), word, "c");
  return NULL;
}

const CgKernels *
cg_kernels_get (GError **error)
{
  const char *wish = cg_cpu_get_wish ();

  return cg_kernels_lookup (wish ? wish : "c", error);
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
