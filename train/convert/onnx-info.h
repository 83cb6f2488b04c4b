/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ONNX file says of itself, read without its weights and without a library for the format. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CgOnnxInfo: @opset: of the standard operations; @producer: (nullable); @metadata: key, value, key, value …
 */
typedef struct
{
  gint64 ir_version, opset;
  char *producer, *producer_version;
  GPtrArray *metadata;
  size_t file_bytes;
} CgOnnxInfo;

/* Fails with G_FILE_ERROR, CG_ERROR_FORMAT (no ONNX file), naming the file. Texts are valid UTF-8. */
CgOnnxInfo *cg_onnx_info_read (const char *path, GError **error);
void cg_onnx_info_free (CgOnnxInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgOnnxInfo, cg_onnx_info_free)

G_END_DECLS
