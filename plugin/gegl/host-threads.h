/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* How many threads the host application grants: GEGL's setting, which is GIMP's preference, but no more than the process may use. */
#pragma once

#include <cyclegan.h>
#include <gegl.h>

static inline int
cg_host_get_threads (void)
{
  int wish = 0;

  g_object_get (gegl_config (), "threads", &wish, NULL);
  return MAX (1, MIN (wish, cg_parallel_get_default_threads ()));
}
