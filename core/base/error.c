/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The quark behind CG_ERROR; apart because every room reports through it. */
#include "base/error.h"

G_DEFINE_QUARK (cg - error - quark, cg_error)
