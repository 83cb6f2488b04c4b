/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The arithmetic: plain C arrays in, plain C arrays out, through one table filled at start-up.
 *
 * Which table: CG_CPU=c the reference loops (the definition of right, slow); blis the packed path on the micro-kernel of
 * BLIS's own context; avx2 and avx512 our own micro-kernels on the same packed panels. Unset: avx512 where the processor
 * has it; else avx2 where BLIS knows nothing better than its portable kernel, or is not the BLIS of the build; otherwise blis.
 * A wish that cannot be granted is an error of cg_kernels_get(), never a silent fallback.
 *
 * Nothing here allocates, fails, or depends on the number of threads: work is cut by size, sums run in a fixed order. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* A view of NHWC floats: @data is pixel (0,0) of image 0; strides in floats; what lies around it is the caller's promise. */
typedef struct
{
  float *data;
  size_t row_stride;
  size_t image_stride;
} CgPlane;

/* Threads and memory a kernel may use: scratch holds n_threads * scratch_floats floats, 64-byte aligned, and so is every
 * thread's part: scratch_floats is a multiple of 16. */
typedef struct
{
  int n_threads;
  size_t scratch_floats;
  float *scratch;
} CgWorkspace;

typedef enum
{
  CG_ACTIVATION_NONE,
  CG_ACTIVATION_RELU,
  CG_ACTIVATION_LEAKY_RELU, /* slope 0.2, the only one in use */
  CG_ACTIVATION_TANH
} CgActivation;

typedef enum
{
  CG_PAD_ZERO,
  CG_PAD_REFLECT
} CgPadMode;

/**
 * CgConvShape: a convolution seen as a map from the big side x [N,H,W,C] to the small side y [N,Ho,Wo,K]:
 *
 *     y[n,i,j,k] = sum_{r,s,c} x[n, i*stride - pad + r, j*stride - pad + s, c] * w[r,s,c,k]
 *
 * Weights are always [R][S][C][K] here. A transposed convolution is the adjoint of such a map: its input is the small
 * side, its output the big one, and PyTorch's IOHW becomes [R][S][O][I] by the same permutation as OIHW becomes [R][S][I][O].
 */
typedef struct
{
  int n;
  int h, w, c;   /* big side */
  int ho, wo, k; /* small side */
  int r, s, stride, pad;
} CgConvShape;

/* The two GEMM directions, each with its own packing of the weights. */
typedef enum
{
  CG_CONV_FORWARD, /* big -> small: conv2d forward, conv-transpose2d data gradient */
  CG_CONV_ADJOINT  /* small -> big: conv2d data gradient, conv-transpose2d forward */
} CgConvDirection;

typedef struct _CgKernels CgKernels;

struct _CgKernels
{
  const char *name;        /* "c", "blis-haswell", "avx512", …: what config.json stores and --resume compares */
  const char *explanation; /* why this one, for `cyclegan info --cpu`, which translates it */

  /* Floats that packed weights of this direction need; packing reads w [R][S][C][K] and overwrites packed
   * (64-byte aligned). Packed weights depend on c, k, r, s, stride, pad only, never on image sizes. */
  size_t (*conv_packed_floats) (const CgConvShape *shape, CgConvDirection direction);
  void (*conv_pack) (const CgConvShape *shape, CgConvDirection direction, const float *w, float *packed, int n_threads);

  /* Floats of scratch per thread, always a multiple of 16: for conv_forward and conv_adjoint, and for conv_weight_gradient,
   * which also keeps there what its threads share. */
  size_t (*conv_scratch_floats) (const CgConvShape *shape);
  size_t (*conv_weight_gradient_scratch_floats) (const CgConvShape *shape);

  /* Output rows that are computed together. A call for rows between multiples of this number (or up to the last row) gives the same
   * bits as a call for all rows; elsewhere sums are formed in another order. Depends on the same as packed weights. */
  int (*conv_row_tile) (const CgConvShape *shape, CgConvDirection direction);

  /* y = act (conv (x) + bias), overwritten. x: halo of pad filled by the caller wherever the kernel reaches.
   * bias: [K] or NULL. y interior only. */
  void (*conv_forward) (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                        CgPlane x, CgPlane y, const CgWorkspace *workspace);

  /* x = act (adjoint (y) + bias), overwritten, interior h x w only; bias: [C] or NULL. y is read in a halo of
   * cg_conv_adjoint_halo() pixels, which the caller has filled with zeros. With pad = 0 and h, w counting a reflected halo as
   * pixels this gives the gradient of the padded image, which cg_halo_fold() then folds. */
  void (*conv_adjoint) (const CgConvShape *shape, const float *packed, const float *bias, CgActivation activation,
                        CgPlane y, CgPlane x, const CgWorkspace *workspace);

  /* dw[r,s,c,k] += sum_{n,i,j} x[n, i*stride - pad + r, j*stride - pad + s, c] * y[n,i,j,k].
   * x: halo of pad filled. y: halo of cg_conv_adjoint_halo() of zeros. */
  void (*conv_weight_gradient) (const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                                const CgWorkspace *workspace);

