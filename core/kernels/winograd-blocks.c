/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Blocks of Winograd tiles: how large they are, their transformation into rows or panels, the products of one element, and the
 * panels of weights for these. */
#include "kernels/winograd-blocks.h"

/* Most tiles of one block: enough to use every panel of weights several times, few enough that all 36 transformed planes
 * stay near the processor. */
#define BLOCK_TILES 64
#define PANEL_BLOCK_TILES 66 /* where they have to be packed first: whole panels of 6 */

/* Fewer tiles are not worth a block of their own. */
#define LEAST_TILES 8

/* Input channels whose taps are brought into order at a time. */
#define PACK_CHANNELS 16

#define MOST_TAPS 9

void
cg_winograd_plan_init (CgWinogradPlan *plan, const CgMachine *machine, int n, int height, int width, int in_channels,
                       int out_channels, int n_threads)
{
  const CgGemm *gemm = machine->gemm;
  const int unit = gemm->strided ? 1 : gemm->n_pixels;
  const int most = gemm->strided ? BLOCK_TILES : MAX (PANEL_BLOCK_TILES / unit, 1) * unit;

  plan->across = cg_ceil_div (width, CG_WINOGRAD_OUT);
  plan->down = cg_ceil_div (height, CG_WINOGRAD_OUT);
  plan->n_tiles = n * plan->across * plan->down;

  /* Blocks of about the same size, and as many for every thread, so that none is left with more than the others. */
  const int least = MAX (cg_ceil_div (plan->n_tiles, most), 1);
  const int fair = MIN (cg_ceil_div (least, n_threads) * n_threads, MAX (plan->n_tiles / LEAST_TILES, least));

  plan->block_tiles = MAX (cg_ceil_div (cg_ceil_div (plan->n_tiles, fair), unit), 1) * unit;
  plan->n_blocks = cg_ceil_div (plan->n_tiles, plan->block_tiles);
  plan->n_panels = cg_ceil_div (out_channels, gemm->n_channels);
  /* Lines more than the channels, here and below, so that rows and elements do not all fall into the same places of the cache. */
  plan->in_width = cg_ceil_div (in_channels, CG_WINOGRAD_CHANNELS) * CG_WINOGRAD_CHANNELS + 16;
  plan->in_step = gemm->strided ? (size_t)plan->block_tiles * (size_t)plan->in_width + 16
                                : cg_round_line ((size_t)plan->block_tiles * (size_t)in_channels) + 16;
  plan->product_step = (size_t)(plan->n_panels * gemm->n_channels) + 16;
  plan->product_plane = (size_t)plan->block_tiles * plan->product_step + 16;
}

size_t
cg_winograd_tile_floats (const CgMachine *machine, int n_products)
{
  return machine->gemm->strided ? 0
                                : cg_round_line ((size_t)(n_products * machine->gemm->n_pixels) * CG_WINOGRAD_CHANNELS);
}

void
cg_winograd_pack_panel (const CgMachine *machine, const CgGather *g, const CgConvShape *shape, const float *w,
                        int panel, CgWinogradWeights transform, float *packed, size_t element)
{
  const CgRows *rows = machine->rows;
  const int width = machine->gemm->n_channels, first = panel * width, count = MIN (width, g->out_channels - first);
  const size_t tap_step = PACK_CHANNELS * (size_t)width;
  float taps[MOST_TAPS * PACK_CHANNELS * CG_GEMM_MAX_CHANNELS + 16] = { 0 };

  for (int c = 0; c < g->in_channels; c += PACK_CHANNELS)
    {
      const int n_channels = MIN (PACK_CHANNELS, g->in_channels - c);

      for (int tap = 0; tap < g->rows * g->columns; tap++)
        {
          float *to = taps + (size_t)tap * tap_step;
          size_t step;
          const float *from
              = cg_gather_weights (g, shape, w, tap / g->columns, tap % g->columns, c, &step) + (size_t)first * step;

          if (!g->transposed)
            rows->copy_columns (count, (size_t)n_channels, from, (size_t)shape->k, to, (size_t)width);
          else if (width <= CG_GEMM_MAX_PIXELS)
            {
              const float *starts[CG_GEMM_MAX_PIXELS];

              for (int o = 0; o < count; o++)
                starts[o] = from + (size_t)o * step;
              rows->pack_pixels (width, count, starts, (size_t)n_channels, to);
            }
          else
            for (int o = 0; o < count; o++)
              for (int i = 0; i < n_channels; i++)
                to[i * width + o] = from[(size_t)o * step + (size_t)i];
        }
      for (int i = 0; i < n_channels; i++)
        transform (taps + (size_t)(i * width), tap_step, width, packed + (size_t)((c + i) * width), element);
    }
}

