/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A dialog in a window, driven as by hand through GTK's own signals; waiting ends the test when nothing comes. */
#include "dialog-fixture.h"

#include <math.h>
#include <string.h>

#include "display.h"
#include "picture.h"
#include "tiny-model.h"

#define PATIENCE 120 /* seconds */

/* What is looked for is a text, or a widget. */
typedef gboolean (*Match) (GtkWidget *widget, gconstpointer wanted);

static char *folder;

const char *
fixture_folder (void)
{
  return folder;
}

void
fixture_settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
on_ready (gboolean ready, gpointer data)
{
  ((Fixture *)data)->ready = ready;
}

static Fixture *
make (const char *model, int width, int height, int size, const char *no_replacing)
{
  Fixture *fixture = g_new0 (Fixture, 1);
  CgDialogSource source
      = { .selection = { 0, 0, width, height }, .outputs = CG_OUTPUT_LIVE + 1, .no_replacing = no_replacing };
  g_auto (CgSettings) settings;

  cg_settings_init (&settings);
  g_free (settings.model);
  settings.model = g_strdup (model);
  settings.size_mode = CG_SIZE_SIZE;
  settings.size = size;
  settings.detail = 0.5;
  if (no_replacing)
    settings.output = CG_OUTPUT_REPLACE;
  fixture->picture = cg_picture_new (width, height, babl_format ("R'G'B' u8"));
  source.buffer = fixture->picture;
  fixture->window = gtk_window_new (GTK_WINDOW_TOPLEVEL);
  fixture->dialog = cg_dialog_new (&source, &settings, on_ready, fixture);
  gtk_container_add (GTK_CONTAINER (fixture->window), cg_dialog_get_widget (fixture->dialog));
  gtk_widget_show_all (fixture->window);
  fixture_settle ();
  return fixture;
}

Fixture *
fixture_new (const char *model, int width, int height)
{
  return make (model, width, height, 64, NULL);
}

Fixture *
fixture_new_fine (const char *model, int width, int height, int size)
{
  return make (model, width, height, size, NULL);
}

Fixture *
fixture_new_refused (const char *model, const char *reason)
{
  return make (model, 60, 50, 64, reason);
}

void
fixture_free (Fixture *fixture)
{
  gtk_widget_destroy (fixture->window);
  g_object_unref (fixture->picture);
  g_free (fixture);
}

/* --- finding --------------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  Match match;
  gconstpointer wanted;
  GtkWidget *found;
} Search;

static void
search (GtkWidget *widget, gpointer data)
{
  Search *state = data;

  if (!state->found && state->match (widget, state->wanted))
    state->found = widget;
  else if (!state->found && GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), search, state);
}

static GtkWidget *
find (Fixture *fixture, Match match, gconstpointer wanted)
{
  Search state = { match, wanted, NULL };

  search (fixture->window, &state);
  return state.found;
}

static gboolean
is_label_of_another (GtkWidget *widget, gconstpointer text)
{
  return GTK_IS_LABEL (widget) && gtk_label_get_mnemonic_widget (GTK_LABEL (widget))
         && g_str_equal (gtk_label_get_text (GTK_LABEL (widget)), text);
}

static gboolean
is_visible_label (GtkWidget *widget, gconstpointer text)
{
  return GTK_IS_LABEL (widget) && gtk_widget_get_mapped (widget)
         && strstr (gtk_label_get_text (GTK_LABEL (widget)), text);
}

gboolean
fixture_is_shown (Fixture *fixture, const char *text)
{
  return find (fixture, is_visible_label, text) != NULL;
}

static gboolean
is_button (GtkWidget *widget, gconstpointer text)
{
  return GTK_IS_BUTTON (widget) && g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), text) == 0;
}

static gboolean
is_named (GtkWidget *widget, gconstpointer text)
{
  return GTK_IS_DRAWING_AREA (widget)
         && g_strcmp0 (atk_object_get_name (gtk_widget_get_accessible (widget)), text) == 0;
}

static void
append_text (GtkWidget *widget, gpointer data)
{
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (data, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), append_text, data);
}

const char *
fixture_get_text (Fixture *fixture)
{
  static GString *text;

  if (!text)
    text = g_string_new (NULL);
  g_string_truncate (text, 0);
  append_text (fixture->window, text);
  return text->str;
}

/* --- touching -------------------------------------------------------------------------------------------------------------------- */

