/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgControls: a table of them, in the common subset of GTK 2 and 3; every one can be reached by the keyboard. */
#include "controls.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define N_OUTPUTS (CG_OUTPUT_LIVE + 1)

/* Of the slider; what scripts give may be smaller or larger. */
#define COARSEST 64.0

struct _CgControls
{
  GtkWidget *table;
  GtkWidget *size_mode;
  GtkWidget *pixels;
  GtkWidget *fineness; /* log2 of the size, so that equal ways look equally different */
  GtkWidget *fineness_box;
  GtkWidget *detail;
  GtkWidget *detail_box;
  GtkWidget *apply;
  GtkWidget *strength;
  GtkWidget *outputs[N_OUTPUTS];
  guint n_outputs;
  int size; /* what the slider says, or what was set and lies beside its steps */
  gboolean quiet;
  void (*changed) (gpointer data);
  gpointer data;
};

static void
tell (CgControls *controls)
{
  gboolean full = gtk_combo_box_get_active (GTK_COMBO_BOX (controls->size_mode)) == CG_SIZE_FULL;

  gtk_widget_set_sensitive (controls->fineness_box,
                            gtk_combo_box_get_active (GTK_COMBO_BOX (controls->size_mode)) == CG_SIZE_SIZE);
  gtk_widget_set_sensitive (controls->detail_box, !full);
  if (!controls->quiet)
    controls->changed (controls->data);
}

static void
on_fineness_changed (GtkRange *range, gpointer data)
{
  CgControls *controls = data;

  if (controls->quiet)
    return;
  controls->size = CLAMP ((int)lround (exp2 (gtk_range_get_value (range))), CG_SETTINGS_MIN_SIZE, CG_SETTINGS_MAX_SIZE);
  tell (controls);
}

static void
on_output_toggled (GtkToggleButton *button, gpointer data)
{
  if (gtk_toggle_button_get_active (button))
    tell (data);
}

static void
attach (CgControls *controls, guint row, const char *text, GtkWidget *target, GtkWidget *widget)
{
  GtkWidget *label = gtk_label_new_with_mnemonic (text);

  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.5f);
  if (target)
    gtk_label_set_mnemonic_widget (GTK_LABEL (label), target);
  gtk_table_attach (GTK_TABLE (controls->table), label, 0, 1, row, row + 1, GTK_FILL, GTK_FILL, 0, 0);
  gtk_table_attach (GTK_TABLE (controls->table), widget, 1, 2, row, row + 1, GTK_EXPAND | GTK_FILL, GTK_FILL, 0, 0);
}

static GtkWidget *
new_combo (CgControls *controls, const char *const *texts, gsize n)
{
  GtkWidget *combo = gtk_combo_box_text_new ();

  for (gsize i = 0; i < n; i++)
    gtk_combo_box_text_append_text (GTK_COMBO_BOX_TEXT (combo), texts[i]);
  g_signal_connect_swapped (combo, "changed", G_CALLBACK (tell), controls);
  return combo;
}

/* A slider between two words. */
static GtkWidget *
put_between (const char *left, GtkWidget *scale, const char *right)
{
  GtkWidget *box = gtk_hbox_new (FALSE, 6);

  gtk_box_pack_start (GTK_BOX (box), gtk_label_new (left), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), scale, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), gtk_label_new (right), FALSE, FALSE, 0);
  return box;
}

static GtkWidget *
new_percentage (CgControls *controls, const char *tip)
{
  GtkWidget *scale = gtk_hscale_new_with_range (0.0, 100.0, 1.0);

  gtk_scale_set_value_pos (GTK_SCALE (scale), GTK_POS_RIGHT);
  gtk_widget_set_tooltip_text (scale, tip);
  g_signal_connect_swapped (scale, "value-changed", G_CALLBACK (tell), controls);
  return scale;
}

static void
build_size (CgControls *controls, int short_side)
{
  const char *const modes[] = {
    [CG_SIZE_AUTO] = _ ("Automatic"), [CG_SIZE_SIZE] = _ ("Coarser … finer"), [CG_SIZE_FULL] = _ ("Every pixel")
  };
  GtkWidget *row = gtk_hbox_new (FALSE, 6);
  double finest = log2 (CLAMP (short_side, 2 * COARSEST, CG_SETTINGS_MAX_SIZE));

  controls->size_mode = new_combo (controls, modes, G_N_ELEMENTS (modes));
  controls->pixels = gtk_label_new ("");
  gtk_misc_set_alignment (GTK_MISC (controls->pixels), 0.0f, 0.5f);
  gtk_label_set_width_chars (GTK_LABEL (controls->pixels), 18); /* lest the window grow with it */
  gtk_widget_set_tooltip_text (controls->size_mode,
                               _ ("How large the network sees the picture: small means bold strokes, large "
                                  "means fine ones"));
  gtk_box_pack_start (GTK_BOX (row), controls->size_mode, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), controls->pixels, TRUE, TRUE, 0);
  attach (controls, 0, _ ("S_troke size:"), controls->size_mode, row);

  controls->fineness = gtk_hscale_new_with_range (log2 (COARSEST), finest, 1.0 / 16.0);
  gtk_scale_set_draw_value (GTK_SCALE (controls->fineness), FALSE);
  gtk_scale_set_digits (GTK_SCALE (controls->fineness), 4);
  g_signal_connect (controls->fineness, "value-changed", G_CALLBACK (on_fineness_changed), controls);
  controls->fineness_box = put_between (_ ("coarser"), controls->fineness, _ ("finer"));
  attach (controls, 1, _ ("Fi_neness:"), controls->fineness, controls->fineness_box);
}

