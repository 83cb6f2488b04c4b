/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgControls: the widgets for everything in CgSettings but the model, and the settings that they stand for. */
#pragma once

#include <gtk/gtk.h>

#include "settings.h"

typedef struct _CgControls CgControls;

/**
 * cg_controls_new:
 * @short_side: of the picture: finer than its pixels is nothing that an artist could want
 * @outputs: how many of CgOutput this GIMP has
 * @changed: called when any of them has changed
 *
 * Belongs to its widget and goes with it.
 */
CgControls *cg_controls_new (const CgSettings *settings, int short_side, guint outputs, void (*changed) (gpointer data),
                             gpointer data);
GtkWidget *cg_controls_get_widget (CgControls *controls);

/* An output that cannot be had says why, and gives way to a new layer. @reason: (nullable): it can be had. */
void cg_controls_set_refusal (CgControls *controls, CgOutput output, const char *reason);

/* What stands beside the stroke size. */
void cg_controls_set_pixels (CgControls *controls, const char *text);

/* Shows @settings, but for the model. Nobody is told more than once. */
void cg_controls_set (CgControls *controls, const CgSettings *settings);

/* Overwrites all of @settings but the model. */
void cg_controls_get (CgControls *controls, CgSettings *settings);
