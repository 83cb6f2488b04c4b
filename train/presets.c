/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The presets as a table of texts, as one would type them; apart from the options, which know nothing of their use. */
#include "presets.h"

/* In the order of CgPreset, without none. */
#define N_PRESETS 3

static const struct
{
  const char *option;
  const char *values[N_PRESETS]; /* quick, small, paper */
} settings[] = {
  /* All keep the proportions of images; the other choices squash them. */
  { "preprocess", { "zoom_and_crop", "zoom_and_crop", "zoom_and_crop" } },
  { "load-size", { "72", "143", "286" } },
  { "crop-size", { "64", "128", "256" } },
  { "net-g", { "resnet_6blocks", "resnet_6blocks", "resnet_9blocks" } },
  { "ngf", { "16", "32", "64" } },
  { "ndf", { "32", "64", "64" } },
  /* Small networks have no capacity to spare for learning away the checkerboards of transposed convolutions. */
  { "upsample", { "resize", "resize", "transpose" } },
  { "max-dataset-size", { "300", "0", "0" } },
  { "n-epochs", { "10", "50", "100" } },
  { "n-epochs-decay", { "10", "50", "100" } },
  { "ema", { "0.99", "0.999", "0" } },
  { "print-freq", { "50", "100", "100" } },
  { "sample-freq", { "200", "400", "400" } },
};

void
cg_presets_apply (CgTrainOptions *options, guint64 *given)
{
  if (options->preset == CG_PRESET_NONE)
    return;
  for (size_t i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      const CgOption *option = cg_option_table_find (&cg_train_option_table, settings[i].option);
      guint64 bit = G_GUINT64_CONSTANT (1) << (option - cg_train_option_table.options);
      gboolean set;

      if (*given & bit)
        continue;
      set = cg_option_set (option, options, settings[i].values[options->preset - CG_PRESET_QUICK], NULL);
      g_assert (set);
      *given |= bit;
    }
}
