/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Models come, are listed, vanish and go; the list in the window follows. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "details.h"
#include "dialog-fixture.h"
#include "model-entry.h"
#include "model-install.h"

#define N_MODELS 200

static char *
in_models (const char *name)
{
  return g_build_filename (fixture_folder (), "cyclegan", "models", name, NULL);
}

typedef struct
{
  GMainLoop *loop;
  GAsyncResult *result;
} Wait;

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Wait *wait = data;

  wait->result = g_object_ref (result);
  g_main_loop_quit (wait->loop);
}

static char *
install (const char *path, GError **error)
{
  Wait wait = { g_main_loop_new (NULL, FALSE), NULL };
  char *name;

  cg_model_install_start (path, NULL, on_done, &wait);
  g_main_loop_run (wait.loop);
  name = cg_model_install_finish (wait.result, error);
  g_object_unref (wait.result);
  g_main_loop_unref (wait.loop);
  return name;
}

static char *
golden (const char *name)
{
  return g_build_filename (g_getenv ("CG_GOLDEN_DIR"), "checkpoints", name, NULL);
}

/* Two hundred times all the weights would be gigabytes. */
static void
test_many (void)
{
  g_autofree char *folder = g_build_filename (fixture_folder (), "many", NULL);
  g_autofree char *model = g_build_filename (g_getenv ("CG_TEST_MODELS"), "photo-to-ukiyoe.safetensors", NULL);
  g_autofree char *picture = g_build_filename (g_getenv ("CG_TEST_MODELS"), "photo-to-ukiyoe.png", NULL);
  g_autoptr (GPtrArray) entries = NULL;
  Fixture *fixture;
  clock_t begin;
  double listed, shown;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  for (int i = 0; i < N_MODELS; i++)
    {
      g_autofree char *to = g_strdup_printf ("%s/model-%03d.safetensors", folder, i);
      g_autofree char *thumbnail = g_strdup_printf ("%s/model-%03d.png", folder, i);

      g_assert_cmpint (symlink (model, to), ==, 0);
      g_assert_cmpint (symlink (picture, thumbnail), ==, 0);
    }
  g_setenv ("CYCLEGAN_MODEL_PATH", folder, TRUE);
  begin = clock ();
  entries = cg_model_entry_list ();
  listed = (double)(clock () - begin) / CLOCKS_PER_SEC;
  g_assert_cmpuint (entries->len, ==, N_MODELS + 3);
  for (guint i = 0; i < entries->len; i++)
    {
      CgModelEntry *entry = g_ptr_array_index (entries, i);

      /* One of them has a weight that is no number, which only who reads weights can know. */
      g_assert_cmpstr (entry->problem, ==, NULL);
    }

  begin = clock ();
  fixture = fixture_new ("", 60, 50);
  shown = (double)(clock () - begin) / CLOCKS_PER_SEC;
  g_test_message ("listed in %.3f s, shown with all thumbnails in %.3f s of work", listed, shown);
  fixture_free (fixture);
  g_unsetenv ("CYCLEGAN_MODEL_PATH");
}

