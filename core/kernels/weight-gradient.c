/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The weight gradient as a matrix product summed over pixels, cut so that no two threads write the same sum. */
#include <string.h>

#include "base/parallel.h"
#include "kernels/convolution.h"

#define BLOCK_PIXELS 256           /* terms between two visits of the sums */
#define BLOCK_TAPS 24              /* tap panels of one item: the more, the less often images are read again */
#define BLOCK_CHANNELS 256         /* channels of one item */
#define SPLIT_PIXELS 512           /* least worth a sum of its own */
#define SPLIT_FLOATS (1024 * 1024) /* most memory for sums of their own */
#define MAX_TAP_ROWS 16

/**
 * The product sum[m][o] = sum_q taps[q][m] * wide[q][o], where m runs through the tap rows, each a run of contiguous floats.
 *
 * Usually q are the pixels of y, m = (r, s, c) runs through x, and o = k. With few k that would waste most of every tile, so
 * with stride 1 the roles are exchanged: q are the pixels of x, m = (r, s', k) runs through y with s' = S-1-s (ascending
 * memory), and o = c:
 *
 *     dw[r,s,c,k] = sum_{p,p'} y[p + pad - r, p' + pad - s, k] * x[p,p',c],  y zero outside.
 */
typedef struct
{
  bool exchanged;
  int n_rows, run;   /* tap rows, contiguous floats of each */
  int wide;          /* channels o */
  int height, width; /* pixels q of one image */
  int n_taps;        /* n_rows * run */
  int tap_step;      /* taps of one tile; where nothing is packed, a tile lies in one tap row */
  int run_tiles;     /* tiles of one tap row then */
  int tap_panels, wide_panels;
  int tap_group, wide_group; /* panels of one item */
  int n_tap_groups, n_wide_groups;
  size_t split; /* pixels of one item, all images counted */
  int n_splits;
  size_t sum_floats; /* of one split */
  int padded_width;  /* floats of one row of y with its zeros */
} Plan;

static void
plan_init (Plan *plan, const CgMachine *machine, const CgConvShape *sh)
{
  const CgGemm *gemm = machine->gemm;

  plan->exchanged = sh->stride == 1 && 2 * sh->k <= gemm->n_channels && sh->k < sh->c;
  plan->n_rows = sh->r;
  plan->run = sh->s * (plan->exchanged ? sh->k : sh->c);
  plan->wide = plan->exchanged ? sh->c : sh->k;
  plan->height = plan->exchanged ? sh->ho + sh->r - 1 : sh->ho;
  plan->width = plan->exchanged ? sh->wo + sh->s - 1 : sh->wo;
  plan->padded_width = (sh->wo + 2 * (sh->s - 1)) * sh->k;
  plan->n_taps = plan->n_rows * plan->run;
  plan->tap_step = cg_gemm_even_rows (gemm, plan->run);
  plan->run_tiles = cg_ceil_div (plan->run, plan->tap_step);
  plan->tap_panels = gemm->strided ? plan->n_rows * plan->run_tiles : cg_ceil_div (plan->n_taps, gemm->n_pixels);
  plan->wide_panels = cg_ceil_div (plan->wide, gemm->n_channels);
  plan->tap_group = MIN (BLOCK_TAPS * MAX (16 / gemm->n_pixels, 1), plan->tap_panels);
  plan->wide_group = MIN (MAX (BLOCK_CHANNELS / gemm->n_channels, 1), plan->wide_panels);
  plan->n_tap_groups = cg_ceil_div (plan->tap_panels, plan->tap_group);
  plan->tap_group = cg_ceil_div (plan->tap_panels, plan->n_tap_groups);
  plan->n_wide_groups = cg_ceil_div (plan->wide_panels, plan->wide_group);
  plan->sum_floats = cg_round_line ((size_t)plan->n_taps * (size_t)plan->wide);

  /* Few weights and many pixels: the sum over pixels is cut into parts, which are added in their order. */
  const size_t pixels = (size_t)sh->n * (size_t)plan->height * (size_t)plan->width;
  const size_t groups = (size_t)(plan->n_tap_groups * plan->n_wide_groups);
  size_t n_splits = (CG_ENOUGH_ITEMS + groups - 1) / groups;

  n_splits = MIN (n_splits, MAX (pixels / SPLIT_PIXELS, 1));
  n_splits = MIN (n_splits, MAX (SPLIT_FLOATS / plan->sum_floats, 1));
  plan->split = MAX ((pixels + n_splits - 1) / n_splits, 1);
  if (gemm->strided && plan->width > 0)
    plan->split = (plan->split + (size_t)plan->width - 1) / (size_t)plan->width * (size_t)plan->width;
  plan->n_splits = (int)((pixels + plan->split - 1) / plan->split);
}

