/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgOnnxGraph: an ONNX model (opset 17) while it is put together; the only file that knows the generated protobuf code. */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "convert/file-sink.h"

G_BEGIN_DECLS

#define CG_ONNX_MAX_INPUTS 5
#define CG_ONNX_MAX_NUMBERS 8

typedef struct _CgOnnxGraph CgOnnxGraph;

/* @name: of the graph. All texts given to a graph are copied. */
CgOnnxGraph *cg_onnx_graph_new (const char *name);
void cg_onnx_graph_free (CgOnnxGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgOnnxGraph, cg_onnx_graph_free)

/* [batch, @channels, @height, @width] of floats; heights and widths are names, for any number. */
void cg_onnx_graph_set_input (CgOnnxGraph *graph, const char *name, int channels, const char *height,
                              const char *width);
void cg_onnx_graph_set_output (CgOnnxGraph *graph, const char *name, int channels, const char *height,
                               const char *width);

/* A text that readers may show. */
void cg_onnx_graph_add_metadata (CgOnnxGraph *graph, const char *key, const char *value);

/* A constant of floats in little-endian bytes, or of integers. @bytes: (transfer full), of g_try_malloc() */
void cg_onnx_graph_add_floats (CgOnnxGraph *graph, const char *name, int n_dims, const gint64 *shape, guint8 *bytes,
                               size_t n_bytes);
void cg_onnx_graph_add_integers (CgOnnxGraph *graph, const char *name, int n, const gint64 *values);
gboolean cg_onnx_graph_has_constant (const CgOnnxGraph *graph, const char *name);

/**
 * cg_onnx_graph_add_node:
 * @inputs: up to CG_ONNX_MAX_INPUTS names of values or constants, then NULL; "" for one that is left out
 *
 * An operation, whose attributes may be set until the next one is added.
 */
void cg_onnx_graph_add_node (CgOnnxGraph *graph, const char *operation, const char *const *inputs, const char *output);
void cg_onnx_graph_set_integer (CgOnnxGraph *graph, const char *attribute, gint64 value);
void cg_onnx_graph_set_integers (CgOnnxGraph *graph, const char *attribute, int n, const gint64 *values);
void cg_onnx_graph_set_real (CgOnnxGraph *graph, const char *attribute, float value);
void cg_onnx_graph_set_text (CgOnnxGraph *graph, const char *attribute, const char *value);

/* Bytes that the file will have. */
size_t cg_onnx_graph_get_size (CgOnnxGraph *graph);
void cg_onnx_graph_write (CgOnnxGraph *graph, CgFileSink *sink);

G_END_DECLS
