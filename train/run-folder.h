/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgRunFolder: where a run keeps its files, and how checkpoints come and go there without ever being half there. */
#pragma once

#include <glib.h>

typedef struct _CgRunFolder CgRunFolder;

/**
 * cg_run_folder_open:
 * @resume: FALSE: makes the folder; one that already holds a run is refused. TRUE: there must be a run.
 *
 * Takes a lock that lasts until the folder is freed, so that two processes never write into one run. Removes what an
 * interrupted process left half-written. Fails in G_FILE_ERROR, naming @path.
 */
CgRunFolder *cg_run_folder_open (const char *path, gboolean resume, GError **error);
void cg_run_folder_free (CgRunFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgRunFolder, cg_run_folder_free)

const char *cg_run_folder_get_path (const CgRunFolder *folder);
/* PATH/config.json, without opening anything. (transfer full) */
char *cg_run_folder_config_path (const char *path);
/* Absolute names. (transfer full) */
char *cg_run_folder_get_metrics_path (const CgRunFolder *folder);
char *cg_run_folder_get_sample_path (const CgRunFolder *folder, gint64 step);
char *cg_run_folder_get_model_path (const CgRunFolder *folder, const char *name);
/* PATH/best/NAME.safetensors; the folder is made by cg_run_folder_make_best(). */
char *cg_run_folder_get_best_path (const CgRunFolder *folder, const char *name);
char *cg_run_folder_get_checkpoint_path (const CgRunFolder *folder, gint64 step);

gboolean cg_run_folder_make_best (CgRunFolder *folder, GError **error);

char *cg_run_folder_get_report_path (const CgRunFolder *folder);

/* Steps of all complete checkpoints, ascending: gint64. (transfer full) */
GArray *cg_run_folder_list_checkpoints (const CgRunFolder *folder, GError **error);

/* Whether as many checkpoints as are there at a time, the last two and one that is being written, fit on the disk, @n_kept that
 * will be kept for good, and other files beside them; @sizes are those of one checkpoint's files, @others of the others:
 * guint64. */
gboolean cg_run_folder_check_room (const CgRunFolder *folder, const GArray *sizes, const GArray *others, gint64 n_kept,
                                   GError **error);

/* Steps of the sample pictures up to @last_step, ascending: gint64. (transfer full) */
GArray *cg_run_folder_list_samples (const CgRunFolder *folder, gint64 last_step, GError **error);

/* Makes an empty folder under a temporary name and fills it by @write; then the name changes, all at once, to that of
 * the checkpoint. On failure nothing stays. */
typedef gboolean (*CgWriteCheckpoint) (const char *path, gpointer data, GError **error);
gboolean cg_run_folder_add_checkpoint (CgRunFolder *folder, gint64 step, CgWriteCheckpoint write, gpointer data,
                                       GError **error);

/* Removes all but the last two checkpoints and the multiples of @keep_every steps (0: no such). */
gboolean cg_run_folder_prune_checkpoints (CgRunFolder *folder, gint64 keep_every, GError **error);
