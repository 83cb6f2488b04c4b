/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelView: a GtkTreeView over the installed models that follows their folders, and buttons to open and install others. */
#include "model-view.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define THUMBNAIL_SIZE 64

enum
{
  COLUMN_PICTURE,
  COLUMN_MARKUP,
  COLUMN_ENTRY, /* of @entries */
  N_COLUMNS
};

struct _CgModelView
{
  GtkWidget *box;
  GtkWidget *tree;
  GtkWidget *message;
  GtkListStore *store;
  GPtrArray *entries;
  GPtrArray *monitors;
  guint refresh;
  char *chosen;
  char *problem;
  void (*changed) (gpointer data);
  gpointer data;
};

static CgModelEntry *
find_entry (CgModelView *view, const char *name)
{
  for (guint i = 0; i < view->entries->len; i++)
    {
      CgModelEntry *entry = g_ptr_array_index (view->entries, i);

      if (g_str_equal (entry->name, name) || g_str_equal (entry->path, name))
        return entry;
    }
  return NULL;
}

/* Says under the list what is wrong, or what the chosen model is. */
static void
show_message (CgModelView *view)
{
  CgModelEntry *entry = find_entry (view, view->chosen);
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "cyclegan", "models", NULL);

  g_clear_pointer (&view->problem, g_free);
  if (entry && entry->problem)
    view->problem = g_strdup (entry->problem);
  else if (!entry && *view->chosen)
    view->problem
        = g_strdup_printf (_ ("The model “%s”, used last, is no longer there. Choose another one."), view->chosen);
  else if (!entry && !view->entries->len)
    view->problem = g_strdup_printf (_ ("No model is installed. “Install Model…” copies a .safetensors file to %s; "
                                        "`cyclegan train` makes one from two folders of pictures."),
                                     folder);
  else if (!entry)
    view->problem = g_strdup (_ ("Choose a model."));
  gtk_label_set_text (GTK_LABEL (view->message), view->problem        ? view->problem
                                                 : entry->description ? entry->description
                                                                      : "");
}

static void
choose (CgModelView *view, const char *name)
{
  if (g_strcmp0 (view->chosen, name) == 0)
    return;
  g_free (view->chosen);
  view->chosen = g_strdup (name);
  show_message (view);
  view->changed (view->data);
}

static void
on_selection_changed (GtkTreeSelection *selection, gpointer data)
{
  CgModelView *view = data;
  GtkTreeModel *model;
  GtkTreeIter iter;
  CgModelEntry *entry;

  if (!gtk_tree_selection_get_selected (selection, &model, &iter))
    return;
  gtk_tree_model_get (model, &iter, COLUMN_ENTRY, &entry, -1);
  choose (view, entry->name);
}

static void
append_row (CgModelView *view, CgModelEntry *entry)
{
  g_autofree char *markup = g_markup_printf_escaped ("<b>%s</b>\n<small>%s</small>", entry->title,
                                                     entry->problem ? entry->problem : entry->details);
  GdkPixbuf *picture = NULL;

  if (entry->thumbnail)
    picture = gdk_pixbuf_new_from_file_at_scale (entry->thumbnail, THUMBNAIL_SIZE, THUMBNAIL_SIZE, TRUE, NULL);
  gtk_list_store_insert_with_values (view->store, NULL, -1, COLUMN_PICTURE, picture, COLUMN_MARKUP, markup,
                                     COLUMN_ENTRY, entry, -1);
  g_clear_object (&picture);
}

/* Shows @entries, and the chosen one as such. */
static void
fill (CgModelView *view)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree));
  CgModelEntry *chosen = find_entry (view, view->chosen);

  g_signal_handlers_block_by_func (selection, on_selection_changed, view);
  gtk_list_store_clear (view->store);
  for (guint i = 0; i < view->entries->len; i++)
    {
      append_row (view, g_ptr_array_index (view->entries, i));
      if (g_ptr_array_index (view->entries, i) == chosen)
        {
          GtkTreePath *path = gtk_tree_path_new_from_indices ((int)i, -1);

          gtk_tree_selection_select_path (selection, path);
          gtk_tree_view_set_cursor (GTK_TREE_VIEW (view->tree), path, NULL, FALSE);
          gtk_tree_path_free (path);
        }
    }
  g_signal_handlers_unblock_by_func (selection, on_selection_changed, view);
  show_message (view);
}

