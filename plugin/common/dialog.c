/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDialog: the preview to the left, models and controls to the right. Nothing but the preview button asks the network. */
#include "dialog.h"

#include <glib/gi18n-lib.h>

#include "controls.h"
#include "details.h"
#include "model-cost.h"
#include "model-view.h"
#include "preview.h"
#include "text-scale.h"

struct _CgDialog
{
  GtkWidget *box;
  CgModelView *models;
  CgControls *controls;
  CgPreview *preview;
  GtkWidget *run;
  GtkWidget *progress;
  GtkWidget *message;
  GtkWidget *details; /* of the last failure that the labels tell */
  GtkWidget *estimate;
  GeglBuffer *buffer;
  GeglRectangle selection;
  char *no_live;
  char *priced; /* the model that @cost or @problem is about; "" before the first */
  CgModelCost *cost;
  char *problem; /* why the model cannot be loaded */
  GCancellable *pricing;
  CgTranslation *translation;
  GCancellable *running;
  CgSettings settings; /* what the controls show */
  void (*ready) (gboolean ready, gpointer data);
  gpointer data;
};

/* What a thread's callback holds on to: the dialog may be gone before it comes. */
typedef struct
{
  CgDialog *dialog; /* NULL when it has gone */
  GtkWidget *box;
  CgTranslation *translation;
  CgEstimate estimate;
  GCancellable *cancellable;
} Errand;

static void update (CgDialog *dialog);

static Errand *
errand_new (CgDialog *dialog, GCancellable *cancellable)
{
  Errand *errand = g_new0 (Errand, 1);

  errand->dialog = dialog;
  errand->box = dialog->box;
  errand->cancellable = g_object_ref (cancellable);
  g_object_add_weak_pointer (G_OBJECT (errand->box), (gpointer *)&errand->box);
  return errand;
}

static void
errand_free (Errand *errand)
{
  if (errand->box)
    g_object_remove_weak_pointer (G_OBJECT (errand->box), (gpointer *)&errand->box);
  g_clear_pointer (&errand->translation, cg_translation_unref);
  g_object_unref (errand->cancellable);
  g_free (errand);
}

/* --- what the network reads ------------------------------------------------------------------------------------------------------ */

static GeglRectangle
get_area (CgDialog *dialog)
{
  return cg_settings_get_area (&dialog->settings, gegl_buffer_get_width (dialog->buffer),
                               gegl_buffer_get_height (dialog->buffer), &dialog->selection);
}

/* What it reads for the preview: what it would read for good, but for every pixel only what can be seen of them. */
static GeglRectangle
get_preview_area (CgDialog *dialog)
{
  GeglRectangle area = get_area (dialog);
  int x, y;

  if (dialog->settings.size_mode == CG_SIZE_FULL)
    {
      int width = MIN (area.width, cg_text_scale (CG_PREVIEW_WIDTH));
      int height = MIN (area.height, cg_text_scale (CG_PREVIEW_HEIGHT));

      cg_preview_get_centre (dialog->preview, &x, &y);
      area.x = CLAMP (x - width / 2, area.x, area.x + area.width - width);
      area.y = CLAMP (y - height / 2, area.y, area.y + area.height - height);
      area.width = width;
      area.height = height;
    }
  return area;
}

/* --- what it will take ----------------------------------------------------------------------------------------------------------- */

static void
on_priced (GObject *object, GAsyncResult *result, gpointer data)
{
  Errand *errand = data;
  g_autoptr (GError) error = NULL;
  CgModelCost *cost = cg_model_cost_finish (result, &error);

  if (errand->box && errand->dialog->pricing == errand->cancellable)
    {
      CgDialog *dialog = errand->dialog;

      g_clear_object (&dialog->pricing);
      dialog->cost = g_steal_pointer (&cost);
      if (error)
        dialog->problem = g_strdup (error->message);
      update (dialog);
    }
  g_clear_pointer (&cost, cg_model_cost_free);
  errand_free (errand);
}

/* Loads another model as soon as it is chosen. */
static void
price (CgDialog *dialog)
{
  if (g_str_equal (dialog->priced, dialog->settings.model))
    return;
  if (dialog->pricing)
    g_cancellable_cancel (dialog->pricing);
  g_clear_object (&dialog->pricing);
  g_clear_pointer (&dialog->cost, cg_model_cost_free);
  g_clear_pointer (&dialog->problem, g_free);
  g_free (dialog->priced);
  dialog->priced = g_strdup (dialog->settings.model);
  if (!*dialog->priced || cg_model_view_get_problem (dialog->models))
    return;
  dialog->pricing = g_cancellable_new ();
  cg_model_cost_start (dialog->priced, dialog->pricing, on_priced, errand_new (dialog, dialog->pricing));
}

