/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* One inference pass with its own memory. */
#include "nets/apply.h"

#include "base/parallel.h"
#include "nets/pass.h"
#include "tensor/dense.h"

/* A planned inference pass in @arena, ready to run. */
static CgPass *
new_pass (CgNetwork *network, int n, int h, int w, int n_threads, CgArena *arena, GError **error)
{
  g_autoptr (CgPass) pass = NULL;

  if (n_threads < 1)
    n_threads = cg_parallel_get_default_threads ();
  pass = cg_pass_new (network, n, h, w, CG_PASS_INFERENCE, n_threads, arena, 0, cg_pass_get_span (network), error);
  return pass && cg_arena_commit (arena, error) ? g_steal_pointer (&pass) : NULL;
}

gboolean
cg_network_apply (CgNetwork *network, int n, int h, int w, const float *in, float *out, int n_threads, GError **error)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass = new_pass (network, n, h, w, n_threads, arena, error);

  if (!pass)
    return FALSE;
  cg_tensor_from_dense (cg_pass_get_input (pass), in);
  cg_pass_forward (pass, NULL, NULL);
  cg_tensor_to_dense (cg_pass_get_output (pass), out);
  return TRUE;
}

gboolean
cg_network_measure (CgNetwork *network, int n, int h, int w, int n_threads, int repeat, double *seconds,
                    CgProfile *profile, GError **error)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass = new_pass (network, n, h, w, n_threads, arena, error);
  const CgTensor *input;

  if (!pass)
    return FALSE;
  input = cg_pass_get_input (pass);
  for (int run = -1; run < repeat; run++)
    {
      gint64 start;

      for (int image = 0; image < n; image++)
        for (int y = 0; y < h; y++)
          {
            float *row = cg_tensor_at (input, image, y, 0);

            for (int i = 0; i < w * input->c; i++)
              row[i] = (float)((y * 7 + i * 13) % 255) / 127.5f - 1.0f;
          }
      cg_pass_set_profile (pass, run < 0 ? NULL : profile, 1.0);
      start = g_get_monotonic_time ();
      cg_pass_forward (pass, NULL, NULL);
      if (run >= 0)
        seconds[run] = (double)(g_get_monotonic_time () - start) / 1e6;
    }
  return TRUE;
}
