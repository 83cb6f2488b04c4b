/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One CycleGAN training step as training.md defines it: six generator passes, the discriminators, pools, two optimisers.
 *
 * Domains are X (files: A) and Y (B); G: X -> Y, F: Y -> X; D_Y judges Y, D_X judges X (Zhu et al. 2017).
 *
 * The two directions run side by side, each on half of the threads: at any time they train different networks, so that they share
 * nothing but weights, which do not change. Two threads that part every loop instead wait for each other and for what the other one's
 * cache holds; measured a fifth more time. */
#include "step/step.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>

#include "base/error.h"
#include "base/parallel.h"
#include "layers/layer.h"
#include "losses/l1-loss.h"
#include "losses/tv-loss.h"
#include "step/augment.h"
#include "step/gradient-penalty.h"
#include "step/step-private.h"
#include "tensor/dense.h"

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

/* The losses of one direction, weighted. */
typedef struct
{
  double gan, cycle, tv, identity, discriminator;
} DirectionLosses;

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
run_forward (CgStep *step, const CgStepDirection *direction, CgPass *pass, guint stream)
{
  if (direction == &step->directions[1])
    stream += N_STREAMS;
  cg_pass_set_dropout (pass, step->options.seed, step->index, stream);
  cg_pass_forward (pass, NULL, NULL);
}

/* Shows images to a discriminator: copies them to its input, augmented if that is on; @stream as for dropout. */
static void
show (const CgStep *step, const CgStepDirection *direction, const CgTensor *images, guint stream, const CgTensor *input)
{
  if (direction == &step->directions[1])
    stream += N_STREAMS;
  for (int n = 0; n < images->n && step->options.augment; n++)
    {
      CgAugmentDraw draw;

      cg_augment_draw (&draw, images->h, images->w, step->options.seed, step->index,
                       ((guint64)stream << 32) + (guint64)n);
      cg_augment_apply (&draw, images, n, input);
    }
  if (!step->options.augment)
    copy_tensor (images, input, step->options.n_threads);
}

/* The other way: the gradient at a discriminator's input as a gradient of the images shown. */
static void
show_gradient (const CgStep *step, const CgStepDirection *direction, const CgTensor *input_gradient, guint stream,
               const CgTensor *gradient)
{
  if (direction == &step->directions[1])
    stream += N_STREAMS;
  for (int n = 0; n < gradient->n && step->options.augment; n++)
    {
      CgAugmentDraw draw;

      cg_augment_draw (&draw, gradient->h, gradient->w, step->options.seed, step->index,
                       ((guint64)stream << 32) + (guint64)n);
      cg_augment_gradient (&draw, input_gradient, n, gradient);
    }
  if (!step->options.augment)
    copy_tensor (input_gradient, gradient, step->options.n_threads);
}

/* lambda * |generator (y) - y|, forward and backward. */
static double
run_identity (CgStep *step, CgStepDirection *direction, const float *y)
{
  CgTensor target;
  double loss;

  if (!direction->identity)
    return 0.0;
  cg_tensor_from_dense (cg_pass_get_input (direction->identity), y);
  run_forward (step, direction, direction->identity, STREAM_IDENTITY);
  cg_pass_update (direction->identity);
  target = view (cg_pass_get_output (direction->identity), y);
  loss = cg_l1_loss (cg_pass_get_output (direction->identity), &target, direction->lambda_identity,
                     cg_pass_get_output_gradient (direction->identity));
  cg_pass_backward (direction->identity, TRUE);
  return loss;
}

/* The generated image, which stays in direction->fake, through cycle and discriminator; their gradients back to it, and into the
 * generator that leads back. */
static void
run_cycle (CgStep *step, CgStepDirection *direction, const float *x, DirectionLosses *losses)
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

  show (step, direction, fake, STREAM_JUDGE, cg_pass_get_input (direction->judge));
  run_forward (step, direction, direction->judge, STREAM_JUDGE);
  cg_pass_update (direction->judge);
  losses->gan = cg_gan_loss (options->gan_mode, CG_GAN_GENERATOR, cg_pass_get_output (direction->judge), 1.0,
                             cg_pass_get_output_gradient (direction->judge));
  cg_pass_backward (direction->judge, FALSE);
  show_gradient (step, direction, cg_pass_get_input_gradient (direction->judge), STREAM_JUDGE, fake_gradient);

  target = view (cg_pass_get_output (direction->backward), x);
  losses->cycle = cg_l1_loss (cg_pass_get_output (direction->backward), &target, direction->lambda_cycle,
                              cg_pass_get_output_gradient (direction->backward));
  cg_pass_backward (direction->backward, TRUE);
  add_tensor (cg_pass_get_input_gradient (direction->backward), fake_gradient, n_threads);

  losses->tv = options->lambda_tv > 0.0 ? cg_tv_loss (fake, options->lambda_tv, fake_gradient) : 0.0;
}

