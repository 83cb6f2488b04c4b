/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgFileSink: a file that appears under its name when it is complete, or not at all. */
#pragma once

#include <glib.h>
#include <stddef.h>

G_BEGIN_DECLS

typedef struct _CgFileSink CgFileSink;

/* Begins beside @path under a temporary name. Fails in G_FILE_ERROR, naming the file, as all below do. */
CgFileSink *cg_file_sink_new (const char *path, GError **error);

/* After a failure further writes do nothing; the commit tells. */
void cg_file_sink_write (CgFileSink *sink, const void *data, size_t n);

/* Syncs and gives the file its name, replacing another of that name. To be called once at most. */
gboolean cg_file_sink_commit (CgFileSink *sink, GError **error);

/* Removes what was not committed. */
void cg_file_sink_free (CgFileSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgFileSink, cg_file_sink_free)

G_END_DECLS
