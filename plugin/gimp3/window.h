/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the artist what to do with a drawable of GIMP 3. */
#pragma once

#include <libgimp/gimp.h>

#include "window-frame.h"

/**
 * cg_window_run:
 * @drawable: one that cg_apply_check_source() lets pass
 * @settings: shown first, and overwritten by what was chosen
 * @preview: (out) (transfer full): what the last preview computed, or NULL
 */
CgWindowAnswer cg_window_run (GimpDrawable *drawable, CgSettings *settings, CgTranslation **preview);

/* Asks whether an RGB copy of an indexed image shall be translated. */
gboolean cg_window_offer_copy (void);
