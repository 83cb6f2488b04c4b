/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Backward of every kind of layer against its forward: one or a few layers at a time, inside a pass as networks use them. */
#include <stdlib.h>

#include "../gradient-check.h"
#include "nets/network-private.h"

#define SEED 1009

/* Central differences over a relative step s of numbers near 1 leave s² times third derivatives, some 1e-4, and float32's
 * rounding over s, some 1e-5. Where activations have a kink, s must be so small that hardly any of the few hundred
 * elements steps over it: one that does is off by some percent of all, but not in the median of the directions. */
#define SMOOTH_STEP 0x1p-7
#define SMOOTH_TOLERANCE 2e-4
#define KINKED_STEP 0x1p-12
#define KINKED_TOLERANCE 5e-3

enum
{
  LINEAR = 1 << 0,            /* in the input */
  LINEAR_IN_WEIGHTS = 1 << 1, /* too */
  KINKED = 1 << 2
};

typedef struct
{
  const char *name;
  void (*build) (CgNetwork *network);
  int flags;
  int n, h, w, c;
  CgNormKind norm;
} Case;

#define CONVOLUTION(name, k, r, stride, pad, mode, bias, activation)                                                   \
  static void name (CgNetwork *network)                                                                                \
  {                                                                                                                    \
    cg_network_add_conv2d (network, "it", 0, k, r, stride, pad, mode, bias, activation);                               \
  }

CONVOLUTION (conv_3x3_reflect, 4, 3, 1, 1, CG_PAD_REFLECT, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_7x7_reflect, 5, 7, 1, 3, CG_PAD_REFLECT, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_3x3_stride, 6, 3, 2, 1, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_4x4_stride, 3, 4, 2, 1, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_4x4, 1, 4, 1, 1, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_1x1, 7, 1, 1, 0, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE)
CONVOLUTION (conv_relu, 4, 3, 1, 1, CG_PAD_REFLECT, CG_BIAS_USED, CG_ACTIVATION_RELU)
CONVOLUTION (conv_leaky, 4, 4, 2, 1, CG_PAD_ZERO, CG_BIAS_USED, CG_ACTIVATION_LEAKY_RELU)
CONVOLUTION (conv_tanh, 3, 7, 1, 3, CG_PAD_REFLECT, CG_BIAS_USED, CG_ACTIVATION_TANH)

static void
transposed_3x3 (CgNetwork *network)
{
  cg_network_add_conv_transpose2d (network, "it", 0, 3, 3, 2, 1, 1, CG_BIAS_NONE, CG_ACTIVATION_NONE);
}

static void
transposed_4x4 (CgNetwork *network)
{
  cg_network_add_conv_transpose2d (network, "it", 0, 5, 4, 2, 1, 0, CG_BIAS_NONE, CG_ACTIVATION_NONE);
}

static void
transposed_tanh (CgNetwork *network)
{
  cg_network_add_conv_transpose2d (network, "it", 0, 3, 4, 2, 1, 0, CG_BIAS_USED, CG_ACTIVATION_TANH);
}

static void
norm_plain (CgNetwork *network)
{
  cg_network_add_norm (network, "it", 0, CG_ACTIVATION_NONE, -1);
}

static void
norm_relu (CgNetwork *network)
{
  cg_network_add_norm (network, "it", 0, CG_ACTIVATION_RELU, -1);
}

static void
norm_leaky (CgNetwork *network)
{
  cg_network_add_norm (network, "it", 0, CG_ACTIVATION_LEAKY_RELU, -1);
}

/* A residual block's end: the norm adds what came in, which the convolution has read as well. */
static void
norm_skip (CgNetwork *network)
{
  int value = cg_network_add_conv2d (network, "first", 0, 4, 3, 1, 1, CG_PAD_REFLECT,
                                     cg_network_get_bias_before_norm (network), CG_ACTIVATION_NONE);

  cg_network_add_norm (network, "it", value, CG_ACTIVATION_NONE, 0);
}

static void
upsample (CgNetwork *network)
{
  cg_network_add_upsample (network, 0);
}

static void
join_residual (CgNetwork *network)
{
  int value = cg_network_add_conv2d (network, "first", 0, 4, 3, 1, 1, CG_PAD_REFLECT, CG_BIAS_NONE, CG_ACTIVATION_NONE);

  cg_network_add_join (network, value, 0);
}

/* Three readers of one value, of which one can only overwrite the gradient and two add. */
static void
shared_value (CgNetwork *network)
{
  int first = cg_network_add_conv2d (network, "first", 0, 3, 1, 1, 0, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE);
  int second
      = cg_network_add_conv2d (network, "second", first, 3, 3, 1, 1, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE);
  int third = cg_network_add_join (network, second, first);

  cg_network_add_concat (network, third, first, CG_ACTIVATION_NONE);
}

static void
concat_plain (CgNetwork *network)
{
  int value = cg_network_add_conv2d (network, "first", 0, 5, 3, 1, 1, CG_PAD_ZERO, CG_BIAS_NONE, CG_ACTIVATION_NONE);

  cg_network_add_concat (network, value, 0, CG_ACTIVATION_NONE);
}

