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
    }
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_adam_free (step->adam[i]);
  cg_arena_free (step->arena);
  g_free (step);
}

/* The order of a step, as times of the arena: what a later phase needs stays, what none needs makes room. The first
 * five come once per direction; the later ones follow both. It is PyTorch's order for each network, which batch norm's running
 * statistics show. */
enum
{
  PHASE_FORWARD,
  PHASE_BACK,
  PHASE_JUDGE,
  PHASE_BACK_GRADIENT,
  PHASE_FORWARD_GRADIENT,
  N_CYCLE_PHASES,
  PHASE_IDENTITY = 2 * N_CYCLE_PHASES,
  PHASE_LEARN = PHASE_IDENTITY + 2,
  PHASE_PENALTY = PHASE_LEARN + 2,
  PHASE_END = PHASE_PENALTY + 2
};

/* The time at which direction @i is in @phase. */
static int
get_time (int i, int phase)
{
  return phase < N_CYCLE_PHASES ? i * N_CYCLE_PHASES + phase : phase + i;
}

/* Plans one pass from the beginning of @from to the end of @to, phases of direction @i. */
static CgPass *
plan_pass (CgStep *step, int i, CgStepNetwork network, CgPassFlags flags, int from, int to, int ticks, GError **error)
{
  const CgStepOptions *options = &step->options;
  return cg_pass_new (step->networks[network], options->batch_size, options->crop_h, options->crop_w,
                      CG_PASS_TRAINING | flags, options->n_threads, step->arena, get_time (i, from) * ticks,
                      (get_time (i, to) + 1) * ticks - 1, error);
}

static gboolean
plan_direction (CgStep *step, int i, int ticks, GError **error)
{
  const CgStepOptions *options = &step->options;
  CgStepDirection *direction = &step->directions[i];
  int channels = cg_network_get_config (step->networks[direction->generator])->output_nc;

  if (direction->lambda_identity > 0.0)
    {
      direction->identity = plan_pass (step, i, direction->generator, 0, PHASE_IDENTITY, PHASE_IDENTITY, ticks, error);
      if (!direction->identity)
        return FALSE;
    }
  direction->forward
      = plan_pass (step, i, direction->generator, 0, PHASE_FORWARD, PHASE_FORWARD_GRADIENT, ticks, error);
  if (!direction->forward)
    return FALSE;
  direction->backward
      = plan_pass (step, i, direction->back, CG_PASS_INPUT_GRADIENT, PHASE_BACK, PHASE_BACK_GRADIENT, ticks, error);
  if (!direction->backward)
    return FALSE;
  direction->judge
      = plan_pass (step, i, direction->discriminator, CG_PASS_INPUT_GRADIENT, PHASE_JUDGE, PHASE_JUDGE, ticks, error);
  if (!direction->judge)
    return FALSE;
  direction->learn = plan_pass (step, i, direction->discriminator, 0, PHASE_LEARN, PHASE_LEARN, ticks, error);
  if (!direction->learn)
    return FALSE;
  if (options->gan_mode == CG_GAN_WGANGP)
    {
      direction->penalty = plan_pass (step, i, direction->discriminator, CG_PASS_INPUT_GRADIENT | CG_PASS_TANGENT,
                                      PHASE_PENALTY, PHASE_PENALTY, ticks, error);
      if (!direction->penalty)
        return FALSE;
    }

  cg_tensor_init (&direction->fake, options->batch_size, options->crop_h, options->crop_w, channels, 0);
  direction->fake_ticket
      = cg_arena_reserve (step->arena, cg_tensor_get_floats (&direction->fake) * sizeof (float), 0, PHASE_END * ticks);
  direction->pool = cg_image_pool_new (options->pool_size, options->crop_h, options->crop_w, channels, error);
  return direction->pool != NULL;
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
  step->arena = cg_arena_new ();
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
    if (!plan_direction (step, i, ticks, error))
      return NULL;
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      step->adam[i] = cg_adam_new (cg_network_get_n_floats (networks[i]), error);
      if (!step->adam[i] || !cg_network_need_gradients (networks[i], error))
        return NULL;
    }
  if (!cg_arena_commit (step->arena, error))
    return NULL;
  for (int i = 0; i < 2; i++)
    cg_tensor_place (&step->directions[i].fake, cg_arena_get (step->arena, step->directions[i].fake_ticket));
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

void
cg_step_set_profile (CgStep *step, CgProfile *profile)
{
  for (int i = 0; i < 2; i++)
    {
      const CgStepDirection *direction = &step->directions[i];

      if (direction->identity)
        cg_pass_set_profile (direction->identity, profile);
      cg_pass_set_profile (direction->forward, profile);
      cg_pass_set_profile (direction->backward, profile);
      cg_pass_set_profile (direction->judge, profile);
      cg_pass_set_profile (direction->learn, profile);
      if (direction->penalty)
        cg_pass_set_profile (direction->penalty, profile);
    }
}

size_t
cg_step_get_arena_bytes (const CgStep *step)
{
  return cg_arena_measure (step->arena);
}
