/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the artist what to do with a drawable of GIMP 2.10. */
#pragma once

#include "translation.h"

/**
 * cg_window_run:
 * @drawable: (inout): one that cg_apply_check_source() lets pass; its twin in RGB if the artist preferred that
 * @settings: shown first, and overwritten by what was chosen
 * @preview: (out) (transfer full): what the last preview computed, or NULL
 *
 * Returns: FALSE if the artist cancelled.
 */
gboolean cg_window_run (gint32 *drawable, CgSettings *settings, CgTranslation **preview);

/* Asks whether an RGB copy of an indexed image shall be translated. */
gboolean cg_window_offer_copy (void);
