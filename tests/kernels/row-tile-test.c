/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is made in portions of rows has the bits of one call for all rows, as CgKernels' conv_row_tile and norm_row_tile promise. */
#include "kernels-fixture.h"

/* The convolutions of generators that run by rows: sizes are those of the small side for strided ones. */
typedef struct
{
  CgConvDirection direction;
  int rows, columns; /* of the output */
  int c, k, r, stride;
} Layer;

static const Layer layers[] = {
  { CG_CONV_FORWARD, 45, 21, 3, 64, 7, 1 },  { CG_CONV_FORWARD, 45, 21, 64, 3, 7, 1 },
  { CG_CONV_FORWARD, 45, 21, 32, 64, 3, 2 }, { CG_CONV_FORWARD, 45, 21, 64, 128, 3, 2 },
  { CG_CONV_FORWARD, 45, 21, 64, 64, 3, 1 }, { CG_CONV_FORWARD, 46, 5, 64, 32, 3, 1 },
  { CG_CONV_FORWARD, 45, 21, 8, 8, 3, 1 },   { CG_CONV_ADJOINT, 90, 42, 64, 128, 3, 2 },
  { CG_CONV_ADJOINT, 90, 42, 32, 64, 3, 2 }, { CG_CONV_ADJOINT, 90, 42, 4, 8, 3, 2 },
};

/* What a stream asks for: @rows rows of the output, with rows beyond where a halo would be. */
static CgConvShape
get_shape (const Layer *layer, int rows)
{
  CgConvShape shape = {
    .n = 1, .c = layer->c, .k = layer->k, .r = layer->r, .s = layer->r, .stride = layer->stride, .pad = layer->r / 2
  };

  if (layer->direction == CG_CONV_FORWARD)
    {
      shape.ho = rows;
      shape.wo = layer->columns;
      shape.h = rows * layer->stride;
      shape.w = layer->columns * layer->stride;
    }
  else
    {
      shape.h = rows;
      shape.w = layer->columns;
      shape.ho = rows / layer->stride;
      shape.wo = layer->columns / layer->stride;
    }
  return shape;
}

static void
run_rows (const CgKernels *kernels, const Layer *layer, const float *packed, const float *bias, const Image *in,
          const Image *out, int first, int end)
{
  const gboolean forward = layer->direction == CG_CONV_FORWARD;
  CgConvShape shape = get_shape (layer, end - first);
  CgPlane from = in->plane, to = out->plane;
  CgWorkspace workspace;

  if (!forward)
    shape.ho++;
  workspace = workspace_new (2, kernels->conv_scratch_floats (&shape));
  from.data = at (in, 0, forward ? first * layer->stride : first / layer->stride, 0);
  to.data = at (out, 0, first, 0);
  (forward ? kernels->conv_forward : kernels->conv_adjoint) (&shape, packed, bias, CG_ACTIVATION_RELU, from, to,
                                                             &workspace);
  free (workspace.scratch);
}

static void
check_layer (const CgKernels *kernels, const Layer *layer)
{
  const gboolean forward = layer->direction == CG_CONV_FORWARD;
  const CgConvShape shape = get_shape (layer, layer->rows);
  const int halo = forward ? shape.pad : cg_conv_adjoint_halo (&shape);
  const int n_in = forward ? shape.c : shape.k, n_out = forward ? shape.k : shape.c;
  const size_t n_weights = (size_t)(shape.r * shape.s * shape.c * shape.k);
  const int tile = kernels->conv_row_tile (&shape, layer->direction);
  g_autofree float *w = g_new (float, n_weights);
  g_autofree float *bias = g_new (float, n_out);
  Image in = forward ? image_new (1, shape.h, shape.w, n_in, halo) : image_new (1, shape.ho, shape.wo, n_in, halo);
  Image whole = image_new (1, layer->rows, layer->columns, n_out, 0);
  float *packed;

  image_fill (&in, halo, 1);
  image_zero_halo (&in, halo);
  fill_array (w, n_weights, 2);
  fill_array (bias, (size_t)n_out, 3);
  packed = packed_new (kernels, &shape, layer->direction, w, 1);
  g_assert_cmpint (tile % (forward ? 1 : layer->stride), ==, 0);
  run_rows (kernels, layer, packed, bias, &in, &whole, 0, layer->rows);

  /* Portions of one tile, and uneven ones. */
  for (int way = 0; way < 2; way++)
    {
      Image parts = image_new (1, layer->rows, layer->columns, n_out, 0);

      g_test_message ("%s: %d to %d, kernel %d, stride %d, %s, tile %d", kernels->name, layer->c, layer->k, layer->r,
                      layer->stride, forward ? "forward" : "adjoint", tile);
      for (int first = 0, n = 0; first < layer->rows; n++)
        {
          int end = MIN (first + tile * (way ? 1 + n % 3 : 1), layer->rows);

          run_rows (kernels, layer, packed, bias, &in, &parts, first, end);
          first = end;
        }
      g_assert_cmpmem (parts.block, parts.n_floats * sizeof (float), whole.block, whole.n_floats * sizeof (float));
      image_clear (&parts);
    }
  free (packed);
  image_clear (&whole);
  image_clear (&in);
}

static void
test_convolutions (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    check_layer (data, &layers[i]);
}

static void
check_statistics (const CgKernels *kernels, int w)
{
  const int h = 157, c = 37, tile = kernels->norm_row_tile (w);
  Image x = image_new (1, h, w, c, 0);
  CgWorkspace workspace = workspace_new (2, kernels->norm_scratch_floats (1, h, w, c));
  double mean[37] = { 0 }, m2[37] = { 0 };
  float whole_mean[37], whole_m2[37];

  image_fill (&x, 0, 4);
  kernels->norm_statistics (x.plane, 1, h, w, c, whole_mean, whole_m2, &workspace);
  g_test_message ("%s: %d pixels across, tile %d", kernels->name, w, tile);
  for (int first = 0, n = 0; first < h; n++)
    {
      const int rows = MIN (tile * (1 + n % 3), h - first);
      CgPlane portion = x.plane;

      portion.data = at (&x, 0, first, 0);
      kernels->norm_add_statistics (portion, rows, w, c, (double)first * w, mean, m2, &workspace);
      first += rows;
    }
  for (int e = 0; e < c; e++)
    {
      g_assert_cmpfloat ((float)mean[e], ==, whole_mean[e]);
      g_assert_cmpfloat ((float)m2[e], ==, whole_m2[e]);
    }
  free (workspace.scratch);
  image_clear (&x);
}

/* Widths whose blocks have many rows, one row, and a part of one; the widest have more blocks than are merged in one go. */
static void
test_statistics (gconstpointer data)
{
  const int widths[] = { 1, 3, 16, 50, 100, 300, 700, 4000 };

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++)
    check_statistics (data, widths[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  require_wish ();

  for (const CgKernels *const *table = get_tables (); *table; table++)
    {
      g_autofree char *convolution = g_strdup_printf ("/kernels/row-tile/convolution/%s", (*table)->name);
      g_autofree char *statistics = g_strdup_printf ("/kernels/row-tile/statistics/%s", (*table)->name);

      g_test_add_data_func (convolution, *table, test_convolutions);
      g_test_add_data_func (statistics, *table, test_statistics);
    }

  return g_test_run ();
}
