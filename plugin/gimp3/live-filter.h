/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A live filter: GIMP itself runs the operation cyclegan:translate on a layer, so that it can be changed or removed later. */
#pragma once

#include <libgimp/gimp.h>

#include "settings.h"

#define CG_LIVE_OPERATION "cyclegan:translate"

/* Whether GIMP can have the filter on this layer. The error says why not. */
gboolean cg_live_filter_check_drawable (GimpDrawable *drawable, GError **error);

/**
 * cg_live_filter_check_model:
 * @model: as in CgSettings
 *
 * GIMP leaves out silently what it cannot load, so the model is read here first. The error says why not.
 */
gboolean cg_live_filter_check_model (const char *model, GError **error);

/* Both checks have been passed. Fails with CG_ERROR_UNSUPPORTED if GIMP does not find the operation. */
gboolean cg_live_filter_append (GimpDrawable *drawable, const CgSettings *settings, GError **error);
