/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The second half of a translation: cheap filters over rows, which detail and strength steer without the network running again. */
#include "infer/carry.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/size.h"

#define ROWS_PER_ITEM 16

/* Samples beyond this, the largest of a half float, are taken for it, so that no sum becomes infinite. */
#define BRIGHTEST 65504.0f

typedef struct
{
  CgCarry *carry;
  const float *in;
  size_t in_stride;
  float *pixels;
  float *out;
  size_t out_stride;
  int height;             /* rows to finish */
  float sharp, own, soft; /* h, 1 - d and d - h of mix_down_row() */
} Rows;

gboolean
cg_carry_init (CgCarry *carry, const CgTranslateOptions *options, int width, int height, int network_width,
               int network_height, GError **error)
{
  size_t guide_bytes, scratch_bytes;
  gboolean fits;

  *carry = (CgCarry){ .width = width,
                      .height = height,
                      .network_width = network_width,
                      .network_height = network_height,
                      .n_threads = options->n_threads > 0 ? options->n_threads : cg_parallel_get_default_threads (),
                      .strength = CLAMP (options->strength, 0.0, 1.0),
                      .scaled = width != network_width || height != network_height };
  /* Full is the plain network, comparable with others. */
  if (options->size_mode != CG_SIZE_FULL)
    carry->detail = CLAMP (options->detail, 0.0, 1.0);
  cg_colour_split_init (&carry->split, options->apply);
  if (carry->scaled
      && (!cg_resize_axis_init (&carry->in_across, width, network_width, error)
          || !cg_resize_axis_init (&carry->in_down, height, network_height, error)
          || !cg_resize_axis_init (&carry->out_across, network_width, width, error)
          || !cg_resize_axis_init (&carry->out_down, network_height, height, error)))
    return FALSE;

  /* A worker has three rows of the picture and a row of maps. */
  carry->arena = cg_arena_new ();
  carry->scratch_floats
      = cg_size_align ((9 + CG_COLOUR_SPLIT_SCRATCH) * (size_t)width + CG_GUIDED_MAP * (size_t)network_width, 16);
  fits = cg_size_mul (carry->scratch_floats * sizeof (float), (size_t)carry->n_threads, &scratch_bytes);
  if (fits)
    carry->scratch_ticket = cg_arena_reserve (carry->arena, scratch_bytes, 0, 0);
  if (fits && carry->detail > 0.0)
    {
      fits = cg_size_mul ((size_t)network_width * (size_t)network_height, 3 * sizeof (float), &guide_bytes)
             && cg_guided_transfer_reserve (&carry->transfer, carry->arena, 0, 0, network_width, network_height,
                                            carry->n_threads);
      if (fits)
        carry->guide_ticket = cg_arena_reserve (carry->arena, guide_bytes, 0, 0);
    }
  carry->bytes = fits ? cg_arena_measure (carry->arena) : (size_t)-1;
  if (carry->bytes == (size_t)-1)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory to carry %d x %d pixels to %d x %d"), network_width,
                   network_height, width, height);
      return FALSE;
    }
  return TRUE;
}

void
cg_carry_clear (CgCarry *carry)
{
  g_clear_pointer (&carry->arena, cg_arena_free);
  cg_resize_axis_clear (&carry->in_across);
  cg_resize_axis_clear (&carry->in_down);
  cg_resize_axis_clear (&carry->out_across);
  cg_resize_axis_clear (&carry->out_down);
}

static float *
get_scratch (const CgCarry *carry, int worker)
{
  return carry->scratch + (size_t)worker * carry->scratch_floats;
}

/* The photo as the network saw it, without its margin. */
static void
guide_rows (size_t item, int worker, void *data)
{
  const Rows *rows = data;
  CgCarry *carry = rows->carry;
  size_t n = 3 * (size_t)carry->network_width;
  int end = MIN ((int)(item + 1) * ROWS_PER_ITEM, carry->network_height);

  for (int y = (int)item * ROWS_PER_ITEM; y < end; y++)
    {
      float *to = carry->guide + (size_t)y * n;

      if (carry->scaled)
        cg_resize_row (&carry->in_across, &carry->in_down, 3, rows->in, rows->in_stride, true, y,
                       get_scratch (carry, worker), to);
      else
        memcpy (to, rows->in + (size_t)y * rows->in_stride, n * sizeof (float));
      for (size_t i = 0; i < n; i++)
        to[i] = cg_clean_sample (to[i]);
    }
}

/* With O the network's pixels, g() the maps and I the photo, small letters at the network's scale and an arrow for enlarging:
 *
 *   out = g(I) h + ((1 - d) o + (d - h) g(i))^        h = 1 - (1 - d)^4, derived here
 *
 * which at d = 0 is o^ and at d = 1 is g(I). Between, 1 - d weighs the residual o - g(i), the network's own strokes, and h what the
 * photo has and its small version has not: h rises fast, for half an edge's sharpness just looks out of focus.
 */
static void
mix_down_row (const Rows *rows, int y, float *scratch)
{
  CgCarry *carry = rows->carry;
  size_t n = 3 * (size_t)carry->network_width;
  float *guide = carry->guide + (size_t)y * n;
  float *pixels = rows->pixels + (size_t)y * n;

  cg_guided_transfer_row (&carry->transfer, carry->network_width, carry->network_height, y, guide, scratch, guide);
  for (size_t i = 0; i < n; i++)
    pixels[i] = rows->own * pixels[i] + rows->soft * guide[i];
}

static void
mix_down_rows (size_t item, int worker, void *data)
{
  const Rows *rows = data;
  int end = MIN ((int)(item + 1) * ROWS_PER_ITEM, rows->carry->network_height);

  for (int y = (int)item * ROWS_PER_ITEM; y < end; y++)
    mix_down_row (rows, y, get_scratch (rows->carry, worker));
}

