/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDetails: what a report about a failure should hold beside its reason, folded away until somebody wants to copy it. */
#pragma once

#include <gtk/gtk.h>

/* (transfer floating): hidden as long as there is no problem. */
GtkWidget *cg_details_new (void);

/**
 * cg_details_set:
 * @details: from cg_details_new()
 * @problem: (nullable): as the artist reads it, file and reason; NULL hides the widget
 * @model: (nullable): name or path of the model that is meant
 */
void cg_details_set (GtkWidget *details, const char *problem, const char *model);

/* Says in a window above that of @widget @what went wrong, and why, until it is closed. */
void cg_details_complain (GtkWidget *widget, const char *what, const GError *error);