/* The sums can be dw itself only if they are laid out like it and nobody else adds to them. */
static bool
needs_sums (const Plan *plan)
{
  return plan->exchanged || plan->n_splits > 1;
}

static size_t
tap_floats (const CgMachine *machine, const Plan *plan)
{
  if (machine->gemm->strided)
    return 0;
  return cg_round_line ((size_t)(plan->tap_group * machine->gemm->n_pixels) * BLOCK_PIXELS) + CG_GEMM_SLACK;
}

static size_t
wide_floats (const CgMachine *machine, const Plan *plan)
{
  if (machine->gemm->strided)
    return 0;
  return cg_round_line ((size_t)(plan->wide_group * machine->gemm->n_channels) * BLOCK_PIXELS) + CG_GEMM_SLACK;
}

static size_t
padded_floats (const Plan *plan)
{
  return plan->exchanged ? cg_round_line ((size_t)plan->n_rows * (size_t)plan->padded_width) : 0;
}

static size_t
own_floats (const CgMachine *machine, const Plan *plan)
{
  return tap_floats (machine, plan) + wide_floats (machine, plan) + padded_floats (plan);
}

/* The sums are shared, so they come first, and one thread's part has to hold all of them; the rest is every thread's own. */
size_t
cg_packed_weight_gradient_scratch_floats (const CgMachine *machine, const CgConvShape *shape)
{
  Plan plan;

  if (cg_winograd_gradient_suits (shape))
    return cg_winograd_gradient_scratch_floats (machine, shape);

  plan_init (&plan, machine, shape);
  return own_floats (machine, &plan) + (needs_sums (&plan) ? (size_t)plan.n_splits * plan.sum_floats : 0);
}

typedef struct
{
  const CgMachine *machine;
  const CgConvShape *shape;
  CgPlane x, y;
  float *dw;
  float *sums;
  float *own; /* of all threads, own_floats each */
  Plan plan;
} Job;

/* Where the tap rows and the wide pixels of one line of pixels begin, and how far apart pixels are. */
typedef struct
{
  const float *rows[MAX_TAP_ROWS];
  size_t row_step;
  const float *wide;
  size_t wide_step;
} Line;

static void
line_init (Line *line, const Job *job, int n, int i, float *padded)
{
  const CgConvShape *sh = job->shape;
  const Plan *plan = &job->plan;

  if (!plan->exchanged)
    {
      for (int r = 0; r < sh->r; r++)
        line->rows[r] = cg_plane_at (&job->x, n, i * sh->stride - sh->pad + r, -sh->pad, sh->c);
      line->row_step = (size_t)(sh->stride * sh->c);
      line->wide = cg_plane_at (&job->y, n, i, 0, sh->k);
      line->wide_step = (size_t)sh->k;
      return;
    }

  /* Pixel i of this order is row i - pad of x, and meets row i - r of y. The halo of y is not wide enough to be read here. */
  for (int r = 0; r < sh->r; r++)
    {
      float *row = padded + (size_t)r * (size_t)plan->padded_width;
      const size_t margin = (size_t)((sh->s - 1) * sh->k), length = (size_t)(sh->wo * sh->k);

      if (i - r >= 0 && i - r < sh->ho)
        {
          memset (row, 0, margin * sizeof (float));
          memcpy (row + margin, cg_plane_at (&job->y, n, i - r, 0, sh->k), length * sizeof (float));
          memset (row + margin + length, 0, margin * sizeof (float));
        }
      else
        {
          memset (row, 0, (size_t)plan->padded_width * sizeof (float));
        }
      line->rows[r] = row;
    }
  line->row_step = (size_t)sh->k;
  line->wide = cg_plane_at (&job->x, n, i - sh->pad, -sh->pad, sh->c);
  line->wide_step = (size_t)sh->c;
}

/* Pixels j … j + count - 1 of a line into panels [pixel][width], @done pixels into a block of @block. */
static void
pack_taps (const Job *job, const Line *line, int j, int count, int first_panel, int n_panels, float *panels,
           size_t block, size_t done)
{
  static const float zeros[CG_GEMM_MAX_PIXELS];
  const Plan *plan = &job->plan;
  const int width = job->machine->gemm->n_pixels;

  for (int panel = 0; panel < n_panels; panel++)
    {
      const int first = (first_panel + panel) * width;
      float *to = panels + ((size_t)panel * block + done) * (size_t)width;

      for (int m = first; m < first + width;)
        {
          int piece = first + width - m;

          if (m < plan->n_taps)
            {
              const int row = m / plan->run, within = m % plan->run;

              piece = MIN (piece, plan->run - within);
              job->machine->rows->copy_columns (piece, (size_t)count,
                                                line->rows[row] + (size_t)j * line->row_step + within, line->row_step,
                                                to + (m - first), (size_t)width);
            }
          else
            {
              job->machine->rows->copy_columns (piece, (size_t)count, zeros, 0, to + (m - first), (size_t)width);
            }
          m += piece;
        }
    }
}

