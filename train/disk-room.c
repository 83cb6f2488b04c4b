/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tries out a disk; apart because free bytes as the system counts them know neither quotas nor limits. */
#include "disk-room.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/statvfs.h>

static char *
probe_path (const char *folder, const char *prefix, guint i)
{
  g_autofree char *name = g_strdup_printf ("%sroom-%u", prefix, i);

  return g_build_filename (folder, name, NULL);
}

/* Returns: 0 or what errno would be. */
static int
reserve (const char *path, guint64 size)
{
  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int code = fd < 0 ? errno : 0;

  if (code == 0 && size > 0)
    code = posix_fallocate (fd, 0, (off_t)size);
  if (fd >= 0)
    g_close (fd, NULL);
  return code;
}

/* G_MAXUINT64 where the system does not tell. */
static guint64
get_free (const char *folder)
{
  struct statvfs status;

  return statvfs (folder, &status) == 0 && status.f_blocks > 0 ? (guint64)status.f_bavail * status.f_frsize
                                                               : G_MAXUINT64;
}

static gboolean
fail_later (const char *folder, guint64 later, guint64 available, GError **error)
{
  g_autofree char *shown = g_filename_display_name (folder);
  g_autofree char *needed = g_format_size_full (later, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *found = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);

  g_set_error (
      error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
      _ ("%s: the checkpoints that this run keeps for good will take %s, and %s are free there. Make room, choose "
         "another --out, or a larger --save-epoch-freq"),
      shown, needed, found);
  return FALSE;
}

gboolean
cg_disk_room_check (const char *folder, const char *prefix, const guint64 *sizes, guint n_sizes, guint64 later,
                    GError **error)
{
  guint64 total = 0, available = G_MAXUINT64;
  int code = 0;

  for (guint i = 0; i < n_sizes; i++)
    {
      g_autofree char *path = probe_path (folder, prefix, i);

      total += sizes[i];
      if (code == 0)
        code = reserve (path, sizes[i]);
    }
  if (code == 0 && later > 0)
    available = get_free (folder);
  for (guint i = 0; i < n_sizes; i++)
    {
      g_autofree char *path = probe_path (folder, prefix, i);

      g_unlink (path);
    }
  if (code != 0)
    {
      g_autofree char *shown = g_filename_display_name (folder);
      g_autofree char *needed = g_format_size_full (total, G_FORMAT_SIZE_IEC_UNITS);

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
                   _ ("%s: the checkpoints of this run need %s, which cannot be had there: %s. Make room, or choose "
                      "another --out"),
                   shown, needed, g_strerror (code));
      return FALSE;
    }
  return later <= available || fail_later (folder, later, available, error);
}
