/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The tables of the packed path. */
#pragma once

#include "kernels/gemm.h"
#include "kernels/kernels.h"

/* Always to be had; *kind tells what BLIS offers here. */
const CgKernels *cg_packed_table_blis (CgGemmBlisKind *kind);

/* NULL if this build or processor has none. */
const CgKernels *cg_packed_table_avx2 (void);
const CgKernels *cg_packed_table_avx512 (void);
