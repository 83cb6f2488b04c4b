/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgModelView: a GtkTreeView over the installed models that follows their folders, and buttons to open, install and remove them. */
#include "model-view.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "details.h"
#include "model-chooser.h"
#include "model-install.h"
#include "text-scale.h"

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
  GtkWidget *scrolled;
  GtkWidget *tree;
  GtkWidget *empty; /* in the place of the list where there is none */
  GtkWidget *message;
  GtkWidget *install;
  GtkWidget *remove;
  GtkListStore *store;
  GPtrArray *entries;
  GPtrArray *monitors;
  guint refresh;
  guint painting; /* thumbnails come after the list, row by row */
  GtkTreeIter next;
  GCancellable *installing;
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

  g_clear_pointer (&view->problem, g_free);
  if (entry && entry->problem)
    view->problem = g_strdup (entry->problem);
  else if (!entry && *view->chosen)
    view->problem
        = g_strdup_printf (_ ("The model “%s”, used last, is no longer there. Choose another one."), view->chosen);
  else if (!entry && !view->entries->len)
    view->problem = g_strdup (_ ("No model is installed."));
  else if (!entry)
    view->problem = g_strdup (_ ("Choose a model."));
  gtk_label_set_text (GTK_LABEL (view->message), view->problem        ? view->problem
                                                 : entry->description ? entry->description
                                                                      : "");
  gtk_widget_set_sensitive (view->remove, entry && cg_model_install_can_remove (entry->path));
  gtk_widget_set_visible (view->scrolled, view->entries->len > 0);
  gtk_widget_set_visible (view->empty, !view->entries->len);
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

  gtk_list_store_insert_with_values (view->store, NULL, -1, COLUMN_MARKUP, markup, COLUMN_ENTRY, entry, -1);
}

/* One row's thumbnail: two hundred at once would keep the window from opening. */
static gboolean
paint_next (gpointer data)
{
  CgModelView *view = data;
  g_autoptr (GdkPixbuf) picture = NULL;
  CgModelEntry *entry;

  gtk_tree_model_get (GTK_TREE_MODEL (view->store), &view->next, COLUMN_ENTRY, &entry, -1);
  if (entry->thumbnail)
    picture = gdk_pixbuf_new_from_file_at_scale (entry->thumbnail, THUMBNAIL_SIZE, THUMBNAIL_SIZE, TRUE, NULL);
  if (picture)
    gtk_list_store_set (view->store, &view->next, COLUMN_PICTURE, picture, -1);
  if (gtk_tree_model_iter_next (GTK_TREE_MODEL (view->store), &view->next))
    return G_SOURCE_CONTINUE;
  view->painting = 0;
  return G_SOURCE_REMOVE;
}

static void
clear_rows (CgModelView *view)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree));

  if (view->painting)
    g_source_remove (view->painting);
  view->painting = 0;
  g_signal_handlers_block_by_func (selection, on_selection_changed, view);
  gtk_list_store_clear (view->store);
  g_signal_handlers_unblock_by_func (selection, on_selection_changed, view);
}

/* Shows @entries, and the chosen one as such. */
static void
fill (CgModelView *view)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree));
  CgModelEntry *chosen = find_entry (view, view->chosen);

  clear_rows (view);
  g_signal_handlers_block_by_func (selection, on_selection_changed, view);
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
  if (gtk_tree_model_get_iter_first (GTK_TREE_MODEL (view->store), &view->next))
    view->painting = g_idle_add (paint_next, view);
  show_message (view);
}