/* Reads the folders again; a model that was opened from elsewhere stays. */
static void
reload (CgModelView *view)
{
  GPtrArray *entries = cg_model_entry_list ();

  gtk_list_store_clear (view->store);
  g_ptr_array_unref (view->entries);
  view->entries = entries;
  if (strchr (view->chosen, G_DIR_SEPARATOR) && !find_entry (view, view->chosen)
      && g_file_test (view->chosen, G_FILE_TEST_EXISTS))
    g_ptr_array_add (entries, cg_model_entry_new (view->chosen, FALSE));
  fill (view);
}

static gboolean
refresh (gpointer data)
{
  CgModelView *view = data;

  view->refresh = 0;
  reload (view);
  view->changed (view->data);
  return G_SOURCE_REMOVE;
}

/* A file that is being copied changes often. */
static void
on_folder_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  CgModelView *view = data;

  if (!view->refresh)
    view->refresh = g_timeout_add (300, refresh, view);
}

static void
watch_folders (CgModelView *view)
{
  g_auto (GStrv) folders = cg_model_library_get_folders ();

  for (char **folder = folders; *folder; folder++)
    {
      g_autoptr (GFile) file = g_file_new_for_path (*folder);
      GFileMonitor *monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);

      if (!monitor)
        continue;
      g_signal_connect (monitor, "changed", G_CALLBACK (on_folder_changed), view);
      g_ptr_array_add (view->monitors, monitor);
    }
}

/* (transfer full): or NULL. */
static char *
ask_for_file (CgModelView *view, const char *title)
{
  GtkWidget *top = gtk_widget_get_toplevel (view->box);
  GtkWidget *chooser
      = gtk_file_chooser_dialog_new (title, GTK_IS_WINDOW (top) ? GTK_WINDOW (top) : NULL, GTK_FILE_CHOOSER_ACTION_OPEN,
                                     _ ("_Cancel"), GTK_RESPONSE_CANCEL, _ ("_Open"), GTK_RESPONSE_ACCEPT, NULL);
  GtkFileFilter *filter = gtk_file_filter_new ();
  char *path = NULL;

  gtk_file_filter_set_name (filter, _ ("Models (*.safetensors)"));
  gtk_file_filter_add_pattern (filter, "*.safetensors");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  gtk_dialog_set_default_response (GTK_DIALOG (chooser), GTK_RESPONSE_ACCEPT);
  if (gtk_dialog_run (GTK_DIALOG (chooser)) == GTK_RESPONSE_ACCEPT)
    path = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  gtk_widget_destroy (chooser);
  return path;
}

static void
on_open (GtkButton *button, gpointer data)
{
  CgModelView *view = data;
  g_autofree char *path = ask_for_file (view, _ ("Open a Model"));

  if (!path)
    return;
  g_ptr_array_add (view->entries, cg_model_entry_new (path, FALSE));
  choose (view, path);
  fill (view);
}

static void
on_install (GtkButton *button, gpointer data)
{
  CgModelView *view = data;
  g_autofree char *path = ask_for_file (view, _ ("Install a Model"));
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  if (!path)
    return;
  name = cg_model_entry_install (path, &error);
  if (name)
    {
      reload (view);
      choose (view, name);
      fill (view);
    }
  else
    {
      GtkWidget *top = gtk_widget_get_toplevel (view->box);
      GtkWidget *box = gtk_message_dialog_new (GTK_WINDOW (top), GTK_DIALOG_MODAL, GTK_MESSAGE_ERROR, GTK_BUTTONS_CLOSE,
                                               "%s", _ ("The model was not installed"));

      gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (box), "%s", error->message);
      gtk_dialog_run (GTK_DIALOG (box));
      gtk_widget_destroy (box);
    }
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgModelView *view = data;

  if (view->refresh)
    g_source_remove (view->refresh);
  g_ptr_array_unref (view->monitors);
  g_ptr_array_unref (view->entries);
  g_object_unref (view->store);
  g_free (view->chosen);
  g_free (view->problem);
  g_free (view);
}

