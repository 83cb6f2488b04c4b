/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A pass that is to end: how soon it does, between layers and within one, and what it leaves. */
#include <stdatomic.h>

#include "../pass-fixture.h"
#include "nets/layer-info.h"

#define SEED 20261124
#define SIDE 64

static CgNetwork *
new_unet (void)
{
  const CgNetworkConfig config
      = { .kind = CG_NET_UNET, .input_nc = 3, .output_nc = 3, .nf = 4, .n_downs = 5, .norm = CG_NORM_INSTANCE };
  g_autoptr (GError) error = NULL;
  CgNetwork *network = cg_network_new (&config, &error);

  g_assert_no_error (error);
  cg_network_init (network, CG_INIT_NORMAL, 0.3, SEED);
  return network;
}

/**
 * Watch:
 * @n_allowed: questions that are answered by FALSE
 * @n_layers, @n_asked_then: of the layers that were told of, and the questions until the last of them
 */
typedef struct
{
  atomic_int n_asked;
  int n_allowed;
  int n_layers, n_asked_then;
} Watch;

static bool
is_over (void *data)
{
  Watch *watch = data;

  return atomic_fetch_add (&watch->n_asked, 1) >= watch->n_allowed;
}

static gboolean
note_layer (double done, gpointer data)
{
  Watch *watch = data;

  watch->n_layers++;
  watch->n_asked_then = atomic_load (&watch->n_asked);
  return TRUE;
}

static gboolean
is_untouched (const CgTensor *tensor)
{
  for (int y = 0; y < tensor->h; y++)
    for (int i = 0; i < tensor->w * tensor->c; i++)
      if (cg_tensor_at (tensor, 0, y, 0)[i] != 0.0f)
        return FALSE;
  return TRUE;
}

/* A training pass, where no value takes the memory of another. */
static void
test_stop (gconstpointer data)
{
  g_autoptr (CgNetwork) network = new_unet ();
  PassFixture fixture;
  g_autofree float *x = NULL;
  Watch all = { .n_allowed = G_MAXINT }, some = { 0 }, none = { 0 };

  pass_fixture_init (&fixture, network, 1, SIDE, SIDE, CG_PASS_TRAINING, GPOINTER_TO_INT (data));
  x = pass_fixture_random (SEED, 0, fixture.n_inputs, 1.0);
  cg_tensor_from_dense (fixture.input, x);

  cg_pass_set_stop (fixture.pass, is_over, &none);
  g_assert_false (cg_pass_forward (fixture.pass, note_layer, &none));
  g_assert_cmpint (none.n_layers, ==, 0);
  g_assert_true (is_untouched (fixture.output));

  cg_pass_set_stop (fixture.pass, is_over, &all);
  g_assert_true (cg_pass_forward (fixture.pass, note_layer, &all));
  g_assert_cmpint (all.n_layers, ==, (int)cg_network_get_n_layers (network));
  g_assert_false (is_untouched (fixture.output));

  /* Within the last layer: some of its items have been asked for since the one before was told of. */
  some.n_allowed = all.n_asked_then - 2;
  cg_pass_set_stop (fixture.pass, is_over, &some);
  g_assert_false (cg_pass_forward (fixture.pass, note_layer, &some));
  g_assert_cmpint (some.n_layers, ==, all.n_layers - 1);
  g_assert_cmpint (some.n_asked_then, <, some.n_allowed);

  /* The weights as they were packed are still right, and so is what comes out. */
  {
    g_autofree float *first = g_new (float, fixture.n_outputs);
    g_autofree float *second = g_new (float, fixture.n_outputs);
    PassFixture other;

    cg_pass_set_stop (fixture.pass, NULL, NULL);
    pass_fixture_forward (&fixture, x, first);
    cg_network_touch (network);
    pass_fixture_init (&other, network, 1, SIDE, SIDE, CG_PASS_TRAINING, 1);
    pass_fixture_forward (&other, x, second);
    g_assert_cmpmem (first, fixture.n_outputs * sizeof (float), second, fixture.n_outputs * sizeof (float));
    pass_fixture_clear (&other);
  }
  pass_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nets/pass/stop/one-thread", GINT_TO_POINTER (1), test_stop);
  g_test_add_data_func ("/nets/pass/stop/three-threads", GINT_TO_POINTER (3), test_stop);
  return g_test_run ();
}
