/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Image in, image out: the one path that the operation, the plug-in and the command share. */
#pragma once

#include <gio/gio.h>

#include "base/visibility.h"
#include "model/model.h"

G_BEGIN_DECLS

typedef enum
{
  CG_SIZE_AUTO, /* short side from the model's train_scale */
  CG_SIZE_SIZE, /* short side given */
  CG_SIZE_FULL  /* every pixel, no margin: the plain network, comparable with PyTorch */
} CgSizeMode;

/* What is taken from the network, split in CIE Lab. */
typedef enum
{
  CG_APPLY_ALL,
  CG_APPLY_COLOUR, /* a and b; L is the picture's */
  CG_APPLY_LIGHT   /* L; a and b are the picture's */
} CgApply;

/* Where instance norms take means and deviations from. */
typedef enum
{
  CG_STATISTICS_AUTO,   /* exact up to 8 million network pixels, sampled above; depends on picture and network only */
  CG_STATISTICS_EXACT,  /* from every pixel: the plain network */
  CG_STATISTICS_SAMPLED /* from well-spread pieces of the picture, which bounds memory */
} CgStatistics;

/**
 * CgTranslateOptions:
 * @size: short side in pixels for CG_SIZE_SIZE, 16 … 8192
 * @detail: 0 … 1: from the network's own pixels, enlarged, to its colours carried to the picture's pixels, which keeps what is sharp sharp
 *   and what is brighter than 1 brighter than 1. Without meaning in CG_SIZE_FULL, where the network's pixels are the picture's.
 * @strength: 0 … 1; out = in + strength * (translated - in)
 * @statistics: networks with other norms, and U-Nets, are exact whatever it says
 * @memory_limit: bytes; 0 = a quarter of the machine's memory. Never changes the picture.
 * @n_threads: 0 = cg_parallel_get_default_threads ()
 */
typedef struct
{
  CgSizeMode size_mode;
  int size;
  double detail;
  CgApply apply;
  double strength;
  CgStatistics statistics;
  guint64 memory_limit;
  int n_threads;
} CgTranslateOptions;

/* CG_SIZE_AUTO, detail 0.85, strength 1, CG_STATISTICS_AUTO, a quarter of the memory, default threads. */
CG_PUBLIC void cg_translate_options_init (CgTranslateOptions *options);

/* Monotonic, first exactly 0.0 and last exactly 1.0 on success. On the calling thread. */
typedef void (*CgTranslateProgress) (double done, gpointer data);

/**
 * cg_translate:
 * @in: R'G'B' (sRGB, non-linear) floats, nominally 0 … 1 (clipped for the network only; NaN counts as 0), @width x @height,
 *   rows @in_stride floats apart
 * @out: the same shape; may be @in
 *
 * Fails with CG_ERROR_MEMORY (says how much is needed), CG_ERROR_SHAPE; @out is then untouched. Fails with CG_ERROR_CANCELLED within half
 * a second; some rows of @out may have been written then.
 */
CG_PUBLIC gboolean cg_translate (CgModel *model, const CgTranslateOptions *options, int width, int height,
                                 const float *in, size_t in_stride, float *out, size_t out_stride,
                                 CgTranslateProgress progress, gpointer data, GCancellable *cancellable,
                                 GError **error);

/**
 * CgTranslateRead:
 * @rows: (out) [@n][width][3] rows @first … @first + @n - 1 of the picture, overwritten
 *
 * Called on the thread of cg_translate_rows(); any rows, each more than once.
 */
typedef gboolean (*CgTranslateRead) (int first, int n, float *rows, gpointer data, GError **error);

/* Takes rows of the result, from top to bottom, each once. */
typedef gboolean (*CgTranslateWrite) (int first, int n, const float *rows, gpointer data, GError **error);

/**
 * cg_translate_rows:
 * @read, @write, @data: where pixels come from, as for cg_translate(), and where they go
 *
 * cg_translate() for pictures that are not in memory. Nothing of the picture's size is held, only, except in CG_SIZE_FULL, what the network
 * sees and what it makes of it. Fails also with what @read and @write fail with; some rows may have been written then.
 */
CG_PUBLIC gboolean cg_translate_rows (CgModel *model, const CgTranslateOptions *options, int width, int height,
                                      CgTranslateRead read, CgTranslateWrite write, gpointer data,
                                      CgTranslateProgress progress, gpointer progress_data, GCancellable *cancellable,
                                      GError **error);

/**
 * cg_translate_network:
 * @pixels: (out) [network_height][network_width][3] R'G'B', sizes from cg_translate_estimate(); may lie outside 0 … 1
 *
 * The first half of cg_translate(), and all of its cost: the network's own pixels. Looks at size_mode, size, statistics, memory_limit and
 * n_threads as well as at what cg_translate_carry() will need. Errors as there.
 */
CG_PUBLIC gboolean cg_translate_network (CgModel *model, const CgTranslateOptions *options, int width, int height,
                                         const float *in, size_t in_stride, float *pixels, CgTranslateProgress progress,
                                         gpointer data, GCancellable *cancellable, GError **error);

/* cg_translate_network() for pictures that are not in memory, as in cg_translate_rows(). @write: takes rows of the network's pixels. */
CG_PUBLIC gboolean cg_translate_network_rows (CgModel *model, const CgTranslateOptions *options, int width, int height,
                                              CgTranslateRead read, CgTranslateWrite write, gpointer data,
                                              CgTranslateProgress progress, gpointer progress_data,
                                              GCancellable *cancellable, GError **error);

/**
 * cg_translate_carry:
 * @in, @out: as for cg_translate()
 * @pixels: from cg_translate_network() for this picture and these options
 *
 * The other half: both together are cg_translate(). Looks at size_mode, detail, apply, strength and n_threads. Fails with CG_ERROR_MEMORY; @out
 * is then untouched.
 */
CG_PUBLIC gboolean cg_translate_carry (const CgTranslateOptions *options, int width, int height, const float *in,
                                       size_t in_stride, int network_width, int network_height, const float *pixels,
                                       float *out, size_t out_stride, GError **error);

/* cg_translate_carry() for pictures that are not in memory, as in cg_translate_rows(). @read_network: gives rows of the network's pixels, in
 * CG_SIZE_FULL as many at a time as @read does of the picture. */
CG_PUBLIC gboolean cg_translate_carry_rows (const CgTranslateOptions *options, int width, int height,
                                            CgTranslateRead read, int network_width, int network_height,
                                            CgTranslateRead read_network, CgTranslateWrite write, gpointer data,
                                            CgTranslateProgress progress, gpointer progress_data,
                                            GCancellable *cancellable, GError **error);

/* The size at which the network would run (before padding), and the bytes that cg_translate() would allocate; by rows they are fewer in
 * CG_SIZE_FULL. */
CG_PUBLIC gboolean cg_translate_estimate (CgModel *model, const CgTranslateOptions *options, int width, int height,
                                          int *network_width, int *network_height, guint64 *bytes, GError **error);

G_END_DECLS
