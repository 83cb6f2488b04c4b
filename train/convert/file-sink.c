/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing beside the target, syncing and renaming, for formats that are produced piece by piece. */
#include "convert/file-sink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct _CgFileSink
{
  char *path, *folder, *temporary;
  int fd;   /* -1 once closed */
  int code; /* errno of the first failure */
  gboolean committed;
};

static gboolean
fail (const CgFileSink *sink, GError **error)
{
  g_autofree char *display_name = g_filename_display_name (sink->path);

  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (sink->code), _ ("%s: cannot be written: %s"),
               display_name, g_strerror (sink->code));
  return FALSE;
}

CgFileSink *
cg_file_sink_new (const char *path, GError **error)
{
  g_autoptr (CgFileSink) sink = g_new0 (CgFileSink, 1);

  sink->path = g_strdup (path);
  sink->folder = g_path_get_dirname (path);
  /* Not made from the file's own name, which may already be as long as names can be. */
  sink->temporary = g_build_filename (sink->folder, ".cyclegan-XXXXXX", NULL);
  sink->fd = g_mkstemp_full (sink->temporary, O_WRONLY | O_CLOEXEC, 0666);
  if (sink->fd < 0)
    {
      sink->code = errno;
      fail (sink, error);
      return NULL;
    }
  return g_steal_pointer (&sink);
}

void
cg_file_sink_write (CgFileSink *sink, const void *data, size_t n)
{
  const guint8 *at = data;

  while (n > 0 && !sink->code)
    {
      const ssize_t written = write (sink->fd, at, MIN (n, (size_t)1 << 30));

      if (written < 0 && errno != EINTR)
        sink->code = errno;
      if (written > 0)
        {
          at += written;
          n -= (size_t)written;
        }
    }
}

/* Makes the new name last through a power cut, where the file system can. */
static void
sync_folder (const char *folder)
{
  const int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd >= 0)
    {
      g_fsync (fd);
      g_close (fd, NULL);
    }
}

gboolean
cg_file_sink_commit (CgFileSink *sink, GError **error)
{
  if (!sink->code && g_fsync (sink->fd) < 0)
    sink->code = errno;
  if (close (sink->fd) < 0 && !sink->code)
    sink->code = errno;
  sink->fd = -1;
  if (!sink->code && g_rename (sink->temporary, sink->path) < 0)
    sink->code = errno;
  if (sink->code)
    return fail (sink, error);
  sink->committed = TRUE;
  sync_folder (sink->folder);
  return TRUE;
}

void
cg_file_sink_free (CgFileSink *sink)
{
  if (!sink)
    return;
  if (sink->fd >= 0)
    close (sink->fd);
  if (!sink->committed && sink->temporary)
    g_unlink (sink->temporary);
  g_free (sink->path);
  g_free (sink->folder);
  g_free (sink->temporary);
  g_free (sink);
}