  /* Instance statistics of x [N,H,W,C]: mean[N*C], and m2[N*C] = sum of squared distances from that mean,
   * by blocks merged in double in a fixed order (Chan et al. 1979), so |mean| >> deviation does no harm. */
  void (*norm_statistics) (CgPlane x, int n, int h, int w, int c, float *mean, float *m2, const CgWorkspace *workspace);

  /* The same for one image that comes in portions of rows: takes [H,W,C] more into mean[C] and m2[C] of the @count pixels above, which
   * are 0 at first. Portions of norm_row_tile() rows of w pixels, or of a multiple of that (but for the last), give the numbers that
   * norm_statistics() rounds to float. */
  void (*norm_add_statistics) (CgPlane x, int h, int w, int c, double count, double *mean, double *m2,
                               const CgWorkspace *workspace);
  int (*norm_row_tile) (int w);

  /* z = act (x * scale[n,c] + shift[n,c]) + skip, overwritten; skip.data may be NULL. The three planes may differ in strides. */
  void (*norm_apply) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane skip,
                      CgPlane z, int n, int h, int w, int c, int n_threads);

  /* Per (n,c), with g = dz * act'(x*scale+shift):  sum_g = sum g,  sum_gx = sum g * (x*scale + shift). Fixed-order, double merge.
   * act' is taken from the pre-activation u = x*scale+shift. */
  void (*norm_gradient_sums) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane dz,
                              int n, int h, int w, int c, float *sum_g, float *sum_gx, const CgWorkspace *workspace);

  /* dx = a[n,c] * g + b[n,c] + d[n,c] * u, with g and u as above; overwritten. Instance norm: u is the normalised x, rstd = scale,
   * a = rstd, b = -rstd*mean(g), d = -rstd*mean(g*u). Batch norm merges the sums over n and corrects for gamma, beta first. */
  void (*norm_gradient_apply) (CgPlane x, const float *scale, const float *shift, CgActivation activation, CgPlane dz,
                               const float *a, const float *b, const float *d, CgPlane dx, int n, int h, int w, int c,
                               int n_threads);

  /* Floats of scratch per thread that the norm kernels and bias_gradient need for this size; a multiple of 16. */
  size_t (*norm_scratch_floats) (int n, int h, int w, int c);

  /* db[c] += sum over n, h, w of dy. Fixed order. */
  void (*bias_gradient) (CgPlane dy, int n, int h, int w, int c, float *db, const CgWorkspace *workspace);

  /* dx = dz * act'(.), where z = act (.) is what the forward pass stored (ReLU, leaky ReLU and tanh are recoverable from z). */
  void (*activation_gradient) (CgActivation activation, CgPlane z, CgPlane dz, CgPlane dx, int n, int h, int w, int c,
                               int n_threads);

  /* Adam (Kingma & Ba 2015) as PyTorch computes it: m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g;
   * w -= step_size * m / (sqrt (v) / sqrt_bias2 + eps). Flat arrays. 1 - b1 and 1 - b2 are taken in double. */
  void (*adam) (float *w, const float *g, float *m, float *v, size_t n, float step_size, double beta1, double beta2,
                float sqrt_bias2, float eps, int n_threads);

  /* GFLOPS of the micro-kernel alone on @n_threads threads, measured for some 0.2 s; NULL in the reference table. */
  double (*measure_peak) (int n_threads);
};

/**
 * cg_kernels_get:
 *
 * Returns: (transfer none): the table of this process, chosen at the first call; NULL with CG_ERROR_UNSUPPORTED when CG_CPU
 * asks for what cannot be had (the message lists what can).
 */
const CgKernels *cg_kernels_get (GError **error);

/* For tests: a table by the word of CG_CPU, or NULL if it cannot be had here. */
const CgKernels *cg_kernels_lookup (const char *word, GError **error);

/* The halo of zeros that conv_adjoint reads around the small side: the reach of the furthest tap, both ends. */
int cg_conv_adjoint_halo (const CgConvShape *shape);

/* Fills the halo of @halo pixels around h x w. Reflection leaves out the border pixel, as PyTorch does; needs h, w > halo. */
void cg_halo_fill (CgPlane plane, int n, int h, int w, int c, int halo, CgPadMode mode, int n_threads);

/* The adjoint of the reflecting fill: adds every halo pixel to the interior pixel it mirrors. The halo is left as it was. */
void cg_halo_fold (CgPlane plane, int n, int h, int w, int c, int halo, int n_threads);

/* Interior copies and sums between planes of the same n, h, w, c. */
void cg_plane_copy (CgPlane from, CgPlane to, int n, int h, int w, int c, int n_threads);
void cg_plane_add (CgPlane from, CgPlane to, int n, int h, int w, int c, int n_threads); /* to += from */
