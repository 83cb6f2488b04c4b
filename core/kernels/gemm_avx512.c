/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Own AVX-512 micro-kernel, 14 pixels x 32 channels: processors whose name BLIS does not know get only its portable one. */
#include <immintrin.h>

#include "kernels/gemm.h"

#define PIXELS 14
#define CHANNELS 32

/* Steps that the channels are fetched ahead. */
#define AHEAD 8

/* The 28 sums, the two vectors of channels and the pixel make 31 of 32 registers; as an array gcc spills some of them. */
#define EACH_1(X) X (0)
#define EACH_2(X) EACH_1 (X) X (1)
#define EACH_3(X) EACH_2 (X) X (2)
#define EACH_4(X) EACH_3 (X) X (3)
#define EACH_5(X) EACH_4 (X) X (4)
#define EACH_6(X) EACH_5 (X) X (5)
#define EACH_7(X) EACH_6 (X) X (6)
#define EACH_8(X) EACH_7 (X) X (7)
#define EACH_9(X) EACH_8 (X) X (8)
#define EACH_10(X) EACH_9 (X) X (9)
#define EACH_11(X) EACH_10 (X) X (10)
#define EACH_12(X) EACH_11 (X) X (11)
#define EACH_13(X) EACH_12 (X) X (12)
#define EACH_14(X) EACH_13 (X) X (13)

#define CLEAR(i) __m512 low##i = _mm512_setzero_ps (), high##i = _mm512_setzero_ps ();

#define FETCH(i)                                                                                                       \
  _mm_prefetch ((const char *)(out + (i)*stride), _MM_HINT_T0);                                                        \
  _mm_prefetch ((const char *)(out + (i)*stride + 16), _MM_HINT_T0);

/* Pixel i by one of three pointers, five pixels apart, and a multiple of the step that an address can hold. */
#define PIXEL(i) ((i) / 5 == 0 ? first : (i) / 5 == 1 ? second : third) + ((i) % 5 == 3 ? triple : ((i) % 5) * step)

/* The barrier makes one broadcast serve both products; the compiler would load the pixel twice, and loads are what is short. */
#define MULTIPLY(i)                                                                                                    \
  pixel = _mm512_set1_ps (*(const float *)(PIXEL (i)));                                                                \
  __asm__("" : "+v"(pixel));                                                                                           \
  low##i = _mm512_fmadd_ps (pixel, low, low##i);                                                                       \
  high##i = _mm512_fmadd_ps (pixel, high, high##i);

#define STORE(i)                                                                                                       \
  if (add)                                                                                                             \
    {                                                                                                                  \
      low##i = _mm512_add_ps (low##i, _mm512_maskz_loadu_ps (low_mask, out + (i)*stride));                             \
      high##i = _mm512_add_ps (high##i, _mm512_maskz_loadu_ps (high_mask, out + (i)*stride + 16));                     \
    }                                                                                                                  \
  _mm512_mask_storeu_ps (out + (i)*stride, low_mask, low##i);                                                          \
  _mm512_mask_storeu_ps (out + (i)*stride + 16, high_mask, high##i);

/* One function for every number of pixels: a short tile costs what it computes, and nothing outside it is read. The empty
 * assembly in the loop keeps the compiler from turning every multiple of the step into a pointer of its own. */
#define DEFINE_TILE(n)                                                                                                 \
  static void tile_##n (int columns, const CgGemmOperands *operands, bool add, float *out, size_t stride)              \
  {                                                                                                                    \
    const __mmask16 low_mask = (__mmask16)(columns >= 16 ? 0xffff : (1u << columns) - 1);                              \
    const __mmask16 high_mask = (__mmask16)(columns > 16 ? (1u << (columns - 16)) - 1 : 0);                            \
    const size_t term = operands->pixel_term * sizeof (float);                                                         \
    size_t channel_term = operands->channel_term;                                                                      \
    size_t step = operands->pixel_step * sizeof (float), triple = 3 * step;                                            \
    __m512 pixel;                                                                                                      \
    EACH_##n (CLEAR) EACH_##n (FETCH) for (size_t r = 0; r < operands->runs; r++)                                      \
    {                                                                                                                  \
      const char *first = (const char *)(operands->pixels + r * operands->pixel_run);                                  \
      const char *second = first + 5 * step, *third = second + 5 * step;                                               \
      const float *channels = operands->channels + r * operands->channel_run;                                          \
      const size_t ahead = operands->ahead;                                                                            \
      for (size_t p = operands->depth; p > 0; p--)                                                                     \
        {                                                                                                              \
          const __m512 low = _mm512_maskz_loadu_ps (low_mask, channels);                                               \
          const __m512 high = _mm512_maskz_loadu_ps (high_mask, channels + 16);                                        \
          __asm__("" : "+r"(step), "+r"(triple), "+r"(channel_term));                                                  \
          _mm_prefetch ((const char *)(channels + AHEAD * channel_term), _MM_HINT_T0);                                 \
          _mm_prefetch ((const char *)(channels + AHEAD * channel_term + 16), _MM_HINT_T0);                            \
          _mm_prefetch ((const char *)(channels + ahead), _MM_HINT_T1);                                                \
          _mm_prefetch ((const char *)(channels + ahead + 16), _MM_HINT_T1);                                           \
          EACH_##n (MULTIPLY) first += term;                                                                           \
          second += term;                                                                                              \
          third += term;                                                                                               \
          channels += channel_term;                                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    __asm__("" : "+r"(stride));                                                                                        \
    EACH_##n (STORE)                                                                                                   \
  }

DEFINE_TILE (1)
DEFINE_TILE (2)
DEFINE_TILE (3)
DEFINE_TILE (4)
DEFINE_TILE (5)
DEFINE_TILE (6)
DEFINE_TILE (7)
DEFINE_TILE (8)
DEFINE_TILE (9)
DEFINE_TILE (10)
DEFINE_TILE (11)
DEFINE_TILE (12)
DEFINE_TILE (13)
DEFINE_TILE (14)

static void
strided (int rows, int columns, const CgGemmOperands *operands, bool add, float *out, size_t stride)
{
  static void (*const tiles[PIXELS]) (int, const CgGemmOperands *, bool, float *, size_t)
      = { tile_1, tile_2, tile_3,  tile_4,  tile_5,  tile_6,  tile_7,
          tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14 };

  tiles[rows - 1](columns, operands, add, out, stride);
}

static void
tile (const CgGemm *gemm, int rows, int columns, size_t depth, const float *pixels, const float *channels, bool add,
      float *out, size_t stride)
{
  const CgGemmOperands operands = { .runs = 1,
                                    .depth = depth,
                                    .pixels = pixels,
                                    .pixel_step = 1,
                                    .pixel_term = PIXELS,
                                    .channels = channels,
                                    .channel_term = CHANNELS };

  strided (rows, columns, &operands, add, out, stride);
}

const CgGemm cg_gemm_avx512 = {
  .name = "avx512",
  .n_pixels = PIXELS,
  .n_channels = CHANNELS,
  .depth = 384,
  .tile = tile,
  .strided = strided,
};
