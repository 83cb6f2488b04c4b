/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One CycleGAN training step as training.md defines it: six generator passes, the discriminators, pools, two optimisers.
 *
 * Domains are X (files: A) and Y (B); G: X -> Y, F: Y -> X; D_Y judges Y, D_X judges X (Zhu et al. 2017). The passes follow each
 * other so that at most two generators' activations live at a time. */
#include "step/step.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "base/parallel.h"
#include "layers/layer.h"
#include "losses/l1-loss.h"
#include "losses/tv-loss.h"
#include "nets/pass.h"
#include "step/gradient-penalty.h"
#include "tensor/dense.h"

/* One direction: a generator, the one that leads back, and the discriminator of what it makes. */
typedef struct
{
  CgStepNetwork generator, back, discriminator;
  double lambda_cycle;    /* of |back (generator (x)) - x| */
  double lambda_identity; /* of |generator (y) - y| */
  CgPass *identity;       /* generator (y); NULL if its weight is 0 */
  CgPass *forward;        /* generator (x) */
  CgPass *backward;       /* back (generator (x)) */
  CgPass *judge;          /* discriminator (generator (x)), for the generator's sake */
  CgPass *learn;          /* discriminator on real and pooled images, for its own */
  CgPass *penalty;        /* discriminator between the two, for wgangp; else NULL */
  int fake_ticket;
  CgTensor fake; /* generator (x), then what the pool makes of it */
  CgImagePool *pool;
  CgRandomPurpose pool_purpose;
} Direction;

struct _CgStep
{
  CgStepOptions options;
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgAdam *adam[CG_STEP_N_NETWORKS];
  Direction directions[2]; /* X -> Y, Y -> X */
  CgArena *arena;
  guint64 index; /* of the step that runs */
};

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
      Direction *direction = &step->directions[i];

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
  Direction *direction = &step->directions[i];
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

  step->directions[0] = (Direction){ .generator = CG_STEP_G_A,
                                     .back = CG_STEP_G_B,
                                     .discriminator = CG_STEP_D_A,
                                     .lambda_cycle = options->lambda_a,
                                     .lambda_identity = options->lambda_b * options->lambda_identity,
                                     .pool_purpose = CG_RANDOM_POOL_B };
  step->directions[1] = (Direction){ .generator = CG_STEP_G_B,
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

/* The caller's dense array as a tensor; it is only read. */
static CgTensor
view (const CgTensor *like, const float *dense)
{
  CgTensor tensor;

  cg_tensor_init (&tensor, like->n, like->h, like->w, like->c, 0);
  cg_tensor_place (&tensor, (float *)dense);
  return tensor;
}

static void
copy_tensor (const CgTensor *from, const CgTensor *to, int n_threads)
{
  cg_plane_copy (cg_tensor_plane (from), cg_tensor_plane (to), from->n, from->h, from->w, from->c, n_threads);
}

static void
add_tensor (const CgTensor *from, const CgTensor *to, int n_threads)
{
  cg_plane_add (cg_tensor_plane (from), cg_tensor_plane (to), from->n, from->h, from->w, from->c, n_threads);
}

/* Random numbers of dropout for the passes of one step. */
enum
{
  STREAM_FORWARD,
  STREAM_BACK,
  STREAM_IDENTITY,
  STREAM_JUDGE,
  STREAM_LEARN_REAL,
  STREAM_LEARN_FAKE,
  N_STREAMS
};

static void
run_forward (CgStep *step, const Direction *direction, CgPass *pass, guint stream)
{
  if (direction == &step->directions[1])
    stream += N_STREAMS;
  cg_pass_set_dropout (pass, step->options.seed, step->index, stream);
  cg_pass_forward (pass, NULL, NULL);
  cg_pass_update (pass);
}

/* lambda * |generator (y) - y|, forward and backward. */
static double
run_identity (CgStep *step, Direction *direction, const float *y)
{
  CgTensor target;
  double loss;

  if (!direction->identity)
    return 0.0;
  cg_tensor_from_dense (cg_pass_get_input (direction->identity), y);
  run_forward (step, direction, direction->identity, STREAM_IDENTITY);
  target = view (cg_pass_get_output (direction->identity), y);
  loss = cg_l1_loss (cg_pass_get_output (direction->identity), &target, direction->lambda_identity,
                     cg_pass_get_output_gradient (direction->identity));
  cg_pass_backward (direction->identity, TRUE);
  return loss;
}

/* The generated image through discriminator, cycle and total variation, and all their gradients back through the generators.
 * Leaves the image in direction->fake. */
static void
run_cycle (CgStep *step, Direction *direction, const float *x, double *gan, double *cycle, double *tv)
{
  const CgStepOptions *options = &step->options;
  int n_threads = options->n_threads;
  const CgTensor *fake, *fake_gradient;
  CgTensor target;

  cg_tensor_from_dense (cg_pass_get_input (direction->forward), x);
  run_forward (step, direction, direction->forward, STREAM_FORWARD);
  fake = cg_pass_get_output (direction->forward);
  fake_gradient = cg_pass_get_output_gradient (direction->forward);
  copy_tensor (fake, &direction->fake, n_threads);

  copy_tensor (fake, cg_pass_get_input (direction->backward), n_threads);
  run_forward (step, direction, direction->backward, STREAM_BACK);

  copy_tensor (fake, cg_pass_get_input (direction->judge), n_threads);
  run_forward (step, direction, direction->judge, STREAM_JUDGE);
  *gan = cg_gan_loss (options->gan_mode, CG_GAN_GENERATOR, cg_pass_get_output (direction->judge), 1.0,
                      cg_pass_get_output_gradient (direction->judge));
  cg_pass_backward (direction->judge, FALSE);
  copy_tensor (cg_pass_get_input_gradient (direction->judge), fake_gradient, n_threads);

  target = view (cg_pass_get_output (direction->backward), x);
  *cycle = cg_l1_loss (cg_pass_get_output (direction->backward), &target, direction->lambda_cycle,
                       cg_pass_get_output_gradient (direction->backward));
  cg_pass_backward (direction->backward, TRUE);
  add_tensor (cg_pass_get_input_gradient (direction->backward), fake_gradient, n_threads);

  *tv = options->lambda_tv > 0.0 ? cg_tv_loss (fake, options->lambda_tv, fake_gradient) : 0.0;
  cg_pass_backward (direction->forward, TRUE);
}

/* 0.5 * (real part + pooled generated part), and wgangp's penalty whole; gradients into the discriminator. */
static double
run_discriminator (CgStep *step, Direction *direction, const float *real)
{
  const CgTensor *input = cg_pass_get_input (direction->learn);
  const CgTensor *logits = cg_pass_get_output (direction->learn);
  const CgTensor *gradient = cg_pass_get_output_gradient (direction->learn);
  double loss;

  cg_tensor_from_dense (input, real);
  run_forward (step, direction, direction->learn, STREAM_LEARN_REAL);
  loss = cg_gan_loss (step->options.gan_mode, CG_GAN_DISCRIMINATOR_REAL, logits, 0.5, gradient);
  cg_pass_backward (direction->learn, TRUE);

  cg_image_pool_query (direction->pool, step->options.seed, direction->pool_purpose, step->index, &direction->fake,
                       &direction->fake);
  copy_tensor (&direction->fake, input, step->options.n_threads);
  run_forward (step, direction, direction->learn, STREAM_LEARN_FAKE);
  loss += cg_gan_loss (step->options.gan_mode, CG_GAN_DISCRIMINATOR_FAKE, logits, 0.5, gradient);
  cg_pass_backward (direction->learn, TRUE);
  if (direction->penalty)
    {
      CgTensor real_tensor = view (input, real);

      loss += cg_gradient_penalty (direction->penalty, &real_tensor, &direction->fake, step->options.lambda_gp,
                                   step->options.seed, step->index, direction == &step->directions[1]);
    }
  return loss;
}

static gboolean
check_losses (gint64 index, const CgStepLosses *losses, GError **error)
{
  const struct
  {
    const char *name;
    double value;
  } named[] = { { "D_A", losses->D_A },     { "G_A", losses->G_A },         { "cycle_A", losses->cycle_A },
                { "idt_A", losses->idt_A }, { "tv_A", losses->tv_A },       { "D_B", losses->D_B },
                { "G_B", losses->G_B },     { "cycle_B", losses->cycle_B }, { "idt_B", losses->idt_B },
                { "tv_B", losses->tv_B } };

  for (size_t i = 0; i < G_N_ELEMENTS (named); i++)
    if (!isfinite (named[i].value))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED, _ ("Step %" PRId64 ": the loss %s became %f"), index,
                     named[i].name, named[i].value);
        return FALSE;
      }
  return TRUE;
}