static GtkWidget *
build_list (CgModelView *view)
{
  GtkWidget *scrolled = gtk_scrolled_window_new (NULL, NULL);
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *picture = gtk_cell_renderer_pixbuf_new ();
  GtkCellRenderer *text = gtk_cell_renderer_text_new ();

  view->store = gtk_list_store_new (N_COLUMNS, GDK_TYPE_PIXBUF, G_TYPE_STRING, G_TYPE_POINTER);
  view->tree = gtk_tree_view_new_with_model (GTK_TREE_MODEL (view->store));
  gtk_tree_view_set_headers_visible (GTK_TREE_VIEW (view->tree), FALSE);
  gtk_tree_view_set_enable_search (GTK_TREE_VIEW (view->tree), FALSE);
  gtk_tree_view_column_pack_start (column, picture, FALSE);
  gtk_tree_view_column_pack_start (column, text, TRUE);
  gtk_tree_view_column_add_attribute (column, picture, "pixbuf", COLUMN_PICTURE);
  gtk_tree_view_column_add_attribute (column, text, "markup", COLUMN_MARKUP);
  g_object_set (text, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_tree_view_append_column (GTK_TREE_VIEW (view->tree), column);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_AUTOMATIC, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (scrolled), GTK_SHADOW_IN);
  gtk_widget_set_size_request (scrolled, CG_MODEL_VIEW_WIDTH, 200);
  gtk_container_add (GTK_CONTAINER (scrolled), view->tree);
  g_signal_connect (gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree)), "changed",
                    G_CALLBACK (on_selection_changed), view);
  return scrolled;
}

/* For who never chose one; nobody is told, for nobody knows the view yet. */
static void
choose_first (CgModelView *view)
{
  for (guint i = 0; i < view->entries->len && !*view->chosen; i++)
    {
      CgModelEntry *entry = g_ptr_array_index (view->entries, i);

      if (!entry->problem)
        {
          g_free (view->chosen);
          view->chosen = g_strdup (entry->name);
        }
    }
  fill (view);
}

static void
add_button (CgModelView *view, GtkWidget *box, const char *label, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  g_signal_connect (button, "clicked", callback, view);
  gtk_box_pack_start (GTK_BOX (box), button, TRUE, TRUE, 0);
}

CgModelView *
cg_model_view_new (const char *chosen, void (*changed) (gpointer data), gpointer data)
{
  CgModelView *view = g_new0 (CgModelView, 1);
  GtkWidget *label = gtk_label_new_with_mnemonic (_ ("_Models:"));
  GtkWidget *buttons = gtk_hbox_new (TRUE, 6);

  view->chosen = g_strdup (chosen);
  view->changed = changed;
  view->data = data;
  view->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)cg_model_entry_free);
  view->monitors = g_ptr_array_new_with_free_func (g_object_unref);

  view->box = gtk_vbox_new (FALSE, 6);
  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.5f);
  gtk_box_pack_start (GTK_BOX (view->box), label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (view->box), build_list (view), TRUE, TRUE, 0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), view->tree);
  view->message = gtk_label_new ("");
  gtk_label_set_line_wrap (GTK_LABEL (view->message), TRUE);
  gtk_label_set_selectable (GTK_LABEL (view->message), TRUE);
  gtk_misc_set_alignment (GTK_MISC (view->message), 0.0f, 0.0f);
  gtk_widget_set_size_request (view->message, CG_MODEL_VIEW_WIDTH, -1);
  gtk_box_pack_start (GTK_BOX (view->box), view->message, FALSE, FALSE, 0);
  add_button (view, buttons, _ ("Open _File…"), G_CALLBACK (on_open));
  add_button (view, buttons, _ ("_Install Model…"), G_CALLBACK (on_install));
  gtk_box_pack_start (GTK_BOX (view->box), buttons, FALSE, FALSE, 0);
  g_signal_connect (view->box, "destroy", G_CALLBACK (on_destroy), view);

  watch_folders (view);
  reload (view);
  if (!*view->chosen)
    choose_first (view);
  return view;
}

GtkWidget *
cg_model_view_get_widget (CgModelView *view)
{
  return view->box;
}

const char *
cg_model_view_get_chosen (CgModelView *view)
{
  return view->chosen;
}

const char *
cg_model_view_get_problem (CgModelView *view)
{
  return view->problem;
}
