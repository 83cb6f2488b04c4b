/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of all options of `cyclegan train` with the paper's defaults, and what they mean to the library. */
#include "train-options.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include "dataset-shape.h"

static const char *const net_g_words[] = { "resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128", NULL };
static const char *const net_d_words[] = { "basic", "n_layers", "pixel", NULL };
static const char *const preset_words[] = { "none", "quick", "small", "paper", NULL };
static const char *const norm_words[] = { "instance", "batch", "none", NULL };
static const char *const upsample_words[] = { "transpose", "resize", NULL };
static const char *const init_type_words[] = { "normal", "xavier", "kaiming", "orthogonal", NULL };
static const char *const gan_mode_words[] = { "minimax", "vanilla", "lsgan", "hinge", "wgan", "wgangp", NULL };
static const char *const lr_policy_words[] = { "linear", "step", "cosine", "plateau", NULL };
static const char *const preprocess_words[]
    = { "resize_and_crop", "zoom_and_crop", "crop", "scale_width", "scale_width_and_crop", "none", NULL };

#define STORED CG_OPTION_STORED
#define CHANGEABLE (CG_OPTION_STORED | CG_OPTION_CHANGEABLE)

#define OPTION(option_kind, option_flags, option_name, field, default_text, lowest, highest, option_choices,           \
               option_argument, text)                                                                                  \
  {                                                                                                                    \
    .name = option_name, .kind = CG_OPTION_##option_kind, .flags = option_flags,                                       \
    .offset = G_STRUCT_OFFSET (CgTrainOptions, field), .standard = default_text, .min = lowest, .max = highest,        \
    .choices = option_choices, .argument = option_argument, .description = text                                        \
  }
#define INT(flags, name, field, standard, min, max, text)                                                              \
  OPTION (INT, flags, name, field, standard, (double)(min), (double)(max), NULL, "N", text)
#define REAL(flags, name, field, standard, min, max, text)                                                             \
  OPTION (REAL, flags, name, field, standard, min, max, NULL, "X", text)
#define CHOICE(flags, name, field, standard, words, text)                                                              \
  OPTION (CHOICE, flags, name, field, standard, 0, 0, words, "WORD", text)
#define FLAG(flags, name, field, text) OPTION (FLAG, flags, name, field, NULL, 0, 0, NULL, NULL, text)
#define TEXT(flags, name, field, text) OPTION (TEXT, flags, name, field, NULL, 0, 0, NULL, "TEXT", text)
#define PATH(flags, name, field, text) OPTION (PATH, flags, name, field, NULL, 0, 0, NULL, "DIR", text)

/* JSON integers are safe up to 2^53 everywhere. */
#define MAX_SEED 9007199254740992
#define MANY G_MAXINT

