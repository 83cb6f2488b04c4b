/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDialog: models to the left, the preview to the right, below it what can be set. Nothing but the preview button asks the network. */
#include "dialog.h"

#include <glib/gi18n-lib.h>

#include "model-view.h"
#include "preview.h"

/* Of what every pixel means: a part that takes seconds. */
#define CROP_SIZE 512

struct _CgDialog
{
  GtkWidget *box;
  CgModelView *models;
  CgPreview *preview;
  GtkWidget *run;
  GtkWidget *progress;
  GtkWidget *message;
  GtkWidget *size_mode;
  GtkWidget *size;
  GtkWidget *strength;
  GtkWidget *output;
  GeglBuffer *buffer;
  GeglRectangle selection;
  gboolean can_replace;
  CgTranslation *translation;
  GCancellable *running;
  void (*ready) (gboolean ready, gpointer data);
  gpointer data;
};

/* What the network sees for the preview: what it would see for good, but for every pixel a part in the middle of the selection. */
static GeglRectangle
get_preview_area (CgDialog *dialog, const CgSettings *settings)
{
  GeglRectangle area = cg_settings_get_area (settings, gegl_buffer_get_width (dialog->buffer),
                                             gegl_buffer_get_height (dialog->buffer), &dialog->selection);

  if (settings->size_mode == CG_SIZE_FULL)
    {
      int width = MIN (area.width, CROP_SIZE), height = MIN (area.height, CROP_SIZE);

      area = (GeglRectangle){ area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height };
    }
  return area;
}

static gboolean
is_partial (CgDialog *dialog, const CgSettings *settings, const GeglRectangle *shown)
{
  GeglRectangle area = cg_settings_get_area (settings, gegl_buffer_get_width (dialog->buffer),
                                             gegl_buffer_get_height (dialog->buffer), &dialog->selection);

  return !gegl_rectangle_equal (&area, shown);
}

/* Keeps what is shown true to the controls: a preview of other settings goes. */
static void
update (CgDialog *dialog)
{
  const char *problem = cg_model_view_get_problem (dialog->models);
  CgSettings settings;
  GeglRectangle area;

  cg_settings_init (&settings);
  cg_dialog_get_settings (dialog, &settings);
  area = get_preview_area (dialog, &settings);
  gtk_widget_set_sensitive (dialog->size, settings.size_mode == CG_SIZE_SIZE);
  gtk_widget_set_sensitive (dialog->run, !problem);
  if (dialog->running)
    g_cancellable_cancel (dialog->running);
  if (!dialog->translation || !cg_translation_fits (dialog->translation, &settings, &area))
    {
      g_clear_pointer (&dialog->translation, cg_translation_unref);
      cg_preview_set_before (dialog->preview, dialog->buffer, &area);
      gtk_label_set_text (GTK_LABEL (dialog->message),
                          is_partial (dialog, &settings, &area)
                              ? _ ("The preview shows a part of the picture and is approximate.")
                              : "");
    }
  dialog->ready (!problem, dialog->data);
  cg_settings_clear (&settings);
}

static void
on_model_changed (gpointer data)
{
  update (data);
}

static void
on_strength_changed (GtkRange *range, gpointer data)
{
  CgDialog *dialog = data;

  cg_preview_set_strength (dialog->preview, gtk_range_get_value (range) / 100.0);
}

static void
on_progress (double done, gpointer data)
{
  CgDialog *dialog = data;

  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress), done);
}

/* What a run in the background holds on to: the dialog may be gone before it ends. */
typedef struct
{
  CgDialog *dialog;
  GtkWidget *box;
  CgTranslation *translation;
} Preview;

static void
on_preview_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Preview *run = data;
  g_autoptr (GError) error = NULL;
  gboolean done = cg_translation_finish (result, &error);

  if (run->box)
    {
      CgDialog *dialog = run->dialog;

      g_object_remove_weak_pointer (G_OBJECT (run->box), (gpointer *)&run->box);
      g_clear_object (&dialog->running);
      gtk_button_set_label (GTK_BUTTON (dialog->run), _ ("_Preview"));
      gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress), 0.0);
      if (done)
        {
          dialog->translation = cg_translation_ref (run->translation);
          cg_preview_set_after (dialog->preview, run->translation);
        }
      else if (!g_error_matches (error, CG_ERROR, CG_ERROR_CANCELLED))
        gtk_label_set_text (GTK_LABEL (dialog->message), error->message);
      update (dialog);
    }
  cg_translation_unref (run->translation);
  g_free (run);
}

