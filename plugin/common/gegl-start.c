/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting GEGL without what babl remembers between processes, for that costs more than what it saves here. */
#include "gegl-start.h"

#include <gegl.h>

void
cg_gegl_start (void)
{
  /* While it reads its cache, which GIMP writes, babl 0.1.98 fills tables of 350 MiB, to throw them away before the first pixel: 0.1 s,
   * and in the end the larger part of what a small picture took. We never write the cache. */
  g_setenv ("BABL_INHIBIT_CACHE", "1", TRUE);
  gegl_init (NULL, NULL);
}
