/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The error domain of the whole library: what the world can break is reported here, never printed. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

#define CG_ERROR (cg_error_quark ())

/**
 * CgError:
 * @CG_ERROR_SHAPE: a size or channel count that a network or file does not allow
 * @CG_ERROR_FORMAT: not the kind of file, option or metadata that was expected
 * @CG_ERROR_VERSION: a format or library version this build does not know
 * @CG_ERROR_CORRUPT: the right kind of file, but damaged or truncated
 * @CG_ERROR_MEMORY: memory could not be had, or would exceed the given limit
 * @CG_ERROR_CANCELLED: the caller asked to stop
 * @CG_ERROR_DIVERGED: a loss or weight became NaN or infinite
 * @CG_ERROR_UNSUPPORTED: valid, but not something this build can do
 *
 * Messages name the file, what was found and what was expected, and are translatable.
 */
typedef enum
{
  CG_ERROR_SHAPE,
  CG_ERROR_FORMAT,
  CG_ERROR_VERSION,
  CG_ERROR_CORRUPT,
  CG_ERROR_MEMORY,
  CG_ERROR_CANCELLED,
  CG_ERROR_DIVERGED,
  CG_ERROR_UNSUPPORTED
} CgError;

/* The domain itself; use CG_ERROR. */
CG_PUBLIC GQuark cg_error_quark (void);

G_END_DECLS
