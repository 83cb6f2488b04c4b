/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Moving pixels without arithmetic on them: halos filled and folded, planes copied and added. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/kernels-private.h"

typedef struct
{
  CgPlane from, to;
  int h, w, c, halo;
  CgPadMode mode;
} Job;

/* -1 -> 1, size -> size - 2: the border pixel itself is not repeated. */
static int
mirror (int i, int size)
{
  return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
}

/* One row of the filled plane, halo rows included; only the interior is read, so rows may go in any order. */
static void
fill_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int c = job->c, rows = job->h + 2 * job->halo;
  const int n = (int)(item / rows), i = (int)(item % rows) - job->halo;
  const bool outside = i < 0 || i >= job->h;
  const size_t pixel = (size_t)c * sizeof (float);
  float *to = cg_plane_at (&job->to, n, i, 0, c);

  if (job->mode == CG_PAD_ZERO)
    {
      if (outside)
        {
          memset (to - (ptrdiff_t)job->halo * c, 0, (size_t)(job->w + 2 * job->halo) * pixel);
        }
      else
        {
          memset (to - (ptrdiff_t)job->halo * c, 0, (size_t)job->halo * pixel);
          memset (to + (ptrdiff_t)job->w * c, 0, (size_t)job->halo * pixel);
        }
      return;
    }

  const float *from = cg_plane_at (&job->to, n, mirror (i, job->h), 0, c);

  if (outside)
    memcpy (to, from, (size_t)job->w * pixel);
  for (int j = 1; j <= job->halo; j++)
    {
      memcpy (to - (ptrdiff_t)j * c, from + (ptrdiff_t)j * c, pixel);
      memcpy (to + (ptrdiff_t)(job->w - 1 + j) * c, from + (ptrdiff_t)(job->w - 1 - j) * c, pixel);
    }
}

void
cg_halo_fill (CgPlane plane, int n, int h, int w, int c, int halo, CgPadMode mode, int n_threads)
{
  Job job = { .to = plane, .h = h, .w = w, .c = c, .halo = halo, .mode = mode };

  if (halo == 0)
    return;
  g_assert (mode == CG_PAD_ZERO || (h > halo && w > halo));
  cg_parallel_for (n_threads, (size_t)n * (h + 2 * halo), fill_row, &job);
}

static void
add_floats (float *to, const float *from, size_t n)
{
  for (size_t e = 0; e < n; e++)
    to[e] += from[e];
}

/* Adds to interior row @to what one row of the padded plane, at the same or a mirrored place, says about it. */
static void
fold_columns (const Job *job, float *to, const float *from)
{
  const int c = job->c;

  if (to != from)
    add_floats (to, from, (size_t)job->w * c);
  for (int j = 1; j <= job->halo; j++)
    {
      add_floats (to + (ptrdiff_t)j * c, from - (ptrdiff_t)j * c, c);
      add_floats (to + (ptrdiff_t)(job->w - 1 - j) * c, from + (ptrdiff_t)(job->w - 1 + j) * c, c);
    }
}

/* Gathers into one interior row, so that no two items write to the same place. */
static void
fold_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h), last = job->h - 1;
  float *to = cg_plane_at (&job->to, n, i, 0, job->c);

  fold_columns (job, to, to);
  if (i >= 1 && i <= job->halo)
    fold_columns (job, to, cg_plane_at (&job->to, n, -i, 0, job->c));
  if (last - i >= 1 && last - i <= job->halo)
    fold_columns (job, to, cg_plane_at (&job->to, n, 2 * last - i, 0, job->c));
}

void
cg_halo_fold (CgPlane plane, int n, int h, int w, int c, int halo, int n_threads)
{
  Job job = { .to = plane, .h = h, .w = w, .c = c, .halo = halo };

  if (halo == 0)
    return;
  g_assert (h > halo && w > halo);
  cg_parallel_for (n_threads, (size_t)n * h, fold_row, &job);
}

static void
copy_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h);

  memcpy (cg_plane_at (&job->to, n, i, 0, job->c), cg_plane_at (&job->from, n, i, 0, job->c),
          (size_t)job->w * job->c * sizeof (float));
}

void
cg_plane_copy (CgPlane from, CgPlane to, int n, int h, int w, int c, int n_threads)
{
  Job job = { .from = from, .to = to, .h = h, .w = w, .c = c };

  cg_parallel_for (n_threads, (size_t)n * h, copy_row, &job);
}

static void
add_row (size_t item, int worker, void *data)
{
  const Job *job = data;
  const int n = (int)(item / job->h), i = (int)(item % job->h);

  add_floats (cg_plane_at (&job->to, n, i, 0, job->c), cg_plane_at (&job->from, n, i, 0, job->c),
              (size_t)job->w * job->c);
}

void
cg_plane_add (CgPlane from, CgPlane to, int n, int h, int w, int c, int n_threads)
{
  Job job = { .from = from, .to = to, .h = h, .w = w, .c = c };

  cg_parallel_for (n_threads, (size_t)n * h, add_row, &job);
}