void
fixture_set (Fixture *fixture, const char *label, double value)
{
  GtkWidget *found = find (fixture, is_label_of_another, label);
  GtkWidget *widget;

  g_test_message ("%s to %g", label, value);
  g_assert_nonnull (found);
  widget = gtk_label_get_mnemonic_widget (GTK_LABEL (found));
  g_assert_true (gtk_widget_is_sensitive (widget));
  if (GTK_IS_RANGE (widget))
    gtk_range_set_value (GTK_RANGE (widget), value);
  else if (GTK_IS_COMBO_BOX (widget))
    gtk_combo_box_set_active (GTK_COMBO_BOX (widget), (int)value);
  else
    {
      GtkTreePath *path = gtk_tree_path_new_from_indices ((int)value, -1);

      gtk_tree_view_set_cursor (GTK_TREE_VIEW (widget), path, NULL, FALSE);
      gtk_tree_path_free (path);
    }
  fixture_settle ();
}

void
fixture_press (Fixture *fixture, const char *button)
{
  GtkWidget *widget = find (fixture, is_button, button);

  g_test_message ("press %s", button);
  g_assert_nonnull (widget);
  g_assert_true (gtk_widget_is_sensitive (widget));
  gtk_button_clicked (GTK_BUTTON (widget));
  fixture_settle ();
}

void
fixture_key (Fixture *fixture, const char *name, guint key)
{
  GtkWidget *widget = find (fixture, is_named, name);
  GdkEvent *event = gdk_event_new (GDK_KEY_PRESS);
  gboolean handled = FALSE;

  g_assert_nonnull (widget);
  event->key.window = g_object_ref (gtk_widget_get_window (widget));
  event->key.keyval = key;
  g_signal_emit_by_name (widget, "key-press-event", event, &handled);
  g_assert_true (handled);
  gdk_event_free (event);
}

/* --- waiting --------------------------------------------------------------------------------------------------------------------- */

static gboolean
give_up (gpointer data)
{
  g_error ("waited for %s in vain", (const char *)data);
  return G_SOURCE_REMOVE;
}

static void
wait_until (Fixture *fixture, gboolean (*come) (Fixture *fixture, const char *what), const char *what)
{
  guint timeout = g_timeout_add_seconds (PATIENCE, give_up, (gpointer)what);

  while (!come (fixture, what))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
}

static gboolean
has_button (Fixture *fixture, const char *what)
{
  return find (fixture, is_button, what) != NULL;
}

static gboolean
has_text (Fixture *fixture, const char *what)
{
  return strstr (fixture_get_text (fixture), what) != NULL;
}

void
fixture_wait_for_button (Fixture *fixture, const char *button)
{
  wait_until (fixture, has_button, button);
}

void
fixture_wait_for_text (Fixture *fixture, const char *text)
{
  wait_until (fixture, has_text, text);
}

static gboolean
is_ready (Fixture *fixture, const char *what)
{
  return fixture->ready;
}

void
fixture_wait_until_ready (Fixture *fixture)
{
  wait_until (fixture, is_ready, "a model");
}

void
fixture_preview (Fixture *fixture)
{
  g_autoptr (GdkPixbuf) after = NULL;

  fixture_press (fixture, "_Preview");
  fixture_wait_for_button (fixture, "_Preview");
  fixture_settle ();
  after = cg_dialog_get_after (fixture->dialog);
  if (!after)
    g_test_message ("%s", fixture_get_text (fixture));
  g_assert_nonnull (after);
}

static gboolean
is_label_of_focus (GtkWidget *widget, gconstpointer focus)
{
  return GTK_IS_LABEL (widget) && gtk_label_get_mnemonic_widget (GTK_LABEL (widget)) == focus;
}

static gboolean
is_active (Fixture *fixture, const char *what)
{
  return gtk_window_is_active (GTK_WINDOW (fixture->window));
}

