/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* dropout: in training every element is 0 with probability 1/2, else doubled (Srivastava et al. 2014); the mask is a
 * function of (seed, step, stream, element), drawn again in backward instead of stored. */
#include "layers/layer.h"

#include "base/parallel.h"
#include "base/random.h"

/* Elements that one random block decides: 4 words of 32 bits. */
#define BLOCK 128

static bool
dropout_infer (const CgLayer *layer, int h, int w, int *ho, int *wo)
{
  *ho = h;
  *wo = w;
  return true;
}

static void
dropout_plan (CgLayerRun *run)
{
  run->cost = (double)run->x.n * run->x.h * run->x.w * run->x.c;
}

typedef struct
{
  const CgLayerRun *run;
  const CgTensor *from, *to;
  bool adds;
} Job;

/* to (+)= 2 * mask * from; item: a row of an image. Rows begin a new block, so any row can be drawn alone. */
static void
apply_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgDropout *dropout = &job->run->dropout;
  const CgTensor *from = job->from;
  int n = (int)(item / (size_t)from->h), y = (int)(item % (size_t)from->h);
  const float *source = cg_tensor_at (from, n, y, 0);
  float *target = cg_tensor_at (job->to, n, y, 0);
  size_t length = (size_t)from->w * (size_t)from->c;
  size_t blocks = (length + BLOCK - 1) / BLOCK;

  for (size_t block = 0; block < blocks; block++)
    {
      uint32_t bits[4];
      size_t begin = block * BLOCK, end = MIN (length, begin + BLOCK);

      cg_random_block (dropout->seed, CG_RANDOM_DROPOUT, dropout->step, (dropout->stream << 40) + item * blocks + block,
                       bits);
      for (size_t i = begin; i < end; i++)
        {
          size_t bit = i - begin;
          float value = (bits[bit / 32] >> (bit % 32)) & 1 ? 2.0f * source[i] : 0.0f;

          target[i] = job->adds ? target[i] + value : value;
        }
    }
}

static void
dropout_forward (CgLayerRun *run, const float *weights, const CgWorkspace *workspace)
{
  Job job = { run, &run->x, &run->y, false };

  if (run->training)
    cg_parallel_for (workspace->n_threads, (size_t)run->x.n * (size_t)run->x.h, apply_row, &job);
  else
    cg_plane_copy (cg_tensor_plane (&run->x), cg_tensor_plane (&run->y), run->x.n, run->x.h, run->x.w, run->x.c,
                   workspace->n_threads);
}

static void
dropout_backward (CgLayerRun *run, const float *weights, float *gradients, const CgWorkspace *workspace)
{
  Job job = { run, &run->dy, &run->dx, run->dx_adds };

  if (run->need_dx)
    cg_parallel_for (workspace->n_threads, (size_t)run->x.n * (size_t)run->x.h, apply_row, &job);
}

const CgLayerClass cg_dropout_class = {
  .name = "dropout",
  .forward_direction = -1,
  .backward_direction = -1,
  .infer = dropout_infer,
  .plan = dropout_plan,
  .forward = dropout_forward,
  .backward = dropout_backward,
};
