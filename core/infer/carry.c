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

/* Items that are worked on between two looks at whether the caller wants to go on. */
#define ITEMS_PER_LOOK 64

typedef struct
{
  CgCarry *carry;
  float *guide;
  float *pixels;
  int first; /* row of the network */
} Mixing;

typedef struct
{
  CgCarry *carry;
  int first;
  const float *in;
  const float *pixels;
  int pixels_first;
  float *out;
} Rows;

gboolean
cg_carry_init (CgCarry *carry, const CgTranslateOptions *options, int width, int height, int network_width,
               int network_height, GError **error)
{
  size_t scratch_bytes;
  double rest, sharp;
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
  rest = 1.0 - carry->detail;
  sharp = 1.0 - rest * rest * rest * rest;
  carry->sharp = (float)sharp;
  carry->own = (float)rest;
  carry->soft = (float)(carry->detail - sharp);
  cg_colour_split_init (&carry->split, options->apply);
  if (carry->scaled
      && (!cg_resize_axis_init (&carry->across, network_width, width, error)
          || !cg_resize_axis_init (&carry->down, network_height, height, error)))
    return FALSE;

  /* A worker has three rows of the picture and a row of maps. */
  carry->arena = cg_arena_new ();
  carry->scratch_floats
      = cg_size_align ((9 + CG_COLOUR_SPLIT_SCRATCH) * (size_t)width + CG_GUIDED_MAP * (size_t)network_width, 16);
  fits = cg_size_mul (carry->scratch_floats * sizeof (float), (size_t)carry->n_threads, &scratch_bytes);
  if (fits)
    carry->scratch_ticket = cg_arena_reserve (carry->arena, scratch_bytes, 0, 0);
  if (fits && carry->detail > 0.0)
    fits = cg_guided_transfer_reserve (&carry->transfer, carry->arena, 0, 0, network_width, network_height,
                                       carry->n_threads);
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
  cg_resize_axis_clear (&carry->across);
  cg_resize_axis_clear (&carry->down);
}

static float *
get_scratch (const CgCarry *carry, int worker)
{
  return carry->scratch + (size_t)worker * carry->scratch_floats;
}

/* With O the network's pixels, g() the maps and I the photo, small letters at the network's scale and an arrow for enlarging:
 *
 *   out = g(I) h + ((1 - d) o + (d - h) g(i))^        h = 1 - (1 - d)^4, derived here
 *
 * which at d = 0 is o^ and at d = 1 is g(I). Between, 1 - d weighs the residual o - g(i), the network's own strokes, and h what the
 * photo has and its small version has not: h rises fast, for half an edge's sharpness just looks out of focus.
 */
static void
mix_down_row (const Mixing *mixing, int y, float *scratch)
{
  CgCarry *carry = mixing->carry;
  size_t n = 3 * (size_t)carry->network_width;
  float *guide = mixing->guide + (size_t)y * n;
  float *pixels = mixing->pixels + (size_t)y * n;

  cg_guided_transfer_row (&carry->transfer, carry->network_width, carry->network_height, y, guide, scratch, guide);
  for (size_t i = 0; i < n; i++)
    pixels[i] = carry->own * pixels[i] + carry->soft * guide[i];
}

static void
mix_down_rows (size_t item, int worker, void *data)
{
  const Mixing *mixing = data;
  int first = mixing->first + (int)item * ROWS_PER_ITEM;
  int end = MIN (first + ROWS_PER_ITEM, mixing->carry->network_height);

  for (int y = first; y < end; y++)
    mix_down_row (mixing, y, get_scratch (mixing->carry, worker));
}

static gboolean
watch_fit (double done, gpointer watch)
{
  return cg_watch_go_on (watch, 0.9 * done, NULL);
}

gboolean
cg_carry_fit (CgCarry *carry, float *guide, float *pixels, CgWatch *watch, GError **error)
{
  Mixing mixing = { .carry = carry, .guide = guide, .pixels = pixels };

  cg_guided_transfer_bind (&carry->transfer, carry->arena);
  if (!cg_guided_transfer_fit (&carry->transfer, guide, pixels, watch_fit, watch))
    return !cg_watch_is_cancelled (watch, error);
  for (; carry->detail < 1.0 && mixing.first < carry->network_height; mixing.first += ITEMS_PER_LOOK * ROWS_PER_ITEM)
    {
      int n = MIN (ITEMS_PER_LOOK * ROWS_PER_ITEM, carry->network_height - mixing.first);

      if (cg_watch_is_cancelled (watch, error))
        return FALSE;
      cg_parallel_for (carry->n_threads, ((size_t)n + ROWS_PER_ITEM - 1) / ROWS_PER_ITEM, mix_down_rows, &mixing);
    }
  return cg_watch_go_on (watch, 1.0, error);
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
finish_row (const Rows *rows, int i_row, float *scratch)
{
  const CgCarry *carry = rows->carry;
  size_t n = 3 * (size_t)carry->width;
  int y = rows->first + i_row;
  const float *in = rows->in + (size_t)i_row * n;
  float *out = rows->out + (size_t)i_row * n;
  float *photo = scratch, *row = scratch + n, *mapped = scratch + 2 * n, *work = scratch + 3 * n;

  read_row (in, n, photo);
  if (carry->detail >= 1.0)
    memset (row, 0, n * sizeof (float));
  else if (carry->scaled)
    cg_resize_row (&carry->across, &carry->down, 3, rows->pixels, rows->pixels_first, 3 * (size_t)carry->network_width,
                   false, y, work, row);
  else
    memcpy (row, rows->pixels + (size_t)(y - rows->pixels_first) * n, n * sizeof (float));
  if (carry->detail > 0.0)
    {
      cg_guided_transfer_row (&carry->transfer, carry->width, carry->height, y, photo, work, mapped);
      for (size_t i = 0; i < n; i++)
        row[i] += carry->sharp * mapped[i];
    }
  limit_row (photo, carry->sharp, (size_t)carry->width, row);
  if (carry->split.apply != CG_APPLY_ALL)
    {
      cg_colour_split_row (&carry->split, photo, row, (size_t)carry->width, work);
      /* The photo's light may be beyond 1 in every way of carrying; what a mixture has beyond the colours there are is cut. */
      limit_row (photo, carry->split.apply == CG_APPLY_COLOUR ? 1.0f : carry->sharp, (size_t)carry->width, row);
    }
  for (size_t i = 0; i < n; i++)
    out[i] = blend (in[i], row[i], (float)carry->strength);
}

static void
finish_item (size_t item, int worker, void *data)
{
  const Rows *rows = data;

  finish_row (rows, (int)item, get_scratch (rows->carry, worker));
}

gboolean
cg_carry_begin (CgCarry *carry, GError **error)
{
  if (!cg_arena_commit (carry->arena, error))
    return FALSE;
  carry->scratch = cg_arena_get (carry->arena, carry->scratch_ticket);
  return TRUE;
}

void
cg_carry_run_rows (CgCarry *carry, int first, int n, const float *in, const float *pixels, int pixels_first, float *out)
{
  Rows rows = { .carry = carry, .first = first, .in = in, .pixels = pixels, .pixels_first = pixels_first, .out = out };

  cg_parallel_for (carry->n_threads, (size_t)n, finish_item, &rows);
}