/* WGAN keeps the discriminator Lipschitz by clipping its weights (Arjovsky et al. 2017); buffers are no weights. */
static void
clip_weights (CgNetwork *network, float limit)
{
  float *weights = cg_network_get_weights (network);

  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);

      if (parameter->is_buffer)
        continue;
      for (size_t e = parameter->offset; e < parameter->offset + parameter->n_floats; e++)
        weights[e] = CLAMP (weights[e], -limit, limit);
    }
}

gboolean
cg_step_run (CgStep *step, gint64 index, double lr, const float *real_a, const float *real_b, CgStepLosses *losses,
             GError **error)
{
  const CgStepOptions *options = &step->options;
  CgAdamOptions adam = { .lr = lr, .beta1 = options->beta1, .beta2 = options->beta2, .eps = options->eps };
  Direction *to_y = &step->directions[0], *to_x = &step->directions[1];

  step->index = (guint64)index;
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    cg_network_zero_gradients (step->networks[i]);

  run_cycle (step, to_y, real_a, &losses->G_A, &losses->cycle_A, &losses->tv_A);
  run_cycle (step, to_x, real_b, &losses->G_B, &losses->cycle_B, &losses->tv_B);
  losses->idt_A = run_identity (step, to_y, real_b);
  losses->idt_B = run_identity (step, to_x, real_a);

  /* The discriminators' gradients do not depend on the generators' update, so everything is known, and checked,
   * before the first weight changes. */
  losses->D_A = run_discriminator (step, to_y, real_b);
  losses->D_B = run_discriminator (step, to_x, real_a);
  if (!check_losses (index, losses, error))
    return FALSE;

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      CgNetwork *network = step->networks[i];

      cg_adam_step (step->adam[i], &adam, cg_network_get_weights (network), cg_network_get_gradients (network),
                    options->n_threads);
      if (options->gan_mode == CG_GAN_WGAN && (i == CG_STEP_D_A || i == CG_STEP_D_B))
        clip_weights (network, (float)options->clip_value);
      cg_network_touch (network);
    }
  return TRUE;
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
      const Direction *direction = &step->directions[i];

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
