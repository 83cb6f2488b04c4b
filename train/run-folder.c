/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders of a run; apart because what survives kill -9 and power cuts is decided by the order of calls
 * here. */
#include "run-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "disk-room.h"

#define CHECKPOINTS "checkpoints"
#define SAMPLES "samples"
#define BEST "best"
#define STEP_PREFIX "step-"
/* No complete checkpoint begins with a dot. */
#define TEMPORARY_PREFIX ".step-"
/* Newest checkpoints that are kept whatever they are. */
#define N_KEPT 2

struct _CgRunFolder
{
  char *path;
  char *checkpoints;
  int lock;
};

/* FALSE, with the reason that errno gives for @path. */
static gboolean
fail (const char *path, GError **error)
{
  int code = errno;
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", shown, g_strerror (code));
  return FALSE;
}

/* Until then a new name in the folder may be lost in a power cut. */
static gboolean
sync_folder (const char *path, GError **error)
{
  int fd = g_open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean synced = fd >= 0 && fsync (fd) == 0;

  if (!synced)
    fail (path, error);
  if (fd >= 0)
    g_close (fd, NULL);
  return synced;
}

/* Removes a folder of plain files. */
static gboolean
remove_folder (const char *path, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  const char *name;

  if (!dir)
    return FALSE;
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_unlink (file) != 0)
        return fail (file, error);
    }
  return g_rmdir (path) == 0 || fail (path, error);
}

static gboolean
remove_temporary_checkpoints (const char *checkpoints, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (checkpoints, 0, error);
  const char *name;

  if (!dir)
    return FALSE;
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (checkpoints, name, NULL);

      if (g_str_has_prefix (name, TEMPORARY_PREFIX) && !remove_folder (path, error))
        return FALSE;
    }
  return TRUE;
}

/* Files of an interrupted process under the names that atomic writers use before they rename. */
static gboolean
remove_temporary_files (const char *path, GError **error)
{
  static const char *const prefixes[] = { ".cyclegan-", ".step-", "config.json.", "metrics.jsonl.", "report.html." };
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  const char *name;

  if (!dir)
    return FALSE;
  while ((name = g_dir_read_name (dir)))
    for (size_t i = 0; i < G_N_ELEMENTS (prefixes); i++)
      {
        g_autofree char *file = g_build_filename (path, name, NULL);

        if (g_str_has_prefix (name, prefixes[i]) && g_unlink (file) != 0)
          return fail (file, error);
      }
  return TRUE;
}

static gboolean
make_folder (const char *path, GError **error)
{
  return g_mkdir_with_parents (path, 0777) == 0 || fail (path, error);
}

static gboolean
lock_folder (CgRunFolder *folder, GError **error)
{
  folder->lock = g_open (folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder->lock < 0)
    return fail (folder->path, error);
  if (flock (folder->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno != EWOULDBLOCK)
    return fail (folder->path, error);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_AGAIN, _ ("%s: another process is training in this folder"),
               folder->path);
  return FALSE;
}

/* Found now rather than at the first checkpoint, an hour later. */
static gboolean
check_writable (const char *path, GError **error)
{
  return g_access (path, W_OK | X_OK) == 0 || fail (path, error);
}

/* Whether somebody's run is there: config.json is the first file of a run, but whoever deleted it shall not lose the
 * rest. */
static gboolean
holds_run (const char *path)
{
  static const char *const traces[] = { "config.json", "metrics.jsonl", "G_A.safetensors", "G_B.safetensors" };
  g_autofree char *checkpoints = g_build_filename (path, CHECKPOINTS, NULL);
  g_autoptr (GDir) dir = g_dir_open (checkpoints, 0, NULL);

  for (size_t i = 0; i < G_N_ELEMENTS (traces); i++)
    {
      g_autofree char *trace = g_build_filename (path, traces[i], NULL);

      if (g_file_test (trace, G_FILE_TEST_EXISTS))
        return TRUE;
    }
  return dir && g_dir_read_name (dir);
}

