/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The complete state of a run after some step, as a folder of safetensors files. */
#pragma once

#include <cyclegan-train.h>

#include "best.h"
#include "learning-rate.h"

/* File names (without .safetensors) of the networks, in the order of CgStepNetwork. */
extern const char *const cg_checkpoint_network_names[CG_STEP_N_NETWORKS];

/* Generators come first among the networks. */
#define CG_CHECKPOINT_N_AVERAGES (CG_STEP_G_B + 1)

/**
 * CgCheckpoint: what a checkpoint holds. Networks and step are borrowed.
 * @averages: the generators' moving averages (CG_STEP_G_A, CG_STEP_G_B), also borrowed; NULL if none are kept
 * @needs_rate: whether @rate is read; checkpoints of older versions lack it
 * @best: what --eval-freq has found
 * @n_steps: steps taken
 * @wait_seconds: time they have waited for images
 */
typedef struct
{
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgNetwork *averages[CG_CHECKPOINT_N_AVERAGES];
  CgStep *step;
  int crop_h, crop_w, pool_size;
  CgLearningRate rate;
  gboolean needs_rate;
  CgBest best;
  gint64 n_steps;
  double wait_seconds;
} CgCheckpoint;

/* The most that the file of one network takes, in bytes. */
guint64 cg_checkpoint_measure_network (CgNetwork *network);

/* The most that each file of a checkpoint will take, in bytes, with full pools: guint64. (transfer full) */
GArray *cg_checkpoint_measure (const CgCheckpoint *checkpoint);

/* Writes all files into the existing, empty folder @path; each is on the disk on return. Fails with CG_ERROR_DIVERGED
 * if a value is not finite, CG_ERROR_MEMORY, or as files do. */
gboolean cg_checkpoint_write (const CgCheckpoint *checkpoint, const char *path, GError **error);

/* Overwrites networks, averages, optimisers, pools, @rate, @best, @n_steps and @wait_seconds by what the folder @path holds: afterwards the
 * next step gives what it would have given. After a failure their values are undefined. */
gboolean cg_checkpoint_read (CgCheckpoint *checkpoint, const char *path, GError **error);