/* Reads the folders again; a model that was opened from elsewhere stays. */
static void
reload (CgModelView *view)
{
  GPtrArray *entries = cg_model_entry_list ();

  clear_rows (view);
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

static void
on_open (GtkButton *button, gpointer data)
{
  CgModelView *view = data;
  g_autofree char *path = cg_model_chooser_run (view->box, _ ("Open a Model"), FALSE);

  if (!path)
    return;
  g_ptr_array_add (view->entries, cg_model_entry_new (path, FALSE));
  choose (view, path);
  fill (view);
}

static void
on_installed (GObject *object, GAsyncResult *result, gpointer data)
{
  CgModelView *view = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = cg_model_install_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* by on_destroy(): the view is no more */
  g_clear_object (&view->installing);
  gtk_widget_set_sensitive (view->install, TRUE);
  if (!name)
    {
      cg_details_complain (view->box, _ ("The model was not installed"), error);
      return;
    }
  reload (view);
  choose (view, name);
  fill (view);
}

static void
install (CgModelView *view, const char *path)
{
  if (view->installing)
    return;
  view->installing = g_cancellable_new ();
  gtk_widget_set_sensitive (view->install, FALSE);
  cg_model_install_start (path, view->installing, on_installed, view);
}

static void
on_install (GtkButton *button, gpointer data)
{
  CgModelView *view = data;
  g_autofree char *path = cg_model_chooser_run (view->box, _ ("Install a Model"), TRUE);

  if (path)
    install (view, path);
}

static void
on_drop (GtkWidget *widget, GdkDragContext *context, int x, int y, GtkSelectionData *selection, guint info, guint time,
         gpointer data)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (selection);
  g_autofree char *path = uris && uris[0] ? g_filename_from_uri (uris[0], NULL, NULL) : NULL;

  gtk_drag_finish (context, path != NULL, FALSE, time);
  if (path)
    install (data, path);
}

static void
on_remove (GtkButton *button, gpointer data)
{
  CgModelView *view = data;
  CgModelEntry *entry = find_entry (view, view->chosen);
  g_autoptr (GError) error = NULL;

  if (!entry)
    return;
  if (!cg_model_install_remove (entry->path, &error))
    {
      cg_details_complain (view->box, _ ("The model was not moved to the trash"), error);
      return;
    }
  choose (view, "");
  reload (view);
}

static void
on_destroy (GtkWidget *widget, gpointer data)
{
  CgModelView *view = data;

  if (view->refresh)
    g_source_remove (view->refresh);
  if (view->painting)
    g_source_remove (view->painting);
  if (view->installing)
    g_cancellable_cancel (view->installing);
  g_clear_object (&view->installing);
  g_ptr_array_unref (view->monitors);
  g_ptr_array_unref (view->entries);
  g_object_unref (view->store);
  g_free (view->chosen);
  g_free (view->problem);
  g_free (view);
}

static void
build_list (CgModelView *view)
{
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *picture = gtk_cell_renderer_pixbuf_new ();
  GtkCellRenderer *text = gtk_cell_renderer_text_new ();

  view->scrolled = gtk_scrolled_window_new (NULL, NULL);
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
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (view->scrolled), GTK_POLICY_AUTOMATIC, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_shadow_type (GTK_SCROLLED_WINDOW (view->scrolled), GTK_SHADOW_IN);
  gtk_widget_set_size_request (view->scrolled, cg_text_scale (CG_MODEL_VIEW_WIDTH), cg_text_scale (200));
  gtk_container_add (GTK_CONTAINER (view->scrolled), view->tree);
  g_signal_connect (gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree)), "changed",
                    G_CALLBACK (on_selection_changed), view);
  gtk_widget_show_all (view->scrolled);
  gtk_widget_set_no_show_all (view->scrolled, TRUE);
}

