/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDetails: a GtkExpander over text that can be selected, and a button that copies all of it. */
#include "details.h"

#include <cyclegan.h>
#include <gegl.h>
#include <glib/gi18n-lib.h>

#include "text-scale.h"

#define WIDTH 340
#define HEIGHT 110

#define KEY "cg-details-text"

static void
on_copy (GtkButton *button, gpointer buffer)
{
  GtkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (button), GDK_SELECTION_CLIPBOARD);
  GtkTextIter begin, end;
  g_autofree char *text = NULL;

  gtk_text_buffer_get_bounds (buffer, &begin, &end);
  text = gtk_text_buffer_get_text (buffer, &begin, &end, FALSE);
  gtk_clipboard_set_text (clipboard, text, -1);
  gtk_clipboard_set_can_store (clipboard, NULL, 0); /* this process will be gone soon */
}

GtkWidget *
cg_details_new (void)
{
  GtkWidget *expander = gtk_expander_new (_ ("Details"));
  GtkWidget *box = gtk_vbox_new (FALSE, 6);
  GtkWidget *row = gtk_hbox_new (FALSE, 6);
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL);
  GtkWidget *view = gtk_text_view_new ();
  GtkWidget *copy = gtk_button_new_with_label (_ ("Copy"));
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));

  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_AUTOMATIC, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (scrolled), GTK_SHADOW_IN);
  gtk_widget_set_size_request (scrolled, cg_text_scale (WIDTH), cg_text_scale (HEIGHT));
  gtk_container_add (GTK_CONTAINER (scrolled), view);
  gtk_box_pack_start (GTK_BOX (box), scrolled, TRUE, TRUE, 0);
  gtk_box_pack_end (GTK_BOX (row), copy, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), row, FALSE, FALSE, 0);
  gtk_container_add (GTK_CONTAINER (expander), box);
  gtk_widget_show_all (box);
  gtk_widget_set_no_show_all (expander, TRUE);
  g_object_set_data (G_OBJECT (expander), KEY, buffer);
  g_signal_connect (copy, "clicked", G_CALLBACK (on_copy), buffer);
  return expander;
}

/* In English but for the problem, for it goes to those who mend the program. */
static char *
report (const char *problem, const char *model)
{
  GString *text = g_string_new (problem);
  int major, minor, micro;
  CgAbout about;

  gegl_get_version (&major, &minor, &micro);
  if (model && *model)
    {
      g_autofree char *name = g_filename_display_name (model);

      g_string_append_printf (text, "\n\nmodel: %s", name);
    }
  g_string_append_printf (text, "\ngimp-cyclegan %s, GEGL %d.%d.%d, GTK %d.%d", CG_VERSION, major, minor, micro,
                          GTK_MAJOR_VERSION, GTK_MINOR_VERSION);
  if (cg_about_get (&about, NULL))
    g_string_append_printf (text, "\nkernel %s, BLIS %s, %d threads", about.kernel, about.blis_version,
                            about.n_threads);
  return g_string_free (text, FALSE);
}

void
cg_details_set (GtkWidget *details, const char *problem, const char *model)
{
  if (problem)
    {
      g_autofree char *text = report (problem, model);

      gtk_text_buffer_set_text (g_object_get_data (G_OBJECT (details), KEY), text, -1);
    }
  gtk_widget_set_visible (details, problem != NULL);
}

void
cg_details_complain (GtkWidget *widget, const char *what, const GError *error)
{
  GtkWidget *top = gtk_widget_get_toplevel (widget);
  GtkWidget *box
      = gtk_message_dialog_new (GTK_WINDOW (top), GTK_DIALOG_MODAL, GTK_MESSAGE_ERROR, GTK_BUTTONS_CLOSE, "%s", what);
  GtkWidget *details = cg_details_new ();

  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (box), "%s", error->message);
  gtk_box_pack_end (GTK_BOX (gtk_message_dialog_get_message_area (GTK_MESSAGE_DIALOG (box))), details, TRUE, TRUE, 0);
  cg_details_set (details, error->message, NULL);
  gtk_dialog_run (GTK_DIALOG (box));
  gtk_widget_destroy (box);
}