static void
on_run (GtkButton *button, gpointer data)
{
  CgDialog *dialog = data;
  g_autoptr (CgTranslation) translation = NULL;
  g_autoptr (GError) error = NULL;
  CgSettings settings;
  GeglRectangle area;

  if (dialog->running)
    {
      g_cancellable_cancel (dialog->running);
      return;
    }
  cg_settings_init (&settings);
  cg_dialog_get_settings (dialog, &settings);
  area = get_preview_area (dialog, &settings);
  translation = cg_translation_new (dialog->buffer, &area, &error);
  if (translation)
    {
      Preview *run = g_new0 (Preview, 1);

      run->dialog = dialog;
      run->box = dialog->box;
      run->translation = cg_translation_ref (translation);
      g_object_add_weak_pointer (G_OBJECT (run->box), (gpointer *)&run->box);
      dialog->running = g_cancellable_new ();
      gtk_button_set_label (button, _ ("Sto_p"));
      cg_translation_start (translation, &settings, dialog->running, on_progress, dialog, on_preview_done, run);
    }
  else
    gtk_label_set_text (GTK_LABEL (dialog->message), error->message);
  cg_settings_clear (&settings);
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgDialog *dialog = data;

  if (dialog->running)
    g_cancellable_cancel (dialog->running);
  g_clear_object (&dialog->running);
  g_clear_pointer (&dialog->translation, cg_translation_unref);
  g_object_unref (dialog->buffer);
  g_free (dialog);
}

static void
attach (GtkWidget *table, guint row, const char *text, GtkWidget *widget)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (text);

  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.5f);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), widget);
  gtk_table_attach (GTK_TABLE (table), label, 0, 1, row, row + 1, GTK_FILL, GTK_FILL, 0, 0);
  gtk_table_attach (GTK_TABLE (table), widget, 1, 2, row, row + 1, GTK_EXPAND | GTK_FILL, GTK_FILL, 0, 0);
}

static GtkWidget *
build_controls (CgDialog *dialog, const char *no_replacing)
{
  GtkWidget *table = gtk_table_new (4, 2, FALSE);

  gtk_table_set_row_spacings (GTK_TABLE (table), 6);
  gtk_table_set_col_spacings (GTK_TABLE (table), 6);

  dialog->size_mode = gtk_combo_box_text_new ();
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (dialog->size_mode), _ ("Automatic"));
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (dialog->size_mode), _ ("Short side as given"));
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (dialog->size_mode), _ ("Every pixel (finest, slow)"));
  attach (table, 0, _ ("S_troke size:"), dialog->size_mode);

  dialog->size = gtk_spin_button_new_with_range (16.0, 8192.0, 16.0);
  gtk_widget_set_tooltip_text (dialog->size,
                               _ ("How large the network sees the picture: small means bold strokes, large "
                                  "means fine ones"));
  attach (table, 1, _ ("Short si_de (pixels):"), dialog->size);

  dialog->strength = gtk_hscale_new_with_range (0.0, 100.0, 1.0);
  gtk_scale_set_value_pos (GTK_SCALE (dialog->strength), GTK_POS_RIGHT);
  attach (table, 2, _ ("Stren_gth (%):"), dialog->strength);

  dialog->output = gtk_combo_box_text_new ();
  gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (dialog->output), _ ("New layer above"));
  if (!no_replacing)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (dialog->output), _ ("Replace this layer"));
  gtk_widget_set_tooltip_text (dialog->output, no_replacing);
  attach (table, 3, _ ("O_utput:"), dialog->output);
  return table;
}

