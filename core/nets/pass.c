/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Plans one network at one size (halos, lifetimes, who writes a gradient first) and walks its layers forward and backward. */
#include "nets/pass.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/debug.h"
#include "base/error.h"
#include "base/size.h"
#include "nets/network-private.h"

#define SCRATCH_ALIGNMENT 16 /* floats */

/* One value: what a layer makes, the gradient of a loss with respect to it, and in passes for tangents the directional derivatives of
 * both. Tickets are -1 where there is no memory. */
typedef struct
{
  CgTensor tensor, gradient, tangent, gradient_tangent;
  int ticket, gradient_ticket, tangent_ticket, gradient_tangent_ticket;
  int halo, gradient_halo;
  int producer;            /* layer, -1 for the network's input */
  int first_use, last_use; /* layers */
  gboolean needs_gradient;
} Value;

/* What a run needs besides values. */
typedef struct
{
  int statistics_ticket, apart_ticket, inner_ticket;
} RunTickets;

struct _CgPass
{
  CgNetwork *network;
  const CgKernels *kernels;
  CgPassFlags flags;
  CgArena *arena;
  guint n_layers;
  Value *values;    /* n_layers + 1 */
  CgLayerRun *runs; /* n_layers */
  RunTickets *tickets;
  int scratch_ticket;
  CgWorkspace workspace;
  double total_cost;
  CgProfile *profile;
  double profile_share;
  CgParallelStop stop;
  gpointer stop_data;
  gboolean placed;
};

void
cg_pass_free (CgPass *pass)
{
  if (!pass)
    return;
  g_free (pass->values);
  g_free (pass->runs);
  g_free (pass->tickets);
  g_free (pass);
}

static gboolean
fail_size (const CgPass *pass, int h, int w, GError **error)
{
  g_set_error (
      error, CG_ERROR, CG_ERROR_SHAPE,
      _ ("The network does not take an image of %d x %d pixels: both sides must be at least %d and multiples of %d"), w,
      h, cg_network_get_min_size (pass->network), cg_network_get_size_multiple (pass->network));
  return FALSE;
}

/* Sizes of all values, and what each layer wants around them. */
static gboolean
plan_shapes (CgPass *pass, int n, int h, int w, GError **error)
{
  const CgNetworkConfig *config = cg_network_get_config (pass->network);
  int multiple = cg_network_get_size_multiple (pass->network);

  if (n < 1 || h < cg_network_get_min_size (pass->network) || w < cg_network_get_min_size (pass->network)
      || h % multiple != 0 || w % multiple != 0)
    return fail_size (pass, h, w, error);
  if (!cg_tensor_init (&pass->values[0].tensor, n, h, w, config->input_nc, 0))
    goto overflow;
  pass->values[0].producer = -1;

  for (guint i = 0; i < pass->n_layers; i++)
    {
      const CgLayer *layer = cg_network_get_layer (pass->network, i);
      CgLayerRun *run = &pass->runs[i];
      Value *input = &pass->values[layer->input], *output = &pass->values[i + 1];
      int ho, wo;

      if (!layer->klass->infer (layer, input->tensor.h, input->tensor.w, &ho, &wo))
        return fail_size (pass, h, w, error);
      if (!cg_tensor_init (&output->tensor, n, ho, wo, layer->k, 0))
        goto overflow;
      output->producer = (int)i;

      run->layer = layer;
      run->kernels = pass->kernels;
      run->training = (pass->flags & CG_PASS_TRAINING) != 0;
      run->x = input->tensor;
      run->y = output->tensor;
      layer->klass->plan (run);
      pass->total_cost += run->cost;
      CG_DEBUG_LOG (CG_DEBUG_SHAPES, "%s %s: %dx%dx%dx%d -> %dx%dx%dx%d", layer->name, layer->klass->name, n,
                    input->tensor.h, input->tensor.w, layer->c, n, ho, wo, layer->k);
    }
  return TRUE;

overflow:
  g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("An image of %d x %d pixels is too large"), w, h);
  return FALSE;
}

