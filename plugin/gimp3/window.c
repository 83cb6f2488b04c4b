/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the artist: a GimpDialog with Reset, Cancel and OK. */
#include "window.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimpui.h>

#include "apply.h"
#include "dialog.h"

#define RESPONSE_RESET 1

static void
on_ready (gboolean ready, gpointer window)
{
  gtk_dialog_set_response_sensitive (GTK_DIALOG (window), GTK_RESPONSE_OK, ready);
}

static GtkWidget *
new_window (void)
{
  GtkWidget *window
      = gimp_dialog_new (_ ("Neural Translation (CycleGAN)"), "cyclegan", NULL, 0, NULL, NULL, _ ("_Reset"),
                         RESPONSE_RESET, _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_OK"), GTK_RESPONSE_OK, NULL);

  gimp_dialog_set_alternative_button_order (GTK_DIALOG (window), GTK_RESPONSE_OK, RESPONSE_RESET, GTK_RESPONSE_CANCEL,
                                            -1);
  gtk_dialog_set_default_response (GTK_DIALOG (window), GTK_RESPONSE_OK);
  gimp_window_set_transient (GTK_WINDOW (window));
  return window;
}

gboolean
cg_window_run (GimpDrawable *drawable, CgSettings *settings, CgTranslation **preview)
{
  CgDialogSource source
      = { .selection = { 0, 0, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable) } };
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (drawable);
  g_autoptr (GError) no_replacing = NULL;
  GtkWidget *window;
  CgDialog *dialog;
  int response;

  gimp_ui_init ("cyclegan");
  gimp_drawable_mask_intersect (drawable, &source.selection.x, &source.selection.y, &source.selection.width,
                                &source.selection.height);
  source.buffer = buffer;
  if (!cg_apply_check_output (drawable, CG_OUTPUT_REPLACE, &no_replacing))
    source.no_replacing = no_replacing->message;
  if (gimp_drawable_is_gray (drawable))
    source.note
        = _ ("This layer is grey, and so will its translation be. For colours, convert the image to RGB first.");

  window = new_window ();
  dialog = cg_dialog_new (&source, settings, on_ready, window);
  gtk_box_pack_start (GTK_BOX (gtk_dialog_get_content_area (GTK_DIALOG (window))), cg_dialog_get_widget (dialog), TRUE,
                      TRUE, 0);
  gtk_widget_show_all (window);
  while ((response = gimp_dialog_run (GIMP_DIALOG (window))) == RESPONSE_RESET)
    cg_dialog_reset (dialog);
  cg_dialog_get_settings (dialog, settings);
  *preview = cg_dialog_get_translation (dialog);
  gtk_widget_destroy (window);
  return response == GTK_RESPONSE_OK;
}
