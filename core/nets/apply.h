/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A network applied once to dense images: for previews, tests and callers who do not want to plan passes. */
#pragma once

#include <glib.h>

#include "base/visibility.h"
#include "nets/network.h"
#include "nets/profile.h"

G_BEGIN_DECLS

/**
 * cg_network_apply:
 * @in: dense [n][h][w][input_nc]
 * @out: (out) dense [n][h'][w'][output_nc]; h' = h and w' = w for generators
 * @n_threads: 0 = cg_parallel_get_default_threads ()
 *
 * Allocates for the call. Fails with CG_ERROR_SHAPE, CG_ERROR_MEMORY. Not for two threads with one network at a time.
 */
CG_PUBLIC gboolean cg_network_apply (CgNetwork *network, int n, int h, int w, const float *in, float *out, int n_threads,
                                     GError **error);

/**
 * cg_network_measure:
 * @seconds: (out) (array length=repeat): wall time of each run of one inference pass, planned once, after one uncounted run
 * @profile: (nullable): where the time of the counted runs went
 *
 * Input pixels are a fixed pattern. Fails as cg_network_apply() does.
 */
CG_PUBLIC gboolean cg_network_measure (CgNetwork *network, int n, int h, int w, int n_threads, int repeat,
                                       double *seconds, CgProfile *profile, GError **error);

G_END_DECLS
