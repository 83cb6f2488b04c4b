/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The quark behind CG_ERROR; apart because every room reports through it. */
#include "base/error.h"

GQuark
cg_error_quark (void)
{
  return g_quark_from_static_string ("cg-error-quark");
}
