/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From drawables of GIMP 3 to translated ones: what can be done to which, and doing it in one step of the history. */
#pragma once

#include <libgimp/gimp.h>

#include "translation.h"

/* Whether the drawable can be a source at all. The error says why not, and what to do instead. */
gboolean cg_apply_check_source (GimpDrawable *drawable, GError **error);

/* Whether the result can go there. The error says why not, and what to do instead. */
gboolean cg_apply_check_output (GimpDrawable *drawable, CgOutput output, GError **error);

/* Shows a copy of the image in RGB. Returns: (transfer full): NULL-terminated, the drawables in it. */
GimpDrawable **cg_apply_copy_as_rgb (GimpImage *image, GimpDrawable **drawables, GimpImage **copy);

/**
 * cg_apply:
 * @drawables: NULL-terminated, one at least; all are checked first
 * @settings: checked
 * @asked: whether the dialog has judged the first one, whose measure of time need not be repeated
 * @preview: (nullable): what a preview of the first one has computed, used if it fits
 *
 * Shows progress. Nothing of the image changes before all is computed, and then in one step of its history.
 * Returns: (transfer container): NULL-terminated, the layers that have the results; the drawables themselves where these
 * were replaced or got a live filter.
 */
GimpLayer **cg_apply (GimpImage *image, GimpDrawable **drawables, const CgSettings *settings, gboolean asked,
                      CgTranslation *preview, GError **error);
