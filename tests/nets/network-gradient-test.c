/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Backward of whole small networks against their forward: every parameter by itself, and the input. */
#include "../gradient-check.h"

#define SEED 7301

/* A relative step s moves activations by about s in every layer, a share s of them over a kink; sampling the gradient along
 * the way leaves a few tenths of a percent of that, and float32's rounding as much, 1e-6 / s. Goldens see smaller errors;
 * this sees those that PyTorch was never asked about. */
#define STEP 0x1p-12
#define TOLERANCE 2e-2

static const struct
{
  const char *name;
  CgNetworkConfig config;
  int n, h, w;
} cases[] = {
  { "resnet/transpose", { .kind = CG_NET_RESNET, .nf = 4, .n_blocks = 2, .norm = CG_NORM_INSTANCE }, 2, 12, 16 },
  { "resnet/resize",
    { .kind = CG_NET_RESNET, .nf = 3, .n_blocks = 1, .norm = CG_NORM_INSTANCE, .upsample = CG_UPSAMPLE_RESIZE },
    1,
    16,
    12 },
  { "resnet/transpose-none", { .kind = CG_NET_RESNET, .nf = 4, .n_blocks = 1, .norm = CG_NORM_NONE }, 1, 12, 12 },
  { "resnet/resize-none",
    { .kind = CG_NET_RESNET, .nf = 4, .n_blocks = 1, .norm = CG_NORM_NONE, .upsample = CG_UPSAMPLE_RESIZE },
    2,
    8,
    12 },
  { "resnet/dropout",
    { .kind = CG_NET_RESNET, .nf = 4, .n_blocks = 1, .norm = CG_NORM_BATCH, .dropout = TRUE },
    2,
    12,
    12 },
  { "unet/instance", { .kind = CG_NET_UNET, .nf = 2, .n_downs = 5, .norm = CG_NORM_INSTANCE }, 1, 32, 64 },
  { "unet/batch-dropout",
    { .kind = CG_NET_UNET, .nf = 2, .n_downs = 5, .norm = CG_NORM_BATCH, .dropout = TRUE },
    4,
    32,
    64 },
  { "n-layers/one", { .kind = CG_NET_N_LAYERS, .nf = 4, .n_layers = 1, .norm = CG_NORM_INSTANCE }, 2, 15, 18 },
  { "n-layers/three", { .kind = CG_NET_N_LAYERS, .nf = 3, .n_layers = 3, .norm = CG_NORM_INSTANCE }, 1, 37, 34 },
  { "n-layers/three-none", { .kind = CG_NET_N_LAYERS, .nf = 3, .n_layers = 3, .norm = CG_NORM_NONE }, 1, 33, 27 },
  { "n-layers/two-batch", { .kind = CG_NET_N_LAYERS, .nf = 3, .n_layers = 2, .norm = CG_NORM_BATCH }, 2, 21, 25 },
  { "pixel", { .kind = CG_NET_PIXEL, .nf = 6, .norm = CG_NORM_INSTANCE }, 2, 9, 11 },
};

static void
test_network (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  CgNetworkConfig config = cases[i].config;
  g_autoptr (GError) error = NULL;
  g_autoptr (CgNetwork) network = NULL;
  const GradientCheck check
      = { .n = cases[i].n, .h = cases[i].h, .w = cases[i].w, .seed = SEED + i, .step = STEP, .tolerance = TOLERANCE };

  config.input_nc = 3;
  config.output_nc = config.kind == CG_NET_RESNET || config.kind == CG_NET_UNET ? 3 : 1;
  network = cg_network_new (&config, &error);
  g_assert_no_error (error);
  gradient_check_fill (network, SEED + i);
  gradient_check_differences (&check, network);
  gradient_check_linearity (&check, network);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/nets/gradient/", cases[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_network);
    }
  return g_test_run ();
}