static const CgOption options[] = {
  PATH (STORED, "dataroot", dataroot, N_ ("folder with trainA and trainB (and testA, testB)")),
  PATH (0, "out", out, N_ ("the run folder: checkpoints, samples, metrics and the finished generators")),
  FLAG (0, "resume", resume,
        N_ ("go on with the run in --out from its newest checkpoint, with the options stored there")),
  CHOICE (0, "preset", preset, "none", preset_words,
          N_ ("options that go together; each that is given as well goes before. quick: 64 px, 300 images of each, to "
              "see in minutes whether they suit; small: 128 px, for a night; paper: as published, 256 px")),
  CHOICE (STORED, "net-g", net_g, "resnet_9blocks", net_g_words, N_ ("generators")),
  INT (STORED, "n-blocks", n_blocks, "0", 0, 1000, N_ ("residual blocks of the generators; 0: as --net-g says")),
  INT (STORED, "ngf", ngf, "64", 1, 1024, N_ ("channels of the generators' first convolution")),
  CHOICE (STORED, "net-d", net_d, "basic", net_d_words,
          N_ ("discriminators; basic is n_layers with 3, pixel judges every pixel by its colour")),
  INT (STORED, "n-layers-d", n_layers_d, "3", 1, 8, N_ ("layers of the discriminators, for --net-d n_layers")),
  INT (STORED, "ndf", ndf, "64", 1, 1024, N_ ("channels of the discriminators' first convolution")),
  INT (STORED, "input-nc", input_nc, "3", 1, 3, N_ ("channels of the images of A: 1 (grey) or 3 (colour)")),
  INT (STORED, "output-nc", output_nc, "3", 1, 3, N_ ("channels of the images of B: 1 (grey) or 3 (colour)")),
  CHOICE (STORED, "norm", norm, "instance", norm_words, N_ ("normalisation in all networks")),
  CHOICE (STORED, "upsample", upsample, "transpose", upsample_words, N_ ("how resnet generators enlarge")),
  FLAG (STORED, "dropout", dropout, N_ ("drop half of the values inside the generators while training")),
  CHOICE (STORED, "init-type", init_type, "normal", init_type_words, N_ ("distribution of the initial weights")),
  REAL (STORED, "init-gain", init_gain, "0.02", 0.0, 100.0, N_ ("scale of the initial weights; kaiming ignores it")),
  PATH (STORED, "init-from", init_from,
        N_ ("folder with the initial weights, G_A, G_B, D_A and D_B: .safetensors (a checkpoint of another run) or "
            ".pth of "
            "PyTorch, also as latest_net_G_A.pth")),
  CHOICE (STORED, "gan-mode", gan_mode, "lsgan", gan_mode_words, N_ ("adversarial loss")),
  REAL (STORED, "clip-value", clip_value, "0.01", 1e-6, 100.0, N_ ("limit of the discriminators' weights, for wgan")),
  REAL (STORED, "lambda-gp", lambda_gp, "10", 0.0, 1e6, N_ ("weight of the gradient penalty, for wgangp")),
  REAL (STORED, "lambda-a", lambda_a, "10", 0.0, 1e6, N_ ("weight of the cycle A to B to A")),
  REAL (STORED, "lambda-b", lambda_b, "10", 0.0, 1e6, N_ ("weight of the cycle B to A to B")),
  REAL (STORED, "lambda-identity", lambda_identity, "0.5", 0.0, 1e6,
        N_ ("weight of the identity loss, relative to the cycle's; 0 skips its passes")),
  REAL (STORED, "lambda-tv", lambda_tv, "0", 0.0, 1e6,
        N_ ("weight of the total variation of generated images; 1e-6 to 1e-5 is the useful range")),
  INT (STORED, "pool-size", pool_size, "50", 0, 100000, N_ ("generated images remembered for the discriminators")),
  REAL (STORED, "lr", lr, "0.0002", 0.0, 10.0, N_ ("learning rate")),
  REAL (STORED, "beta1", beta1, "0.5", 0.0, 0.9999, N_ ("decay of Adam's first moment")),
  REAL (STORED, "ema", ema, "0", 0.0, 0.99999,
        N_ ("publish and sample the moving average of the generators' weights with this decay, 0.999 for example; it "
            "begins at the decay (1 + step) / (10 + step), so that early averages forget the initial weights; 0: off")),
  CHOICE (STORED, "lr-policy", lr_policy, "linear", lr_policy_words,
          N_ ("course of the learning rate; plateau: a fifth after 6 epochs without a cycle loss that is 1 % better")),
  INT (CHANGEABLE, "n-epochs", n_epochs, "100", 0, MANY,
       N_ ("epochs at the full learning rate; for cosine, in which it falls to 0")),
  INT (CHANGEABLE, "n-epochs-decay", n_epochs_decay, "100", 0, MANY,
       N_ ("further epochs; for linear, in which it falls to 0; for cosine, in which it rises again")),
  INT (STORED, "lr-decay-iters", lr_decay_iters, "50", 1, MANY,
       N_ ("epochs after which the learning rate falls to a tenth, for --lr-policy step")),
  FLAG (STORED, "augment", augment,
        N_ ("vary colour, position and a cut-out of what discriminators see; for small sets of images")),
  INT (STORED, "batch-size", batch_size, "1", 1, 256, N_ ("images of each domain in a step")),
  INT (STORED, "load-size", load_size, "286", 8, 8192,
       N_ ("size that images are scaled to before cropping: both sides, for zoom_and_crop the short one, for "
           "scale_width the width")),
  INT (STORED, "crop-size", crop_size, "256", 8, 8192,
       N_ ("width and height of the crops; for scale_width the least height")),
  CHOICE (
      STORED, "preprocess", preprocess, "resize_and_crop", preprocess_words,
      N_ ("how images become crops; only the resizing one changes their proportions, and without crop in its name all "
          "images must end up with one size")),
  FLAG (STORED, "no-flip", no_flip, N_ ("do not mirror images at random")),
  FLAG (STORED, "serial-batches", serial_batches, N_ ("take images in sorted order instead of at random")),
  INT (STORED, "max-dataset-size", max_dataset_size, "0", 0, MANY, N_ ("images used of each folder; 0: all")),
  INT (CHANGEABLE, "cache-size", cache_size, "1024", 0, 1 << 24,
       N_ ("MiB of memory for images, decoded and scaled; 0: none is kept")),
  INT (STORED, "seed", seed, "0", 0, MAX_SEED, N_ ("the same seed gives the same weights")),
  INT (CHANGEABLE, "threads", threads, "0", 0, 1024, N_ ("threads; 0: as many as there are processors to use")),
  INT (CHANGEABLE, "max-steps", max_steps, "0", 0, G_MAXINT64 >> 11,
       N_ ("stop after this step; 0: after the last epoch")),
  INT (CHANGEABLE, "print-freq", print_freq, "100", 1, MANY, N_ ("steps between lines of metrics")),
  INT (CHANGEABLE, "sample-freq", sample_freq, "400", 0, MANY, N_ ("steps between sample pictures; 0: none")),
  INT (CHANGEABLE, "eval-freq", eval_freq, "0", 0, MANY,
       N_ ("steps between measurements of the distance from real test images, after which the best generators so far "
           "are "
           "kept in the folder best; 0: none")),
  INT (CHANGEABLE, "save-freq", save_freq, "1000", 1, MANY, N_ ("steps between checkpoints; the last two are kept")),
  INT (CHANGEABLE, "save-epoch-freq", save_epoch_freq, "50", 0, MANY,
       N_ ("epochs between checkpoints that are kept for good; 0: none")),
  TEXT (STORED, "title", title, N_ ("title of the model from A to B")),
  TEXT (STORED, "description", description, N_ ("what the models do, in a sentence")),
  TEXT (STORED, "domain-from", domain_from, N_ ("what the images of A are: photo")),
  TEXT (STORED, "domain-to", domain_to, N_ ("what the images of B are: woodblock print")),
  TEXT (STORED, "author", author, N_ ("who trained the models")),
  TEXT (STORED, "license", license, N_ ("licence of the models, as SPDX writes it")),
  FLAG (0, "print-config", print_config,
        N_ ("print as JSON what would run, with the time and memory it takes as measured on a few steps, and stop")),
};

