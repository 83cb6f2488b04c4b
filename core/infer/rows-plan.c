/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which part of a translation follows which, and what they hand on: at full size bands, else pictures at the network's scale. */
#include "infer/rows-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"

/* What a pixel of the photo costs, in multiply-adds of the network: measured with the whole of it on two threads. */
#define REDUCTION_COST 2000.0
#define CARRY_COST 10000.0

/* Something is left for the end, which is told when all is done. */
#define ALMOST_ALL 0.99

typedef struct
{
  CgRowsPlan *plan;
  const CgRowsCalls *calls;
} Run;

gboolean
cg_rows_plan_check (int width, int height, GError **error)
{
  if (width >= 1 && height >= 1)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels has nothing to translate"), width,
               height);
  return FALSE;
}

static gboolean
fail_memory (const CgRowsPlan *plan, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), plan->width,
               plan->height);
  return FALSE;
}

static gboolean
allocate (const CgRowsPlan *plan, size_t bytes, float **memory, GError **error)
{
  *memory = g_try_malloc (bytes);
  return *memory || fail_memory (plan, error);
}

void
cg_rows_plan_clear (CgRowsPlan *plan)
{
  cg_reduction_clear (&plan->reduction);
  cg_network_pixels_clear (&plan->network);
  cg_carry_clear (&plan->carry);
  g_clear_pointer (&plan->small, g_free);
  g_clear_pointer (&plan->pixels, g_free);
  g_clear_pointer (&plan->photo, g_free);
}

/* Parts that do not live at the same time share; what one hands to the next lives with both. */
static gboolean
measure (CgRowsPlan *plan, int network_width, int network_height, GError **error)
{
  size_t carry_bytes = 0, bytes = 0;
  gboolean fits = cg_size_mul ((size_t)network_width * (size_t)network_height, 3 * sizeof (float), &plan->pixel_bytes)
                  && cg_size_mul ((size_t)plan->width * CG_NETWORK_BAND, 3 * sizeof (float), &plan->photo_bytes)
                  && cg_size_add (plan->carry.bytes, plan->photo_bytes, &carry_bytes);

  if (plan->by_bands)
    fits = fits && cg_size_add (plan->network.bytes, carry_bytes, &bytes);
  else
    {
      bytes = MAX (MAX (plan->reduction.bytes, plan->network.bytes), carry_bytes);
      fits = fits && cg_size_add (bytes, plan->pixel_bytes, &bytes)
             && (!plan->reduces || cg_size_add (bytes, plan->pixel_bytes, &bytes));
    }
  plan->bytes = bytes;
  return fits || fail_memory (plan, error);
}

gboolean
cg_rows_plan_init (CgRowsPlan *plan, CgModel *model, const CgTranslateOptions *options, int width, int height,
                   gboolean hold, GError **error)
{
  const CgWorkingSize *size = &plan->network.rows.size;
  gboolean full = options->size_mode == CG_SIZE_FULL;

  *plan = (CgRowsPlan){ .width = width, .height = height, .by_bands = full && !hold, .reduces = !full };
  if (!cg_network_pixels_init (&plan->network, model, options, width, height, error)
      || !cg_carry_init (&plan->carry, options, width, height, size->width, size->height, error))
    return FALSE;
  if (plan->reduces
      && !cg_reduction_init (&plan->reduction, width, height, size->width, size->height, plan->carry.n_threads, error))
    return FALSE;
  return measure (plan, size->width, size->height, error);
}

gboolean
cg_rows_plan_init_carry (CgRowsPlan *plan, const CgTranslateOptions *options, int width, int height, int network_width,
                         int network_height, GError **error)
{
  gboolean full = options->size_mode == CG_SIZE_FULL && width == network_width && height == network_height;

  *plan = (CgRowsPlan){ .width = width, .height = height, .by_bands = full };
  if (!cg_carry_init (&plan->carry, options, width, height, network_width, network_height, error))
    return FALSE;
  plan->reduces = plan->carry.detail > 0.0;
  if (plan->reduces
      && !cg_reduction_init (&plan->reduction, width, height, network_width, network_height, plan->carry.n_threads,
                             error))
    return FALSE;
  return measure (plan, network_width, network_height, error);
}

/* What the network sees, and later the maps are fitted to. */
static gboolean
reduce (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  return !plan->reduces
         || (allocate (plan, plan->pixel_bytes, &plan->small, error)
             && cg_reduction_run (&plan->reduction, calls->read, calls->data, plan->small, &calls->watch, error));
}

static gboolean
begin_carry (CgRowsPlan *plan, GError **error)
{
  return cg_carry_begin (&plan->carry, error) && allocate (plan, plan->photo_bytes, &plan->photo, error);
}

/* @pixels: of the network, from row @pixels_first on. The photo's rows once more, for what the network does not change. */
static gboolean
carry_band (CgRowsPlan *plan, const CgRowsCalls *calls, int first, int n, const float *pixels, int pixels_first,
            GError **error)
{
  if (!calls->read (first, n, plan->photo, calls->data, error))
    return FALSE;
  cg_carry_run_rows (&plan->carry, first, n, plan->photo, pixels, pixels_first, plan->photo);
  return calls->write (first, n, plan->photo, calls->data, error);
}

