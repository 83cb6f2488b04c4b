/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CgPass: one network applied at one size: every activation planned, forward and backward without an allocation. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "base/parallel.h"
#include "nets/network.h"
#include "nets/profile.h"
#include "tensor/arena.h"
#include "tensor/tensor.h"

typedef struct _CgPass CgPass;

typedef enum
{
  CG_PASS_INFERENCE = 0,           /* activations share memory; no backward */
  CG_PASS_TRAINING = 1 << 0,       /* activations live until backward */
  CG_PASS_INPUT_GRADIENT = 1 << 1, /* backward also computes the gradient of the input */
  CG_PASS_TANGENT = 1 << 2         /* with both above: cg_pass_tangent() may follow backward */
} CgPassFlags;

/* The least difference of @last and @first that cg_pass_new() needs for this network. */
int cg_pass_get_span (const CgNetwork *network);

/**
 * cg_pass_new:
 * @arena: where to reserve; not yet committed
 * @first, @last: the arena's times at which forward begins and backward (or inference) ends. A training pass keeps its
 *   activations throughout, its inner gradients only for the last ticks, where backward runs.
 *
 * Fails with CG_ERROR_SHAPE if the network does not take h x w.
 */
CgPass *cg_pass_new (CgNetwork *network, int n, int h, int w, CgPassFlags flags, int n_threads, CgArena *arena,
                     int first, int last, GError **error);
void cg_pass_free (CgPass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CgPass, cg_pass_free)

/* Times of every layer, multiplied by @share, are added to @profile (transfer none) from now on; NULL ends that. */
void cg_pass_set_profile (CgPass *pass, CgProfile *profile, double share);

/* After cg_arena_commit(). The caller overwrites the interior of the input [N,H,W,input_nc]; the halo is the pass's business. */
const CgTensor *cg_pass_get_input (CgPass *pass);
const CgTensor *cg_pass_get_output (CgPass *pass);

/* Which random numbers the next forward (and its backward) draws in dropout layers: (seed, CG_RANDOM_DROPOUT, step), and
 * @stream (below 4096) to tell apart the passes of one step. */
void cg_pass_set_dropout (CgPass *pass, guint64 seed, guint64 step, guint stream);

/* Takes what the last training forward measured into the network's running statistics (batch norm). */
void cg_pass_update (CgPass *pass);

/* Called between layers with the share of the work done, 0 … 1; FALSE stops the pass. */
typedef gboolean (*CgPassProgress) (double done, gpointer data);

/* Whom cg_pass_forward() asks within layers whether to go on; NULL, as in the beginning, for nobody. */
void cg_pass_set_stop (CgPass *pass, CgParallelStop stop, gpointer data);

/* FALSE only when @progress (may be NULL) or cg_pass_set_stop()'s function said so; the values are then good for nothing. */
gboolean cg_pass_forward (CgPass *pass, CgPassProgress progress, gpointer data);

/* The caller overwrites the interior of the output gradient [N,Ho,Wo,K], then calls cg_pass_backward(). */
const CgTensor *cg_pass_get_output_gradient (CgPass *pass);

/* Adds parameter gradients to the network's vector if @parameters; overwrites the input's gradient if the pass was made
 * with CG_PASS_INPUT_GRADIENT. May be called more than once after one forward. */
void cg_pass_backward (CgPass *pass, gboolean parameters);

const CgTensor *cg_pass_get_input_gradient (CgPass *pass);

/* The direction for cg_pass_tangent(); the caller overwrites the interior. */
const CgTensor *cg_pass_get_input_tangent (CgPass *pass);

/**
 * cg_pass_tangent:
 *
 * After a forward and a backward with output gradient w: adds to the network's gradients the derivative of
 *
 *     < t, d/dx <w, network (x)> >
 *
 * with respect to the parameters, where t is the input tangent: a product of mixed second derivatives with a vector, exact, at the price
 * of one more forward and backward (Pearlmutter 1994). Networks of convolutions, piecewise linear activations and instance norms only.
 */
void cg_pass_tangent (CgPass *pass);
