/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A live filter: GIMP itself runs the operation cyclegan:translate on a layer, so that it can be changed or removed later. */
#pragma once

#include <libgimp/gimp.h>

#include "settings.h"

#define CG_LIVE_OPERATION "cyclegan:translate"

/**
 * cg_live_filter_check_model:
 * @model: as in CgSettings
 *
 * GIMP leaves out silently what it cannot load, so the model is read here first. The error says why not.
 */
gboolean cg_live_filter_check_model (const char *model, GError **error);

/**
 * cg_live_filter_check_time:
 * @drawables: NULL-terminated; may be none
 *
 * Measures the model: GIMP computes the filter again at every stroke of a brush. The error says how long it would take for which drawable.
 */
gboolean cg_live_filter_check_time (GimpDrawable **drawables, const CgSettings *settings, GError **error);

/* All checks have been passed. Fails with CG_ERROR_UNSUPPORTED if GIMP does not find the operation. */
gboolean cg_live_filter_append (GimpDrawable *drawable, const CgSettings *settings, GError **error);