static void
build_outputs (CgControls *controls)
{
  const char *const texts[] = { [CG_OUTPUT_NEW_LAYER] = _ ("Ne_w layer"),
                                [CG_OUTPUT_REPLACE] = _ ("R_eplace"),
                                [CG_OUTPUT_LIVE] = _ ("_Live filter") };
  GtkWidget *row = gtk_hbox_new (FALSE, 12);
  GtkWidget *button = NULL;

  for (guint i = 0; i < controls->n_outputs; i++)
    {
      button = gtk_radio_button_new_with_mnemonic_from_widget (button ? GTK_RADIO_BUTTON (button) : NULL, texts[i]);
      g_signal_connect (button, "toggled", G_CALLBACK (on_output_toggled), controls);
      gtk_box_pack_start (GTK_BOX (row), button, FALSE, FALSE, 0);
      controls->outputs[i] = button;
      cg_controls_set_refusal (controls, (CgOutput)i, NULL);
    }
  attach (controls, 5, _ ("Output:"), NULL, row);
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  g_free (data);
}

CgControls *
cg_controls_new (const CgSettings *settings, int short_side, guint outputs, void (*changed) (gpointer data),
                 gpointer data)
{
  const char *const applies[] = { [CG_APPLY_ALL] = _ ("Colour and light"),
                                  [CG_APPLY_COLOUR] = _ ("Colour only"),
                                  [CG_APPLY_LIGHT] = _ ("Light and structure only") };
  CgControls *controls = g_new0 (CgControls, 1);

  controls->n_outputs = outputs;
  controls->changed = changed;
  controls->data = data;
  controls->quiet = TRUE;
  controls->table = gtk_table_new (6, 2, FALSE);
  gtk_table_set_row_spacings (GTK_TABLE (controls->table), 6);
  gtk_table_set_col_spacings (GTK_TABLE (controls->table), 6);

  controls->detail = new_percentage (controls, _ ("From the network's own strokes, enlarged, to its colours on the "
                                                  "picture's own details"));
  controls->detail_box = put_between (_ ("painterly"), controls->detail, _ ("sharp"));
  controls->apply = new_combo (controls, applies, G_N_ELEMENTS (applies));
  gtk_widget_set_tooltip_text (controls->apply, _ ("What is taken from the translation; the rest stays the picture's"));
  controls->strength = new_percentage (controls, _ ("How much of the translation is mixed into the picture"));
  build_size (controls, short_side);
  attach (controls, 2, _ ("_Detail:"), controls->detail, controls->detail_box);
  attach (controls, 3, _ ("_Apply:"), controls->apply, controls->apply);
  attach (controls, 4, _ ("Stren_gth (%):"), controls->strength, controls->strength);
  build_outputs (controls);
  g_signal_connect (controls->table, "destroy", G_CALLBACK (on_destroy), controls);
  cg_controls_set (controls, settings);
  controls->quiet = FALSE;
  return controls;
}

GtkWidget *
cg_controls_get_widget (CgControls *controls)
{
  return controls->table;
}

void
cg_controls_set_refusal (CgControls *controls, CgOutput output, const char *reason)
{
  const char *const tips[]
      = { [CG_OUTPUT_NEW_LAYER] = _ ("A layer above this one; the selection becomes its mask"),
          [CG_OUTPUT_REPLACE] = _ ("This layer's own pixels, through the selection"),
          [CG_OUTPUT_LIVE]
          = _ ("A filter on this layer that can be changed or removed at any time; the file then needs "
               "this plug-in") };
  GtkWidget *button;

  if (output >= controls->n_outputs)
    return;
  button = controls->outputs[output];
  gtk_widget_set_sensitive (button, !reason);
  gtk_widget_set_tooltip_text (button, reason ? reason : tips[output]);
  if (reason && gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (button)))
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (controls->outputs[CG_OUTPUT_NEW_LAYER]), TRUE);
}

void
cg_controls_set_pixels (CgControls *controls, const char *text)
{
  gtk_label_set_text (GTK_LABEL (controls->pixels), text);
}

void
cg_controls_set (CgControls *controls, const CgSettings *settings)
{
  CgOutput output = settings->output;
  gboolean quiet = controls->quiet;

  if (output >= controls->n_outputs || !gtk_widget_get_sensitive (controls->outputs[output]))
    output = CG_OUTPUT_NEW_LAYER;
  controls->quiet = TRUE;
  controls->size = settings->size;
  gtk_combo_box_set_active (GTK_COMBO_BOX (controls->size_mode), (int)settings->size_mode);
  gtk_range_set_value (GTK_RANGE (controls->fineness), log2 (settings->size));
  gtk_range_set_value (GTK_RANGE (controls->detail), 100.0 * settings->detail);
  gtk_combo_box_set_active (GTK_COMBO_BOX (controls->apply), (int)settings->apply);
  gtk_range_set_value (GTK_RANGE (controls->strength), 100.0 * settings->strength);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (controls->outputs[output]), TRUE);
  controls->quiet = quiet;
  tell (controls);
}

void
cg_controls_get (CgControls *controls, CgSettings *settings)
{
  settings->size_mode = (CgSizeMode)gtk_combo_box_get_active (GTK_COMBO_BOX (controls->size_mode));
  settings->size = controls->size;
  settings->detail = gtk_range_get_value (GTK_RANGE (controls->detail)) / 100.0;
  settings->apply = (CgApply)gtk_combo_box_get_active (GTK_COMBO_BOX (controls->apply));
  settings->strength = gtk_range_get_value (GTK_RANGE (controls->strength)) / 100.0;
  settings->output = CG_OUTPUT_NEW_LAYER;
  for (guint i = 0; i < controls->n_outputs; i++)
    if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (controls->outputs[i])))
      settings->output = (CgOutput)i;
}
