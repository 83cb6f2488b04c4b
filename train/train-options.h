/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of `cyclegan train`: every field is described once, in the table of train-options.c. */
#pragma once

#include <cyclegan-train.h>

#include "dataset.h"
#include "option-table.h"

typedef enum
{
  CG_NET_G_RESNET_9BLOCKS,
  CG_NET_G_RESNET_6BLOCKS,
  CG_NET_G_UNET_256,
  CG_NET_G_UNET_128
} CgNetG;

typedef enum
{
  CG_NET_D_BASIC,
  CG_NET_D_N_LAYERS,
  CG_NET_D_PIXEL
} CgNetD;

typedef enum
{
  CG_LR_POLICY_LINEAR,
  CG_LR_POLICY_STEP,
  CG_LR_POLICY_COSINE,
  CG_LR_POLICY_PLATEAU
} CgLrPolicy;

typedef enum
{
  CG_PRESET_NONE,
  CG_PRESET_QUICK,
  CG_PRESET_SMALL,
  CG_PRESET_PAPER
} CgPreset;

/* Choices are indices into the table's words; those typed after an enumeration of the library have its order. */
typedef struct
{
  char *dataroot, *out;
  int preset; /* CgPreset */
  int net_g;  /* CgNetG */
  gint64 n_blocks, ngf;
  int net_d; /* CgNetD */
  gint64 n_layers_d, ndf;
  gint64 input_nc, output_nc;
  int norm;     /* CgNormKind */
  int upsample; /* CgUpsampleKind */
  gboolean dropout;
  int init_type; /* CgInitKind */
  double init_gain;
  int gan_mode; /* CgGanMode */
  double clip_value, lambda_gp;
  double lambda_a, lambda_b, lambda_identity, lambda_tv;
  gint64 pool_size;
  double lr, beta1, ema;
  int lr_policy; /* CgLrPolicy */
  gint64 n_epochs, n_epochs_decay, lr_decay_iters;
  gboolean augment;
  gint64 batch_size, load_size, crop_size;
  int preprocess; /* CgPreprocess */
  gboolean no_flip, serial_batches;
  gint64 max_dataset_size;
  gint64 cache_size; /* MiB */
  gint64 seed;
  gint64 threads;
  gint64 max_steps;
  gint64 print_freq, sample_freq, eval_freq, save_freq, save_epoch_freq;
  char *init_from;
  char *title, *description, *domain_from, *domain_to, *author, *license;
  gboolean resume, print_config;
} CgTrainOptions;

extern const CgOptionTable cg_train_option_table;

/* All defaults. */
CgTrainOptions *cg_train_options_new (void);
void cg_train_options_free (CgTrainOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgTrainOptions, cg_train_options_free)

/* Replaces what leaves a choice to the program (--n-blocks 0) by what was chosen, and refuses what does not go
 * together. Fails in domain G_OPTION_ERROR. */
gboolean cg_train_options_resolve (CgTrainOptions *options, GError **error);

/**
 * cg_train_options_merge:
 * @options: those of the stored run; changeable ones that are in @given take the values of @wanted
 *
 * Fails in domain G_OPTION_ERROR, naming the first option that was given, differs and may not be changed.
 */
gboolean cg_train_options_merge (CgTrainOptions *options, const CgTrainOptions *wanted, guint64 given, GError **error);

/* The learning rate of an epoch, which counts from 1; of plateau's only that of the first (see learning-rate.h). */
double cg_train_options_get_lr (const CgTrainOptions *options, gint64 epoch);

/* What the library's parts are to be made with. */
void cg_train_options_get_network (const CgTrainOptions *options, CgStepNetwork network, CgNetworkConfig *config);
void cg_train_options_get_step (const CgTrainOptions *options, int crop_h, int crop_w, CgStepOptions *step);
/* Borrows texts from @options. */
void cg_train_options_get_dataset (const CgTrainOptions *options, CgDatasetOptions *dataset);
