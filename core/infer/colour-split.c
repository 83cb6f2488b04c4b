/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is taken from the network: its colours under the photo's light, or its light over the photo's colours. */
#include "infer/colour-split.h"

#include <babl/babl.h>
#include <math.h>

/* IEC 61966-2-1, continued beyond 0 … 1 as babl does. */
static void
decode_row (const float *encoded, size_t n, float *linear)
{
  for (size_t i = 0; i < n; i++)
    linear[i] = encoded[i] > 0.04045f ? powf ((encoded[i] + 0.055f) / 1.055f, 2.4f) : encoded[i] / 12.92f;
}

static void
encode_row (float *row, size_t n)
{
  for (size_t i = 0; i < n; i++)
    row[i] = row[i] > 0.0031308f ? 1.055f * powf (row[i], 1.0f / 2.4f) - 0.055f : 12.92f * row[i];
}

void
cg_colour_split_init (CgColourSplit *split, CgApply apply)
{
  static gsize started;

  *split = (CgColourSplit){ .apply = apply };
  if (apply == CG_APPLY_ALL)
    return;
  /* babl counts its users. It stays for as long as the process, for a host may go on using what it looked up here. */
  if (g_once_init_enter (&started))
    {
      babl_init ();
      g_once_init_leave (&started, 1);
    }
  /* Where several conversions lead to a format, babl takes the one that was fastest when it tried: each process has another result.
   * Between these two there is one, and sRGB's curve, for which there are many, is ours. Not Oklab, which babl of 2022 and of 2025 gets
   * wrong. */
  split->to_lab = babl_fish (babl_format ("RGB float"), babl_format ("CIE Lab float"));
  split->from_lab = babl_fish (babl_format ("CIE Lab float"), babl_format ("RGB float"));
}

void
cg_colour_split_row (const CgColourSplit *split, const float *photo, float *row, size_t width, float *scratch)
{
  float *kept = scratch, *taken = scratch + 3 * width;

  if (split->apply == CG_APPLY_ALL)
    return;
  decode_row (photo, 3 * width, taken);
  babl_process (split->to_lab, taken, kept, (long)width);
  decode_row (row, 3 * width, row);
  babl_process (split->to_lab, row, taken, (long)width);
  for (size_t x = 0; x < width; x++)
    if (split->apply == CG_APPLY_COLOUR)
      taken[3 * x] = kept[3 * x];
    else
      {
        taken[3 * x + 1] = kept[3 * x + 1];
        taken[3 * x + 2] = kept[3 * x + 2];
      }
  babl_process (split->from_lab, taken, row, (long)width);
  encode_row (row, 3 * width);
}