static char *
describe_time (double seconds)
{
  if (seconds < 1.0)
    return g_strdup (_ ("less than a second"));
  if (seconds < 90.0)
    return g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE, "about %d second", "about %d seconds", (gulong)(seconds + 0.5)),
        (int)(seconds + 0.5));
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "about %d minute", "about %d minutes", (gulong)(seconds / 60.0 + 0.5)),
      (int)(seconds / 60.0 + 0.5));
}

/* Why a live filter cannot be had; (transfer none). */
static const char *
get_live_refusal (CgDialog *dialog, const CgEstimate *estimate)
{
  if (dialog->no_live)
    return dialog->no_live;
  if (strchr (dialog->settings.model, G_DIR_SEPARATOR))
    return _ ("A live filter needs an installed model, for the image file holds its name only.");
  if (estimate->network_seconds + estimate->finish_seconds > CG_MODEL_COST_LIVE_SECONDS)
    return _ ("It would run at every stroke of a brush, and with this model and size that takes more than a second.");
  return NULL;
}

static void
show_estimate (CgDialog *dialog)
{
  GeglRectangle area = get_area (dialog);
  g_autoptr (GError) error = NULL;
  g_autofree char *pixels = NULL, *size = NULL, *time = NULL, *text = NULL;
  CgEstimate estimate;

  if (!dialog->cost)
    {
      cg_controls_set_pixels (dialog->controls, "");
      gtk_label_set_text (GTK_LABEL (dialog->estimate), dialog->pricing ? _ ("Loading the model…") : "");
      return;
    }
  if (!cg_model_cost_estimate (dialog->cost, &dialog->settings, area.width, area.height, &estimate, &error))
    {
      cg_controls_set_pixels (dialog->controls, "");
      gtk_label_set_text (GTK_LABEL (dialog->estimate), error->message);
      cg_details_set (dialog->details, error->message, dialog->settings.model);
      return;
    }
  /* Translators: width and height at which the network sees the picture. */
  pixels = g_strdup_printf (_ ("%d × %d pixels"), estimate.width, estimate.height);
  cg_controls_set_pixels (dialog->controls, pixels);
  cg_controls_set_refusal (dialog->controls, CG_OUTPUT_LIVE, get_live_refusal (dialog, &estimate));
  if (dialog->translation && cg_translation_fits (dialog->translation, &dialog->settings, &area))
    estimate.network_seconds = 0.0;
  time = describe_time (estimate.network_seconds + estimate.finish_seconds);
  size = g_format_size (estimate.bytes);
  /* Translators: what applying will take, "about 3 seconds", then "812 MB". */
  text = g_strdup_printf (_ ("Takes %s and %s of memory."), time, size);
  gtk_label_set_text (GTK_LABEL (dialog->estimate), text);
}

/* --- the preview ----------------------------------------------------------------------------------------------------------------- */

static void
show_note (CgDialog *dialog, gboolean partial)
{
  const char *text = "";

  if (dialog->problem)
    text = dialog->problem;
  else if (partial)
    text
        = _ ("The preview shows a part, of which alone the network sees the light and colours: it is approximate. Drag "
             "it to see another part.");
  gtk_label_set_text (GTK_LABEL (dialog->message), text);
  cg_details_set (dialog->details, dialog->problem ? dialog->problem : cg_model_view_get_defect (dialog->models),
                  dialog->settings.model);
}

/* A failure that belongs to no control. */
static void
tell_failure (CgDialog *dialog, const GError *error)
{
  gtk_label_set_text (GTK_LABEL (dialog->message), error->message);
  cg_details_set (dialog->details, error->message, dialog->settings.model);
}

/* Keeps what is shown true to the controls: a preview of what the network would see differently goes. */
static void
update (CgDialog *dialog)
{
  gboolean possible;
  GeglRectangle area, all;

  cg_dialog_get_settings (dialog, &dialog->settings);
  price (dialog);
  possible = !cg_model_view_get_problem (dialog->models) && !dialog->problem;
  area = get_preview_area (dialog);
  all = get_area (dialog);
  gtk_widget_set_sensitive (dialog->run, possible);
  cg_preview_set_settings (dialog->preview, &dialog->settings);
  cg_preview_set_area (dialog->preview, &area, dialog->settings.size_mode == CG_SIZE_FULL);
  if (dialog->translation && !cg_translation_fits (dialog->translation, &dialog->settings, &area))
    {
      g_clear_pointer (&dialog->translation, cg_translation_unref);
      cg_preview_set_translation (dialog->preview, NULL);
    }
  show_note (dialog, !gegl_rectangle_equal (&area, &all));
  show_estimate (dialog);
  dialog->ready (possible, dialog->data);
}

