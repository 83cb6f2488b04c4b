/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgColourSplit: light and colour of two pictures put together, in CIE Lab as babl defines it. */
#pragma once

#include <stddef.h>

#include "infer/translate.h"

/* Floats per pixel that cg_colour_split_row() needs. */
#define CG_COLOUR_SPLIT_SCRATCH 6

/**
 * CgColourSplit:
 * @to_lab, @from_lab: babl's conversions of linear light, which any thread may use
 */
typedef struct
{
  CgApply apply;
  const void *to_lab;
  const void *from_lab;
} CgColourSplit;

/* Starts babl if @apply needs it and nobody has. */
void cg_colour_split_init (CgColourSplit *split, CgApply apply);

/**
 * cg_colour_split_row:
 * @photo: [width][3] R'G'B'
 * @row: [width][3] R'G'B' of the translation; overwritten by a and b of it with the photo's L, or the reverse. May leave 0 … 1.
 * @scratch: [width][CG_COLOUR_SPLIT_SCRATCH]
 */
void cg_colour_split_row (const CgColourSplit *split, const float *photo, float *row, size_t width, float *scratch);