const CgOptionTable cg_train_option_table = { .options = options, .n_options = G_N_ELEMENTS (options) };

CgTrainOptions *
cg_train_options_new (void)
{
  CgTrainOptions *self = g_new0 (CgTrainOptions, 1);

  cg_option_table_set_defaults (&cg_train_option_table, self);
  return self;
}

void
cg_train_options_free (CgTrainOptions *self)
{
  if (!self)
    return;
  cg_option_table_clear (&cg_train_option_table, self);
  g_free (self);
}

static gboolean
refuse (GError **error, const char *reason)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, reason);
  return FALSE;
}

/* What the sides of images must be multiples of. */
static int
get_size_multiple (const CgTrainOptions *self)
{
  return self->net_g == CG_NET_G_UNET_256 ? 256 : self->net_g == CG_NET_G_UNET_128 ? 128 : 4;
}

gboolean
cg_train_options_resolve (CgTrainOptions *self, GError **error)
{
  gboolean crops = !cg_preprocess_is_uncropped ((CgPreprocess)self->preprocess);

  if (self->n_blocks == 0)
    self->n_blocks = self->net_g == CG_NET_G_RESNET_6BLOCKS ? 6 : 9;

  if (self->input_nc == 2 || self->output_nc == 2)
    return refuse (error, _ ("--input-nc and --output-nc are 1 (grey) or 3 (colour)"));
  if (self->input_nc != self->output_nc && self->lambda_identity > 0.0)
    return refuse (error,
                   _ ("different --input-nc and --output-nc need --lambda-identity 0: an image of one domain is none "
                      "of the other"));
  if (self->net_d != CG_NET_D_N_LAYERS && self->n_layers_d != 3)
    return refuse (error, _ ("--n-layers-d needs --net-d n_layers; basic has 3 layers"));
  if (self->gan_mode == CG_GAN_WGANGP && self->norm == CG_NORM_BATCH)
    return refuse (
        error,
        _ ("--gan-mode wgangp needs --norm instance or none: batch norm ties the images together whose gradients "
           "it measures one by one"));
  if (crops && self->preprocess != CG_PREPROCESS_CROP && self->crop_size > self->load_size)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--crop-size %" PRId64 " does not fit into --load-size %" PRId64), self->crop_size,
                   self->load_size);
      return FALSE;
    }
  if (crops && self->crop_size % get_size_multiple (self) != 0)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   _ ("--crop-size %" PRId64 " is no multiple of %d, which --net-g %s needs"), self->crop_size,
                   get_size_multiple (self), net_g_words[self->net_g]);
      return FALSE;
    }
  if (self->n_epochs + self->n_epochs_decay == 0)
    return refuse (error, _ ("--n-epochs and --n-epochs-decay are both 0: there is nothing to train"));
  return TRUE;
}