/* Halos of values and gradients, the span of layers that use them, and who writes each gradient first (in backward order). */
static void
plan_uses (CgPass *pass)
{
  for (guint v = 0; v <= pass->n_layers; v++)
    {
      pass->values[v].first_use = pass->values[v].last_use = MAX (pass->values[v].producer, 0);
      pass->values[v].needs_gradient
          = (pass->flags & CG_PASS_TRAINING) && (v > 0 || (pass->flags & CG_PASS_INPUT_GRADIENT));
    }
  for (guint i = 0; i < pass->n_layers; i++)
    {
      CgLayerRun *run = &pass->runs[i];
      Value *input = &pass->values[run->layer->input], *output = &pass->values[i + 1];

      /* One consumer alone may pad a value; a second one would have to copy. */
      g_assert (run->x_halo == 0 || input->halo == 0);
      input->halo = MAX (input->halo, run->x_halo);
      input->gradient_halo = MAX (input->gradient_halo, run->dx_halo);
      output->gradient_halo = MAX (output->gradient_halo, run->dy_halo);
      input->last_use = (int)i;
      if (run->layer->skip >= 0)
        pass->values[run->layer->skip].last_use = (int)i;
    }
  for (int i = (int)pass->n_layers - 1; i >= 0; i--)
    {
      CgLayerRun *run = &pass->runs[i];
      const CgLayer *layer = run->layer;

      run->need_dx = pass->values[layer->input].needs_gradient;
      run->dx_adds = pass->values[layer->input].last_use > i;
      if (layer->skip >= 0)
        {
          run->need_dskip = pass->values[layer->skip].needs_gradient;
          run->dskip_adds = pass->values[layer->skip].last_use > i;
        }
    }
}

static int
reserve_tensor (CgPass *pass, CgTensor *tensor, int halo, int first, int last)
{
  CgTensor plain = *tensor;

  /* Overflow is the arena's to report: it refuses what cannot be a size. */
  if (!cg_tensor_init (tensor, plain.n, plain.h, plain.w, plain.c, halo))
    return cg_arena_reserve (pass->arena, (size_t)-1, first, last);
  return cg_arena_reserve (pass->arena, cg_tensor_get_floats (tensor) * sizeof (float), first, last);
}

/* Times: layer i runs forward at first + 1 + i; backward at last - 1 - i, so that everything ends at last. */
static void
plan_memory (CgPass *pass, int first, int last)
{
  gboolean training = (pass->flags & CG_PASS_TRAINING) != 0;
  size_t scratch_floats = 0;

  g_assert (last - first >= 2 * (int)pass->n_layers + 2);
  for (guint v = 0; v <= pass->n_layers; v++)
    {
      Value *value = &pass->values[v];
      gboolean outer = v == 0 || v == pass->n_layers;
      int born = v == 0 ? first : first + 1 + value->producer;
      int dies = v == pass->n_layers ? last : first + 1 + value->last_use;

      value->ticket
          = reserve_tensor (pass, &value->tensor, value->halo, training ? first : born, training ? last : dies);
      value->gradient_ticket = value->tangent_ticket = value->gradient_tangent_ticket = -1;
      if (!value->needs_gradient)
        continue;
      value->gradient = value->tensor;
      if (pass->flags & CG_PASS_TANGENT)
        {
          /* A tangent looks back at every gradient, so all of them stay. */
          outer = TRUE;
          value->tangent = value->gradient_tangent = value->tensor;
          value->tangent_ticket = reserve_tensor (pass, &value->tangent, value->halo, first, last);
          value->gradient_tangent_ticket
              = reserve_tensor (pass, &value->gradient_tangent, value->gradient_halo, first, last);
        }
      born = last - 1 - value->last_use;
      dies = v == 0 ? last : last - 1 - value->producer;
      value->gradient_ticket
          = reserve_tensor (pass, &value->gradient, value->gradient_halo, outer ? first : born, outer ? last : dies);
    }
  for (guint i = 0; i < pass->n_layers; i++)
    {
      CgLayerRun *run = &pass->runs[i];
      int now = first + 1 + (int)i;

      scratch_floats = MAX (scratch_floats, run->scratch_floats);
      pass->tickets[i] = (RunTickets){ -1, -1, -1 };
      if (pass->flags & CG_PASS_TANGENT)
        {
          run->ti = pass->values[i + 1].tensor;
          pass->tickets[i].inner_ticket = reserve_tensor (pass, &run->ti, 0, first, last);
        }
      if (run->n_statistics)
        pass->tickets[i].statistics_ticket = cg_arena_reserve (pass->arena, run->n_statistics * sizeof (float),
                                                               training ? first : now, training ? last : now);
      if (run->need_dx && run->dx_adds)
        {
          int then = last - 1 - (int)i;

          run->dx_apart = pass->values[run->layer->input].tensor;
          pass->tickets[i].apart_ticket = reserve_tensor (pass, &run->dx_apart, run->dx_halo, then, then);
        }
    }
  pass->workspace.scratch_floats = cg_size_align (scratch_floats, SCRATCH_ALIGNMENT);
  pass->scratch_ticket = cg_arena_reserve (
      pass->arena, pass->workspace.scratch_floats * (size_t)pass->workspace.n_threads * sizeof (float), first, last);
}

