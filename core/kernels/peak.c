/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Times nothing but the micro-kernel, all threads at once, and takes the best of several rounds: other programs only ever slow it. */
#include "kernels/peak.h"

#include "base/parallel.h"

#define DEPTH 128
#define ROUNDS 8
#define TILES_PER_ITEM 200
#define ITEMS_PER_THREAD 8
#define OUT_STRIDE CG_GEMM_MAX_CHANNELS

typedef struct
{
  const CgGemm *gemm;
} Job;

static void
run_tiles (size_t item, int worker, void *data)
{
  const CgGemm *gemm = ((const Job *)data)->gemm;
  float pixels[DEPTH * CG_GEMM_MAX_PIXELS + CG_GEMM_SLACK] __attribute__ ((aligned (64)));
  float channels[DEPTH * CG_GEMM_MAX_CHANNELS + CG_GEMM_SLACK] __attribute__ ((aligned (64)));
  float out[CG_GEMM_MAX_PIXELS * OUT_STRIDE];

  for (size_t i = 0; i < G_N_ELEMENTS (pixels); i++)
    pixels[i] = 1e-3f;
  for (size_t i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = 1e-3f;
  for (int i = 0; i < TILES_PER_ITEM; i++)
    gemm->tile (gemm, gemm->n_pixels, gemm->n_channels, DEPTH, pixels, channels, i > 0, out, OUT_STRIDE);
}

double
cg_gemm_measure_peak (const CgGemm *gemm, int n_threads)
{
  Job job = { gemm };
  size_t n_items = (size_t)n_threads * ITEMS_PER_THREAD;
  double flops = 2.0 * gemm->n_pixels * gemm->n_channels * DEPTH * TILES_PER_ITEM * (double)n_items;
  double best = 0.0;

  for (int round = 0; round < ROUNDS; round++)
    {
      gint64 start = g_get_monotonic_time ();

      cg_parallel_for (n_threads, n_items, run_tiles, &job);
      best = MAX (best, flops / (double)MAX (g_get_monotonic_time () - start, 1) / 1e3);
    }
  return best;
}
