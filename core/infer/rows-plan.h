/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgRowsPlan: the parts of a translation by rows, and what they need together, which is known before the first begins. */
#pragma once

#include "infer/carry.h"
#include "infer/network-pixels.h"
#include "infer/reduction.h"

/**
 * CgRowsPlan:
 * @by_bands: the network's pixels are the picture's, and go as they come
 * @reduces: the network sees another picture than what comes
 * @small: [network_height][network_width][3], what it sees
 * @pixels: [network_height][network_width][3], what it makes of it
 * @photo: [CG_NETWORK_BAND][width][3]
 * @bytes: everything that is ever allocated at the same time
 */
typedef struct
{
  int width, height;
  gboolean by_bands, reduces;
  CgReduction reduction;
  CgNetworkPixels network;
  CgCarry carry;
  size_t pixel_bytes, photo_bytes;
  float *small, *pixels, *photo;
  guint64 bytes;
} CgRowsPlan;

/* Where rows come from and where they go. @read_network: instead of a network. */
typedef struct
{
  CgTranslateRead read, read_network;
  CgTranslateWrite write;
  gpointer data;
  CgWatch watch;
} CgRowsCalls;

/* Fails with CG_ERROR_SHAPE where there are no pixels. */
gboolean cg_rows_plan_check (int width, int height, GError **error);

/* @hold: keep the network's pixels even where they could go as they come, so that nothing is written before all of them are there. Fails as
 * cg_translate(), but does not look at the memory limit. Clear it also after a failure. */
gboolean cg_rows_plan_init (CgRowsPlan *plan, CgModel *model, const CgTranslateOptions *options, int width, int height,
                            gboolean hold, GError **error);

/* The same without a network. */
gboolean cg_rows_plan_init_carry (CgRowsPlan *plan, const CgTranslateOptions *options, int width, int height,
                                  int network_width, int network_height, GError **error);
void cg_rows_plan_clear (CgRowsPlan *plan);

/* Both halves, the first alone, and the second alone. They fail as cg_translate_rows(). */
gboolean cg_rows_plan_run (CgRowsPlan *plan, CgRowsCalls *calls, GError **error);
gboolean cg_rows_plan_run_network (CgRowsPlan *plan, CgRowsCalls *calls, GError **error);
gboolean cg_rows_plan_run_carry (CgRowsPlan *plan, CgRowsCalls *calls, GError **error);
