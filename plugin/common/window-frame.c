/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the artist: a GimpDialog with Help, Reset, Cancel and OK. */
#include "window-frame.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#include "help.h"

#define HELP_ID "plug-in-cyclegan-translate"

enum
{
  RESPONSE_RESET = 1,
  RESPONSE_COPY
};

static void
on_ready (gboolean ready, gpointer window)
{
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_OK, ready);
}

static GtkWidget *
new_window (gboolean grey)
{
  GtkWidget *window = gimp_dialog_new (_ ("Neural Translation (CycleGAN)"), "cyclegan", NULL, 0, cg_help_show, HELP_ID,
                                       _ ("_Reset"), RESPONSE_RESET, NULL);

  if (grey)
    gimp_dialog_add_button (GIMP_DIALOG (window), _ ("RGB Cop_y"), RESPONSE_COPY);
  gimp_dialog_add_button (GIMP_DIALOG (window), _ ("_Cancel"), GTK_RESPONSE_CANCEL);
  gimp_dialog_add_button (GIMP_DIALOG (window), _ ("_OK"), GTK_RESPONSE_OK);
  gtk_dialog_set_alternative_button_order (GTK_DIALOG (window), GTK_RESPONSE_OK, RESPONSE_RESET, GTK_RESPONSE_CANCEL,
                                           -1);
  gtk_dialog_set_default_response (GTK_DIALOG (window), GTK_RESPONSE_OK);
  gimp_window_set_transient (GTK_WINDOW (window));
  return window;
}

CgWindowAnswer
cg_window_frame_run (CgDialogSource *source, gboolean grey, CgSettings *settings, CgTranslation **preview)
{
  GtkWidget *window = new_window (grey);
  CgDialog *dialog;
  int response;

  if (grey)
    source->note
        = _ ("This layer is grey, and so will its translation be. “RGB Copy” opens a copy of the image that can "
             "have colours.");
  dialog = cg_dialog_new (source, settings, on_ready, window);
  gtk_box_pack_start (GTK_BOX (gtk_dialog_get_content_area (GTK_DIALOG (window))), cg_dialog_get_widget (dialog), TRUE,
                      TRUE, 0);
  gtk_widget_show_all (window);
  while ((response = gimp_dialog_run (GIMP_DIALOG (window))) == RESPONSE_RESET)
    cg_dialog_reset (dialog);
  cg_dialog_get_settings (dialog, settings);
  *preview = cg_dialog_get_translation (dialog);
  gtk_widget_destroy (window);
  return response == GTK_RESPONSE_OK ? CG_WINDOW_OK : response == RESPONSE_COPY ? CG_WINDOW_COPY : CG_WINDOW_CANCEL;
}

gboolean
cg_window_frame_offer_copy (void)
{
  GtkWidget *box = gtk_message_dialog_new (NULL, GTK_DIALOG_MODAL, GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, "%s",
                                           _ ("Translate a copy of the image in RGB?"));
  gboolean accepted;

  gtk_message_dialog_format_secondary_text (
      GTK_MESSAGE_DIALOG (box), "%s",
      _ ("This image is indexed: it has no colours but those of its palette. It stays as it is."));
  gtk_window_set_title (GTK_WINDOW (box), _ ("Neural Translation (CycleGAN)"));
  gtk_dialog_add_buttons (GTK_DIALOG (box), _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("RGB Cop_y"), GTK_RESPONSE_OK, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (box), GTK_RESPONSE_OK);
  gimp_window_set_transient (GTK_WINDOW (box));
  accepted = gtk_dialog_run (GTK_DIALOG (box)) == GTK_RESPONSE_OK;
  gtk_widget_destroy (box);
  return accepted;
}
