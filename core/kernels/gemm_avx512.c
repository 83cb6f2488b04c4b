/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Own AVX-512 micro-kernel, 14 pixels x 32 channels: processors whose name BLIS does not know get only its portable one. */
#include <immintrin.h>

#include "kernels/gemm.h"

#define PIXELS 14
#define CHANNELS 32

/* The 28 sums, the two vectors of channels and the pixel make 31 of 32 registers; as an array gcc spills some of them. */
#define EACH_PIXEL(X) X (0) X (1) X (2) X (3) X (4) X (5) X (6) X (7) X (8) X (9) X (10) X (11) X (12) X (13)

#define CLEAR(i) __m512 low##i = _mm512_setzero_ps (), high##i = _mm512_setzero_ps ();

#define FETCH(i)                                                                                                       \
  _mm_prefetch ((const char *)(out + (i)*stride), _MM_HINT_T0);                                                        \
  _mm_prefetch ((const char *)(out + (i)*stride + 16), _MM_HINT_T0);

/* The barrier makes one broadcast serve both products; the compiler would load the pixel twice, and loads are what is short. */
#define MULTIPLY(i)                                                                                                    \
  pixel = _mm512_set1_ps (pixels[i]);                                                                                  \
  __asm__("" : "+v"(pixel));                                                                                           \
  low##i = _mm512_fmadd_ps (pixel, low, low##i);                                                                       \
  high##i = _mm512_fmadd_ps (pixel, high, high##i);

#define STORE(i)                                                                                                       \
  _mm512_storeu_ps (out + (i)*stride, low##i);                                                                         \
  _mm512_storeu_ps (out + (i)*stride + 16, high##i);

#define ADD(i)                                                                                                         \
  low##i = _mm512_add_ps (low##i, _mm512_loadu_ps (out + (i)*stride));                                                 \
  high##i = _mm512_add_ps (high##i, _mm512_loadu_ps (out + (i)*stride + 16));

#define STORE_PART(i)                                                                                                  \
  if (i < rows)                                                                                                        \
    {                                                                                                                  \
      if (add)                                                                                                         \
        {                                                                                                              \
          low##i = _mm512_add_ps (low##i, _mm512_maskz_loadu_ps (low_mask, out + (i)*stride));                         \
          high##i = _mm512_add_ps (high##i, _mm512_maskz_loadu_ps (high_mask, out + (i)*stride + 16));                 \
        }                                                                                                              \
      _mm512_mask_storeu_ps (out + (i)*stride, low_mask, low##i);                                                      \
      _mm512_mask_storeu_ps (out + (i)*stride + 16, high_mask, high##i);                                               \
    }

static void
tile (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels, bool add,
      float *out, size_t stride)
{
  EACH_PIXEL (CLEAR)
  __m512 pixel;

  if (rows == PIXELS)
    {
      EACH_PIXEL (FETCH)
    }
  for (size_t p = 0; p < depth; p++)
    {
      const __m512 low = _mm512_load_ps (channels), high = _mm512_load_ps (channels + 16);

      _mm_prefetch ((const char *)(channels + 8 * CHANNELS), _MM_HINT_T0);
      _mm_prefetch ((const char *)(channels + 8 * CHANNELS + 16), _MM_HINT_T0);
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
      const __mmask16 low_mask = (__mmask16)(columns >= 16 ? 0xffff : (1u << columns) - 1);
      const __mmask16 high_mask = (__mmask16)(columns > 16 ? (1u << (columns - 16)) - 1 : 0);

      EACH_PIXEL (STORE_PART)
    }
}

const CgGemm cg_gemm_avx512 = {
  .name = "avx512",
  .n_pixels = PIXELS,
  .n_channels = CHANNELS,
  .depth = 384,
  .tile = tile,
};
