/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network's flat vectors (weights, Adam's moments) as tensors of a safetensors file, under PyTorch's names and in
 * its order. */
#pragma once

#include <cyclegan-train.h>

/* Adds one tensor per parameter, named @prefix + name. Fails with CG_ERROR_DIVERGED if a value is not finite: what
 * cannot be read back shall not be written. */
gboolean cg_vector_write (CgSafetensorsWriter *writer, const char *prefix, const CgNetwork *network,
                          const float *vector, GError **error);

/* Overwrites @vector. Fails with CG_ERROR_FORMAT, naming file and tensor, if one is missing or of another shape. */
gboolean cg_vector_read (const CgSafetensors *file, const char *prefix, const CgNetwork *network, float *vector,
                         GError **error);
