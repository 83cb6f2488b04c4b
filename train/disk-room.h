/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether files of known sizes would fit into a folder. */
#pragma once

#include <glib.h>

/**
 * cg_disk_room_check:
 * @folder: an existing folder
 * @prefix: of the names that are used for a moment
 * @sizes: in bytes
 * @later: bytes that the folder will grow by in the end, beside these files
 *
 * Reserves room for all files at once and gives it back: quotas, limits of the process and full disks show now. What comes later
 * is compared with what the system says is free beside them. Fails in G_FILE_ERROR, naming @folder, the size of all together and
 * the system's reason.
 */
gboolean cg_disk_room_check (const char *folder, const char *prefix, const guint64 *sizes, guint n_sizes, guint64 later,
                             GError **error);
