/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Cuts an image into blocks of tiles whose transforms stay in cache: transform, 36 products through the micro-kernel, transform back. */
#include "kernels/winograd.h"

#include <string.h>

#include "base/parallel.h"
#include "kernels/kernels-private.h"

#define PATCH CG_WINOGRAD_PATCH
#define TILE CG_WINOGRAD_TILE
#define PRODUCTS CG_WINOGRAD_PRODUCTS
#define VECTOR CG_WINOGRAD_VECTOR

/* Tiles per block: 36 * 48 * 256 channels are 1.7 MB, the second cache of the processors this was measured on. */
#define BLOCK_TILES 48

/* Stands for pixels outside the image in the patches of the last tiles. */
static const float outside[VECTOR];

/* One direction seen as a plain valid correlation: @c channels in, @k out, rows x columns of output, input from @origin on. */
typedef struct
{
  const CgGemm *gemm;
  const CgWinogradTransform *transform;
  const CgWorkspace *workspace;
  const float *packed, *bias;
  CgActivation activation;
  CgPlane from, to; /* from: at the corner of the first patch */
  int c, k, rows, columns;
  size_t tiles_across, tiles_per_image, n_tiles;
  size_t block; /* tiles, a multiple of the micro-kernel's pixels */
} Job;

bool
cg_winograd_suits (const CgConvShape *shape)
{
  return shape->r == 3 && shape->s == 3 && shape->stride == 1 && shape->pad <= 2 && shape->c % VECTOR == 0
         && shape->k % VECTOR == 0 && shape->c >= 32 && shape->k >= 32;
}

static int
get_in (const CgConvShape *shape, CgConvDirection direction)
{
  return direction == CG_CONV_FORWARD ? shape->c : shape->k;
}

static int
get_out (const CgConvShape *shape, CgConvDirection direction)
{
  return direction == CG_CONV_FORWARD ? shape->k : shape->c;
}

/* Floats of one product's weights: panels of n_channels columns. */
static size_t
get_product_floats (const CgGemm *gemm, int in, int out)
{
  size_t panels = ((size_t)out + (size_t)gemm->n_channels - 1) / (size_t)gemm->n_channels;

  return cg_round_line (panels * (size_t)gemm->n_channels * (size_t)in);
}

size_t
cg_winograd_packed_floats (const CgGemm *gemm, const CgConvShape *shape, CgConvDirection direction)
{
  return PRODUCTS * get_product_floats (gemm, get_in (shape, direction), get_out (shape, direction)) + CG_GEMM_SLACK;
}

static size_t
get_block (const CgGemm *gemm)
{
  size_t pixels = (size_t)gemm->n_pixels;

  return MAX (BLOCK_TILES / pixels, 1) * pixels;
}

size_t
cg_winograd_scratch_floats (const CgGemm *gemm, const CgConvShape *shape)
{
  size_t block = get_block (gemm);
  size_t channels = (size_t)MAX (shape->c, shape->k);

  return 2 * cg_round_line (PRODUCTS * block * channels + CG_GEMM_SLACK) + PRODUCTS * (size_t)gemm->n_pixels * VECTOR;
}

/* G, the weights' transform: row p of a finite point holds p^0, p^1, p^2 over the product of its distances to the others. */
static void
fill_weight_transform (double g[PATCH][3])
{
  const double points[PATCH - 1] = { 0.0, CG_WINOGRAD_A, -CG_WINOGRAD_A, CG_WINOGRAD_B, -CG_WINOGRAD_B };

  for (int i = 0; i < PATCH - 1; i++)
    {
      double distances = 1.0;

      for (int j = 0; j < PATCH - 1; j++)
        if (j != i)
          distances *= points[i] - points[j];
      g[i][0] = 1.0 / distances;
      g[i][1] = points[i] / distances;
      g[i][2] = points[i] * points[i] / distances;
    }
  g[PATCH - 1][0] = g[PATCH - 1][1] = 0.0;
  g[PATCH - 1][2] = 1.0;
}

