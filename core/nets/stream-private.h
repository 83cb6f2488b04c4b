/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the files of a stream share: its stages and the windows of rows between them. */
#pragma once

#include "layers/layer.h"
#include "nets/stream.h"

/**
 * CgWindow: the rows of a value that are there.
 * @halo: pixels around the value that its reader wants
 * @capacity: rows of memory, halo included
 * @first: the row at the beginning of the memory, -halo at the start
 */
typedef struct
{
  int n, h, w, c;
  int halo;
  CgPadMode pad_mode;
  int capacity, first;
  size_t row_stride, image_stride; /* floats */
  float *memory;
} CgWindow;

/* Sets the strides. Returns: bytes, (size_t) -1 on overflow. */
size_t cg_window_lay_out (CgWindow *window);

/* The address of pixel (n, row, 0). */
float *cg_window_at (const CgWindow *window, int n, int row);
CgPlane cg_window_plane (const CgWindow *window, int row);

/* Makes room for rows up to @end by forgetting those above @keep; rows up to @produced are there. */
void cg_window_slide (CgWindow *window, int keep, int produced, int end, int n_threads);

/* Fills the halo that rows @first … @end - 1, just produced, allow to fill. */
void cg_window_fill_halo (CgWindow *window, int first, int end);

/**
 * CgStage: a convolution or enlargement, and what is done in place to the rows that it makes.
 * @layer: NULL for stage 0, the network's input
 * @finish: (nullable) the norm or addition after it; @finish_layer its index
 * @input, @skip: stages, -1 = none
 * @scale: pixels of the input per pixel, in one direction
 * @step: rows that are made in one go
 * @granule: rows that one row of the input makes, where there are several
 * @tile: rows come in multiples of this, so that their bits do not depend on where a step begins
 * @reach: pixels of the input beyond those under the output
 * @batches: makes whole steps even when asked for less, because its reader asks in small portions
 * @whole: stays in memory from one run over the rows to the next
 * @settled: the norm's constants are known
 * @active: takes part in the present run over the rows
 * @complete: whole, and every row is there
 * @produced: rows made in the present run
 */
typedef struct
{
  const CgLayer *layer, *finish;
  guint finish_layer;
  int input, skip;
  int scale;
  int step, granule, tile, reach;
  gboolean batches, whole, settled;
  double row_cost;
  CgWindow window;
  int ticket, born, dies;
  gboolean active, complete;
  int produced;
} CgStage;

struct _CgStream
{
  CgNetwork *network;
  const CgKernels *kernels;
  CgStreamMode mode;
  CgNorms *norms;
  CgArena *arena;
  int first;
  guint n_stages;
  CgStage *stages;
  CgStreamArea *areas; /* [n] */
  gboolean planning;   /* nothing is computed, only counted */
  int n_runs;          /* over the rows */
  double total_cost, done;
  size_t scratch_floats;
  CgWorkspace workspace;
  int scratch_ticket, constants_ticket;
  float *constants;  /* scale and shift, each [n][channels] */
  CgTensor input;    /* of samples */
  double *mean, *m2; /* [channels] of the norm that is being settled */
  double count;
  const CgStreamCalls *calls;
};

/* stream-stages.c: which layers make a stage, sizes and steps. */
gboolean cg_stream_build (CgStream *stream, int n, int h, int w, GError **error);

/* Rows of the input that rows up to @end of a stage need: up to (not including) the last, and from the first on. */
int cg_stage_last_needed (const CgStage *stage, int end);
int cg_stage_first_needed (const CgStage *stage, int first);

/* stage-run.c: the arithmetic of rows @first … @end - 1. */
size_t cg_stage_scratch_floats (const CgStream *stream, const CgStage *stage, int first, int end);
void cg_stage_compute (CgStream *stream, CgStage *stage, int first, int end);
void cg_stage_finish (CgStream *stream, CgStage *stage, int first, int end);
void cg_stage_measure (CgStream *stream, const CgStage *stage, int first, int end);
