/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What a translation may allocate, checked before it begins. */
#pragma once

#include "infer/working-size.h"

/* Fails with CG_ERROR_MEMORY, saying how much is needed for how many pixels. */
gboolean cg_memory_limit_check (const CgTranslateOptions *options, guint64 bytes, const CgWorkingSize *size,
                                GError **error);