static void
pack_wide (const Job *job, const Line *line, int j, int count, int first_panel, int n_panels, float *panels,
           size_t block, size_t done)
{
  static const float zeros[CG_GEMM_MAX_CHANNELS];
  const int width = job->machine->gemm->n_channels;

  for (int panel = 0; panel < n_panels; panel++)
    {
      const int first = (first_panel + panel) * width, piece = MIN (width, job->plan.wide - first);
      float *to = panels + ((size_t)panel * block + done) * (size_t)width;

      job->machine->rows->copy_columns (piece, (size_t)count, line->wide + (size_t)j * line->wide_step + first,
                                        line->wide_step, to, (size_t)width);
      if (piece < width)
        job->machine->rows->copy_columns (width - piece, (size_t)count, zeros, 0, to + piece, (size_t)width);
    }
}

/* One group of taps and channels over one split of the pixels. */
static void
sum_group (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgGemm *gemm = job->machine->gemm;
  const Plan *plan = &job->plan;
  const int tap_group = (int)(item % (size_t)plan->n_tap_groups);
  const size_t rest = item / (size_t)plan->n_tap_groups;
  const int wide_group = (int)(rest % (size_t)plan->n_wide_groups);
  const size_t split = rest / (size_t)plan->n_wide_groups;
  const int first_tap = tap_group * plan->tap_group, n_taps = MIN (plan->tap_group, plan->tap_panels - first_tap);
  const int first_wide = wide_group * plan->wide_group, n_wide = MIN (plan->wide_group, plan->wide_panels - first_wide);
  const size_t line_pixels = (size_t)plan->width, image_pixels = (size_t)plan->height * line_pixels;
  const size_t end = MIN ((split + 1) * plan->split, (size_t)job->shape->n * image_pixels);
  float *taps = job->own + (size_t)worker * own_floats (job->machine, plan);
  float *wide = taps + tap_floats (job->machine, plan);
  float *padded = wide + wide_floats (job->machine, plan);
  float *sums = needs_sums (plan) ? job->sums + split * plan->sum_floats : job->dw;
  bool add = !needs_sums (plan);

  for (size_t begin = split * plan->split; begin < end; begin += BLOCK_PIXELS)
    {
      const size_t block = MIN (BLOCK_PIXELS, end - begin);

      for (size_t done = 0; done < block;)
        {
          const size_t q = begin + done;
          const int n = (int)(q / image_pixels), i = (int)(q % image_pixels / line_pixels);
          const int j = (int)(q % line_pixels), count = (int)MIN (line_pixels - (size_t)j, block - done);
          Line line;

          line_init (&line, job, n, i, padded);
          pack_taps (job, &line, j, count, first_tap, n_taps, taps, block, done);
          pack_wide (job, &line, j, count, first_wide, n_wide, wide, block, done);
          done += (size_t)count;
        }

      for (int o = 0; o < n_wide; o++)
        for (int m = 0; m < n_taps; m++)
          {
            const int row = (first_tap + m) * gemm->n_pixels, column = (first_wide + o) * gemm->n_channels;

            gemm->tile (gemm, MIN (gemm->n_pixels, plan->n_taps - row), MIN (gemm->n_channels, plan->wide - column),
                        block, taps + (size_t)(m * gemm->n_pixels) * block,
                        wide + (size_t)(o * gemm->n_channels) * block, add,
                        sums + (size_t)row * (size_t)plan->wide + (size_t)column, (size_t)plan->wide);
          }
      add = true;
    }
}

/* Adds @runs lines of @count pixels, which begin at pixel j of line i, to one group's sums. */
static void
add_lines (const Job *job, const Line *line, int j, int count, int runs, int first_tap, int n_taps, int first_wide,
           int n_wide, bool add, float *sums)
{
  const CgGemm *gemm = job->machine->gemm;
  const Plan *plan = &job->plan;
  const size_t pixel_run = (size_t)job->shape->stride * job->x.row_stride;

  for (int o = first_wide; o < first_wide + n_wide; o++)
    for (int m = first_tap; m < first_tap + n_taps; m++)
      {
        const int row = m / plan->run_tiles, within = m % plan->run_tiles * plan->tap_step;
        const int column = o * gemm->n_channels;

        gemm->strided (MIN (plan->tap_step, plan->run - within), MIN (gemm->n_channels, plan->wide - column),
                       &(CgGemmOperands){ .runs = (size_t)runs,
                                          .depth = (size_t)count,
                                          .pixels = line->rows[row] + (size_t)j * line->row_step + within,
                                          .pixel_step = 1,
                                          .pixel_term = line->row_step,
                                          .pixel_run = pixel_run,
                                          .channels = line->wide + (size_t)j * line->wide_step + column,
                                          .channel_term = line->wide_step,
                                          .channel_run = job->y.row_stride },
                       add, sums + (size_t)(row * plan->run + within) * (size_t)plan->wide + (size_t)column,
                       (size_t)plan->wide);
      }
}