static void
fit (Rows *rows)
{
  CgCarry *carry = rows->carry;
  size_t n_items = ((size_t)carry->network_height + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM;

  cg_guided_transfer_bind (&carry->transfer, carry->arena);
  carry->guide = cg_arena_get (carry->arena, carry->guide_ticket);
  cg_parallel_for (carry->n_threads, n_items, guide_rows, rows);
  cg_guided_transfer_fit (&carry->transfer, carry->guide, rows->pixels);
  if (carry->detail < 1.0)
    cg_parallel_for (carry->n_threads, n_items, mix_down_rows, rows);
}

/* Finite, but as bright as it was. */
static void
read_row (const float *in, size_t n, float *photo)
{
  for (size_t i = 0; i < n; i++)
    photo[i] = in[i] == in[i] ? CLAMP (in[i], -BRIGHTEST, BRIGHTEST) : 0.0f;
}

/* out = (1 - s) in + s t: this form stays finite-or-infinite where in is infinite; a NaN of the picture counts as 0. */
static float
blend (float in, float translated, float strength)
{
  if (strength >= 1.0f)
    return translated;
  return (1.0f - strength) * (in == in ? in : 0.0f) + strength * translated;
}

/* A pixel leaves 0 … 1 just as far as it did in the photo, and less where the maps have less to say: no headroom where there was none. */
static void
limit_row (const float *photo, float sharp, size_t width, float *row)
{
  for (size_t x = 0; x < width; x++)
    {
      const float *pixel = photo + 3 * x;
      float least = MIN (MIN (pixel[0], pixel[1]), pixel[2]);
      float most = MAX (MAX (pixel[0], pixel[1]), pixel[2]);
      float low = sharp * MIN (least, 0.0f);
      float high = 1.0f + sharp * (MAX (most, 1.0f) - 1.0f);

      for (size_t c = 0; c < 3; c++)
        row[3 * x + c] = CLAMP (row[3 * x + c], low, high);
    }
}

static void
finish_row (const Rows *rows, int y, float *scratch)
{
  const CgCarry *carry = rows->carry;
  size_t n = 3 * (size_t)carry->width;
  const float *in = rows->in + (size_t)y * rows->in_stride;
  float *out = rows->out + (size_t)y * rows->out_stride;
  float *photo = scratch, *row = scratch + n, *mapped = scratch + 2 * n, *work = scratch + 3 * n;

  read_row (in, n, photo);
  if (carry->detail >= 1.0)
    memset (row, 0, n * sizeof (float));
  else if (carry->scaled)
    cg_resize_row (&carry->out_across, &carry->out_down, 3, rows->pixels, 3 * (size_t)carry->network_width, false, y,
                   work, row);
  else
    memcpy (row, rows->pixels + (size_t)y * n, n * sizeof (float));
  if (carry->detail > 0.0)
    {
      cg_guided_transfer_row (&carry->transfer, carry->width, carry->height, y, photo, work, mapped);
      for (size_t i = 0; i < n; i++)
        row[i] += rows->sharp * mapped[i];
    }
  limit_row (photo, rows->sharp, (size_t)carry->width, row);
  if (carry->split.apply != CG_APPLY_ALL)
    {
      cg_colour_split_row (&carry->split, photo, row, (size_t)carry->width, work);
      /* The photo's light may be beyond 1 in every way of carrying; what a mixture has beyond the colours there are is cut. */
      limit_row (photo, carry->split.apply == CG_APPLY_COLOUR ? 1.0f : rows->sharp, (size_t)carry->width, row);
    }
  for (size_t i = 0; i < n; i++)
    out[i] = blend (in[i], row[i], (float)carry->strength);
}

static void
finish_rows (size_t item, int worker, void *data)
{
  const Rows *rows = data;
  int end = MIN ((int)(item + 1) * ROWS_PER_ITEM, rows->height);

  for (int y = (int)item * ROWS_PER_ITEM; y < end; y++)
    finish_row (rows, y, get_scratch (rows->carry, worker));
}

gboolean
cg_carry_begin (CgCarry *carry, GError **error)
{
  if (!cg_arena_commit (carry->arena, error))
    return FALSE;
  carry->scratch = cg_arena_get (carry->arena, carry->scratch_ticket);
  return TRUE;
}

static void
finish (Rows *rows)
{
  cg_parallel_for (rows->carry->n_threads, ((size_t)rows->height + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, finish_rows,
                   rows);
}

gboolean
cg_carry_run (CgCarry *carry, const float *in, size_t in_stride, float *pixels, float *out, size_t out_stride,
              GError **error)
{
  double rest = 1.0 - carry->detail;
  double sharp = 1.0 - rest * rest * rest * rest;
  Rows rows = { .carry = carry,
                .in = in,
                .in_stride = in_stride,
                .pixels = pixels,
                .out = out,
                .out_stride = out_stride,
                .height = carry->height,
                .sharp = (float)sharp,
                .own = (float)rest,
                .soft = (float)(carry->detail - sharp) };

  if (!cg_carry_begin (carry, error))
    return FALSE;
  if (carry->detail > 0.0)
    fit (&rows);
  finish (&rows);
  return TRUE;
}

void
cg_carry_run_rows (CgCarry *carry, int n, const float *in, float *pixels, float *out)
{
  size_t stride = 3 * (size_t)carry->width;
  Rows rows = { .carry = carry,
                .in = in,
                .in_stride = stride,
                .pixels = pixels,
                .out = out,
                .out_stride = stride,
                .height = n,
                .own = 1.0f };

  g_assert (!carry->scaled && carry->detail <= 0.0);
  finish (&rows);
}
