/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One inference pass with its own memory. */
#include "nets/apply.h"

#include "base/parallel.h"
#include "nets/pass.h"
#include "tensor/dense.h"

gboolean
cg_network_apply (CgNetwork *network, int n, int h, int w, const float *in, float *out, int n_threads, GError **error)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass = NULL;

  pass = cg_pass_new (network, n, h, w, CG_PASS_INFERENCE,
                      n_threads > 0 ? n_threads : cg_parallel_get_default_threads (), arena, 0,
                      cg_pass_get_span (network), error);
  if (!pass || !cg_arena_commit (arena, error))
    return FALSE;
  cg_tensor_from_dense (cg_pass_get_input (pass), in);
  cg_pass_forward (pass, NULL, NULL);
  cg_tensor_to_dense (cg_pass_get_output (pass), out);
  return TRUE;
}
