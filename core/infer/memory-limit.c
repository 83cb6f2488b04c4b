/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The limit never changes a picture: it is kept, or there is none. */
#include "infer/memory-limit.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "base/error.h"

/* In bytes. */
static guint64
get_limit (const CgTranslateOptions *options)
{
  if (options->memory_limit)
    return options->memory_limit;
  return (guint64)sysconf (_SC_PHYS_PAGES) * (guint64)sysconf (_SC_PAGESIZE) / 4;
}

gboolean
cg_memory_limit_check (const CgTranslateOptions *options, guint64 bytes, const CgWorkingSize *size, GError **error)
{
  const double mib = 1024.0 * 1024.0;
  guint64 limit = get_limit (options);

  if (bytes <= limit)
    return TRUE;
  g_set_error (
      error, CG_ERROR, CG_ERROR_MEMORY,
      _ ("%d x %d network pixels need %.0f MiB of memory, the limit is %.0f MiB; choose a smaller size or raise the "
         "memory limit"),
      size->padded_width, size->padded_height, (double)bytes / mib + 0.5, (double)limit / mib);
  return FALSE;
}
