/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file chooser that shows what can be a model, ours or one of PyTorch's. */
#include "model-chooser.h"

#include <glib/gi18n-lib.h>

static const char *const foreign_patterns[] = { "*.pth", "*.pt", "*.ckpt", "*.bin" };

char *
cg_model_chooser_run (GtkWidget *widget, const char *title, gboolean foreign)
{
  GtkWidget *top = gtk_widget_get_toplevel (widget);
  GtkWidget *chooser
      = gtk_file_chooser_dialog_new (title, GTK_IS_WINDOW (top) ? GTK_WINDOW (top) : NULL, GTK_FILE_CHOOSER_ACTION_OPEN,
                                     _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Open"), GTK_RESPONSE_ACCEPT, NULL);
  GtkFileFilter *filter = gtk_file_filter_new ();
  char *path = NULL;

  gtk_file_filter_set_name (filter, foreign ? _ ("Models and PyTorch files") : _ ("Models (*.safetensors)"));
  gtk_file_filter_add_pattern (filter, "*.safetensors");
  for (guint i = 0; foreign && i < G_N_ELEMENTS (foreign_patterns); i++)
    gtk_file_filter_add_pattern (filter, foreign_patterns[i]);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  gtk_dialog_set_default_response (GTK_DIALOG (chooser), GTK_RESPONSE_ACCEPT);
  if (gtk_dialog_run (GTK_DIALOG (chooser)) == GTK_RESPONSE_ACCEPT)
    path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  gtk_widget_destroy (chooser);
  return path;
}