static gboolean
check_tangents (const CgPass *pass, GError **error)
{
  for (guint i = 0; i < pass->n_layers; i++)
    {
      const CgLayer *layer = cg_network_get_layer (pass->network, i);

      if (layer->klass->tangent_forward && layer->skip < 0)
        continue;
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("A gradient penalty cannot be computed through %s; use instance norm or none"),
                   layer->klass->name);
      return FALSE;
    }
  return TRUE;
}

CgPass *
cg_pass_new (CgNetwork *network, int n, int h, int w, CgPassFlags flags, int n_threads, CgArena *arena, int first,
             int last, GError **error)
{
  g_autoptr (CgPass) pass = NULL;
  const CgKernels *kernels = cg_kernels_get (error);

  if (!kernels || !cg_network_need_packed (network, kernels, (flags & CG_PASS_TRAINING) != 0, error))
    return NULL;

  pass = g_new0 (CgPass, 1);
  pass->network = network;
  pass->kernels = kernels;
  pass->flags = flags;
  pass->arena = arena;
  pass->n_layers = network->layers->len;
  pass->values = g_new0 (Value, pass->n_layers + 1);
  pass->runs = g_new0 (CgLayerRun, pass->n_layers);
  pass->tickets = g_new0 (RunTickets, pass->n_layers);
  pass->workspace.n_threads = MAX (n_threads, 1);
  if ((flags & CG_PASS_TANGENT) && !check_tangents (pass, error))
    return NULL;
  if (!plan_shapes (pass, n, h, w, error))
    return NULL;
  plan_uses (pass);
  plan_memory (pass, first, last);
  return g_steal_pointer (&pass);
}

int
cg_pass_get_span (const CgNetwork *network)
{
  return 2 * (int)network->layers->len + 2;
}

