/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a drawable of GIMP 2.10 to a translated one: what can be done to which, and doing it in one step of the history. */
#pragma once

#include <libgimp/gimp.h>

#include "translation.h"

/* Whether the drawable can be a source at all. The error says why not, and what to do instead. */
gboolean cg_apply_check_source (gint32 drawable, GError **error);

/* Whether the result can go there. The error says why not, and what to do instead. */
gboolean cg_apply_check_output (gint32 drawable, CgOutput output, GError **error);

/* (transfer full): the pixels of a layer in the image's colour space, which libgimp 2.0 does not tell. */
GeglBuffer *cg_apply_get_buffer (gint32 drawable);

/* Shows a copy of the image in RGB. Returns: the drawable in it, or -1. */
gint32 cg_apply_copy_as_rgb (gint32 drawable);

/**
 * cg_apply:
 * @settings: checked
 * @preview: (nullable): what a preview has computed, used if it fits
 * @result: (out): the layer that has the result; @drawable itself if that was replaced
 *
 * Shows progress. Nothing of the image changes before all is computed, and then in one step of its history.
 */
gboolean cg_apply (gint32 drawable, const CgSettings *settings, CgTranslation *preview, gint32 *result, GError **error);
