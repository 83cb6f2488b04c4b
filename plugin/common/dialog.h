/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDialog: everything inside the window, in the common subset of GTK 2 and 3; window and buttons are the shell's. */
#pragma once

#include <gegl.h>
#include <gtk/gtk.h>

#include "translation.h"

/**
 * CgDialogSource: what is to be translated; the buffer is kept by reference, the rest copied.
 * @selection: the part that is selected, all of it where nothing is
 * @outputs: how many of CgOutput this GIMP has
 * @no_replacing: (nullable): why it cannot be replaced
 * @no_live: (nullable): why there can be no live filter on it, however fast the model is
 * @note: (nullable): what the artist should know about this source
 */
typedef struct
{
  GeglBuffer *buffer;
  GeglRectangle selection;
  guint outputs;
  const char *no_replacing;
  const char *no_live;
  const char *note;
} CgDialogSource;

typedef struct _CgDialog CgDialog;

/**
 * cg_dialog_new:
 * @settings: what the controls show first; copied
 * @ready: called when it turns out that it can be applied, or cannot
 *
 * Belongs to its widget and goes with it.
 */
CgDialog *cg_dialog_new (const CgDialogSource *source, const CgSettings *settings,
                         void (*ready) (gboolean ready, gpointer data), gpointer data);
GtkWidget *cg_dialog_get_widget (CgDialog *dialog);

/* Overwrites @settings, which are initialised, with what the controls show. */
void cg_dialog_get_settings (CgDialog *dialog, CgSettings *settings);

/* All controls but the model back to their defaults. */
void cg_dialog_reset (CgDialog *dialog);

/* (transfer full): what the last preview computed, for cg_translation_fits() to judge; NULL without one. */
CgTranslation *cg_dialog_get_translation (CgDialog *dialog);

/* (transfer full): the translated half of what the preview shows, for tests; NULL without a preview. */
GdkPixbuf *cg_dialog_get_after (CgDialog *dialog);