/* Whether the two sets of options agree on one of them. */
static gboolean
is_equal (const CgOption *option, gconstpointer a, gconstpointer b, char **text_a, char **text_b)
{
  *text_a = cg_option_get (option, a);
  *text_b = cg_option_get (option, b);
  return g_strcmp0 (*text_a, *text_b) == 0;
}

gboolean
cg_train_options_merge (CgTrainOptions *self, const CgTrainOptions *wanted, guint64 given, GError **error)
{
  for (guint i = 0; i < cg_train_option_table.n_options; i++)
    {
      const CgOption *option = &cg_train_option_table.options[i];
      g_autofree char *stored = NULL;
      g_autofree char *now = NULL;

      if (!(given & G_GUINT64_CONSTANT (1) << i) || !(option->flags & CG_OPTION_STORED)
          || is_equal (option, self, wanted, &stored, &now))
        continue;
      if (!(option->flags & CG_OPTION_CHANGEABLE))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       _ ("--%s cannot change when a run goes on: it started with %s, not %s"), option->name,
                       stored ? stored : _ ("none"), now);
          return FALSE;
        }
      if (!cg_option_set (option, self, now, error))
        return FALSE;
    }
  return TRUE;
}

double
cg_train_options_get_lr (const CgTrainOptions *self, gint64 epoch)
{
  switch ((CgLrPolicy)self->lr_policy)
    {
    case CG_LR_POLICY_STEP:
      return cg_schedule_step (self->lr, (int)epoch, (int)self->lr_decay_iters);
    case CG_LR_POLICY_COSINE:
      return cg_schedule_cosine (self->lr, (int)epoch, (int)MAX (self->n_epochs, 1));
    case CG_LR_POLICY_PLATEAU:
      return self->lr;
    case CG_LR_POLICY_LINEAR:
    default:
      return cg_schedule_linear (self->lr, (int)epoch, (int)self->n_epochs, (int)self->n_epochs_decay);
    }
}