CgRunFolder *
cg_run_folder_open (const char *path, gboolean resume, GError **error)
{
  g_autoptr (CgRunFolder) folder = g_new0 (CgRunFolder, 1);
  g_autofree char *config = cg_run_folder_config_path (path);
  g_autofree char *samples = g_build_filename (path, SAMPLES, NULL);

  folder->lock = -1;
  folder->path = g_strdup (path);
  folder->checkpoints = g_build_filename (path, CHECKPOINTS, NULL);
  if (resume && !g_file_test (config, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, _ ("%s: there is no run to go on with"), config);
      return NULL;
    }
  if (!resume && holds_run (path))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                   _ ("%s: the folder already holds a run; go on with it by --resume, or choose another --out"), path);
      return NULL;
    }
  if (!make_folder (path, error) || !check_writable (path, error) || !lock_folder (folder, error)
      || !make_folder (folder->checkpoints, error) || !make_folder (samples, error)
      || !check_writable (folder->checkpoints, error) || !check_writable (samples, error)
      || !remove_temporary_checkpoints (folder->checkpoints, error) || !remove_temporary_files (path, error)
      || !remove_temporary_files (samples, error))
    return NULL;
  return g_steal_pointer (&folder);
}

void
cg_run_folder_free (CgRunFolder *folder)
{
  if (!folder)
    return;
  if (folder->lock >= 0)
    g_close (folder->lock, NULL);
  g_free (folder->path);
  g_free (folder->checkpoints);
  g_free (folder);
}

const char *
cg_run_folder_get_path (const CgRunFolder *folder)
{
  return folder->path;
}

char *
cg_run_folder_config_path (const char *path)
{
  return g_build_filename (path, "config.json", NULL);
}

char *
cg_run_folder_get_metrics_path (const CgRunFolder *folder)
{
  return g_build_filename (folder->path, "metrics.jsonl", NULL);
}

static char *
step_name (const char *prefix, gint64 step, const char *suffix)
{
  return g_strdup_printf ("%s%08" G_GINT64_FORMAT "%s", prefix, step, suffix);
}

char *
cg_run_folder_get_sample_path (const CgRunFolder *folder, gint64 step)
{
  g_autofree char *name = step_name (STEP_PREFIX, step, ".png");

  return g_build_filename (folder->path, SAMPLES, name, NULL);
}

char *
cg_run_folder_get_model_path (const CgRunFolder *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);

  return g_build_filename (folder->path, file, NULL);
}

char *
cg_run_folder_get_report_path (const CgRunFolder *folder)
{
  return g_build_filename (folder->path, "report.html", NULL);
}

char *
cg_run_folder_get_best_path (const CgRunFolder *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);

  return g_build_filename (folder->path, BEST, file, NULL);
}

gboolean
cg_run_folder_make_best (CgRunFolder *folder, GError **error)
{
  g_autofree char *best = g_build_filename (folder->path, BEST, NULL);

  return make_folder (best, error) && remove_temporary_files (best, error);
}

char *
cg_run_folder_get_checkpoint_path (const CgRunFolder *folder, gint64 step)
{
  g_autofree char *name = step_name (STEP_PREFIX, step, "");

  return g_build_filename (folder->checkpoints, name, NULL);
}

static int
compare_steps (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

  return (x > y) - (x < y);
}

/* Numbers of the names in @path between STEP_PREFIX and @suffix, ascending. (transfer full) */
static GArray *
list_steps (const char *path, const char *suffix, gint64 last_step, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  GArray *steps;
  const char *name;

  if (!dir)
    return NULL;
  steps = g_array_new (FALSE, FALSE, sizeof (gint64));
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *number = NULL;
      gint64 step;

      if (!g_str_has_prefix (name, STEP_PREFIX) || !g_str_has_suffix (name, suffix))
        continue;
      number = g_strndup (name + strlen (STEP_PREFIX), strlen (name) - strlen (STEP_PREFIX) - strlen (suffix));
      if (g_ascii_string_to_signed (number, 10, 0, last_step, &step, NULL))
        g_array_append_val (steps, step);
    }
  g_array_sort (steps, compare_steps);
  return steps;
}

