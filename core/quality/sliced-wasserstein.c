/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Patches of pyramids, their projections and the distances of these; apart because it compares sets, where no image has a partner. */
#include "quality/sliced-wasserstein.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/random.h"
#include "quality/laplacian-pyramid.h"

#define PATCH CG_SLICED_WASSERSTEIN_PATCH

/* Directions that one pass over the patches projects on: four vectors of the smallest kind. */
#define BLOCK 16

/* Sorting by 11 bits at a time. */
#define DIGIT_BITS 11
#define N_DIGITS (1 << DIGIT_BITS)

struct _CgSlicedWasserstein
{
  CgSlicedWassersteinOptions options;
  int n_sets, n_images, h, w, c, n_levels;
  size_t patch_floats; /* of one patch */
  size_t set_patches;  /* of one set and level */
  float *patches;      /* [level][set][image][patch][PATCH][PATCH][c] */
  float *pyramid, *scratch;
};

/* One level's work, cut into blocks of directions. */
typedef struct
{
  const CgSlicedWasserstein *self;
  const float *patches; /* of the level: [set][…] */
  float *directions;    /* [set][block][patch_floats][BLOCK]: each divided by the channel's deviation */
  float *offsets;       /* [set][block][BLOCK]: what the channels' means project to */
  int n_blocks;
  float *memory; /* [worker][n_sets + 1][BLOCK][set_patches] */
  double *sums;  /* [block][n_sets][n_sets] */
} Level;

void
cg_sliced_wasserstein_options_init (CgSlicedWassersteinOptions *options)
{
  *options = (CgSlicedWassersteinOptions){ .n_patches = 128, .n_directions = 512 };
}

static float *
try_floats (size_t a, size_t b, GError **error)
{
  float *floats = g_try_malloc_n (a, b * sizeof *floats);

  if (!floats)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory to compare sets of images"));
  return floats;
}

CgSlicedWasserstein *
cg_sliced_wasserstein_new (const CgSlicedWassersteinOptions *options, int n_sets, int n_images, int h, int w, int c,
                           GError **error)
{
  g_autoptr (CgSlicedWasserstein) self = g_new0 (CgSlicedWasserstein, 1);

  g_return_val_if_fail (n_sets >= 1 && n_images >= 1 && c >= 1, NULL);
  g_return_val_if_fail (options->n_patches >= 1 && options->n_directions >= 1, NULL);

  if (h < PATCH || w < PATCH)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_SHAPE,
                   _ ("The sliced Wasserstein distance needs images of at least %d x %d pixels, not %d x %d"), PATCH,
                   PATCH, w, h);
      return NULL;
    }
  self->options = *options;
  self->n_sets = n_sets;
  self->n_images = n_images;
  self->h = h;
  self->w = w;
  self->c = c;
  self->n_levels = cg_laplacian_pyramid_get_n_levels (h, w);
  self->patch_floats = (size_t)PATCH * PATCH * (size_t)c;
  self->set_patches = (size_t)n_images * (size_t)options->n_patches;
  self->pyramid = try_floats (cg_laplacian_pyramid_get_n_floats (h, w, c), 1, error);
  self->scratch = self->pyramid ? try_floats (cg_laplacian_pyramid_get_scratch_floats (h, w, c), 1, error) : NULL;
  if (!self->scratch)
    return NULL;
  self->patches = try_floats (self->set_patches * self->patch_floats, (size_t)n_sets * (size_t)self->n_levels, error);
  return self->patches ? g_steal_pointer (&self) : NULL;
}

void
cg_sliced_wasserstein_free (CgSlicedWasserstein *self)
{
  if (!self)
    return;
  g_free (self->patches);
  g_free (self->pyramid);
  g_free (self->scratch);
  g_free (self);
}

static float *
get_patches (const CgSlicedWasserstein *self, int level, int set)
{
  return self->patches + (size_t)(level * self->n_sets + set) * self->set_patches * self->patch_floats;
}