static void
get_generator (const CgTrainOptions *self, CgNetworkConfig *config)
{
  gboolean unet = self->net_g == CG_NET_G_UNET_256 || self->net_g == CG_NET_G_UNET_128;

  *config = (CgNetworkConfig){ .kind = unet ? CG_NET_UNET : CG_NET_RESNET,
                               .input_nc = (int)self->input_nc,
                               .output_nc = (int)self->output_nc,
                               .nf = (int)self->ngf,
                               .n_blocks = unet ? 0 : (int)self->n_blocks,
                               .n_downs = unet ? (self->net_g == CG_NET_G_UNET_256 ? 8 : 7) : 0,
                               .norm = (CgNormKind)self->norm,
                               .upsample = (CgUpsampleKind)self->upsample,
                               .dropout = self->dropout };
}

static void
get_discriminator (const CgTrainOptions *self, gint64 channels, CgNetworkConfig *config)
{
  gboolean pixel = self->net_d == CG_NET_D_PIXEL;

  *config = (CgNetworkConfig){ .kind = pixel ? CG_NET_PIXEL : CG_NET_N_LAYERS,
                               .input_nc = (int)channels,
                               .output_nc = 1,
                               .nf = (int)self->ndf,
                               .n_layers = pixel ? 0 : (int)self->n_layers_d,
                               .norm = (CgNormKind)self->norm };
}

void
cg_train_options_get_network (const CgTrainOptions *self, CgStepNetwork network, CgNetworkConfig *config)
{
  switch (network)
    {
    case CG_STEP_G_A:
      get_generator (self, config);
      break;
    case CG_STEP_G_B:
      get_generator (self, config);
      config->input_nc = (int)self->output_nc;
      config->output_nc = (int)self->input_nc;
      break;
    case CG_STEP_D_A:
      get_discriminator (self, self->output_nc, config);
      break;
    case CG_STEP_D_B:
      get_discriminator (self, self->input_nc, config);
      break;
    case CG_STEP_N_NETWORKS:
    default:
      g_assert_not_reached ();
    }
}

void
cg_train_options_get_step (const CgTrainOptions *self, int crop_h, int crop_w, CgStepOptions *step)
{
  cg_step_options_init (step);
  step->batch_size = (int)self->batch_size;
  step->crop_h = crop_h;
  step->crop_w = crop_w;
  step->gan_mode = (CgGanMode)self->gan_mode;
  step->lambda_a = self->lambda_a;
  step->lambda_b = self->lambda_b;
  step->lambda_identity = self->lambda_identity;
  step->lambda_tv = self->lambda_tv;
  step->beta1 = self->beta1;
  step->clip_value = self->clip_value;
  step->lambda_gp = self->lambda_gp;
  step->augment = self->augment;
  step->pool_size = (int)self->pool_size;
  step->seed = (guint64)self->seed;
  step->n_threads = (int)self->threads;
}

/* Preparing images must not take the processors away from the training, but one slow file must not hold it up either. */
static int
get_n_workers (const CgTrainOptions *self)
{
  int n_threads = self->threads > 0 ? (int)self->threads : cg_parallel_get_default_threads ();

  return CLAMP (n_threads / 2, 2, 8);
}

void
cg_train_options_get_dataset (const CgTrainOptions *self, CgDatasetOptions *dataset)
{
  *dataset = (CgDatasetOptions){ .dataroot = self->dataroot,
                                 .preprocess = (CgPreprocess)self->preprocess,
                                 .load_size = (int)self->load_size,
                                 .crop_size = (int)self->crop_size,
                                 .flip = !self->no_flip,
                                 .serial_batches = self->serial_batches,
                                 .max_dataset_size = (int)self->max_dataset_size,
                                 .cache_bytes = (gsize)self->cache_size << 20,
                                 .n_workers = get_n_workers (self),
                                 .batch_size = (int)self->batch_size,
                                 .seed = (guint64)self->seed };
}
