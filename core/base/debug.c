/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reads CG_DEBUG once; apart so that asking for a flag costs one load afterwards. */
#include "base/debug.h"

CgDebugFlags
cg_debug_get_flags (void)
{
  static const GDebugKey keys[] = {
    { "shapes", CG_DEBUG_SHAPES },
    { "time", CG_DEBUG_TIME },
    { "memory", CG_DEBUG_MEMORY },
    { "nan", CG_DEBUG_NAN },
  };
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      guint flags = g_parse_debug_string (g_getenv ("CG_DEBUG"), keys, G_N_ELEMENTS (keys));

      /* One is added because 0 means "not yet read" to g_once_init_enter(). */
      g_once_init_leave (&once, (gsize)flags + 1);
    }

  return (CgDebugFlags)(once - 1);
}
