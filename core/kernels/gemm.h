/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The micro-kernel that every product of this room is made of, whoever wrote it, and the shape of the panels it reads. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define CG_GEMM_MAX_PIXELS 32   /* largest n_pixels of a kernel that is accepted */
#define CG_GEMM_MAX_CHANNELS 64 /* largest n_channels */

/* Floats that must be readable past the last panel: kernels fetch one step ahead. */
#define CG_GEMM_SLACK 64

typedef struct _CgGemm CgGemm;

/**
 * CgGemmTile:
 * @rows, @columns: how much of the tile is wanted, 1 … n_pixels and 1 … n_channels
 * @depth: terms of the sum; may be 0
 * @pixels: [depth][n_pixels], @channels: [depth][n_channels], 64-byte aligned; whole panels, whatever @rows and @columns
 * @add: whether the product is added to @out or overwrites it, in which case @out is not read
 *
 * out[i*stride + j] (+)= sum_p pixels[p][i] * channels[p][j]. How a sum is formed does not depend on @rows and @columns.
 */
typedef void (*CgGemmTile) (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels,
                            const float *channels, bool add, float *out, size_t stride);

/**
 * CgGemmOperands: factors that lie as they are, not in panels. Term (r, p) of the sum, r < runs and p < depth, is
 *
 *     pixels[r*pixel_run + p*pixel_term + i*pixel_step] * channels[r*channel_run + p*channel_term + j]
 *
 * Only the wanted rows and columns are read. All steps count floats.
 * @ahead: what lies this far behind the channels is wanted soon, 0 = nothing
 */
typedef struct
{
  size_t runs, depth;
  const float *pixels;
  size_t pixel_step, pixel_term, pixel_run;
  const float *channels;
  size_t channel_term, channel_run;
  size_t ahead;
} CgGemmOperands;

/* Like CgGemmTile. */
typedef void (*CgGemmStrided) (int rows, int columns, const CgGemmOperands *operands, bool add, float *out,
                               size_t stride);

struct _CgGemm
{
  const char *name;
  int n_pixels;   /* height of a tile */
  int n_channels; /* width of a tile, along the contiguous side of the output */
  size_t depth;   /* terms between two visits of the output, so that panels stay in cache */
  CgGemmTile tile;
  CgGemmStrided strided; /* NULL where the kernel reads panels only, as BLIS's do */
  const void *context;   /* what BLIS's kernel wants to see again */
};

/* Own kernels; only to be run where cg_cpu_get_features() allows it. */
extern const CgGemm cg_gemm_avx2;
extern const CgGemm cg_gemm_avx512;

typedef enum
{
  CG_GEMM_BLIS_GENERIC, /* portable C: BLIS knows nothing better for this processor */
  CG_GEMM_BLIS_SKX,     /* its AVX-512 kernel */
  CG_GEMM_BLIS_OTHER,   /* a kernel for this kind of processor */
  CG_GEMM_BLIS_STRANGER /* not the BLIS this was built with: reached through bli_sgemm(), slow */
} CgGemmBlisKind;

/**
 * cg_gemm_blis:
 *
 * Returns: (transfer none): the micro-kernel of BLIS's own choice, asked for at the first call. The only way to BLIS.
 */
const CgGemm *cg_gemm_blis (CgGemmBlisKind *kind);
