/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgEvaluation: how well one generator translates a set of test images. */
#pragma once

#include <cyclegan-train.h>

#include "image-set.h"
#include "set-meter.h"

/* Means over images in [-1,1]: L1 as in the losses, PSNR in dB, SSIM up to 1. */
typedef struct
{
  double l1, psnr, ssim;
} CgCloseness;

/**
 * CgEvaluation:
 * @n_images: that were translated
 * @has_cycle: whether there was a way back; @cycle_l1 and @cycle_psnr compare what came back with the images
 * @has_identity: whether images of the other domain could be put in; @identity_l1 is how much the generator changes them
 * @has_distance: whether there were two real images at least
 * @n_pairs: images of which the truth was there; the translation's closeness to it, and that of the image itself
 */
typedef struct
{
  int n_images;
  gboolean has_cycle;
  double cycle_l1, cycle_psnr;
  gboolean has_identity;
  double identity_l1;
  gboolean has_distance;
  CgSetDistance distance;
  int n_pairs;
  gboolean has_input_closeness;
  CgCloseness translated, input;
} CgEvaluation;

/* After each image; FALSE ends the evaluation with CG_ERROR_CANCELLED. */
typedef gboolean (*CgEvaluationProgress) (int done, int total, gpointer data);

/**
 * CgEvaluationTask: all borrowed.
 * @there: the generator
 * @back: (nullable): the one that leads back
 * @from, @to: images of both domains
 * @truth: (nullable): what images of @from should become, under their names
 * @size: side of all images
 */
typedef struct
{
  CgNetwork *there, *back;
  const CgImageSet *from, *to, *truth;
  int size, n_threads;
  CgEvaluationProgress progress;
  gpointer data;
} CgEvaluationTask;

/* Fails with CG_ERROR_SHAPE (a size or number of channels that a network does not take), CG_ERROR_FORMAT (no image has a truth),
 * CG_ERROR_DIVERGED (an image came out that is none), CG_ERROR_MEMORY, CG_ERROR_CANCELLED. */
gboolean cg_evaluation_run (const CgEvaluationTask *task, CgEvaluation *result, GError **error);
