/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Defines the table of one machine; included once for every word (MACHINE) by packed-tables.c, because the functions of
 * kernels.h do not say on which machine they are called. */

#define NAME_LATE(machine, name) machine##_##name
#define NAME_GLUE(machine, name) NAME_LATE (machine, name)
#define NAME(name) NAME_GLUE (MACHINE, name)

static CgMachine NAME (machine);

static size_t
NAME (conv_packed_floats) (const CgConvShape *shape, CgConvDirection direction)
{
  return cg_packed_conv_packed_floats (&NAME (machine), shape, direction);
}

static void
NAME (conv_pack) (const CgConvShape *shape, CgConvDirection direction, const float *w, float *packed, int n_threads)
{
  cg_packed_conv_pack (&NAME (machine), shape, direction, w, packed, n_threads);
}

static size_t
NAME (conv_scratch_floats) (const CgConvShape *shape)
{
  return cg_packed_conv_scratch_floats (&NAME (machine), shape);
}

static size_t
NAME (conv_weight_gradient_scratch_floats) (const CgConvShape *shape)
{
  return cg_packed_weight_gradient_scratch_floats (&NAME (machine), shape);
}

static int
NAME (conv_row_tile) (const CgConvShape *shape, CgConvDirection direction)
{
  return cg_packed_conv_row_tile (&NAME (machine), shape, direction);
}

static void
NAME (conv_forward) (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                     CgPlane x, CgPlane y, const CgWorkspace *workspace)
{
  cg_packed_conv_run (&NAME (machine), shape, CG_CONV_FORWARD, packed, bias, activation, x, y, workspace);
}

static void
NAME (conv_adjoint) (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                     CgPlane y, CgPlane x, const CgWorkspace *workspace)
{
  cg_packed_conv_run (&NAME (machine), shape, CG_CONV_ADJOINT, packed, bias, activation, y, x, workspace);
}

static void
NAME (conv_weight_gradient) (const CgConvShape *shape, CgPlane x, CgPlane y, float *dw, const CgWorkspace *workspace)
{
  cg_packed_conv_weight_gradient (&NAME (machine), shape, x, y, dw, workspace);
}

static void
NAME (norm_statistics) (CgPlane x, int n, int h, int w, int c, float *mean, float *m2, const CgWorkspace *workspace)
{
  cg_packed_norm_statistics (NAME (machine).rows, x, n, h, w, c, mean, m2, workspace);
}

static void
NAME (norm_add_statistics) (CgPlane x, int h, int w, int c, double count, double *mean, double *m2,
                            const CgWorkspace *workspace)
{
  cg_packed_norm_add_statistics (NAME (machine).rows, x, h, w, c, count, mean, m2, workspace);
}

static void
NAME (norm_apply) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane skip, CgPlane z,
                   int n, int h, int w, int c, int n_threads)
{
  cg_packed_norm_apply (NAME (machine).rows, x, scale, shift, activation, skip, z, n, h, w, c, n_threads);
}

static void
NAME (norm_gradient_sums) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane dz,
                           int n, int h, int w, int c, float *sum_g, float *sum_gx, const CgWorkspace *workspace)
{
  cg_packed_norm_gradient_sums (NAME (machine).rows, x, scale, shift, activation, dz, n, h, w, c, sum_g, sum_gx,
                                workspace);
}

static void
NAME (norm_gradient_apply) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane dz,
                            const float *a, const float *b, const float *d, CgPlane dx, int n, int h, int w, int c,
                            int n_threads)
{
  cg_packed_norm_gradient_apply (NAME (machine).rows, x, scale, shift, activation, dz, a, b, d, dx, n, h, w, c,
                                 n_threads);
}

static void
NAME (bias_gradient) (CgPlane dy, int n, int h, int w, int c, float *db, const CgWorkspace *workspace)
{
  cg_packed_bias_gradient (NAME (machine).rows, dy, n, h, w, c, db, workspace);
}

static void
NAME (activation_gradient) (CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx, int n, int h, int w, int c,
                            int n_threads)
{
  cg_packed_activation_gradient (NAME (machine).rows, activation, z, dz, dx, n, h, w, c, n_threads);
}

static void
NAME (adam) (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1, double beta2,
             float sqrt_bias2, float eps, int n_threads)
{
  cg_packed_adam (NAME (machine).rows, w, g, m, v, n, step_size, beta1, beta2, sqrt_bias2, eps, n_threads);
}

static double
NAME (measure_peak) (int n_threads)
{
  return cg_gemm_measure_peak (NAME (machine).gemm, n_threads);
}

static CgKernels NAME (table) = {
  .conv_packed_floats = NAME (conv_packed_floats),
  .conv_pack = NAME (conv_pack),
  .conv_scratch_floats = NAME (conv_scratch_floats),
  .conv_weight_gradient_scratch_floats = NAME (conv_weight_gradient_scratch_floats),
  .conv_row_tile = NAME (conv_row_tile),
  .conv_forward = NAME (conv_forward),
  .conv_adjoint = NAME (conv_adjoint),
  .conv_weight_gradient = NAME (conv_weight_gradient),
  .norm_statistics = NAME (norm_statistics),
  .norm_add_statistics = NAME (norm_add_statistics),
  .norm_row_tile = cg_packed_norm_row_tile,
  .norm_apply = NAME (norm_apply),
  .norm_gradient_sums = NAME (norm_gradient_sums),
  .norm_gradient_apply = NAME (norm_gradient_apply),
  .norm_scratch_floats = cg_packed_norm_scratch_floats,
  .bias_gradient = NAME (bias_gradient),
  .activation_gradient = NAME (activation_gradient),
  .adam = NAME (adam),
  .measure_peak = NAME (measure_peak),
};

#undef NAME
#undef NAME_GLUE
#undef NAME_LATE
#undef MACHINE
