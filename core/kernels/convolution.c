/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Convolution and adjoint of the packed path: one algorithm for every gather, chosen by the weights' shape alone. */
#include "kernels/convolution.h"

/* The choice may not depend on the image: packed weights serve all sizes. */
static const CgAlgorithm *
choose_algorithm (const CgMachine *machine, const CgGather *g)
{
  const bool dense = g->in_step == 1 && g->out_step == 1;

  if (dense && g->rows == 3 && g->columns == 3 && MIN (g->in_channels, g->out_channels) >= CG_WINOGRAD_LEAST_CHANNELS)
    return &cg_winograd;
  if (dense && g->rows * g->columns > 1 && 4 * g->out_channels <= machine->gemm->n_channels)
    return &cg_narrow_convolution;
  return &cg_implicit_gemm;
}

size_t
cg_packed_conv_packed_floats (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction)
{
  size_t total = 0;

  for (int i = 0; i < cg_gather_count (shape, direction); i++)
    {
      CgGather gather;

      cg_gather_init (&gather, shape, direction, i);
      total += choose_algorithm (machine, &gather)->packed_floats (machine, &gather);
    }
  return total;
}

void
cg_packed_conv_pack (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction, const float *w,
                     float *packed, int n_threads)
{
  for (int i = 0; i < cg_gather_count (shape, direction); i++)
    {
      CgGather gather;

      cg_gather_init (&gather, shape, direction, i);

      const CgAlgorithm *algorithm = choose_algorithm (machine, &gather);

      algorithm->pack (machine, &gather, shape, w, packed, n_threads);
      packed += algorithm->packed_floats (machine, &gather);
    }
}

size_t
cg_packed_conv_scratch_floats (const CgMachine *machine, const CgConvShape *shape)
{
  size_t most = 0;

  for (int direction = CG_CONV_FORWARD; direction <= CG_CONV_ADJOINT; direction++)
    for (int i = 0; i < cg_gather_count (shape, direction); i++)
      {
        CgGather gather;

        cg_gather_init (&gather, shape, direction, i);
        most = MAX (most, choose_algorithm (machine, &gather)->scratch_floats (machine, &gather, shape->n));
      }
  return cg_round_line (most);
}

int
cg_packed_conv_row_tile (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction)
{
  int most = 1;

  for (int i = 0; i < cg_gather_count (shape, direction); i++)
    {
      CgGather gather;

      cg_gather_init (&gather, shape, direction, i);
      most = MAX (most, gather.out_step * choose_algorithm (machine, &gather)->row_tile);
    }
  return most;
}

void
cg_packed_conv_run (const CgMachine *machine, const CgConvShape *shape, CgConvDirection direction, const float *packed,
                    const float *bias, CgActivation activation, CgPlane in, CgPlane out, const CgWorkspace *workspace)
{
  for (int i = 0; i < cg_gather_count (shape, direction); i++)
    {
      CgGather gather;

      cg_gather_init (&gather, shape, direction, i);

      const CgAlgorithm *algorithm = choose_algorithm (machine, &gather);
      const CgGatherCall call = { .machine = machine,
                                  .gather = &gather,
                                  .workspace = workspace,
                                  .n = shape->n,
                                  .packed = packed,
                                  .bias = bias,
                                  .activation = activation,
                                  .in = in,
                                  .out = out };

      algorithm->run (&call);
      packed += algorithm->packed_floats (machine, &gather);
    }
}