/* The same places in every set, so that what differs is the images. */
void
cg_sliced_wasserstein_set_image (CgSlicedWasserstein *self, int set, int image, const float *values)
{
  const float *from = self->pyramid;
  size_t row = (size_t)PATCH * (size_t)self->c;

  g_return_if_fail (set >= 0 && set < self->n_sets && image >= 0 && image < self->n_images);

  cg_laplacian_pyramid_compute (values, self->h, self->w, self->c, self->pyramid, self->scratch);
  for (int level = 0; level < self->n_levels; level++)
    {
      float *to = get_patches (self, level, set) + (size_t)(image * self->options.n_patches) * self->patch_floats;
      guint64 stream = (guint64)level << 40 | (guint64)image;
      int h, w;

      cg_laplacian_pyramid_get_size (level, self->h, self->w, &h, &w);
      for (guint64 patch = 0; patch < (guint64)self->options.n_patches; patch++)
        {
          guint64 y
              = cg_random_below (self->options.seed, CG_RANDOM_PATCH, stream, 2 * patch, (guint64)(h - PATCH + 1));
          guint64 x
              = cg_random_below (self->options.seed, CG_RANDOM_PATCH, stream, 2 * patch + 1, (guint64)(w - PATCH + 1));

          for (guint64 line = 0; line < PATCH; line++, to += row)
            memcpy (to, from + ((y + line) * (guint64)w + x) * (guint64)self->c, row * sizeof *to);
        }
      from += (size_t)h * (size_t)w * (size_t)self->c;
    }
}

/* Mean and deviation of one channel of one set; a channel that is constant has nothing to be normalised. */
static void
measure_channel (const float *patches, size_t n, int c, double *mean, double *deviation)
{
  double sum = 0.0, squares = 0.0;

  for (size_t i = 0; i < n; i++)
    sum += patches[i * (size_t)c];
  *mean = sum / (double)n;
  for (size_t i = 0; i < n; i++)
    {
      double difference = patches[i * (size_t)c] - *mean;

      squares += difference * difference;
    }
  *deviation = squares > 0.0 ? sqrt (squares / (double)n) : 1.0;
}

/* Direction number @index of a level: uniform on the unit sphere. */
static void
draw_direction (const CgSlicedWasserstein *self, int level, int index, double *direction)
{
  double squares = 0.0;

  for (size_t k = 0; k < self->patch_floats; k++)
    {
      direction[k] = cg_random_normal (self->options.seed, CG_RANDOM_DIRECTION, (guint64)level,
                                       (guint64)index * self->patch_floats + k);
      squares += direction[k] * direction[k];
    }
  for (size_t k = 0; k < self->patch_floats; k++)
    direction[k] /= sqrt (squares);
}

/* With patches p normalised to q = (p - mean) / deviation, channel by channel:
 *
 *     <q, d> = <p, d / deviation> - <mean, d / deviation>
 *
 * so that patches stay as they are. Directions beyond the last one are 0. */
static gboolean
prepare_directions (Level *level, int number, GError **error)
{
  const CgSlicedWasserstein *self = level->self;
  int n_channels = self->n_sets * self->c;
  g_autofree double *direction = g_new (double, self->patch_floats);
  g_autofree double *means = g_new (double, n_channels);
  g_autofree double *deviations = g_new (double, n_channels);
  size_t block_floats = self->patch_floats * BLOCK, n_blocks = (size_t)level->n_blocks;

  level->directions = try_floats (block_floats, n_blocks * (size_t)self->n_sets, error);
  if (!level->directions)
    return FALSE;
  memset (level->directions, 0, block_floats * n_blocks * (size_t)self->n_sets * sizeof (float));
  level->offsets = g_new0 (float, (size_t)self->n_sets *n_blocks *BLOCK);
  for (int i = 0; i < n_channels; i++)
    measure_channel (get_patches (self, number, i / self->c) + i % self->c, self->set_patches * PATCH * PATCH, self->c,
                     &means[i], &deviations[i]);

  for (int index = 0; index < self->options.n_directions; index++)
    {
      draw_direction (self, number, index, direction);
      for (int set = 0; set < self->n_sets; set++)
        {
          size_t block = (size_t)set * n_blocks + (size_t)(index / BLOCK), lane = (size_t)(index % BLOCK);
          double offset = 0.0;

          for (size_t k = 0; k < self->patch_floats; k++)
            {
              int channel = set * self->c + (int)(k % (size_t)self->c);
              double scaled = direction[k] / deviations[channel];

              level->directions[block * block_floats + k * BLOCK + lane] = (float)scaled;
              offset += means[channel] * scaled;
            }
          level->offsets[block * BLOCK + lane] = (float)offset;
        }
    }
  return TRUE;
}

/* out[lane][i] = <patch i, direction lane> - offset[lane] */
static void
project (const float *patches, size_t n, size_t patch_floats, const float *directions, const float *offsets, float *out)
{
  for (size_t i = 0; i < n; i++, patches += patch_floats)
    {
      float sums[BLOCK] = { 0.0f };

      for (size_t k = 0; k < patch_floats; k++)
        for (int lane = 0; lane < BLOCK; lane++)
          sums[lane] += patches[k] * directions[k * BLOCK + (size_t)lane];
      for (int lane = 0; lane < BLOCK; lane++)
        out[(size_t)lane * n + i] = sums[lane] - offsets[lane];
    }
}

