/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a micro-kernel can do at best: the measure that benchmarks hold everything else against. */
#pragma once

#include "kernels/gemm.h"

/* Runs the tile on panels in the first cache for some 0.2 s on @n_threads threads. Returns: GFLOPS. */
double cg_gemm_measure_peak (const CgGemm *gemm, int n_threads);
