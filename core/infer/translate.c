/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Image in, image out: what both halves of a translation need is known before the first begins. */
#include "infer/translate.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/size.h"
#include "infer/carry.h"
#include "infer/memory-limit.h"
#include "infer/network-pixels.h"

/* Both halves, and what goes from one to the other. */
typedef struct
{
  CgNetworkPixels network;
  CgCarry carry;
  size_t pixel_bytes;
  guint64 bytes;
} Plan;

void
cg_translate_options_init (CgTranslateOptions *options)
{
  *options = (CgTranslateOptions){ .size_mode = CG_SIZE_AUTO, .size = 512, .detail = 0.7, .strength = 1.0 };
}

static void
plan_clear (Plan *plan)
{
  cg_network_pixels_clear (&plan->network);
  cg_carry_clear (&plan->carry);
}

/* The halves do not live at the same time, the pixels between them do with both. Clear the plan also after a failure. */
static gboolean
plan_init (Plan *plan, CgModel *model, const CgTranslateOptions *options, int width, int height, GError **error)
{
  const CgWorkingSize *size = &plan->network.rows.size;
  size_t bytes;

  *plan = (Plan){ 0 };
  if (!cg_network_pixels_init (&plan->network, model, options, width, height, FALSE, error)
      || !cg_carry_init (&plan->carry, options, width, height, size->width, size->height, error))
    return FALSE;
  if (!cg_size_mul ((size_t)size->width * (size_t)size->height, 3 * sizeof (float), &plan->pixel_bytes)
      || !cg_size_add (MAX (plan->network.bytes, plan->carry.bytes), plan->pixel_bytes, &bytes))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY,
                   _ ("%d x %d network pixels need more memory than this machine can address"), size->padded_width,
                   size->padded_height);
      return FALSE;
    }
  plan->bytes = bytes;
  return TRUE;
}

static gboolean
check_memory (const Plan *plan, const CgTranslateOptions *options, GError **error)
{
  return cg_memory_limit_check (options, plan->bytes, &plan->network.rows.size, error);
}

static float *
try_new_pixels (const Plan *plan, GError **error)
{
  float *pixels = g_try_malloc (plan->pixel_bytes);

  if (!pixels)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for %d x %d network pixels"),
                 plan->network.rows.size.width, plan->network.rows.size.height);
  return pixels;
}

/* Everything between the first and the last report. From the carrying on nothing but memory can fail, and that before it begins, so
 * @out is either complete or untouched. */
static gboolean
run (Plan *plan, const CgTranslateOptions *options, CgModel *model, int width, int height, const float *in,
     size_t in_stride, float *out, size_t out_stride, CgWatch *watch, GError **error)
{
  g_autofree float *pixels = NULL;

  if (cg_watch_is_cancelled (watch, error) || !plan_init (plan, model, options, width, height, error)
      || !check_memory (plan, options, error))
    return FALSE;
  pixels = try_new_pixels (plan, error);
  if (!pixels || !cg_network_pixels_run (&plan->network, in, in_stride, pixels, watch, error)
      || cg_watch_is_cancelled (watch, error))
    return FALSE;
  cg_network_pixels_clear (&plan->network);
  return cg_carry_run (&plan->carry, in, in_stride, pixels, out, out_stride, error);
}

static gboolean
check_picture (int width, int height, GError **error)
{
  if (width >= 1 && height >= 1)
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("A picture of %d x %d pixels has nothing to translate"), width,
               height);
  return FALSE;
}

gboolean
cg_translate (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in,
              size_t in_stride, float *out, size_t out_stride, CgTranslateProgress progress, gpointer data,
              GCancellable *cancellable, GError **error)
{
  Plan plan = { 0 };
  CgWatch watch = { .progress = progress, .data = data, .cancellable = cancellable };
  gboolean done = TRUE;

  g_return_val_if_fail (model && options && in && out, FALSE);
  g_return_val_if_fail (in != out || in_stride == out_stride, FALSE);
  if (!check_picture (width, height, error))
    return FALSE;

  cg_watch_report (&watch, 0.0);
  if (options->strength > 0.0)
    done = run (&plan, options, model, width, height, in, in_stride, out, out_stride, &watch, error);
  else if (in != out)
    for (int y = 0; y < height; y++)
      memcpy (out + (size_t)y * out_stride, in + (size_t)y * in_stride, (size_t)width * 3 * sizeof (float));
  plan_clear (&plan);
  if (done)
    cg_watch_report (&watch, 1.0);
  return done;
}

gboolean
cg_translate_network (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in,
                      size_t in_stride, float *pixels, CgTranslateProgress progress, gpointer data,
                      GCancellable *cancellable, GError **error)
{
  Plan plan = { 0 };
  CgWatch watch = { .progress = progress, .data = data, .cancellable = cancellable };
  gboolean done;

  g_return_val_if_fail (model && options && in && pixels, FALSE);
  if (!check_picture (width, height, error))
    return FALSE;

  cg_watch_report (&watch, 0.0);
  done = !cg_watch_is_cancelled (&watch, error) && plan_init (&plan, model, options, width, height, error)
         && check_memory (&plan, options, error)
         && cg_network_pixels_run (&plan.network, in, in_stride, pixels, &watch, error)
         && !cg_watch_is_cancelled (&watch, error);
  plan_clear (&plan);
  if (done)
    cg_watch_report (&watch, 1.0);
  return done;
}

gboolean
cg_translate_carry (const CgTranslateOptions *options, int width, int height, const float *in, size_t in_stride,
                    int network_width, int network_height, float *pixels, float *out, size_t out_stride, GError **error)
{
  CgCarry carry;
  gboolean done;

  g_return_val_if_fail (options && in && pixels && out && width > 0 && height > 0, FALSE);
  g_return_val_if_fail (network_width > 0 && network_height > 0, FALSE);
  g_return_val_if_fail (in != out || in_stride == out_stride, FALSE);
  done = cg_carry_init (&carry, options, width, height, network_width, network_height, error)
         && cg_carry_run (&carry, in, in_stride, pixels, out, out_stride, error);
  cg_carry_clear (&carry);
  return done;
}

gboolean
cg_translate_estimate (CgModel *model, const CgTranslateOptions *options, int width, int height, int *network_width,
                       int *network_height, guint64 *bytes, GError **error)
{
  Plan plan = { 0 };
  gboolean done;

  g_return_val_if_fail (model && options && width > 0 && height > 0, FALSE);
  done = plan_init (&plan, model, options, width, height, error);
  if (done)
    {
      if (network_width)
        *network_width = plan.network.rows.size.width;
      if (network_height)
        *network_height = plan.network.rows.size.height;
      if (bytes)
        *bytes = plan.bytes;
    }
  plan_clear (&plan);
  return done;
}
