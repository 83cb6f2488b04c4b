/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans a training step: which passes there are, when each runs, and so what may share memory. */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "base/parallel.h"
#include "step/step-private.h"

void
cg_step_options_init (CgStepOptions *options)
{
  *options = (CgStepOptions){ .batch_size = 1,
                              .crop_h = 256,
                              .crop_w = 256,
                              .gan_mode = CG_GAN_LSGAN,
                              .lambda_a = 10.0,
                              .lambda_b = 10.0,
                              .lambda_identity = 0.5,
                              .lambda_tv = 0.0,
                              .beta1 = 0.5,
                              .beta2 = 0.999,
                              .eps = 1e-8,
                              .clip_value = 0.01,
                              .lambda_gp = 10.0,
                              .pool_size = 50 };
}

void
cg_step_free (CgStep *step)
{
  if (!step)
    return;
  for (int i = 0; i < 2; i++)
    {
      CgStepDirection *direction = &step->directions[i];

      cg_pass_free (direction->identity);
      cg_pass_free (direction->forward);
      cg_pass_free (direction->backward);
      cg_pass_free (direction->judge);
      cg_pass_free (direction->learn);
      cg_pass_free (direction->penalty);
      cg_image_pool_free (direction->pool);
      cg_arena_free (direction->arena);
    }
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_adam_free (step->adam[i]);
  g_free (step);
}

/* The order of a step in each direction, as times of its arena: what a later phase needs stays, what none needs makes room. */
enum
{
  PHASE_FORWARD,
  PHASE_BACK,
  PHASE_JUDGE,
  PHASE_BACK_GRADIENT,
  PHASE_FORWARD_GRADIENT,
  PHASE_IDENTITY,
  PHASE_LEARN,
  PHASE_PENALTY,
  PHASE_END
};

/* Plans one pass from the beginning of @from to the end of @to. */
static CgPass *
plan_pass (CgStep *step, CgArena *arena, CgStepNetwork network, CgPassFlags flags, int from, int to, int ticks,
           GError **error)
{
  const CgStepOptions *options = &step->options;
  return cg_pass_new (step->networks[network], options->batch_size, options->crop_h, options->crop_w,
                      CG_PASS_TRAINING | flags, cg_parallel_get_lane_threads (options->n_threads), arena, from * ticks,
                      (to + 1) * ticks - 1, error);
}

static gboolean
plan_direction (CgStep *step, CgStepDirection *direction, int ticks, GError **error)
{
  const CgStepOptions *options = &step->options;
  int channels = cg_network_get_config (step->networks[direction->generator])->output_nc;
  CgArena *arena = direction->arena = cg_arena_new ();

  if (direction->lambda_identity > 0.0)
    {
      direction->identity
          = plan_pass (step, arena, direction->generator, 0, PHASE_IDENTITY, PHASE_IDENTITY, ticks, error);
      if (!direction->identity)
        return FALSE;
    }
  direction->forward
      = plan_pass (step, arena, direction->generator, 0, PHASE_FORWARD, PHASE_FORWARD_GRADIENT, ticks, error);
  if (!direction->forward)
    return FALSE;
  direction->backward
      = plan_pass (step, arena, direction->back, CG_PASS_INPUT_GRADIENT, PHASE_BACK, PHASE_BACK_GRADIENT, ticks, error);
  if (!direction->backward)
    return FALSE;
  direction->judge = plan_pass (step, arena, direction->discriminator, CG_PASS_INPUT_GRADIENT, PHASE_JUDGE, PHASE_JUDGE,
                                ticks, error);
  if (!direction->judge)
    return FALSE;
  direction->learn = plan_pass (step, arena, direction->discriminator, 0, PHASE_LEARN, PHASE_LEARN, ticks, error);
  if (!direction->learn)
    return FALSE;
  if (options->gan_mode == CG_GAN_WGANGP)
    {
      direction->penalty = plan_pass (step, arena, direction->discriminator, CG_PASS_INPUT_GRADIENT | CG_PASS_TANGENT,
                                      PHASE_PENALTY, PHASE_PENALTY, ticks, error);
      if (!direction->penalty)
        return FALSE;
    }

  cg_tensor_init (&direction->fake, options->batch_size, options->crop_h, options->crop_w, channels, 0);
  direction->fake_ticket
      = cg_arena_reserve (arena, cg_tensor_get_floats (&direction->fake) * sizeof (float), 0, PHASE_END * ticks);
  direction->pool = cg_image_pool_new (options->pool_size, options->crop_h, options->crop_w, channels, error);
  if (!direction->pool || !cg_arena_commit (arena, error))
    return FALSE;
  cg_tensor_place (&direction->fake, cg_arena_get (arena, direction->fake_ticket));
  return TRUE;
}

