/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgNorms: what the norms of one network do to one picture, settled, so that the picture can pass in pieces. */
#pragma once

#include <glib.h>

#include "nets/network.h"

/**
 * CgNorms: every norm as z = x * scale + shift.
 * @offsets: [layers] where the channels of a norm layer begin; (size_t) -1 for other layers
 * @scale, @shift: of all norms, one after the other
 */
typedef struct
{
  guint n_layers;
  size_t *offsets;
  size_t n_floats;
  float *scale, *shift;
} CgNorms;

/* Batch norms are settled by their running statistics at once; instance norms start as 0. Small: never fails. */
CgNorms *cg_norms_new (const CgNetwork *network);
void cg_norms_free (CgNorms *norms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgNorms, cg_norms_free)

/**
 * cg_norms_settle:
 * @layer: the index of an instance norm
 * @mean, @m2: [channels] mean, and sum of squared distances from it, of @count pixels
 */
void cg_norms_settle (CgNorms *norms, guint layer, int channels, double count, const double *mean, const double *m2);

/* Whether the norms depend on the picture. */
gboolean cg_norms_depend_on_picture (const CgNetwork *network);