/* A run of what is no longer asked for is stopped; what the controls below the stroke size say is none of its business. */
static void
on_changed (gpointer data)
{
  CgDialog *dialog = data;
  g_auto (CgSettings) before = { 0 };

  cg_settings_copy (&before, &dialog->settings);
  update (dialog);
  if (dialog->running && !cg_settings_same_network (&before, &dialog->settings))
    g_cancellable_cancel (dialog->running);
}

static void
on_moved (gpointer data)
{
  CgDialog *dialog = data;

  if (dialog->running)
    g_cancellable_cancel (dialog->running);
  update (dialog);
}

static void
on_progress (double done, gpointer data)
{
  Errand *errand = data;

  if (errand->box)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (errand->dialog->progress), done);
}

static void
on_preview_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Errand *errand = data;
  CgDialog *dialog = errand->dialog;
  g_autoptr (GError) error = NULL;
  gboolean done = cg_translation_finish (result, &error);

  if (errand->box)
    {
      GeglRectangle area = get_preview_area (dialog);

      g_clear_object (&dialog->running);
      gtk_button_set_label (GTK_BUTTON (dialog->run), _ ("_Preview"));
      gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (dialog->progress), 0.0);
      if (done && cg_translation_fits (errand->translation, &dialog->settings, &area))
        {
          g_clear_pointer (&dialog->translation, cg_translation_unref);
          dialog->translation = cg_translation_ref (errand->translation);
          cg_preview_set_translation (dialog->preview, dialog->translation);
          if (dialog->cost && errand->estimate.width)
            cg_model_cost_learn (dialog->cost, &errand->estimate, cg_translation_get_seconds (dialog->translation));
        }
      update (dialog);
      if (error && !g_error_matches (error, CG_ERROR, CG_ERROR_CANCELLED))
        tell_failure (dialog, error);
    }
  errand_free (errand);
}

static void
on_run (GtkButton *button, gpointer data)
{
  CgDialog *dialog = data;
  GeglRectangle area = get_preview_area (dialog);
  g_autoptr (CgTranslation) translation = NULL;
  g_autoptr (GError) error = NULL;
  Errand *errand;

  if (dialog->running)
    {
      g_cancellable_cancel (dialog->running);
      return;
    }
  translation = cg_translation_new (dialog->buffer, &area, &error);
  if (!translation)
    {
      tell_failure (dialog, error);
      return;
    }
  dialog->running = g_cancellable_new ();
  errand = errand_new (dialog, dialog->running);
  errand->translation = g_steal_pointer (&translation);
  if (!dialog->cost
      || !cg_model_cost_estimate (dialog->cost, &dialog->settings, area.width, area.height, &errand->estimate, NULL))
    errand->estimate.width = 0;
  gtk_button_set_label (button, _ ("Sto_p"));
  cg_translation_start (errand->translation, CG_TRANSLATION_NETWORK,
                        dialog->cost ? cg_model_cost_get_model (dialog->cost) : NULL, &dialog->settings,
                        dialog->running, on_progress, errand, on_preview_done, errand);
}

/* --- the window's contents ------------------------------------------------------------------------------------------------------- */

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgDialog *dialog = data;

  if (dialog->running)
    g_cancellable_cancel (dialog->running);
  if (dialog->pricing)
    g_cancellable_cancel (dialog->pricing);
  g_clear_object (&dialog->running);
  g_clear_object (&dialog->pricing);
  g_clear_pointer (&dialog->cost, cg_model_cost_free);
  g_clear_pointer (&dialog->translation, cg_translation_unref);
  cg_settings_clear (&dialog->settings);
  g_object_unref (dialog->buffer);
  g_free (dialog->no_live);
  g_free (dialog->priced);
  g_free (dialog->problem);
  g_free (dialog);
}

static GtkWidget *
add_label (GtkWidget *box, const char *text, int width)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE); /* by the mouse only: it would be a stop for everyone else */
  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.0f);
  gtk_widget_set_size_request (label, cg_text_scale (width), -1);
  gtk_box_pack_start (GTK_BOX (box), label, FALSE, FALSE, 0);
  return label;
}