static void
concat_relu (CgNetwork *network)
{
  int value = cg_network_add_conv2d (network, "first", 0, 5, 3, 1, 1, CG_PAD_ZERO, CG_BIAS_USED, CG_ACTIVATION_NONE);

  cg_network_add_concat (network, value, 0, CG_ACTIVATION_RELU);
}

static void
dropout (CgNetwork *network)
{
  cg_network_add_dropout (network, 0);
}

static const Case cases[] = {
  { "conv2d/3x3-reflect", conv_3x3_reflect, LINEAR | LINEAR_IN_WEIGHTS, 2, 5, 9, 3, CG_NORM_NONE },
  { "conv2d/7x7-reflect", conv_7x7_reflect, LINEAR | LINEAR_IN_WEIGHTS, 1, 4, 11, 3, CG_NORM_NONE },
  { "conv2d/3x3-stride", conv_3x3_stride, LINEAR | LINEAR_IN_WEIGHTS, 2, 7, 8, 5, CG_NORM_NONE },
  { "conv2d/4x4-stride-odd", conv_4x4_stride, LINEAR | LINEAR_IN_WEIGHTS, 1, 9, 13, 3, CG_NORM_NONE },
  { "conv2d/4x4", conv_4x4, LINEAR | LINEAR_IN_WEIGHTS, 2, 6, 5, 17, CG_NORM_NONE },
  { "conv2d/1x1", conv_1x1, LINEAR | LINEAR_IN_WEIGHTS, 2, 3, 5, 4, CG_NORM_NONE },
  { "conv2d/relu", conv_relu, KINKED, 1, 12, 10, 3, CG_NORM_NONE },
  { "conv2d/leaky-relu", conv_leaky, KINKED, 2, 13, 11, 3, CG_NORM_NONE },
  { "conv2d/tanh", conv_tanh, 0, 1, 8, 9, 4, CG_NORM_NONE },
  { "conv-transpose2d/3x3", transposed_3x3, LINEAR | LINEAR_IN_WEIGHTS, 2, 5, 4, 6, CG_NORM_NONE },
  { "conv-transpose2d/4x4", transposed_4x4, LINEAR | LINEAR_IN_WEIGHTS, 1, 1, 7, 3, CG_NORM_NONE },
  { "conv-transpose2d/tanh", transposed_tanh, 0, 2, 4, 5, 4, CG_NORM_NONE },
  { "instance-norm/plain", norm_plain, 0, 2, 6, 7, 5, CG_NORM_INSTANCE },
  { "instance-norm/relu", norm_relu, KINKED, 2, 12, 15, 5, CG_NORM_INSTANCE },
  { "instance-norm/leaky-relu", norm_leaky, KINKED, 2, 12, 15, 5, CG_NORM_INSTANCE },
  { "instance-norm/skip", norm_skip, 0, 1, 9, 6, 4, CG_NORM_INSTANCE },
  { "batch-norm/plain", norm_plain, 0, 3, 6, 7, 5, CG_NORM_BATCH },
  { "batch-norm/relu", norm_relu, KINKED, 3, 10, 12, 5, CG_NORM_BATCH },
  { "batch-norm/skip", norm_skip, 0, 2, 9, 6, 4, CG_NORM_BATCH },
  { "upsample", upsample, LINEAR, 2, 3, 5, 3, CG_NORM_NONE },
  { "join/residual", join_residual, LINEAR, 2, 5, 6, 4, CG_NORM_NONE },
  { "join/shared", shared_value, LINEAR, 1, 6, 5, 2, CG_NORM_NONE },
  { "concat/plain", concat_plain, LINEAR, 2, 4, 7, 3, CG_NORM_NONE },
  { "concat/relu", concat_relu, KINKED, 2, 10, 9, 3, CG_NORM_NONE },
  { "dropout", dropout, LINEAR, 2, 5, 7, 40, CG_NORM_NONE },
};

/* An empty network of a kind that takes any size, which @build then fills. */
static CgNetwork *
make_network (const Case *c)
{
  CgNetworkConfig config = { .kind = CG_NET_PIXEL, .input_nc = c->c, .output_nc = 1, .nf = 1, .norm = c->norm };
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (&config, &error);

  g_assert_no_error (error);
  g_array_set_size (network->layers, 0);
  g_array_set_size (network->parameters, 0);
  network->n_floats = 0;
  c->build (network);
  free (network->weights);
  network->weights = calloc (MAX (network->n_floats, 1), sizeof (float));
  g_assert_nonnull (network->weights);
  gradient_check_fill (network, SEED);
  return network;
}

static void
test_layer (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (CgNetwork) network = make_network (c);
  const GradientCheck check = { .n = c->n,
                                .h = c->h,
                                .w = c->w,
                                .seed = SEED,
                                .step = c->flags & KINKED ? KINKED_STEP : SMOOTH_STEP,
                                .tolerance = c->flags & KINKED ? KINKED_TOLERANCE : SMOOTH_TOLERANCE };

  gradient_check_differences (&check, network);
  gradient_check_linearity (&check, network);
  if (c->flags & LINEAR)
    gradient_check_adjoint (&check, network, (c->flags & LINEAR_IN_WEIGHTS) != 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/layers/gradient/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_layer);
    }
  return g_test_run ();
}