/* Gives every tensor its memory, once the arena has some. */
static void
place (CgPass *pass)
{
  if (pass->placed)
    return;
  for (guint v = 0; v <= pass->n_layers; v++)
    {
      Value *value = &pass->values[v];

      cg_tensor_place (&value->tensor, cg_arena_get (pass->arena, value->ticket));
      if (value->gradient_ticket >= 0)
        cg_tensor_place (&value->gradient, cg_arena_get (pass->arena, value->gradient_ticket));
      if (value->tangent_ticket >= 0)
        {
          cg_tensor_place (&value->tangent, cg_arena_get (pass->arena, value->tangent_ticket));
          cg_tensor_place (&value->gradient_tangent, cg_arena_get (pass->arena, value->gradient_tangent_ticket));
        }
    }
  for (guint i = 0; i < pass->n_layers; i++)
    {
      CgLayerRun *run = &pass->runs[i];

      run->x = pass->values[run->layer->input].tensor;
      run->dx = pass->values[run->layer->input].gradient;
      run->y = pass->values[i + 1].tensor;
      run->dy = pass->values[i + 1].gradient;
      run->tx = pass->values[run->layer->input].tangent;
      run->tdx = pass->values[run->layer->input].gradient_tangent;
      run->ty = pass->values[i + 1].tangent;
      run->tdy = pass->values[i + 1].gradient_tangent;
      if (run->layer->skip >= 0)
        {
          run->skip = pass->values[run->layer->skip].tensor;
          run->dskip = pass->values[run->layer->skip].gradient;
        }
      if (pass->tickets[i].statistics_ticket >= 0)
        run->statistics = cg_arena_get (pass->arena, pass->tickets[i].statistics_ticket);
      if (pass->tickets[i].apart_ticket >= 0)
        cg_tensor_place (&run->dx_apart, cg_arena_get (pass->arena, pass->tickets[i].apart_ticket));
      if (pass->tickets[i].inner_ticket >= 0)
        cg_tensor_place (&run->ti, cg_arena_get (pass->arena, pass->tickets[i].inner_ticket));
    }
  pass->workspace.scratch = cg_arena_get (pass->arena, pass->scratch_ticket);
  pass->placed = TRUE;
}

void
cg_pass_set_profile (CgPass *pass, CgProfile *profile, double share)
{
  pass->profile = profile;
  pass->profile_share = share;
}

void
cg_pass_set_stop (CgPass *pass, CgParallelStop stop, gpointer data)
{
  pass->stop = stop;
  pass->stop_data = data;
}

void
cg_pass_set_dropout (CgPass *pass, guint64 seed, guint64 step, guint stream)
{
  for (guint i = 0; i < pass->n_layers; i++)
    pass->runs[i].dropout = (CgDropout){ seed, step, ((guint64)stream << 12) + i };
}

void
cg_pass_update (CgPass *pass)
{
  for (guint i = 0; i < pass->n_layers; i++)
    if (pass->runs[i].layer->klass->update)
      pass->runs[i].layer->klass->update (&pass->runs[i], pass->network->weights);
}

const CgTensor *
cg_pass_get_input (CgPass *pass)
{
  place (pass);
  return &pass->values[0].tensor;
}

const CgTensor *
cg_pass_get_output (CgPass *pass)
{
  place (pass);
  return &pass->values[pass->n_layers].tensor;
}

const CgTensor *
cg_pass_get_output_gradient (CgPass *pass)
{
  g_return_val_if_fail (pass->flags & CG_PASS_TRAINING, NULL);
  place (pass);
  return &pass->values[pass->n_layers].gradient;
}

const CgTensor *
cg_pass_get_input_gradient (CgPass *pass)
{
  g_return_val_if_fail (pass->flags & CG_PASS_INPUT_GRADIENT, NULL);
  place (pass);
  return &pass->values[0].gradient;
}

/* Warns under CG_DEBUG=nan of the first value that is not finite. */
static void
look_for_nan (const CgLayerRun *run, const CgTensor *tensor, const char *what)
{
  for (int n = 0; n < tensor->n; n++)
    for (int y = 0; y < tensor->h; y++)
      {
        const float *row = cg_tensor_at (tensor, n, y, 0);

        for (int i = 0; i < tensor->w * tensor->c; i++)
          if (!isfinite (row[i]))
            {
              g_message ("%s %s: %s is %f at image %d, row %d, column %d, channel %d", run->layer->name,
                         run->layer->klass->name, what, row[i], n, y, i / tensor->c, i % tensor->c);
              return;
            }
      }
}