/* The same where the micro-kernel reads what lies in the images: lines of pixels, several at once if they are short. */
static void
sum_group_strided (size_t item, int worker, void *data)
{
  const Job *job = data;
  const Plan *plan = &job->plan;
  const int tap_group = (int)(item % (size_t)plan->n_tap_groups);
  const size_t rest = item / (size_t)plan->n_tap_groups;
  const int wide_group = (int)(rest % (size_t)plan->n_wide_groups);
  const size_t split = rest / (size_t)plan->n_wide_groups;
  const int first_tap = tap_group * plan->tap_group, n_taps = MIN (plan->tap_group, plan->tap_panels - first_tap);
  const int first_wide = wide_group * plan->wide_group, n_wide = MIN (plan->wide_group, plan->wide_panels - first_wide);
  const size_t lines = plan->split / (size_t)plan->width;
  const size_t end = MIN ((split + 1) * lines, (size_t)job->shape->n * (size_t)plan->height);
  float *padded = job->own + (size_t)worker * own_floats (job->machine, plan);
  float *sums = needs_sums (plan) ? job->sums + split * plan->sum_floats : job->dw;
  bool add = !needs_sums (plan);

  for (size_t q = split * lines; q < end;)
    {
      const int n = (int)(q / (size_t)plan->height), i = (int)(q % (size_t)plan->height);
      const int left = (int)MIN (end - q, (size_t)(plan->height - i));
      /* Exchanged, every line has a padded copy of its own. */
      const int runs = plan->exchanged ? 1 : CLAMP (BLOCK_PIXELS / plan->width, 1, left);
      Line line;

      line_init (&line, job, n, i, padded);
      for (int j = 0; j < plan->width; j += BLOCK_PIXELS)
        {
          add_lines (job, &line, j, MIN (BLOCK_PIXELS, plan->width - j), runs, first_tap, n_taps, first_wide, n_wide,
                     add, sums);
          add = true;
        }
      q += (size_t)runs;
    }
}

/* dw += the splits, first to last; item is a tap m. */
static void
merge_tap (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgConvShape *sh = job->shape;
  const Plan *plan = &job->plan;
  float *total = job->sums + item * (size_t)plan->wide;

  for (int split = 1; split < plan->n_splits; split++)
    job->machine->rows->add (total, total + (size_t)split * plan->sum_floats, (size_t)plan->wide);

  if (!plan->exchanged)
    {
      job->machine->rows->add (job->dw + item * (size_t)plan->wide, total, (size_t)plan->wide);
      return;
    }

  const int row = (int)item / plan->run, k = (int)item % sh->k, s = sh->s - 1 - (int)item % plan->run / sh->k;
  float *dw = job->dw + (size_t)(row * sh->s + s) * (size_t)(sh->c * sh->k) + k;

  for (int c = 0; c < sh->c; c++)
    dw[c * sh->k] += total[c];
}

void
cg_packed_conv_weight_gradient (const CgMachine *machine, const CgConvShape *shape, CgPlane x, CgPlane y, float *dw,
                                const CgWorkspace *workspace)
{
  Job job = { machine, shape, x, y, dw, workspace->scratch, workspace->scratch, { 0 } };

  if (cg_winograd_gradient_suits (shape))
    {
      cg_winograd_gradient_run (machine, shape, x, y, dw, workspace);
      return;
    }

  g_assert (shape->r <= MAX_TAP_ROWS);
  plan_init (&job.plan, machine, shape);
  if (needs_sums (&job.plan))
    job.own += (size_t)job.plan.n_splits * job.plan.sum_floats;

  cg_parallel_for (workspace->n_threads,
                   (size_t)job.plan.n_tap_groups * (size_t)job.plan.n_wide_groups * (size_t)job.plan.n_splits,
                   machine->gemm->strided ? sum_group_strided : sum_group, &job);
  if (needs_sums (&job.plan))
    cg_parallel_for (workspace->n_threads, (size_t)job.plan.n_taps, merge_tap, &job);
}
