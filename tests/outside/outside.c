/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stranger's program: knows the installed doors only, makes a model, translates with it and trains ten steps. */
#include <cyclegan-train.h>
#include <cyclegan.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 45 /* no multiple of the network's stride */
#define HEIGHT 38
#define CROP 32

/* A picture with some structure, in 0 ... 1. */
static void
paint (float *pixels, int width, int height, float phase)
{
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        pixels[(y * width + x) * 3 + c] = 0.5f + 0.5f * sinf (0.2f * (float) x + 0.13f * (float) (y * (c + 1)) + phase);
}

static CgNetwork *
make_network (CgNetKind kind, guint64 seed, GError **error)
{
  CgNetworkConfig config = { .kind = kind, .input_nc = 3, .output_nc = kind == CG_NET_RESNET ? 3 : 1, .nf = 8, .n_blocks = 1,
                             .n_layers = 1, .norm = CG_NORM_INSTANCE, .upsample = CG_UPSAMPLE_TRANSPOSE };
  CgNetwork *network = cg_network_new (&config, error);

  if (network)
    cg_network_init (network, CG_INIT_NORMAL, 0.02, seed);
  return network;
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, what);
  return FALSE;
}

static gboolean
translate (const char *path, GError **error)
{
  static float in[HEIGHT * WIDTH * 3], out[HEIGHT * WIDTH * 3];
  g_autoptr (CgNetwork) network = make_network (CG_NET_RESNET, 7, error);
  g_autoptr (CgModel) model = NULL;
  CgTranslateOptions options;
  double change = 0;

  if (!network || !cg_model_save (network, CG_DTYPE_F32, NULL, path, error))
    return FALSE;
  model = cg_model_load (path, error);
  if (!model)
    return FALSE;

  paint (in, WIDTH, HEIGHT, 0.0f);
  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_FULL;
  if (!cg_translate (model, &options, WIDTH, HEIGHT, in, WIDTH * 3, out, WIDTH * 3, NULL, NULL, NULL, error))
    return FALSE;
  for (size_t i = 0; i < G_N_ELEMENTS (out); i++)
    {
      if (!(out[i] >= 0.0f && out[i] <= 1.0f))
        return fail (error, "a pixel is not in 0 ... 1");
      change += fabs (out[i] - in[i]);
    }
  if (change / G_N_ELEMENTS (out) < 0.01)
    return fail (error, "the picture is as it was");

  options.strength = 0.0;
  if (!cg_translate (model, &options, WIDTH, HEIGHT, in, WIDTH * 3, out, WIDTH * 3, NULL, NULL, NULL, error))
    return FALSE;
  if (memcmp (in, out, sizeof in) != 0)
    return fail (error, "strength 0 changes the picture");
  return TRUE;
}

static gboolean
train (GError **error)
{
  static const CgNetKind kinds[CG_STEP_N_NETWORKS] = { CG_NET_RESNET, CG_NET_RESNET, CG_NET_N_LAYERS, CG_NET_N_LAYERS };
  static float real_a[CROP * CROP * 3], real_b[CROP * CROP * 3];
  CgNetwork *networks[CG_STEP_N_NETWORKS] = { NULL };
  g_autoptr (CgStep) step = NULL;
  CgStepOptions options;
  CgStepLosses losses = { 0 };
  double first = 0;
  gboolean good = FALSE;

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      networks[i] = make_network (kinds[i], 10 + (guint64) i, error);
      if (!networks[i])
        goto out;
    }
  cg_step_options_init (&options);
  options.crop_h = CROP;
  options.crop_w = CROP;
  options.seed = 3;
  step = cg_step_new (&options, networks, error);
  if (!step)
    goto out;

  paint (real_a, CROP, CROP, 0.0f);
  paint (real_b, CROP, CROP, 1.0f);
  for (size_t i = 0; i < G_N_ELEMENTS (real_a); i++)
    {
      real_a[i] = real_a[i] * 2.0f - 1.0f;
      real_b[i] = real_b[i] * 2.0f - 1.0f;
    }
  for (int i = 1; i <= 10; i++)
    {
      if (!cg_step_run (step, i, 2e-3, real_a, real_b, &losses, error))
        goto out;
      if (i == 1)
        first = losses.cycle_A + losses.cycle_B;
    }
  good = losses.cycle_A + losses.cycle_B < 0.9 * first || fail (error, "ten steps on one pair do not lower the cycle loss");

out:
  g_clear_pointer (&step, cg_step_free);
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    g_clear_pointer (&networks[i], cg_network_free);
  return good;
}

static gboolean
refuse (GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (CgModel) model = cg_model_load ("./there-is-no-such.safetensors", &why);

  if (model || !why || !strstr (why->message, "there-is-no-such.safetensors"))
    return fail (error, "a file that is not there is not named in an error");
  return TRUE;
}

static gboolean
report (int number, const char *name, gboolean good, GError *error)
{
  if (error)
    printf ("# %s\n", error->message);
  printf ("%sok %d - %s\n", good ? "" : "not ", number, name);
  return good;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) translate_error = NULL, train_error = NULL, refuse_error = NULL;
  gboolean good;

  if (argc != 2)
    return 2;
  printf ("1..3\n");
  good = report (1, "translate", translate (argv[1], &translate_error), translate_error);
  good = report (2, "train", train (&train_error), train_error) && good;
  good = report (3, "refuse", refuse (&refuse_error), refuse_error) && good;
  return good ? 0 : 1;
}
