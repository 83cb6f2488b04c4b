/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Image in, image out: pictures in memory as rows that come and go. */
#include "infer/translate.h"

#include <string.h>

#include "infer/memory-limit.h"
#include "infer/rows-plan.h"

/* @out_width: of what is written; @pixels: the network's, for the carrying. */
typedef struct
{
  int width, out_width, network_width;
  const float *in;
  size_t in_stride;
  const float *pixels;
  float *out;
  size_t out_stride;
} Memory;

void
cg_translate_options_init (CgTranslateOptions *options)
{
  *options = (CgTranslateOptions){ .size_mode = CG_SIZE_AUTO, .size = 512, .detail = 0.85, .strength = 1.0 };
}

static gboolean
read_picture (int first, int n, float *rows, gpointer data, GError **error)
{
  const Memory *memory = data;
  size_t floats = 3 * (size_t)memory->width;

  for (int i = 0; i < n; i++)
    memcpy (rows + (size_t)i * floats, memory->in + (size_t)(first + i) * memory->in_stride, floats * sizeof (float));
  return TRUE;
}

static gboolean
read_pixels (int first, int n, float *rows, gpointer data, GError **error)
{
  const Memory *memory = data;
  size_t floats = 3 * (size_t)memory->network_width;

  memcpy (rows, memory->pixels + (size_t)first * floats, (size_t)n * floats * sizeof (float));
  return TRUE;
}

static gboolean
write_picture (int first, int n, const float *rows, gpointer data, GError **error)
{
  const Memory *memory = data;
  size_t floats = 3 * (size_t)memory->out_width;

  for (int i = 0; i < n; i++)
    memcpy (memory->out + (size_t)(first + i) * memory->out_stride, rows + (size_t)i * floats, floats * sizeof (float));
  return TRUE;
}

/* Sizes and the memory limit, before anything is done. The network's pixels are held, for nothing may be written before all of them are
 * there. */
static gboolean
prepare (CgRowsPlan *plan, const CgRowsCalls *calls, CgModel *model, const CgTranslateOptions *options, int width,
         int height, GError **error)
{
  return !cg_watch_is_cancelled (&calls->watch, error)
         && cg_rows_plan_init (plan, model, options, width, height, TRUE, error)
         && cg_memory_limit_check (options, plan->bytes, &plan->network.rows.size, error);
}

gboolean
cg_translate (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in,
              size_t in_stride, float *out, size_t out_stride, CgTranslateProgress progress, gpointer data,
              GCancellable *cancellable, GError **error)
{
  Memory memory
      = { .width = width, .out_width = width, .in = in, .in_stride = in_stride, .out = out, .out_stride = out_stride };
  CgRowsCalls calls = { .read = read_picture,
                        .write = write_picture,
                        .data = &memory,
                        .watch = { .progress = progress, .data = data, .cancellable = cancellable } };
  CgRowsPlan plan = { 0 };
  gboolean done = TRUE;

  g_return_val_if_fail (model && options && in && out, FALSE);
  g_return_val_if_fail (in != out || in_stride == out_stride, FALSE);
  if (!cg_rows_plan_check (width, height, error))
    return FALSE;

  cg_watch_start (&calls.watch);
  if (options->strength > 0.0)
    done = prepare (&plan, &calls, model, options, width, height, error) && cg_rows_plan_run (&plan, &calls, error);
  else if (in != out)
    for (int y = 0; y < height; y++)
      memcpy (out + (size_t)y * out_stride, in + (size_t)y * in_stride, (size_t)width * 3 * sizeof (float));
  cg_rows_plan_clear (&plan);
  if (done)
    cg_watch_finish (&calls.watch);
  return done;
}

gboolean
cg_translate_network (CgModel *model, const CgTranslateOptions *options, int width, int height, const float *in,
                      size_t in_stride, float *pixels, CgTranslateProgress progress, gpointer data,
                      GCancellable *cancellable, GError **error)
{
  Memory memory = { .width = width, .in = in, .in_stride = in_stride, .out = pixels };
  CgRowsCalls calls = { .read = read_picture,
                        .write = write_picture,
                        .data = &memory,
                        .watch = { .progress = progress, .data = data, .cancellable = cancellable } };
  CgRowsPlan plan = { 0 };
  gboolean done;

  g_return_val_if_fail (model && options && in && pixels, FALSE);
  if (!cg_rows_plan_check (width, height, error))
    return FALSE;

  cg_watch_start (&calls.watch);
  done = prepare (&plan, &calls, model, options, width, height, error);
  memory.out_width = plan.network.rows.size.width;
  memory.out_stride = 3 * (size_t)memory.out_width;
  done = done && cg_rows_plan_run_network (&plan, &calls, error) && !cg_watch_is_cancelled (&calls.watch, error);
  cg_rows_plan_clear (&plan);
  if (done)
    cg_watch_finish (&calls.watch);
  return done;
}

gboolean
cg_translate_carry (const CgTranslateOptions *options, int width, int height, const float *in, size_t in_stride,
                    int network_width, int network_height, const float *pixels, float *out, size_t out_stride,
                    GError **error)
{
  Memory memory = { .width = width,
                    .out_width = width,
                    .network_width = network_width,
                    .in = in,
                    .in_stride = in_stride,
                    .pixels = pixels,
                    .out = out,
                    .out_stride = out_stride };

  g_return_val_if_fail (options && in && pixels && out && width > 0 && height > 0, FALSE);
  g_return_val_if_fail (in != out || in_stride == out_stride, FALSE);
  return cg_translate_carry_rows (options, width, height, read_picture, network_width, network_height, read_pixels,
                                  write_picture, &memory, NULL, NULL, NULL, error);
}

gboolean
cg_translate_estimate (CgModel *model, const CgTranslateOptions *options, int width, int height, int *network_width,
                       int *network_height, guint64 *bytes, GError **error)
{
  CgRowsPlan plan = { 0 };
  gboolean done;

  g_return_val_if_fail (model && options && width > 0 && height > 0, FALSE);
  done = cg_rows_plan_init (&plan, model, options, width, height, TRUE, error);
  if (done)
    {
      if (network_width)
        *network_width = plan.network.rows.size.width;
      if (network_height)
        *network_height = plan.network.rows.size.height;
      if (bytes)
        *bytes = plan.bytes;
    }
  cg_rows_plan_clear (&plan);
  return done;
}