/* What stands there before there is anything to list. */
static void
build_empty (CgModelView *view)
{
  g_autofree char *folder = cg_model_install_get_folder ();
  g_autofree char *text = g_strdup_printf (
      _ ("<big><b>No model is installed</b></big>\n\nA model is what the network has learned. “Install Model…” takes "
         "one "
         "from a file, also from one of PyTorch, as does dropping the file here; it is kept in\n%s\n\nThe command "
         "“cyclegan train” makes one from two folders of pictures."),
      folder);

  view->empty = gtk_label_new (NULL);
  gtk_label_set_markup (GTK_LABEL (view->empty), text);
  gtk_label_set_line_wrap (GTK_LABEL (view->empty), TRUE);
  gtk_label_set_selectable (GTK_LABEL (view->empty), TRUE);
  gtk_widget_set_can_focus (view->empty, FALSE); /* by the mouse only, as all texts */
  gtk_misc_set_alignment (GTK_MISC (view->empty), 0.0f, 0.0f);
  gtk_widget_set_size_request (view->empty, cg_text_scale (CG_MODEL_VIEW_WIDTH), cg_text_scale (200));
  gtk_widget_set_no_show_all (view->empty, TRUE);
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

static GtkWidget *
add_button (CgModelView *view, GtkWidget *box, const char *label, const char *tip, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_tooltip_text (button, tip);
  g_signal_connect (button, "clicked", callback, view);
  gtk_box_pack_start (GTK_BOX (box), button, TRUE, TRUE, 0);
  return button;
}

CgModelView *
cg_model_view_new (const char *chosen, void (*changed) (gpointer data), gpointer data)
{
  CgModelView *view = g_new0 (CgModelView, 1);
  GtkWidget *label = gtk_label_new_with_mnemonic (_ ("_Models:"));
  GtkWidget *buttons = gtk_hbox_new (FALSE, 6);

  view->chosen = g_strdup (chosen);
  view->changed = changed;
  view->data = data;
  view->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)cg_model_entry_free);
  view->monitors = g_ptr_array_new_with_free_func (g_object_unref);

  view->box = gtk_vbox_new (FALSE, 6);
  gtk_misc_set_alignment (GTK_MISC (label), 0.0f, 0.5f);
  gtk_box_pack_start (GTK_BOX (view->box), label, FALSE, FALSE, 0);
  build_list (view);
  build_empty (view);
  gtk_box_pack_start (GTK_BOX (view->box), view->scrolled, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (view->box), view->empty, TRUE, TRUE, 0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), view->tree);
  view->message = gtk_label_new ("");
  gtk_label_set_line_wrap (GTK_LABEL (view->message), TRUE);
  gtk_label_set_selectable (GTK_LABEL (view->message), TRUE);
  gtk_widget_set_can_focus (view->message, FALSE);
  gtk_misc_set_alignment (GTK_MISC (view->message), 0.0f, 0.0f);
  gtk_widget_set_size_request (view->message, cg_text_scale (CG_MODEL_VIEW_WIDTH), -1);
  gtk_box_pack_start (GTK_BOX (view->box), view->message, FALSE, FALSE, 0);
  add_button (view, buttons, _ ("Open _File…"), _ ("Uses a model file where it lies"), G_CALLBACK (on_open));
  view->install
      = add_button (view, buttons, _ ("_Install Model…"),
                    _ ("Copies a model file, or imports a PyTorch file, to your own models"), G_CALLBACK (on_install));
  view->remove
      = add_button (view, buttons, _ ("Remo_ve"), _ ("Moves the chosen model to the trash"), G_CALLBACK (on_remove));
  gtk_box_pack_start (GTK_BOX (view->box), buttons, FALSE, FALSE, 0);
  gtk_drag_dest_set (view->box, GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_dest_add_uri_targets (view->box);
  g_signal_connect (view->box, "drag-data-received", G_CALLBACK (on_drop), view);
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

void
cg_model_view_focus (CgModelView *view)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (GTK_TREE_VIEW (view->tree));

  /* GTK selects the first row with it, but only the user may choose a model in place of one that is gone. */
  g_signal_handlers_block_by_func (selection, on_selection_changed, view);
  gtk_widget_grab_focus (view->entries->len ? view->tree : view->install);
  if (!find_entry (view, view->chosen))
    gtk_tree_selection_unselect_all (selection);
  g_signal_handlers_unblock_by_func (selection, on_selection_changed, view);
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

const char *
cg_model_view_get_defect (CgModelView *view)
{
  CgModelEntry *entry = find_entry (view, view->chosen);

  return entry ? entry->problem : NULL;
}
