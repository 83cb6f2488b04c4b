/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDataset: two folders of images as batches of crops; a batch is a function of (options, step) alone. */
#pragma once

#include <glib.h>

#include "image-io.h"

typedef enum
{
  CG_PREPROCESS_RESIZE_AND_CROP,      /* squashes to load_size x load_size, then crops crop_size x crop_size */
  CG_PREPROCESS_ZOOM_AND_CROP,        /* short side to load_size, aspect kept, then crops */
  CG_PREPROCESS_CROP,                 /* crops the image as it is; smaller ones are skipped */
  CG_PREPROCESS_SCALE_WIDTH,          /* width to load_size, height by the same factor, at least crop_size; no crop */
  CG_PREPROCESS_SCALE_WIDTH_AND_CROP, /* the same, then crops */
  CG_PREPROCESS_NONE                  /* as it is */
} CgPreprocess;

/* Without a crop, sides are rounded to multiples of 4, and all images must then have one size. */

typedef struct
{
  const char *dataroot;
  CgPreprocess preprocess;
  int load_size, crop_size;
  gboolean flip;
  gboolean serial_batches; /* both domains in sorted order, index modulo size */
  int max_dataset_size;    /* per domain; 0 = all */
  int batch_size;
  guint64 seed;
  gsize cache_bytes; /* what images in memory may fill, both domains together; 0: none is kept */
  int n_workers;     /* threads that prepare images, at least 1 */
} CgDatasetOptions;

typedef struct _CgDataset CgDataset;

/* Lists trainA, trainB (and testA, testB where they are): the files directly in them, hidden ones left out, sorted
 * bytewise by name. An absent or empty folder is an error that names it. Every file's header is read here; one
 * that is not an image, or is too small for a crop, is named by g_warning, counted and skipped. Pixels are decoded
 * at first use; a file that turns out damaged then is named and counted likewise, and the next readable one in sorted
 * order stands in for it, so that a batch stays a function of the options, the files and the step: neither the cache
 * nor the number of workers shows. Domain G_OPTION_ERROR: options that do not go together, or not with the images. */
CgDataset *cg_dataset_open (const CgDatasetOptions *options, GError **error);
void cg_dataset_free (CgDataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgDataset, cg_dataset_free)

/* Files per domain after max_dataset_size; domain 'A' or 'B'. */
int cg_dataset_get_size (const CgDataset *dataset, char domain);
/* Images that cg_dataset_get_sample() tells apart. */
int cg_dataset_get_n_samples (const CgDataset *dataset, char domain);
int cg_dataset_get_n_skipped (const CgDataset *dataset);
/* ceil (max (|A|, |B|) / batch). */
int cg_dataset_get_steps_per_epoch (const CgDataset *dataset);
/* The height and width of every crop. */
void cg_dataset_get_crop_size (const CgDataset *dataset, int *height, int *width);
/* Median short side of the domain's training images after preprocessing, before cropping. */
int cg_dataset_get_train_scale (CgDataset *dataset, char domain);

/* What the images in memory will grow by until every image was used or the cache is full, in bytes. */
guint64 cg_dataset_get_missing_cache_bytes (CgDataset *dataset);

/* Step counts from 1. a, b: dense [batch][h][w][3] in [-1,1], v/127.5 - 1. Worker threads decode, scale and cut ahead,
 * in the order of steps; any step may be asked for, at the price of a wait. One thread calls this. */
gboolean cg_dataset_get_batch (CgDataset *dataset, gint64 step, float *a, float *b, GError **error);

/* Seconds that cg_dataset_get_batch() has waited for the workers so far. */
double cg_dataset_get_wait_seconds (const CgDataset *dataset);

/* A fixed image for sample grids: number @index of the sorted testA/testB (trainA/trainB where there is no test
 * folder), preprocessed with a centred crop and no flip; the index wraps around. values: dense [h][w][3]. */
gboolean cg_dataset_get_sample (CgDataset *dataset, char domain, int index, float *values, GError **error);

/* SHA-256 over names, sizes and contents of the domain's training files in order, in hexadecimal; the caller frees
 * it. */
char *cg_dataset_checksum (CgDataset *dataset, char domain, GError **error);
