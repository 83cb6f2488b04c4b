/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting GEGL in a process that lives as long as one translation. */
#pragma once

/* In place of gegl_init(), before anything else touches GEGL or babl. */
void cg_gegl_start (void);