const char *
fixture_tab (Fixture *fixture)
{
  GtkWidget *focus, *label;

  gdk_window_focus (gtk_widget_get_window (fixture->window), GDK_CURRENT_TIME);
  wait_until (fixture, is_active, "the window to be active");
  gtk_widget_child_focus (fixture->window, GTK_DIR_TAB_FORWARD);
  focus = gtk_window_get_focus (GTK_WINDOW (fixture->window));
  g_assert_nonnull (focus);
  /* Of a menu the button inside it has the focus. */
  for (GtkWidget *widget = focus; widget; widget = gtk_widget_get_parent (widget))
    {
      label = find (fixture, is_label_of_focus, widget);
      if (label)
        return gtk_label_get_text (GTK_LABEL (label));
    }
  return GTK_IS_DRAWING_AREA (focus) ? atk_object_get_name (gtk_widget_get_accessible (focus))
                                     : G_OBJECT_TYPE_NAME (focus);
}

/* --- applying -------------------------------------------------------------------------------------------------------------------- */

GeglBuffer *
fixture_apply_buffer (Fixture *fixture)
{
  g_autoptr (GeglBuffer) picture = g_object_ref (fixture->picture);
  const GeglRectangle *extent = gegl_buffer_get_extent (picture);
  GeglBuffer *result = gegl_buffer_new (extent, babl_format ("R'G'B' float"));
  g_autoptr (CgTranslation) translation = cg_dialog_get_translation (fixture->dialog);
  g_auto (CgSettings) settings;
  g_autoptr (GError) error = NULL;
  GeglRectangle area;

  cg_settings_init (&settings);
  cg_dialog_get_settings (fixture->dialog, &settings);
  fixture_free (fixture);
  area = cg_settings_get_area (&settings, extent->width, extent->height, extent);
  if (translation && !cg_translation_fits (translation, &settings, &area))
    g_clear_pointer (&translation, cg_translation_unref);
  if (!translation)
    translation = cg_translation_new (picture, &area, &error);
  g_assert_no_error (error);
  cg_translation_run (translation, &settings, NULL, NULL, &error);
  g_assert_no_error (error);
  cg_translation_write (translation, picture, result, &error);
  g_assert_no_error (error);
  return result;
}

float *
fixture_apply (Fixture *fixture, gsize *n)
{
  g_autoptr (GeglBuffer) result = fixture_apply_buffer (fixture);

  *n = 3 * (gsize)gegl_buffer_get_width (result) * (gsize)gegl_buffer_get_height (result);
  return cg_picture_get (result, babl_format ("R'G'B' float"));
}

/* --- around it ------------------------------------------------------------------------------------------------------------------- */

/* A model whose header is right and whose last weight is no number. */
static void
save_wrong (const char *from, const char *to)
{
  const float wrong = (float)NAN;
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;

  g_file_get_contents (from, &bytes, &n, &error);
  g_assert_no_error (error);
  memcpy (bytes + n - sizeof wrong, &wrong, sizeof wrong);
  g_file_set_contents (to, bytes, (gssize)n, &error);
  g_assert_no_error (error);
}

int
fixture_main (int argc, char **argv, const FixtureTest *tests)
{
  const char *const homes[] = { "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME" };
  g_autofree char *models = NULL, *tiny = NULL, *other = NULL, *wrong = NULL;
  GPid display;
  int status;

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* GTK warns about icons that a bare system lacks */
  folder = cg_picture_make_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    g_setenv (homes[i], folder, TRUE);
  models = g_build_filename (folder, "cyclegan", "models", NULL);
  tiny = g_build_filename (models, "tiny.safetensors", NULL);
  other = g_build_filename (models, "tiny-2.safetensors", NULL);
  wrong = g_build_filename (models, "wrong.safetensors", NULL);
  g_assert_cmpint (g_mkdir_with_parents (models, 0700), ==, 0);
  g_setenv ("XDG_DATA_DIRS", folder, TRUE);
  g_unsetenv ("CYCLEGAN_MODEL_PATH");
  g_setenv ("NO_AT_BRIDGE", "1", TRUE);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  display = cg_display_start ();
  gtk_init (&argc, &argv);
  gegl_init (NULL, NULL);
  cg_tiny_model_save (tiny, 3, 3, 24, 7);
  cg_tiny_model_save (other, 3, 3, 24, 8);
  save_wrong (tiny, wrong);

  for (; tests->path; tests++)
    g_test_add_func (tests->path, tests->test);
  status = g_test_run ();
  gegl_exit ();
  cg_display_stop (display);
  cg_picture_remove_folder (folder);
  return status;
}
