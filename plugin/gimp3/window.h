/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of GIMP 3 around CgDialog, with the buttons that every filter has. */
#pragma once

#include <libgimp/gimp.h>

#include "translation.h"

/**
 * cg_window_run:
 * @drawable: one that cg_apply_check_source() lets pass
 * @settings: shown first, and overwritten by what was chosen
 * @preview: (out) (transfer full): what the last preview computed, or NULL
 *
 * Returns: FALSE if the artist cancelled.
 */
gboolean cg_window_run (GimpDrawable *drawable, CgSettings *settings, CgTranslation **preview);
