/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window in which an artist points at a model file. */
#pragma once

#include <gtk/gtk.h>

/**
 * cg_model_chooser_run:
 * @widget: whose window waits meanwhile
 * @foreign: whether PyTorch files are shown as well
 *
 * Returns: (transfer full): a path, or NULL if the artist thought better of it.
 */
char *cg_model_chooser_run (GtkWidget *widget, const char *title, gboolean foreign);