/* Tells CG_DEBUG=time and the profile what one layer took. @share: the multiply-adds of this call, in those of a forward pass. */
static void
account (CgPass *pass, const CgLayerRun *run, gint64 start, const char *direction, int share)
{
  const CgLayer *layer = run->layer;
  double seconds = (double)(g_get_monotonic_time () - start) / 1e6;

  CG_DEBUG_LOG (CG_DEBUG_TIME, "%s %s%s: %.3f ms", layer->name, layer->klass->name, direction, seconds * 1e3);
  if (pass->profile)
    {
      g_autofree char *label
          = layer->r > 0 ? g_strdup_printf ("%s %dx%d %d->%d%s%s", layer->klass->name, layer->r, layer->r, layer->c,
                                            layer->k, layer->stride > 1 ? " stride 2" : "", direction)
                         : g_strdup_printf ("%s %d%s", layer->klass->name, layer->c, direction);

      cg_profile_add (pass->profile, label, seconds * pass->profile_share, 2.0 * run->cost * share);
    }
}

gboolean
cg_pass_forward (CgPass *pass, CgPassProgress progress, gpointer data)
{
  double done = 0.0;

  place (pass);
  cg_network_pack (pass->network, pass->kernels, 0, pass->workspace.n_threads);
  for (guint i = 0; i < pass->n_layers; i++)
    {
      CgLayerRun *run = &pass->runs[i];
      gint64 start = g_get_monotonic_time ();

      cg_parallel_set_stop (pass->stop, pass->stop_data);
      run->layer->klass->forward (run, pass->network->weights, &pass->workspace);
      cg_parallel_set_stop (NULL, NULL);
      if (pass->stop && pass->stop (pass->stop_data))
        return FALSE;
      account (pass, run, start, "", 1);
      if (G_UNLIKELY (cg_debug_get_flags () & CG_DEBUG_NAN))
        look_for_nan (run, &run->y, "output");
      done += run->cost;
      if (progress && !progress (done / pass->total_cost, data))
        return FALSE;
    }
  return TRUE;
}

void
cg_pass_backward (CgPass *pass, gboolean parameters)
{
  g_return_if_fail (pass->placed && (pass->flags & CG_PASS_TRAINING));

  cg_network_pack (pass->network, pass->kernels, 1, pass->workspace.n_threads);
  for (int i = (int)pass->n_layers - 1; i >= 0; i--)
    {
      CgLayerRun *run = &pass->runs[i];
      gint64 start = g_get_monotonic_time ();

      run->layer->klass->backward (run, pass->network->weights, parameters ? pass->network->gradients : NULL,
                                   &pass->workspace);
      account (pass, run, start, " backward", (parameters ? 1 : 0) + (run->need_dx ? 1 : 0));
      if (run->need_dx && G_UNLIKELY (cg_debug_get_flags () & CG_DEBUG_NAN))
        look_for_nan (run, &run->dx, "input gradient");
    }
}

const CgTensor *
cg_pass_get_input_tangent (CgPass *pass)
{
  g_return_val_if_fail (pass->flags & CG_PASS_TANGENT, NULL);
  place (pass);
  return &pass->values[0].tangent;
}

void
cg_pass_tangent (CgPass *pass)
{
  const CgTensor *seed = &pass->values[pass->n_layers].gradient_tangent;

  g_return_if_fail (pass->placed && (pass->flags & CG_PASS_TANGENT));

  for (guint i = 0; i < pass->n_layers; i++)
    pass->runs[i].layer->klass->tangent_forward (&pass->runs[i], &pass->workspace);
  /* The output gradient is given, so it does not change in any direction. */
  for (int n = 0; n < seed->n; n++)
    for (int y = 0; y < seed->h; y++)
      memset (cg_tensor_at (seed, n, y, 0), 0, (size_t)seed->w * (size_t)seed->c * sizeof (float));
  for (int i = (int)pass->n_layers - 1; i >= 0; i--)
    pass->runs[i].layer->klass->tangent_backward (&pass->runs[i], pass->network->gradients, &pass->workspace);
}
