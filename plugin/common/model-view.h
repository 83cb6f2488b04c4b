/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelView: the list of models in a dialog, with what brings more of them. */
#pragma once

#include <gtk/gtk.h>

#include "model-entry.h"

/* Of the list, in pixels. */
#define CG_MODEL_VIEW_WIDTH 340

typedef struct _CgModelView CgModelView;

/**
 * cg_model_view_new:
 * @chosen: name or path; stays chosen even if it has vanished, for nothing else may silently take its place
 * @changed: called when another model was chosen
 *
 * Belongs to its widget and goes with it.
 */
CgModelView *cg_model_view_new (const char *chosen, void (*changed) (gpointer data), gpointer data);
GtkWidget *cg_model_view_get_widget (CgModelView *view);

/* The list takes what is typed. */
void cg_model_view_focus (CgModelView *view);

/* Name or path; "" if none. (transfer none) */
const char *cg_model_view_get_chosen (CgModelView *view);

/* Why the chosen model cannot be used, as far as its header and its place tell; NULL if it can. (transfer none) */
const char *cg_model_view_get_problem (CgModelView *view);

/* The same, if it is the model's file that is wrong. */
const char *cg_model_view_get_defect (CgModelView *view);
