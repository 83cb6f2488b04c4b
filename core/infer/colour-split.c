/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is taken from the network: its colours under the photo's light, or its light over the photo's colours. */
#include "infer/colour-split.h"

#include <babl/babl.h>

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
  /* Not Oklab, which babl of 2022 and of 2025 gets wrong. */
  split->to_lab = babl_fish (babl_format ("R'G'B' float"), babl_format ("CIE Lab float"));
  split->from_lab = babl_fish (babl_format ("CIE Lab float"), babl_format ("R'G'B' float"));
}

void
cg_colour_split_row (const CgColourSplit *split, const float *photo, float *row, size_t width, float *scratch)
{
  float *kept = scratch, *taken = scratch + 3 * width;

  if (split->apply == CG_APPLY_ALL)
    return;
  babl_process (split->to_lab, photo, kept, (long)width);
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
}