static void
test_copied (void)
{
  g_autofree char *from = g_build_filename (fixture_folder (), "style.safetensors", NULL);
  g_autofree char *thumbnail = g_build_filename (fixture_folder (), "style.png", NULL);
  g_autofree char *tiny = in_models ("tiny.safetensors");
  g_autofree char *to = in_models ("style.safetensors");
  g_autofree char *to_thumbnail = in_models ("style.png");
  g_autofree char *trashed = g_build_filename (fixture_folder (), "Trash", "files", "style.safetensors", NULL);
  g_autofree char *name = NULL;
  g_autofree char *again = NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;

  g_file_get_contents (tiny, &bytes, &n, &error);
  g_assert_no_error (error);
  g_file_set_contents (from, bytes, (gssize)n, &error);
  g_file_set_contents (thumbnail, "no picture", -1, &error);
  g_assert_no_error (error);
  name = install (from, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (name, ==, "style");
  g_assert_true (g_file_test (to, G_FILE_TEST_IS_REGULAR));
  g_assert_true (g_file_test (to_thumbnail, G_FILE_TEST_IS_REGULAR));

  again = install (from, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);

  g_assert_true (cg_model_install_can_remove (to));
  cg_model_install_remove (to, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (to, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (to_thumbnail, G_FILE_TEST_EXISTS));
  /* In the trash, not lost. */
  g_assert_true (g_file_test (trashed, G_FILE_TEST_IS_REGULAR));
}

static void
test_imported (void)
{
  g_autofree char *from = golden ("resnet-zip.pth");
  g_autofree char *to = in_models ("resnet-zip.safetensors");
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = NULL;

  name = install (from, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (name, ==, "resnet-zip");
  model = cg_model_load (name, &error);
  g_assert_no_error (error);
  g_unlink (to);
}

static void
test_refused (void)
{
  const struct
  {
    const char *name, *content, *reason;
  } rows[] = { { "nonsense.safetensors", "nonsense", "nonsense.safetensors" },
               { "nonsense.pth", "nonsense", "nonsense.pth" },
               { "absent.pth", NULL, "absent.pth" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_build_filename (fixture_folder (), rows[i].name, NULL);
      g_autofree char *to = in_models ("nonsense.safetensors");
      g_autofree char *name = NULL;
      g_autoptr (GError) error = NULL;

      if (rows[i].content)
        g_assert_true (g_file_set_contents (path, rows[i].content, -1, NULL));
      name = install (path, &error);
      g_assert_nonnull (error);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, rows[i].reason));
      g_assert_false (g_file_test (to, G_FILE_TEST_EXISTS));
    }
}

/* A window that has to come, and what it says. */
typedef struct
{
  const char *what, *reason;
  gboolean closed;
} Complaint;

/* Closes the window that complains, once it is there. */
static gboolean
close_complaint (gpointer data)
{
  GList *windows = gtk_window_list_toplevels ();
  Complaint *complaint = data;

  for (GList *item = windows; item && !complaint->closed; item = item->next)
    if (GTK_IS_MESSAGE_DIALOG (item->data) && gtk_widget_get_visible (item->data))
      {
        Fixture box = { .window = item->data };

        g_assert_nonnull (strstr (fixture_get_text (&box), complaint->what));
        g_assert_nonnull (strstr (fixture_get_text (&box), complaint->reason));
        g_assert_true (fixture_is_shown (&box, "Details"));
        complaint->closed = TRUE;
        gtk_dialog_response (item->data, GTK_RESPONSE_CLOSE);
      }
  g_list_free (windows);
  return complaint->closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* A failure has a window with the file, the reason, and details to copy. */
static void
test_complaint (void)
{
  g_autofree char *model = in_models ("tiny.safetensors");
  g_autofree char *vanishing = in_models ("vanishing.safetensors");
  Complaint complaint = { "The model was not moved to the trash", "vanishing.safetensors", FALSE };
  Fixture *fixture;

  g_assert_cmpint (link (model, vanishing), ==, 0);
  fixture = fixture_new ("vanishing", 60, 50);
  g_assert_cmpint (g_unlink (vanishing), ==, 0);
  g_timeout_add (50, close_complaint, &complaint);
  fixture_press (fixture, "Remo_ve");
  g_assert_true (complaint.closed);
  fixture_free (fixture);
}

/* The command's own words, in the window that the button's failures have. */
static void
test_import_failure (void)
{
  g_autofree char *path = g_build_filename (fixture_folder (), "senseless.pth", NULL);
  Complaint complaint = { "The model was not installed", "senseless.pth", FALSE };
  Fixture *fixture = fixture_new ("tiny", 60, 50);
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "senseless", -1, NULL));
  name = install (path, &error);
  g_assert_null (name);
  g_timeout_add (50, close_complaint, &complaint);
  cg_details_complain (fixture->window, complaint.what, error);
  g_assert_true (complaint.closed);
  fixture_free (fixture);
}

/* The window's list follows the folder, and says what to do when it is empty. */
static void
test_followed (void)
{
  g_autofree char *models = in_models (NULL);
  g_autofree char *model = g_build_filename (models, "tiny.safetensors", NULL);
  g_autofree char *new = g_build_filename (models, "new.safetensors", NULL);
  g_autofree char *other = g_build_filename (models, "tiny-2.safetensors", NULL);
  g_autofree char *wrong = g_build_filename (models, "wrong.safetensors", NULL);
  Fixture *fixture = fixture_new ("new", 60, 50);

  g_assert_false (fixture->ready);
  g_assert_cmpint (link (model, new), ==, 0);
  fixture_wait_until_ready (fixture);
  fixture_press (fixture, "Remo_ve");
  g_assert_false (g_file_test (new, G_FILE_TEST_EXISTS));
  g_assert_false (fixture->ready);
  g_assert_false (fixture_is_shown (fixture, "No model is installed\n"));

  g_assert_cmpint (g_unlink (other) | g_unlink (wrong) | g_unlink (model), ==, 0);
  fixture_wait_for_text (fixture, "No model is installed.");
  g_assert_true (fixture_is_shown (fixture, "No model is installed\n"));
  fixture_free (fixture);
}

int
main (int argc, char **argv)
{
  return fixture_main (argc, argv,
                       (const FixtureTest[]){ { "/models/many", test_many },
                                              { "/models/copied", test_copied },
                                              { "/models/imported", test_imported },
                                              { "/models/refused", test_refused },
                                              { "/models/complaint", test_complaint },
                                              { "/models/import-failure", test_import_failure },
                                              { "/models/followed", test_followed },
                                              { NULL, NULL } });
}
