/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The exponential moving average of a network's weights, which wanders less than the weights of any one step. */
#pragma once

#include <glib.h>

#include "base/visibility.h"
#include "nets/network.h"

G_BEGIN_DECLS

/**
 * cg_moving_average_get_decay:
 * @decay: the wish, 0 … 1
 * @t: the number of the update, from 1
 *
 * Returns: min (@decay, (1 + t) / (10 + t)): the first updates weigh more, so that the random initial weights are soon forgotten.
 */
CG_PUBLIC double cg_moving_average_get_decay (double decay, gint64 t);

/**
 * cg_moving_average_update:
 * @average: a network of the same configuration as @network, overwritten and touched
 * @decay: of this update
 *
 * average = decay * average + (1 - decay) * weights. Batch norm's running statistics are averages of their own: the current ones
 * are copied.
 */
CG_PUBLIC void cg_moving_average_update (CgNetwork *average, CgNetwork *network, double decay);

/* average = network, running statistics included; where an average begins. */
CG_PUBLIC void cg_moving_average_start (CgNetwork *average, CgNetwork *network);

G_END_DECLS