/* What of the options and networks does not go together. */
static gboolean
check_options (const CgStep *step, GError **error)
{
  const CgNetworkConfig *g = cg_network_get_config (step->networks[CG_STEP_G_A]);
  const CgNetworkConfig *f = cg_network_get_config (step->networks[CG_STEP_G_B]);
  const CgNetworkConfig *d_y = cg_network_get_config (step->networks[CG_STEP_D_A]);
  const CgNetworkConfig *d_x = cg_network_get_config (step->networks[CG_STEP_D_B]);

  if (g->output_nc != f->input_nc || f->output_nc != g->input_nc || d_y->input_nc != g->output_nc
      || d_x->input_nc != f->output_nc || d_y->output_nc != 1 || d_x->output_nc != 1)
    {
      g_set_error (
          error, CG_ERROR, CG_ERROR_SHAPE,
          _ ("The networks' channels do not fit together: G_A %d to %d, G_B %d to %d, D_A %d to %d, D_B %d to %d"),
          g->input_nc, g->output_nc, f->input_nc, f->output_nc, d_y->input_nc, d_y->output_nc, d_x->input_nc,
          d_x->output_nc);
      return FALSE;
    }
  if (step->options.lambda_identity > 0.0 && g->input_nc != g->output_nc)
    {
      g_set_error (
          error, CG_ERROR, CG_ERROR_SHAPE,
          _ ("The identity loss needs equal channels in both domains; there are %d and %d. Set its weight to 0"),
          g->input_nc, g->output_nc);
      return FALSE;
    }
  if (step->options.batch_size < 1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("The batch size must be at least 1, not %d"),
                   step->options.batch_size);
      return FALSE;
    }
  return TRUE;
}

CgStep *
cg_step_new (const CgStepOptions *options, CgNetwork *const networks[CG_STEP_N_NETWORKS], GError **error)
{
  g_autoptr (CgStep) step = g_new0 (CgStep, 1);
  int ticks = 0;

  step->options = *options;
  if (options->n_threads < 1)
    step->options.n_threads = cg_parallel_get_default_threads ();
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      step->networks[i] = networks[i];
      ticks = MAX (ticks, cg_pass_get_span (networks[i]) + 1);
    }
  if (!check_options (step, error))
    return NULL;

  step->directions[0] = (CgStepDirection){ .generator = CG_STEP_G_A,
                                           .back = CG_STEP_G_B,
                                           .discriminator = CG_STEP_D_A,
                                           .lambda_cycle = options->lambda_a,
                                           .lambda_identity = options->lambda_b * options->lambda_identity,
                                           .pool_purpose = CG_RANDOM_POOL_B };
  step->directions[1] = (CgStepDirection){ .generator = CG_STEP_G_B,
                                           .back = CG_STEP_G_A,
                                           .discriminator = CG_STEP_D_B,
                                           .lambda_cycle = options->lambda_b,
                                           .lambda_identity = options->lambda_a * options->lambda_identity,
                                           .pool_purpose = CG_RANDOM_POOL_A };
  for (int i = 0; i < 2; i++)
    if (!plan_direction (step, &step->directions[i], ticks, error))
      return NULL;
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      step->adam[i] = cg_adam_new (cg_network_get_n_floats (networks[i]), error);
      if (!step->adam[i] || !cg_network_need_gradients (networks[i], error))
        return NULL;
    }
  return g_steal_pointer (&step);
}

CgAdam *
cg_step_get_adam (CgStep *step, CgStepNetwork network)
{
  return step->adam[network];
}

CgImagePool *
cg_step_get_pool_a (CgStep *step)
{
  return step->directions[1].pool;
}

CgImagePool *
cg_step_get_pool_b (CgStep *step)
{
  return step->directions[0].pool;
}

/* Side by side, both directions take their time at once. */
void
cg_step_set_profile (CgStep *step, CgProfile *profile)
{
  double share = step->options.n_threads > 1 ? 0.5 : 1.0;

  for (int i = 0; i < 2; i++)
    {
      const CgStepDirection *direction = &step->directions[i];

      if (direction->identity)
        cg_pass_set_profile (direction->identity, profile, share);
      cg_pass_set_profile (direction->forward, profile, share);
      cg_pass_set_profile (direction->backward, profile, share);
      cg_pass_set_profile (direction->judge, profile, share);
      cg_pass_set_profile (direction->learn, profile, share);
      if (direction->penalty)
        cg_pass_set_profile (direction->penalty, profile, share);
    }
}
