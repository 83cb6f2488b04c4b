/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgCarry: from the network's pixels to the picture's: enlarge or transfer, then mix into the picture. No network is needed here. */
#pragma once

#include "infer/colour-split.h"
#include "infer/guided-transfer.h"
#include "infer/resize-axis.h"
#include "infer/translate.h"
#include "tensor/arena.h"

typedef struct
{
  int width, height;
  int network_width, network_height;
  int n_threads;
  double detail, strength;
  CgColourSplit split;
  gboolean scaled;
  CgResizeAxis in_across, in_down, out_across, out_down;
  CgGuidedTransfer transfer;
  CgArena *arena;
  int guide_ticket, scratch_ticket;
  float *guide, *scratch;
  size_t scratch_floats; /* per worker */
  size_t bytes;          /* what cg_carry_run() will allocate */
} CgCarry;

/* Sizes and reservations; nothing picture-sized is allocated yet. Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_carry_init (CgCarry *carry, const CgTranslateOptions *options, int width, int height, int network_width,
                        int network_height, GError **error);
void cg_carry_clear (CgCarry *carry);

/**
 * cg_carry_run:
 * @in, @out: as for cg_translate()
 * @pixels: [network_height][network_width][3], as cg_translate_network() leaves them; overwritten
 *
 * Fails with CG_ERROR_MEMORY; @out is then untouched.
 */
gboolean cg_carry_run (CgCarry *carry, const float *in, size_t in_stride, float *pixels, float *out, size_t out_stride,
                       GError **error);

/* Allocates, for cg_carry_run_rows(). Fails with CG_ERROR_MEMORY. */
gboolean cg_carry_begin (CgCarry *carry, GError **error);

/* Any @n rows of the picture, [n][width][3]; where nothing is scaled and no detail carried. @out may be @in. */
void cg_carry_run_rows (CgCarry *carry, int n, const float *in, float *pixels, float *out);
