/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CG_DEBUG=shapes,time,memory,nan: what the library tells about itself, through g_debug/g_message, never stdout. */
#pragma once

#include <glib.h>

typedef enum
{
  CG_DEBUG_SHAPES = 1 << 0,
  CG_DEBUG_TIME = 1 << 1,
  CG_DEBUG_MEMORY = 1 << 2,
  CG_DEBUG_NAN = 1 << 3
} CgDebugFlags;

/* The keys of the environment variable, parsed once. */
CgDebugFlags cg_debug_get_flags (void);

/* Logs through g_message when any of @flags is on; the arguments are evaluated only then. */
#define CG_DEBUG_LOG(flags, ...) \
  G_STMT_START { if (G_UNLIKELY (cg_debug_get_flags () & (flags))) g_message (__VA_ARGS__); } G_STMT_END
