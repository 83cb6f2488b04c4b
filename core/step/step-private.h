/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What planning a step and running it share: the passes of both directions and their buffers. */
#pragma once

#include "nets/pass.h"
#include "step/step.h"

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
  CgArena *arena; /* of its own: the two directions run side by side, and neither waits for the other's passes to end */
} CgStepDirection;

struct _CgStep
{
  CgStepOptions options;
  CgNetwork *networks[CG_STEP_N_NETWORKS];
  CgAdam *adam[CG_STEP_N_NETWORKS];
  CgStepDirection directions[2]; /* X -> Y, Y -> X */
  guint64 index; /* of the step that runs */
};
