/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* safetensors files in and out: every length, offset, dtype and shape is checked before use; writing is atomic. */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "base/visibility.h"

G_BEGIN_DECLS

typedef enum
{
  CG_DTYPE_F32,
  CG_DTYPE_F16,
  CG_DTYPE_BF16,
  CG_DTYPE_F64, /* this and below: only in files of others, never written or decoded here */
  CG_DTYPE_I64
} CgDtype;

/* "F32", "F16", "BF16", "F64", "I64". */
CG_PUBLIC const char *cg_dtype_get_name (CgDtype dtype);

#define CG_SAFETENSORS_MAX_DIMS 8

/* One tensor of an open file; @data points into the mapped file and may be unaligned. */
typedef struct
{
  const char *name;
  CgDtype dtype;
  int n_dims;
  gint64 shape[CG_SAFETENSORS_MAX_DIMS];
  size_t n_elements;
  const guint8 *data;
} CgSafetensorsEntry;

typedef struct _CgSafetensors CgSafetensors;

/* Maps and checks the file (interfaces.md, "A model file"). Values are not read. Errors name @path: G_FILE_ERROR,
 * CG_ERROR_FORMAT, CG_ERROR_CORRUPT, CG_ERROR_UNSUPPORTED (a dtype we do not read). */
CG_PUBLIC CgSafetensors *cg_safetensors_open (const char *path, GError **error);

/* The same for state dicts that others wrote, which may also hold F64 and I64 (batch norm's counters). cg_safetensors_read() is not
 * for entries of these two. */
CG_PUBLIC CgSafetensors *cg_safetensors_open_foreign (const char *path, GError **error);
CG_PUBLIC void cg_safetensors_free (CgSafetensors *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgSafetensors, cg_safetensors_free)

/* (transfer none), valid as long as the file is open. */
CG_PUBLIC const char *cg_safetensors_get_path (const CgSafetensors *file);
CG_PUBLIC guint cg_safetensors_get_n_entries (const CgSafetensors *file); /* in file order */
CG_PUBLIC const CgSafetensorsEntry *cg_safetensors_get_entry (const CgSafetensors *file, guint i);
CG_PUBLIC const CgSafetensorsEntry *cg_safetensors_find (const CgSafetensors *file, const char *name); /* or NULL */
CG_PUBLIC const char *cg_safetensors_get_metadata (const CgSafetensors *file, const char *key);        /* or NULL */
/* Sorted, NULL-terminated. */
CG_PUBLIC const char *const *cg_safetensors_get_metadata_keys (const CgSafetensors *file);

/* Converts an entry's values to float32. Fails with CG_ERROR_CORRUPT, naming file and tensor, on a value that is not
 * finite. */
CG_PUBLIC gboolean cg_safetensors_read (const CgSafetensors *file, const CgSafetensorsEntry *entry, float *values,
                                        GError **error);

/* --- writing --- */

typedef struct _CgSafetensorsWriter CgSafetensorsWriter;

/* Collects a file in memory; nothing is on disk before cg_safetensors_writer_write(). */
CG_PUBLIC CgSafetensorsWriter *cg_safetensors_writer_new (void);
CG_PUBLIC void cg_safetensors_writer_free (CgSafetensorsWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgSafetensorsWriter, cg_safetensors_writer_free)

/* One string of __metadata__; a second one of the same key replaces the first. */
CG_PUBLIC void cg_safetensors_writer_set_metadata (CgSafetensorsWriter *writer, const char *key, const char *value);

/* Copies @values (the product of @shape floats), converting to @dtype, round to nearest even. FALSE with
 * CG_ERROR_MEMORY, CG_ERROR_FORMAT if the name is taken or a finite value overflows @dtype, CG_ERROR_DIVERGED if a
 * value is not finite. */
CG_PUBLIC gboolean cg_safetensors_writer_add (CgSafetensorsWriter *writer, const char *name, CgDtype dtype, int n_dims,
                                              const gint64 *shape, const float *values, GError **error);

/* Writes beside @path under a temporary name, fsyncs, renames, fsyncs the folder. On failure @path is as it was. */
CG_PUBLIC gboolean cg_safetensors_writer_write (CgSafetensorsWriter *writer, const char *path, GError **error);

G_END_DECLS