/* All of them, from pixels that are held, or from those that are there for the asking. */
static gboolean
carry_all (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  for (int first = 0; first < plan->height; first += CG_NETWORK_BAND)
    {
      int n = MIN (CG_NETWORK_BAND, plan->height - first);

      if (plan->by_bands && !calls->read_network (first, n, plan->pixels, calls->data, error))
        return FALSE;
      if (!carry_band (plan, calls, first, n, plan->pixels, plan->by_bands ? first : 0, error)
          || !cg_watch_go_on (&calls->watch, (double)(first + n) / plan->height, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
carry_network_rows (int first, int n, float *pixels, gpointer data, GError **error)
{
  Run *run = data;

  return carry_band (run->plan, run->calls, first, n, pixels, first, error);
}

static gboolean
keep_network_rows (int first, int n, float *pixels, gpointer data, GError **error)
{
  const Run *run = data;
  size_t stride = 3 * (size_t)run->plan->carry.network_width;

  memcpy (run->plan->pixels + (size_t)first * stride, pixels, (size_t)n * stride * sizeof (float));
  return TRUE;
}

static gboolean
write_network_rows (int first, int n, float *pixels, gpointer data, GError **error)
{
  const Run *run = data;

  return run->calls->write (first, n, pixels, run->calls->data, error);
}

static gboolean
read_for_network (int first, int n, float *rows, gpointer data, GError **error)
{
  const Run *run = data;

  return run->calls->read (first, n, rows, run->calls->data, error);
}

static gboolean
run_network (CgRowsPlan *plan, CgNetworkPixelsWrite write, CgRowsCalls *calls, GError **error)
{
  Run run = { plan, calls };
  gboolean done
      = cg_network_pixels_run (&plan->network, plan->small, read_for_network, write, &run, &calls->watch, error);

  cg_network_pixels_clear (&plan->network);
  return done;
}

/* How far everything is when the photo is reduced, and when the network is done with it. */
static void
get_ends (const CgRowsPlan *plan, gboolean carries, double *reduced, double *computed)
{
  double n = (double)plan->width * plan->height;
  double reduction = plan->reduces ? REDUCTION_COST * n : 0.0;
  double network = cg_network_pixels_get_cost (&plan->network);
  double total = reduction + network + (carries ? CARRY_COST * n : 0.0);

  *reduced = ALMOST_ALL * reduction / total;
  *computed = ALMOST_ALL * (reduction + network) / total;
}

gboolean
cg_rows_plan_run_network (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  double reduced, computed;

  get_ends (plan, FALSE, &reduced, &computed);
  cg_watch_enter (&calls->watch, reduced);
  if (!reduce (plan, calls, error))
    return FALSE;
  cg_watch_enter (&calls->watch, computed);
  return run_network (plan, write_network_rows, calls, error);
}

static gboolean
fit_and_carry (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  if (!begin_carry (plan, error))
    return FALSE;
  cg_watch_enter (&calls->watch, 0.5 * (calls->watch.end + ALMOST_ALL));
  if (plan->carry.detail > 0.0 && !cg_carry_fit (&plan->carry, plan->small, plan->pixels, &calls->watch, error))
    return FALSE;
  g_clear_pointer (&plan->small, g_free);
  cg_watch_enter (&calls->watch, ALMOST_ALL);
  return carry_all (plan, calls, error);
}

gboolean
cg_rows_plan_run (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  double reduced, computed;

  get_ends (plan, !plan->by_bands, &reduced, &computed);
  if (plan->by_bands)
    {
      cg_watch_enter (&calls->watch, computed);
      return begin_carry (plan, error) && run_network (plan, carry_network_rows, calls, error);
    }
  cg_watch_enter (&calls->watch, reduced);
  if (!reduce (plan, calls, error) || !allocate (plan, plan->pixel_bytes, &plan->pixels, error))
    return FALSE;
  cg_watch_enter (&calls->watch, computed);
  return run_network (plan, keep_network_rows, calls, error) && fit_and_carry (plan, calls, error);
}

gboolean
cg_rows_plan_run_carry (CgRowsPlan *plan, CgRowsCalls *calls, GError **error)
{
  size_t stride = 3 * (size_t)plan->carry.network_width;
  int height = plan->carry.network_height;

  if (plan->by_bands)
    return allocate (plan, plan->photo_bytes, &plan->pixels, error) && fit_and_carry (plan, calls, error);
  cg_watch_enter (&calls->watch, 0.2);
  if (!allocate (plan, plan->pixel_bytes, &plan->pixels, error) || !reduce (plan, calls, error))
    return FALSE;
  for (int first = 0; first < height; first += CG_NETWORK_BAND)
    if (cg_watch_is_cancelled (&calls->watch, error)
        || !calls->read_network (first, MIN (CG_NETWORK_BAND, height - first), plan->pixels + (size_t)first * stride,
                                 calls->data, error))
      return FALSE;
  return fit_and_carry (plan, calls, error);
}
