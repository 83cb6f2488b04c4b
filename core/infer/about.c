/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Gathers what rooms below the doors know of this process, so that none of their headers needs to be installed. */
#include "infer/about.h"

#include "base/parallel.h"
#include "kernels/blis-version.h"
#include "kernels/kernels.h"

gboolean
cg_about_get (CgAbout *about, GError **error)
{
  const CgKernels *kernels = cg_kernels_get (error);

  if (!kernels)
    return FALSE;
  about->kernel = kernels->name;
  about->explanation = kernels->explanation;
  about->blis_version = cg_blis_get_version ();
  about->n_threads = cg_parallel_get_default_threads ();
  return TRUE;
}

double
cg_about_measure_peak (int n_threads)
{
  const CgKernels *kernels = cg_kernels_get (NULL);

  return kernels && kernels->measure_peak ? kernels->measure_peak (MAX (n_threads, 1)) : 0.0;
}
