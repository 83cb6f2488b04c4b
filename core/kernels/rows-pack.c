/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Moving floats into the order of the micro-kernel's panels and out of the products of single taps; compiled per set. */
#include "kernels/gemm.h"
#include "kernels/rows-variant.h"

#if LANES == 16
#define LOW_SINGLES 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH_SINGLES 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define LOW_PAIRS 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define EVEN_QUADS 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define ODD_QUADS 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
#elif LANES == 8
#define LOW_SINGLES 0, 8, 1, 9, 4, 12, 5, 13
#define HIGH_SINGLES 2, 10, 3, 11, 6, 14, 7, 15
#define LOW_PAIRS 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH_PAIRS 2, 3, 10, 11, 6, 7, 14, 15
#define EVEN_QUADS 0, 1, 2, 3, 8, 9, 10, 11
#define ODD_QUADS 4, 5, 6, 7, 12, 13, 14, 15
#else
#define LOW_SINGLES 0, 4, 1, 5
#define HIGH_SINGLES 2, 6, 3, 7
#define LOW_PAIRS 0, 1, 4, 5
#define HIGH_PAIRS 2, 3, 6, 7
#endif

#define QUADS (LANES / 4)

/* Transposes LANES x LANES in registers: 4x4 inside every quad of lanes, then the quads among each other. */
static ALWAYS_INLINE void
transpose (Vec *rows)
{
  Vec column[4][QUADS];

#pragma GCC unroll 4
  for (int g = 0; g < QUADS; g++)
    {
      const Vec *r = rows + 4 * g;
      const Vec a = __builtin_shufflevector (r[0], r[1], LOW_SINGLES);
      const Vec b = __builtin_shufflevector (r[0], r[1], HIGH_SINGLES);
      const Vec c = __builtin_shufflevector (r[2], r[3], LOW_SINGLES);
      const Vec d = __builtin_shufflevector (r[2], r[3], HIGH_SINGLES);

      column[0][g] = __builtin_shufflevector (a, c, LOW_PAIRS);
      column[1][g] = __builtin_shufflevector (a, c, HIGH_PAIRS);
      column[2][g] = __builtin_shufflevector (b, d, LOW_PAIRS);
      column[3][g] = __builtin_shufflevector (b, d, HIGH_PAIRS);
    }

#pragma GCC unroll 4
  for (int m = 0; m < 4; m++)
    {
#if LANES == 16
      const Vec a = __builtin_shufflevector (column[m][0], column[m][1], EVEN_QUADS);
      const Vec b = __builtin_shufflevector (column[m][0], column[m][1], ODD_QUADS);
      const Vec c = __builtin_shufflevector (column[m][2], column[m][3], EVEN_QUADS);
      const Vec d = __builtin_shufflevector (column[m][2], column[m][3], ODD_QUADS);

      rows[m] = __builtin_shufflevector (a, c, EVEN_QUADS);
      rows[m + 4] = __builtin_shufflevector (b, d, EVEN_QUADS);
      rows[m + 8] = __builtin_shufflevector (a, c, ODD_QUADS);
      rows[m + 12] = __builtin_shufflevector (b, d, ODD_QUADS);
#elif LANES == 8
      rows[m] = __builtin_shufflevector (column[m][0], column[m][1], EVEN_QUADS);
      rows[m + 4] = __builtin_shufflevector (column[m][0], column[m][1], ODD_QUADS);
#else
      rows[m] = column[m][0];
#endif
    }
}

/* LANES steps of the panel at a time. Whole vectors are stored in ascending order, so that what one writes too far the next
 * overwrites. */
static ALWAYS_INLINE void
pack_groups (int width, int n, const float *const *pixels, size_t length, float *panel, const int groups)
{
  size_t p = 0;

  for (; p + LANES <= length; p += LANES)
    {
      Vec rows[CG_GEMM_MAX_PIXELS / LANES][LANES];

      for (int g = 0; g < groups; g++)
        {
#pragma GCC unroll 16
          for (int i = 0; i < LANES; i++)
            rows[g][i] = g * LANES + i < n ? *(const Vec *)(pixels[g * LANES + i] + p) : (Vec){ 0 };
          transpose (rows[g]);
        }
#pragma GCC unroll 16
      for (int i = 0; i < LANES; i++)
        for (int g = 0; g < groups; g++)
          *(Vec *)(panel + (p + (size_t)i) * (size_t)width + g * LANES) = rows[g][i];
    }

  for (; p < length; p++)
    for (int i = 0; i < width; i++)
      panel[p * (size_t)width + (size_t)i] = i < n ? pixels[i][p] : 0;
}

void
CG_ROWS_NAME (pack_pixels) (int width, int n, const float *const *pixels, size_t length, float *panel)
{
  if (width <= LANES)
    pack_groups (width, n, pixels, length, panel, 1);
  else
    pack_groups (width, n, pixels, length, panel, (width + LANES - 1) / LANES);
}

static ALWAYS_INLINE void
copy_fixed (const int width, size_t n, const float *from, size_t from_step, float *to, size_t to_step)
{
  for (size_t q = 0; q < n; q++)
    memcpy (to + q * to_step, from + q * from_step, (size_t)width * sizeof (float));
}

/* The widths of the micro-kernels as constants: a copy of unknown length costs more than the product it feeds. */
void
CG_ROWS_NAME (copy_columns) (int width, size_t n, const float *from, size_t from_step, float *to, size_t to_step)
{
  switch (width)
    {
    case 4:
      copy_fixed (4, n, from, from_step, to, to_step);
      break;
    case 6:
      copy_fixed (6, n, from, from_step, to, to_step);
      break;
    case 8:
      copy_fixed (8, n, from, from_step, to, to_step);
      break;
    case 12:
      copy_fixed (12, n, from, from_step, to, to_step);
      break;
    case 14:
      copy_fixed (14, n, from, from_step, to, to_step);
      break;
    case 16:
      copy_fixed (16, n, from, from_step, to, to_step);
      break;
    case 32:
      copy_fixed (32, n, from, from_step, to, to_step);
      break;
    default:
      for (size_t q = 0; q < n; q++)
        for (int i = 0; i < width; i++)
          to[q * to_step + (size_t)i] = from[q * from_step + (size_t)i];
    }
}

void
CG_ROWS_NAME (add_columns) (int width, int n, const float *from, size_t from_step, float *to, size_t to_step)
{
  for (int q = 0; q < n; q++)
    for (int i = 0; i < width; i += LANES)
      *(Vec *)(to + (size_t)q * to_step + i) += *(const Vec *)(from + (size_t)q * from_step + i);
}

/* Up to four channels fit a small vector, whose lanes past the last channel the next pixel overwrites. */
typedef float Quad __attribute__ ((vector_size (16), aligned (4), may_alias));

void
CG_ROWS_NAME (gather_taps) (const float *from, size_t from_step, int taps, float *to, int n, int c)
{
  for (int j = 0; j < n; j++)
    for (int e = 0; e < c; e += 4)
      {
        const float *tap = from + (size_t)j * from_step + e;
        Quad sum = { 0 };

        for (int u = 0; u < taps; u++)
          sum += *(const Quad *)(tap + (size_t)u * (from_step + (size_t)c));
        *(Quad *)(to + (size_t)j * (size_t)c + e) = sum;
      }
}