static void
show_settings (CgDialog *dialog, const CgSettings *settings)
{
  gtk_combo_box_set_active (GTK_COMBO_BOX (dialog->size_mode), (int)settings->size_mode);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (dialog->size), settings->size);
  gtk_range_set_value (GTK_RANGE (dialog->strength), 100.0 * settings->strength);
  gtk_combo_box_set_active (GTK_COMBO_BOX (dialog->output), dialog->can_replace ? (int)settings->output : 0);
}

static GtkWidget *
add_label (GtkWidget *box, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.5f);
  gtk_widget_set_size_request (label, 420, -1);
  gtk_box_pack_start (GTK_BOX (box), label, FALSE, FALSE, 0);
  return label;
}

static GtkWidget *
build_right (CgDialog *dialog, const CgDialogSource *source)
{
  GtkWidget *right = gtk_vbox_new (FALSE, 6);
  GtkWidget *row = gtk_hbox_new (FALSE, 6);

  dialog->preview = cg_preview_new ();
  gtk_box_pack_start (GTK_BOX (right), cg_preview_get_widget (dialog->preview), TRUE, TRUE, 0);
  dialog->run = gtk_button_new_with_mnemonic (_ ("_Preview"));
  dialog->progress = gtk_progress_bar_new ();
  gtk_box_pack_start (GTK_BOX (row), dialog->run, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), dialog->progress, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (right), row, FALSE, FALSE, 0);
  dialog->message = add_label (right, "");
  gtk_box_pack_start (GTK_BOX (right), build_controls (dialog, source->no_replacing), FALSE, FALSE, 0);
  if (source->note)
    add_label (right, source->note);
  return right;
}

CgDialog *
cg_dialog_new (const CgDialogSource *source, const CgSettings *settings, void (*ready) (gboolean ready, gpointer data),
               gpointer data)
{
  CgDialog *dialog = g_new0 (CgDialog, 1);

  dialog->buffer = g_object_ref (source->buffer);
  dialog->selection = source->selection;
  dialog->can_replace = !source->no_replacing;
  dialog->ready = ready;
  dialog->data = data;
  dialog->box = gtk_hbox_new (FALSE, 12);
  gtk_container_set_border_width (GTK_CONTAINER (dialog->box), 12);
  dialog->models = cg_model_view_new (settings->model, on_model_changed, dialog);
  gtk_box_pack_start (GTK_BOX (dialog->box), cg_model_view_get_widget (dialog->models), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (dialog->box), build_right (dialog, source), TRUE, TRUE, 0);
  show_settings (dialog, settings);
  cg_preview_set_strength (dialog->preview, settings->strength);

  g_signal_connect (dialog->run, "clicked", G_CALLBACK (on_run), dialog);
  g_signal_connect_swapped (dialog->size_mode, "changed", G_CALLBACK (update), dialog);
  g_signal_connect_swapped (dialog->size, "value-changed", G_CALLBACK (update), dialog);
  g_signal_connect (dialog->strength, "value-changed", G_CALLBACK (on_strength_changed), dialog);
  g_signal_connect (dialog->box, "destroy", G_CALLBACK (on_destroy), dialog);
  update (dialog);
  return dialog;
}

GtkWidget *
cg_dialog_get_widget (CgDialog *dialog)
{
  return dialog->box;
}

void
cg_dialog_get_settings (CgDialog *dialog, CgSettings *settings)
{
  g_free (settings->model);
  settings->model = g_strdup (cg_model_view_get_chosen (dialog->models));
  settings->size_mode = (CgSizeMode)gtk_combo_box_get_active (GTK_COMBO_BOX (dialog->size_mode));
  settings->size = gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (dialog->size));
  settings->strength = gtk_range_get_value (GTK_RANGE (dialog->strength)) / 100.0;
  settings->output = (CgOutput)gtk_combo_box_get_active (GTK_COMBO_BOX (dialog->output));
}

void
cg_dialog_reset (CgDialog *dialog)
{
  CgSettings settings;

  cg_settings_init (&settings);
  show_settings (dialog, &settings);
  cg_settings_clear (&settings);
}

CgTranslation *
cg_dialog_get_translation (CgDialog *dialog)
{
  return dialog->translation ? cg_translation_ref (dialog->translation) : NULL;
}
