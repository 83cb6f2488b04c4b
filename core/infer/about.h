/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What this process computes with, for people to read: `cyclegan info --cpu`, an about box, a bug report. */
#pragma once

#include <glib.h>

#include "base/visibility.h"

G_BEGIN_DECLS

/**
 * CgAbout:
 * @kernel: the name of the kernel table, as config.json stores it
 * @explanation: why this one, in English; a message of the text domain
 * @blis_version: of the BLIS that is loaded
 * @n_threads: what is used where nobody asks for another number
 *
 * The strings belong to the library and last as long as the process.
 */
typedef struct
{
  const char *kernel;
  const char *explanation;
  const char *blis_version;
  int n_threads;
} CgAbout;

/* @about: (out): overwritten. Fails with CG_ERROR_UNSUPPORTED when $CG_CPU asks for a kernel that cannot be had. */
CG_PUBLIC gboolean cg_about_get (CgAbout *about, GError **error);

/* Measures what the kernel can do at best, for some 0.2 s. Returns: GFLOPS, 0 for the reference kernel and where cg_about_get() fails. */
CG_PUBLIC double cg_about_measure_peak (int n_threads);

G_END_DECLS