/* The bits of a float as a number that sorts as the float does, and back. */
static inline guint32
to_key (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline float
from_key (guint32 key)
{
  guint32 bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Ascending, digit by digit from the lowest; @scratch: 2 * n words. */
static void
sort (float *values, size_t n, guint32 *scratch)
{
  guint32 *from = scratch, *to = scratch + n;

  for (size_t i = 0; i < n; i++)
    from[i] = to_key (values[i]);
  for (int shift = 0; shift < 32; shift += DIGIT_BITS)
    {
      size_t places[N_DIGITS] = { 0 }, place = 0;
      guint32 *swap = from;

      for (size_t i = 0; i < n; i++)
        places[from[i] >> shift & (N_DIGITS - 1)]++;
      for (int digit = 0; digit < N_DIGITS; digit++)
        {
          size_t count = places[digit];

          places[digit] = place;
          place += count;
        }
      for (size_t i = 0; i < n; i++)
        to[places[from[i] >> shift & (N_DIGITS - 1)]++] = from[i];
      from = to;
      to = swap;
    }
  for (size_t i = 0; i < n; i++)
    values[i] = from_key (from[i]);
}

/* In one dimension the Wasserstein distance pairs the values by rank. */
static double
compare_sorted (const float *a, const float *b, size_t n)
{
  double sum = 0.0;

  for (size_t i = 0; i < n; i++)
    sum += fabs ((double)a[i] - (double)b[i]);
  return sum / (double)n;
}

static void
compare_block (size_t block, int worker, void *data)
{
  const Level *level = data;
  const CgSlicedWasserstein *self = level->self;
  size_t n = self->set_patches, n_sets = (size_t)self->n_sets;
  float *projections = level->memory + (size_t)worker * (n_sets + 1) * BLOCK * n;
  guint32 *scratch = (guint32 *)(void *)(projections + n_sets * BLOCK * n);
  int lanes = MIN (BLOCK, self->options.n_directions - (int)block * BLOCK);
  double *sums = level->sums + block * n_sets * n_sets;

  for (size_t set = 0; set < n_sets; set++)
    {
      size_t at = set * (size_t)level->n_blocks + block;

      project (level->patches + set * n * self->patch_floats, n, self->patch_floats,
               level->directions + at * self->patch_floats * BLOCK, level->offsets + at * BLOCK,
               projections + set * BLOCK * n);
      for (int lane = 0; lane < lanes; lane++)
        sort (projections + (set * BLOCK + (size_t)lane) * n, n, scratch);
    }
  for (size_t a = 0; a < n_sets; a++)
    for (size_t b = 0; b < a; b++)
      for (int lane = 0; lane < lanes; lane++)
        sums[a * n_sets + b] += compare_sorted (projections + (a * BLOCK + (size_t)lane) * n,
                                                projections + (b * BLOCK + (size_t)lane) * n, n);
}

/* Adds one level's share to @distances. */
static gboolean
add_level (const CgSlicedWasserstein *self, int number, int n_threads, double *distances, GError **error)
{
  size_t n_sets = (size_t)self->n_sets;
  Level level = { .self = self,
                  .patches = get_patches (self, number, 0),
                  .n_blocks = (self->options.n_directions + BLOCK - 1) / BLOCK };
  gboolean ok = prepare_directions (&level, number, error);

  if (ok)
    level.memory = try_floats (self->set_patches * BLOCK, (n_sets + 1) * (size_t)n_threads, error);
  ok = ok && level.memory;
  if (ok)
    {
      level.sums = g_new0 (double, (size_t)level.n_blocks *n_sets *n_sets);
      cg_parallel_for (n_threads, (size_t)level.n_blocks, compare_block, &level);
      for (size_t block = 0; block < (size_t)level.n_blocks; block++)
        for (size_t a = 0; a < n_sets; a++)
          for (size_t b = 0; b < a; b++)
            {
              double share = level.sums[(block * n_sets + a) * n_sets + b] * 1e3
                             / ((double)self->options.n_directions * (double)self->n_levels);

              distances[a * n_sets + b] += share;
              distances[b * n_sets + a] += share;
            }
    }
  g_free (level.directions);
  g_free (level.offsets);
  g_free (level.memory);
  g_free (level.sums);
  return ok;
}

gboolean
cg_sliced_wasserstein_compute (CgSlicedWasserstein *self, double *distances, GError **error)
{
  int n_threads = self->options.n_threads > 0 ? self->options.n_threads : cg_parallel_get_default_threads ();

  memset (distances, 0, (size_t)self->n_sets * (size_t)self->n_sets * sizeof *distances);
  for (int level = 0; level < self->n_levels; level++)
    if (!add_level (self, level, n_threads, distances, error))
      return FALSE;
  return TRUE;
}
