/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Gathers the innermost loops of one instruction set into their table; compiled per set, as they are. */
#include "kernels/rows-variant.h"

const CgRows CG_ROWS_NAME (table) = {
  .pack_pixels = CG_ROWS_NAME (pack_pixels),
  .copy_columns = CG_ROWS_NAME (copy_columns),
  .finish = CG_ROWS_NAME (finish),
  .add = CG_ROWS_NAME (add),
  .add_columns = CG_ROWS_NAME (add_columns),
  .gather_taps = CG_ROWS_NAME (gather_taps),
  .winograd_input = CG_ROWS_NAME (winograd_input),
  .winograd_output = CG_ROWS_NAME (winograd_output),
  .winograd_weights = CG_ROWS_NAME (winograd_weights),
  .winograd_gradient = CG_ROWS_NAME (winograd_gradient),
  .winograd_weight_gradient = CG_ROWS_NAME (winograd_weight_gradient),
  .statistics = CG_ROWS_NAME (statistics),
  .norm_apply = CG_ROWS_NAME (norm_apply),
  .norm_gradient_sums = CG_ROWS_NAME (norm_gradient_sums),
  .norm_gradient_apply = CG_ROWS_NAME (norm_gradient_apply),
  .sum_pixels = CG_ROWS_NAME (sum_pixels),
  .activation_gradient = CG_ROWS_NAME (activation_gradient),
  .adam = CG_ROWS_NAME (adam),
};