typedef struct
{
  const CgGemm *gemm;
  const CgConvShape *shape;
  CgConvDirection direction;
  const float *w;
  float *packed;
} Packing;

/* U = G g G' for all outputs of one input channel; item: the input channel. */
static void
pack_channel (size_t item, int worker, void *data)
{
  const Packing *packing = data;
  const CgConvShape *shape = packing->shape;
  const gboolean forward = packing->direction == CG_CONV_FORWARD;
  const int in = get_in (shape, packing->direction), out = get_out (shape, packing->direction);
  const size_t width = (size_t)packing->gemm->n_channels;
  const size_t product_floats = get_product_floats (packing->gemm, in, out);
  const size_t panel_floats = width * (size_t)in;
  double g[PATCH][3];

  fill_weight_transform (g);
  for (size_t o = 0; o < (product_floats / panel_floats) * width; o++)
    {
      float *target = packing->packed + o / width * panel_floats + item * width + o % width;
      double half[PATCH][3];

      if (o >= (size_t)out)
        {
          for (int q = 0; q < PRODUCTS; q++)
            target[(size_t)q * product_floats] = 0.0f;
          continue;
        }
      for (int i = 0; i < PATCH; i++)
        for (int s = 0; s < 3; s++)
          {
            double sum = 0.0;

            for (int r = 0; r < 3; r++)
              {
                /* The adjoint correlates with the weights turned by 180 degrees. */
                size_t tap = (size_t)(forward ? r * 3 + s : (2 - r) * 3 + (2 - s));
                size_t c = forward ? item : o, k = forward ? o : item;

                sum += g[i][r] * packing->w[(tap * (size_t)shape->c + c) * (size_t)shape->k + k];
              }
            half[i][s] = sum;
          }
      for (int i = 0; i < PATCH; i++)
        for (int j = 0; j < PATCH; j++)
          target[(size_t)(i * PATCH + j) * product_floats]
              = (float)(half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2]);
    }
}

void
cg_winograd_pack (const CgGemm *gemm, const CgConvShape *shape, CgConvDirection direction, const float *w,
                  float *packed, int n_threads)
{
  Packing packing = { gemm, shape, direction, w, packed };

  cg_parallel_for (n_threads, (size_t)get_in (shape, direction), pack_channel, &packing);
}

/* The pixels of tile @t's patch; those outside the padded image are NULL. */
static void
locate_patch (const Job *job, size_t t, const float *pixels[PRODUCTS])
{
  size_t image = t / job->tiles_per_image, inside = t % job->tiles_per_image;
  int row = (int)(inside / job->tiles_across) * TILE, column = (int)(inside % job->tiles_across) * TILE;

  for (int i = 0; i < PATCH; i++)
    for (int j = 0; j < PATCH; j++)
      pixels[i * PATCH + j] = row + i < job->rows + 2 && column + j < job->columns + 2
                                  ? cg_plane_at (&job->from, (int)image, row + i, column + j, job->c)
                                  : NULL;
}

/* Transforms tiles first … first + n - 1 (one panel) into the panels of all products, depth by depth of 16 channels. */
static void
transform_panel (const Job *job, size_t first, size_t n, float *panel, size_t product_floats, float *staged)
{
  const size_t pixels = (size_t)job->gemm->n_pixels;
  const float *located[CG_GEMM_MAX_PIXELS][PRODUCTS];
  const float *patch[PRODUCTS];

  for (size_t t = 0; t < n; t++)
    locate_patch (job, first + t, located[t]);
  for (size_t c = 0; c < (size_t)job->c; c += VECTOR)
    {
      for (size_t t = 0; t < n; t++)
        {
          for (int q = 0; q < PRODUCTS; q++)
            patch[q] = located[t][q] ? located[t][q] + c : outside;
          job->transform->input (patch, 0, staged + t * VECTOR, pixels * VECTOR);
        }
      for (size_t q = 0; q < PRODUCTS; q++)
        {
          const float *source = staged + q * pixels * VECTOR;
          float *target = panel + q * product_floats + c * pixels;

          for (size_t v = 0; v < VECTOR; v++)
            for (size_t t = 0; t < pixels; t++)
              target[v * pixels + t] = t < n ? source[t * VECTOR + v] : 0.0f;
        }
    }
}