/* 0.5 * (real part + pooled generated part), and wgangp's penalty whole; gradients into the discriminator. */
static double
run_discriminator (CgStep *step, CgStepDirection *direction, const float *real)
{
  const CgTensor *input = cg_pass_get_input (direction->learn);
  const CgTensor *logits = cg_pass_get_output (direction->learn);
  const CgTensor *gradient = cg_pass_get_output_gradient (direction->learn);
  CgTensor real_tensor = view (input, real);
  double loss;

  show (step, direction, &real_tensor, STREAM_LEARN_REAL, input);
  run_forward (step, direction, direction->learn, STREAM_LEARN_REAL);
  cg_pass_update (direction->learn);
  loss = cg_gan_loss (step->options.gan_mode, CG_GAN_DISCRIMINATOR_REAL, logits, 0.5, gradient);
  cg_pass_backward (direction->learn, TRUE);

  cg_image_pool_query (direction->pool, step->options.seed, direction->pool_purpose, step->index, &direction->fake,
                       &direction->fake);
  show (step, direction, &direction->fake, STREAM_LEARN_FAKE, input);
  run_forward (step, direction, direction->learn, STREAM_LEARN_FAKE);
  cg_pass_update (direction->learn);
  loss += cg_gan_loss (step->options.gan_mode, CG_GAN_DISCRIMINATOR_FAKE, logits, 0.5, gradient);
  cg_pass_backward (direction->learn, TRUE);
  if (direction->penalty)
    loss += cg_gradient_penalty (direction->penalty, &real_tensor, &direction->fake, step->options.lambda_gp,
                                 step->options.seed, step->index, direction == &step->directions[1]);
  return loss;
}

/* Losses are of the order of their weights; one beyond this (or NaN) is on its way to infinity and teaches nothing. */
#define LOSS_LIMIT 1e8

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
    if (!(fabs (named[i].value) <= LOSS_LIMIT))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED, _ ("Step %" PRId64 ": the loss %s became %g"), index,
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

/* One call of cg_step_run(); lanes are directions. */
typedef struct
{
  CgStep *step;
  const float *x[2], *y[2];
  DirectionLosses losses[2];
} Call;

/* Gradients go into the generator that leads back, the first of this step. */
static void
run_first_half (int lane, void *data)
{
  Call *call = data;
  CgStepDirection *direction = &call->step->directions[lane];

  cg_network_zero_gradients (call->step->networks[direction->back]);
  run_cycle (call->step, direction, call->x[lane], &call->losses[lane]);
}

/* Gradients go into the direction's own generator and discriminator, which do not depend on each other's update. */
static void
run_second_half (int lane, void *data)
{
  Call *call = data;
  CgStepDirection *direction = &call->step->directions[lane];

  cg_pass_backward (direction->forward, TRUE);
  call->losses[lane].identity = run_identity (call->step, direction, call->y[lane]);
  cg_network_zero_gradients (call->step->networks[direction->discriminator]);
  call->losses[lane].discriminator = run_discriminator (call->step, direction, call->y[lane]);
}

gboolean
cg_step_run (CgStep *step, gint64 index, double lr, const float *real_a, const float *real_b, CgStepLosses *losses,
             GError **error)
{
  const CgStepOptions *options = &step->options;
  CgAdamOptions adam = { .lr = lr, .beta1 = options->beta1, .beta2 = options->beta2, .eps = options->eps };
  Call call = { .step = step, .x = { real_a, real_b }, .y = { real_b, real_a } };

  step->index = (guint64)index;
  cg_parallel_pair (options->n_threads, run_first_half, &call);
  /* PyTorch's order for each generator, which batch norm's running statistics show. */
  for (int i = 0; i < 2; i++)
    {
      cg_pass_update (step->directions[i].forward);
      cg_pass_update (step->directions[i].backward);
    }
  cg_parallel_pair (options->n_threads, run_second_half, &call);

  /* Everything is known, and checked, before the first weight changes. */
  *losses = (CgStepLosses){ .D_A = call.losses[0].discriminator,
                            .G_A = call.losses[0].gan,
                            .cycle_A = call.losses[0].cycle,
                            .idt_A = call.losses[0].identity,
                            .tv_A = call.losses[0].tv,
                            .D_B = call.losses[1].discriminator,
                            .G_B = call.losses[1].gan,
                            .cycle_B = call.losses[1].cycle,
                            .idt_B = call.losses[1].identity,
                            .tv_B = call.losses[1].tv };
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
