/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Own AVX2 micro-kernel, 6 pixels x 16 channels: for processors that BLIS does not know, so that they are not left with
 * its portable one. */
#include <immintrin.h>

#include "kernels/gemm.h"

#define PIXELS 6
#define CHANNELS 16

/* Twelve sums, two vectors of channels, one pixel: 15 of 16 registers. */
#define EACH_PIXEL(X) X (0) X (1) X (2) X (3) X (4) X (5)

#define CLEAR(i) __m256 low##i = _mm256_setzero_ps (), high##i = _mm256_setzero_ps ();

#define MULTIPLY(i)                                                                                                    \
  pixel = _mm256_broadcast_ss (pixels + (i));                                                                          \
  low##i = _mm256_fmadd_ps (pixel, low, low##i);                                                                       \
  high##i = _mm256_fmadd_ps (pixel, high, high##i);

#define ADD(i)                                                                                                         \
  low##i = _mm256_add_ps (low##i, _mm256_loadu_ps (out + (i)*stride));                                                 \
  high##i = _mm256_add_ps (high##i, _mm256_loadu_ps (out + (i)*stride + 8));

#define STORE(i)                                                                                                       \
  _mm256_storeu_ps (out + (i)*stride, low##i);                                                                         \
  _mm256_storeu_ps (out + (i)*stride + 8, high##i);

#define STORE_APART(i)                                                                                                 \
  _mm256_store_ps (part[i], low##i);                                                                                   \
  _mm256_store_ps (part[i] + 8, high##i);

static void
tile (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels, bool add,
      float *out, size_t stride)
{
  EACH_PIXEL (CLEAR)
  __m256 pixel;

  for (size_t p = 0; p < depth; p++)
    {
      const __m256 low = _mm256_load_ps (channels), high = _mm256_load_ps (channels + 8);

      EACH_PIXEL (MULTIPLY)
      pixels += PIXELS;
      channels += CHANNELS;
    }

  if (rows == PIXELS && columns == CHANNELS)
    {
      if (add)
        {
          EACH_PIXEL (ADD)
        }
      EACH_PIXEL (STORE)
    }
  else
    {
      float part[PIXELS][CHANNELS] __attribute__ ((aligned (32)));

      EACH_PIXEL (STORE_APART)
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
          out[i * stride + j] = add ? out[i * stride + j] + part[i][j] : part[i][j];
    }
}

const CgGemm cg_gemm_avx2 = {
  .name = "avx2",
  .n_pixels = PIXELS,
  .n_channels = CHANNELS,
  .depth = 256,
  .tile = tile,
};