/* Turns the products of tile @t (at @products, one every @stride floats) into its pixels. */
static void
finish_tile (const Job *job, size_t t, const float *products, size_t stride)
{
  size_t image = t / job->tiles_per_image, inside = t % job->tiles_per_image;
  int row = (int)(inside / job->tiles_across) * TILE, column = (int)(inside % job->tiles_across) * TILE;
  float *pixels[TILE * TILE];

  for (int i = 0; i < TILE; i++)
    for (int j = 0; j < TILE; j++)
      pixels[i * TILE + j] = row + i < job->rows && column + j < job->columns
                                 ? cg_plane_at (&job->to, (int)image, row + i, column + j, job->k)
                                 : NULL;
  for (size_t k = 0; k < (size_t)job->k; k += VECTOR)
    job->transform->output (products + k, stride, job->bias ? job->bias + k : NULL, job->activation, pixels, k);
}

static void
run_block (size_t item, int worker, void *data)
{
  const Job *job = data;
  const CgGemm *gemm = job->gemm;
  const size_t first = item * job->block, n = MIN (job->block, job->n_tiles - first);
  const size_t pixels = (size_t)gemm->n_pixels, width = (size_t)gemm->n_channels;
  const size_t c = (size_t)job->c, k = (size_t)job->k;
  const size_t in_floats = job->block * c, out_floats = job->block * k;
  const size_t weight_floats = get_product_floats (gemm, job->c, job->k);
  float *in = cg_workspace_get (job->workspace, worker);
  float *out = in + cg_round_line (PRODUCTS * in_floats + CG_GEMM_SLACK);
  float *staged = out + cg_round_line (PRODUCTS * out_floats + CG_GEMM_SLACK);

  for (size_t t = 0; t < n; t += pixels)
    transform_panel (job, first + t, MIN (pixels, n - t), in + t * c, in_floats, staged);
  for (size_t q = 0; q < PRODUCTS; q++)
    for (size_t j = 0; j < k; j += width)
      for (size_t t = 0; t < n; t += pixels)
        gemm->tile (gemm, (int)MIN (pixels, n - t), (int)MIN (width, k - j), c, in + q * in_floats + t * c,
                    job->packed + q * weight_floats + j * c, false, out + q * out_floats + t * k + j, k);
  for (size_t t = 0; t < n; t++)
    finish_tile (job, first + t, out + t * k, out_floats);
}

void
cg_winograd_run (const CgGemm *gemm, const CgWinogradTransform *transform, const CgConvShape *shape,
                 CgConvDirection direction, const float *packed, const float *bias, CgActivation activation,
                 CgPlane from, CgPlane to, const CgWorkspace *workspace)
{
  const bool forward = direction == CG_CONV_FORWARD;
  /* Rows of halo that the first patch reaches into. */
  const int reach = forward ? shape->pad : 2 - shape->pad;
  Job job = { .gemm = gemm,
              .transform = transform,
              .workspace = workspace,
              .packed = packed,
              .bias = bias,
              .activation = activation,
              .from = from,
              .to = to,
              .c = get_in (shape, direction),
              .k = get_out (shape, direction),
              .rows = forward ? shape->ho : shape->h,
              .columns = forward ? shape->wo : shape->w,
              .block = get_block (gemm) };

  job.from.data = cg_plane_at (&from, 0, -reach, -reach, job.c);
  job.tiles_across = ((size_t)job.columns + TILE - 1) / TILE;
  job.tiles_per_image = job.tiles_across * (((size_t)job.rows + TILE - 1) / TILE);
  job.n_tiles = (size_t)shape->n * job.tiles_per_image;
  cg_parallel_for (workspace->n_threads, (job.n_tiles + job.block - 1) / job.block, run_block, &job);
}