/* One micro-kernel's worth of tiles, all channels, into a panel of every element. */
static void
transform_to_panels (const CgMachine *machine, const CgWinogradPlan *plan, int first, int count, int in_channels,
                     int n_products, CgWinogradTransform transform, const void *job, float *tiles, float *panels)
{
  const int width = machine->gemm->n_pixels;
  const size_t element = (size_t)width * CG_WINOGRAD_CHANNELS;

  for (int c = 0; c < in_channels; c += CG_WINOGRAD_CHANNELS)
    {
      const float *starts[CG_GEMM_MAX_PIXELS];

      for (int i = 0; i < count; i++)
        transform (job, first + i, c, tiles + i * CG_WINOGRAD_CHANNELS, element);
      for (int q = 0; q < n_products; q++)
        {
          for (int i = 0; i < count; i++)
            starts[i] = tiles + (size_t)q * element + i * CG_WINOGRAD_CHANNELS;
          machine->rows->pack_pixels (width, count, starts, (size_t)MIN (CG_WINOGRAD_CHANNELS, in_channels - c),
                                      panels + (size_t)q * plan->in_step + (size_t)(c * width));
        }
    }
}

void
cg_winograd_transform (const CgMachine *machine, const CgWinogradPlan *plan, int first, int count, int in_channels,
                       int n_products, CgWinogradTransform transform, const void *job, float *tiles, float *in)
{
  const int width = machine->gemm->n_pixels;

  if (!machine->gemm->strided)
    for (int i = 0; i < count; i += width)
      transform_to_panels (machine, plan, first + i, MIN (width, count - i), in_channels, n_products, transform, job,
                           tiles, in + (size_t)i * (size_t)in_channels);
  else
    for (int i = 0; i < count; i++)
      for (int c = 0; c < in_channels; c += CG_WINOGRAD_CHANNELS)
        transform (job, first + i, c, in + (size_t)i * (size_t)plan->in_width + (size_t)c, plan->in_step);
}

void
cg_winograd_multiply (const CgMachine *machine, const CgWinogradPlan *plan, int count, size_t depth, const float *in,
                      const float *weights, const float *next, bool add, float *products)
{
  const CgGemm *gemm = machine->gemm;
  const size_t panel = depth * (size_t)gemm->n_channels;
  const int step = cg_gemm_even_rows (gemm, count);

  for (int j = 0; j < plan->n_panels; j++, weights += panel)
    {
      const size_t ahead = (size_t)((j + 1 < plan->n_panels ? weights + panel : next) - weights);

      for (int i = 0; i < count; i += step)
        {
          const int rows = MIN (step, count - i);
          float *to = products + (size_t)i * plan->product_step + (size_t)(j * gemm->n_channels);

          if (gemm->strided)
            gemm->strided (rows, gemm->n_channels,
                           &(CgGemmOperands){ .runs = 1,
                                              .depth = depth,
                                              .pixels = in + (size_t)(i * plan->in_width),
                                              .pixel_step = (size_t)plan->in_width,
                                              .pixel_term = 1,
                                              .channels = weights,
                                              .channel_term = (size_t)gemm->n_channels,
                                              .ahead = ahead },
                           add, to, plan->product_step);
          else
            {
              /* The next panel of weights comes from memory, all elements of it, and a kernel that takes panels does not look further
               * than the one it has. Saves a tenth of the products' time. */
              cg_fetch_part (weights + ahead, panel, i / step, cg_ceil_div (count, step));
              gemm->tile (gemm, rows, gemm->n_channels, depth, in + (size_t)i * depth, weights, add, to,
                          plan->product_step);
            }
        }
    }
}