static GtkWidget *
build_left (CgDialog *dialog)
{
  GtkWidget *left = gtk_vbox_new (FALSE, 6);
  GtkWidget *row = gtk_hbox_new (FALSE, 6);

  gtk_box_pack_start (GTK_BOX (left), cg_preview_get_widget (dialog->preview), TRUE, TRUE, 0);
  dialog->run = gtk_button_new_with_mnemonic (_ ("_Preview"));
  gtk_widget_set_tooltip_text (dialog->run, _ ("Asks the network. Detail, Apply and Strength can be changed afterwards "
                                               "without asking it again."));
  dialog->progress = gtk_progress_bar_new ();
#if GTK_CHECK_VERSION(3, 0, 0)
  gtk_widget_set_valign (dialog->progress, GTK_ALIGN_CENTER);
#endif
  gtk_box_pack_start (GTK_BOX (row), dialog->run, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), dialog->progress, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (left), row, FALSE, FALSE, 0);
  dialog->message = add_label (left, "", CG_PREVIEW_WIDTH);
  dialog->details = cg_details_new ();
  gtk_box_pack_start (GTK_BOX (left), dialog->details, FALSE, FALSE, 0);
  return left;
}

static GtkWidget *
build_right (CgDialog *dialog, const char *note)
{
  GtkWidget *right = gtk_vbox_new (FALSE, 12);

  gtk_box_pack_start (GTK_BOX (right), cg_model_view_get_widget (dialog->models), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (right), cg_controls_get_widget (dialog->controls), FALSE, FALSE, 0);
  if (note)
    add_label (right, note, CG_MODEL_VIEW_WIDTH);
  dialog->estimate = add_label (right, "", CG_MODEL_VIEW_WIDTH);
  return right;
}

CgDialog *
cg_dialog_new (const CgDialogSource *source, const CgSettings *settings, void (*ready) (gboolean ready, gpointer data),
               gpointer data)
{
  CgDialog *dialog = g_new0 (CgDialog, 1);
  const GeglRectangle *extent = gegl_buffer_get_extent (source->buffer);

  dialog->buffer = g_object_ref (source->buffer);
  dialog->selection = source->selection;
  dialog->no_live = g_strdup (source->no_live);
  dialog->priced = g_strdup ("");
  dialog->ready = ready;
  dialog->data = data;
  cg_settings_init (&dialog->settings);
  cg_settings_copy (&dialog->settings, settings);
  dialog->box = gtk_hbox_new (FALSE, 12);
  gtk_container_set_border_width (GTK_CONTAINER (dialog->box), 12);
  dialog->models = cg_model_view_new (settings->model, on_changed, dialog);
  dialog->preview = cg_preview_new (source->buffer, on_moved, dialog);
  dialog->controls
      = cg_controls_new (settings, MIN (extent->width, extent->height), source->outputs, on_changed, dialog);
  gtk_box_pack_start (GTK_BOX (dialog->box), build_left (dialog), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (dialog->box), build_right (dialog, source->note), FALSE, TRUE, 0);
  g_signal_connect (dialog->run, "clicked", G_CALLBACK (on_run), dialog);
  g_signal_connect_swapped (dialog->box, "map", G_CALLBACK (cg_model_view_focus), dialog->models);
  g_signal_connect (dialog->box, "destroy", G_CALLBACK (on_destroy), dialog);
  /* Last, for what was used the last time may be refused now, and all that is shown changes with it. */
  cg_controls_set_refusal (dialog->controls, CG_OUTPUT_REPLACE, source->no_replacing);
  cg_controls_set_refusal (dialog->controls, CG_OUTPUT_LIVE, source->no_live);
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
  char *model = g_strdup (cg_model_view_get_chosen (dialog->models));

  g_free (settings->model);
  settings->model = model;
  cg_controls_get (dialog->controls, settings);
}

void
cg_dialog_reset (CgDialog *dialog)
{
  CgSettings settings;

  cg_settings_init (&settings);
  cg_controls_set (dialog->controls, &settings);
  cg_settings_clear (&settings);
}

CgTranslation *
cg_dialog_get_translation (CgDialog *dialog)
{
  return dialog->translation ? cg_translation_ref (dialog->translation) : NULL;
}

GdkPixbuf *
cg_dialog_get_after (CgDialog *dialog)
{
  return cg_preview_get_after (dialog->preview);
}
