/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgCarry: from the network's pixels to the picture's: enlarge or transfer, then mix into the picture. No network is needed here. */
#pragma once

#include "infer/colour-split.h"
#include "infer/guided-transfer.h"
#include "infer/resize-axis.h"
#include "infer/watch.h"
#include "tensor/arena.h"

/**
 * CgCarry:
 * @detail: 0 where no maps are to be fitted
 * @sharp, @own, @soft: h, 1 - d and d - h of mix_down_row() in carry.c
 * @scratch_floats: per worker
 * @bytes: what cg_carry_begin() will allocate
 */
typedef struct
{
  int width, height;
  int network_width, network_height;
  int n_threads;
  double detail, strength;
  float sharp, own, soft;
  CgColourSplit split;
  gboolean scaled;
  CgResizeAxis across, down;
  CgGuidedTransfer transfer;
  CgArena *arena;
  int scratch_ticket;
  float *scratch;
  size_t scratch_floats;
  size_t bytes;
} CgCarry;

/* Sizes and reservations; nothing picture-sized is allocated yet. Fails with CG_ERROR_MEMORY. Clear it also after a failure. */
gboolean cg_carry_init (CgCarry *carry, const CgTranslateOptions *options, int width, int height, int network_width,
                        int network_height, GError **error);
void cg_carry_clear (CgCarry *carry);

/* Allocates. Fails with CG_ERROR_MEMORY. */
gboolean cg_carry_begin (CgCarry *carry, GError **error);

/**
 * cg_carry_fit:
 * @guide: [network_height][network_width][3], as cg_reduction_run() leaves it; overwritten
 * @pixels: [network_height][network_width][3], as the network left them; overwritten by what cg_carry_run_rows() wants
 *
 * To be called once where detail > 0. Fails with CG_ERROR_CANCELLED.
 */
gboolean cg_carry_fit (CgCarry *carry, float *guide, float *pixels, CgWatch *watch, GError **error);

/**
 * cg_carry_run_rows:
 * @first, @n: which rows of the picture, in any order
 * @in, @out: [@n][width][3]; may be the same
 * @pixels: rows @pixels_first … of [network_height][network_width][3]; all of them unless the network's pixels are the picture's
 */
void cg_carry_run_rows (CgCarry *carry, int first, int n, const float *in, const float *pixels, int pixels_first,
                        float *out);