GArray *
cg_run_folder_list_checkpoints (const CgRunFolder *folder, GError **error)
{
  return list_steps (folder->checkpoints, "", G_MAXINT64, error);
}

GArray *
cg_run_folder_list_samples (const CgRunFolder *folder, gint64 last_step, GError **error)
{
  g_autofree char *path = g_build_filename (folder->path, SAMPLES, NULL);

  return list_steps (path, ".png", last_step, error);
}

gboolean
cg_run_folder_check_room (const CgRunFolder *folder, const GArray *sizes, const GArray *others, gint64 n_kept,
                          GError **error)
{
  guint64 checkpoint = 0, later;

  g_autoptr (GArray) steps = cg_run_folder_list_checkpoints (folder, error);
  g_autoptr (GArray) missing = g_array_new (FALSE, FALSE, sizeof (guint64));

  if (!steps)
    return FALSE;
  for (guint i = MIN (steps->len, N_KEPT); i <= N_KEPT; i++)
    g_array_append_vals (missing, sizes->data, sizes->len);
  g_array_append_vals (missing, others->data, others->len);
  for (guint i = 0; i < sizes->len; i++)
    checkpoint += g_array_index (sizes, guint64, i);
  if (!g_uint64_checked_mul (&later, checkpoint, (guint64)n_kept))
    later = G_MAXUINT64 - 1;
  return cg_disk_room_check (folder->path, TEMPORARY_PREFIX, (const guint64 *)(gpointer)missing->data, missing->len,
                             later, error);
}

/* Takes a checkpoint's name away before its files, so that half of one is never taken for a whole. */
static gboolean
remove_checkpoint (CgRunFolder *folder, gint64 step, GError **error)
{
  g_autofree char *path = cg_run_folder_get_checkpoint_path (folder, step);
  g_autofree char *name = step_name (TEMPORARY_PREFIX, step, ".old");
  g_autofree char *temporary = g_build_filename (folder->checkpoints, name, NULL);

  if (g_rename (path, temporary) != 0)
    return fail (path, error);
  return remove_folder (temporary, error);
}

gboolean
cg_run_folder_add_checkpoint (CgRunFolder *folder, gint64 step, CgWriteCheckpoint write, gpointer data, GError **error)
{
  g_autofree char *path = cg_run_folder_get_checkpoint_path (folder, step);
  g_autofree char *name = step_name (TEMPORARY_PREFIX, step, ".new");
  g_autofree char *temporary = g_build_filename (folder->checkpoints, name, NULL);

  if (g_mkdir (temporary, 0777) != 0)
    return fail (temporary, error);
  if (!write (temporary, data, error) || !sync_folder (temporary, error))
    {
      remove_folder (temporary, NULL);
      return FALSE;
    }
  /* A checkpoint of this step that is already there could not be read, or the run would not be here again. */
  if (g_file_test (path, G_FILE_TEST_EXISTS) && !remove_checkpoint (folder, step, error))
    return FALSE;
  if (g_rename (temporary, path) != 0)
    return fail (path, error);
  return sync_folder (folder->checkpoints, error);
}

/* Whether number @i of the ascending @steps is kept. */
static gboolean
is_kept (const GArray *steps, guint i, gint64 keep_every)
{
  return i + N_KEPT >= steps->len || (keep_every > 0 && g_array_index (steps, gint64, i) % keep_every == 0);
}

gboolean
cg_run_folder_prune_checkpoints (CgRunFolder *folder, gint64 keep_every, GError **error)
{
  g_autoptr (GArray) steps = cg_run_folder_list_checkpoints (folder, error);

  if (!steps)
    return FALSE;
  for (guint i = 0; i < steps->len; i++)
    if (!is_kept (steps, i, keep_every) && !remove_checkpoint (folder, g_array_index (steps, gint64, i), error))
      return FALSE;
  return TRUE;
}
