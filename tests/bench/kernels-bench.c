/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Prints how fast the convolutions of the ResNet-9 generator at 256x256 run on the table of CG_CPU; never fails on time.
 * Two arguments, both optional: the most threads (2), and a part of the names of the layers that are wanted. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#define LINE 64 /* bytes of alignment */

typedef struct
{
  const char *name;
  CgConvShape shape;
} Layer;

static const Layer layers[] = {
  { "stem 7x7 3->64", { 1, 256, 256, 3, 256, 256, 64, 7, 7, 1, 3 } },
  { "down 3x3/2 64->128", { 1, 256, 256, 64, 128, 128, 128, 3, 3, 2, 1 } },
  { "down 3x3/2 128->256", { 1, 128, 128, 128, 64, 64, 256, 3, 3, 2, 1 } },
  { "block 3x3 256->256", { 1, 64, 64, 256, 64, 64, 256, 3, 3, 1, 1 } },
  { "small 3x3 128->128", { 1, 32, 32, 128, 32, 32, 128, 3, 3, 1, 1 } },
  { "last 7x7 64->3", { 1, 256, 256, 64, 256, 256, 3, 7, 7, 1, 3 } },
  { "patch 4x4/2 3->64", { 1, 256, 256, 3, 128, 128, 64, 4, 4, 2, 1 } },
  { "patch 4x4/2 64->128", { 1, 128, 128, 64, 64, 64, 128, 4, 4, 2, 1 } },
  { "patch 4x4 256->512", { 1, 32, 32, 256, 31, 31, 512, 4, 4, 1, 1 } },
  { "patch 4x4 512->1", { 1, 31, 31, 512, 30, 30, 1, 4, 4, 1, 1 } },
};

static float *
new_floats (size_t n)
{
  float *floats = aligned_alloc (LINE, (n * sizeof (float) + LINE - 1) / LINE * LINE);

  if (!floats)
    g_error ("no memory for %zu floats", n);
  for (size_t i = 0; i < n; i++)
    floats[i] = (float)(i % 17) * 0.01f - 0.08f;
  return floats;
}

/* A plane with a halo on all sides; *block is what to free. */
static CgPlane
new_plane (int n, int h, int w, int c, int halo, float **block)
{
  CgPlane plane;

  plane.row_stride = (size_t)(w + 2 * halo) * (size_t)c;
  plane.image_stride = (size_t)(h + 2 * halo) * plane.row_stride;
  *block = new_floats ((size_t)n * plane.image_stride);
  plane.data = *block + (size_t)halo * plane.row_stride + (size_t)(halo * c);
  return plane;
}

/* The best of some runs within half a second, in milliseconds. */
#define TIME(call)                                                                                                     \
  ({                                                                                                                   \
    gint64 best = G_MAXINT64, end = g_get_monotonic_time () + G_USEC_PER_SEC / 2;                                      \
    for (int run = 0; run < 3 || g_get_monotonic_time () < end; run++)                                                 \
      {                                                                                                                \
        const gint64 start = g_get_monotonic_time ();                                                                  \
        call;                                                                                                          \
        best = MIN (best, g_get_monotonic_time () - start);                                                            \
      }                                                                                                                \
    (double)best / 1000.0;                                                                                             \
  })

static void
print_time (const char *what, double ms, double products)
{
  printf ("  %-8s %8.2f ms %7.1f GFLOPS", what, ms, 2e-6 * products / ms);
}

static void
bench_layer (const CgKernels *kernels, const Layer *layer, int n_threads)
{
  const CgConvShape *s = &layer->shape;
  const size_t n_weights = (size_t)(s->r * s->s) * (size_t)(s->c * s->k);
  const double products = (double)s->n * s->ho * s->wo * (double)n_weights;
  float *x_block, *y_block, *out_block, *w = new_floats (n_weights), *dw = new_floats (n_weights);
  const CgPlane x = new_plane (s->n, s->h, s->w, s->c, s->pad, &x_block);
  const CgPlane y = new_plane (s->n, s->ho, s->wo, s->k, cg_conv_adjoint_halo (s), &y_block);
  const CgPlane out = new_plane (s->n, s->h, s->w, MAX (s->c, s->k), 0, &out_block);
  const size_t scratch = MAX (kernels->conv_scratch_floats (s), kernels->conv_weight_gradient_scratch_floats (s));
  const CgWorkspace workspace = { n_threads, scratch, new_floats ((size_t)n_threads * scratch) };
  CgPlane like_y = out, like_x = out;
  float *packed[2];

  like_y.row_stride = (size_t)(s->wo * s->k);
  like_x.row_stride = (size_t)(s->w * s->c);
  for (int direction = 0; direction < 2; direction++)
    {
      packed[direction] = new_floats (kernels->conv_packed_floats (s, (CgConvDirection)direction));
      kernels->conv_pack (s, (CgConvDirection)direction, w, packed[direction], n_threads);
    }

  printf ("%-20s", layer->name);
  print_time ("forward", TIME (kernels->conv_forward (s, packed[0], NULL, CG_ACTIVATION_NONE, x, like_y, &workspace)),
              products);
  print_time ("adjoint", TIME (kernels->conv_adjoint (s, packed[1], NULL, CG_ACTIVATION_NONE, y, like_x, &workspace)),
              products);
  print_time ("weights", TIME (kernels->conv_weight_gradient (s, x, y, dw, &workspace)), products);
  printf ("  packing %.2f ms\n", TIME (kernels->conv_pack (s, CG_CONV_ADJOINT, w, packed[1], n_threads)));

  free (packed[0]);
  free (packed[1]);
  free (workspace.scratch);
  free (out_block);
  free (y_block);
  free (x_block);
  free (w);
  free (dw);
}

/* A normalisation of the blocks' 64x64x256 and one of the stem's 256x256x64, with ReLU. */
static void
bench_norm (const CgKernels *kernels, int size, int c, int n_threads)
{
  float *block[3];
  const CgPlane x = new_plane (1, size, size, c, 1, &block[0]), z = new_plane (1, size, size, c, 1, &block[1]);
  const CgPlane dz = new_plane (1, size, size, c, 1, &block[2]);
  const size_t scratch = kernels->norm_scratch_floats (1, size, size, c);
  const CgWorkspace workspace = { n_threads, scratch, new_floats ((size_t)n_threads * scratch) };
  float *a = new_floats ((size_t)c), *b = new_floats ((size_t)c), *d = new_floats ((size_t)c);
  float *e = new_floats ((size_t)c), *f = new_floats ((size_t)c);

  printf ("norm %dx%dx%d  statistics %.2f ms", size, size, c,
          TIME (kernels->norm_statistics (x, 1, size, size, c, e, f, &workspace)));
  printf ("  apply %.2f ms",
          TIME (kernels->norm_apply (x, a, b, CG_ACTIVATION_RELU, (CgPlane){ 0 }, z, 1, size, size, c, n_threads)));
  printf ("  gradient sums %.2f ms",
          TIME (kernels->norm_gradient_sums (x, a, b, CG_ACTIVATION_RELU, dz, 1, size, size, c, e, f, &workspace)));
  printf ("  gradient apply %.2f ms\n", TIME (kernels->norm_gradient_apply (x, a, b, CG_ACTIVATION_RELU, dz, a, b, d, z,
                                                                            1, size, size, c, n_threads)));
  for (int i = 0; i < 3; i++)
    free (block[i]);
  free (workspace.scratch);
  free (a);
  free (b);
  free (d);
  free (e);
  free (f);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  const CgKernels *kernels = cg_kernels_get (&error);
  const int most_threads = argc > 1 ? atoi (argv[1]) : 2;
  const char *part = argc > 2 ? argv[2] : "";

  /* A kernel that was asked for and cannot be had must not be replaced by another one's numbers. */
  if (!kernels)
    g_error ("%s", error->message);

  for (int n_threads = 1; n_threads <= most_threads; n_threads++)
    {
      printf ("%s, %d thread(s)\n", kernels->name, n_threads);
      for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
        if (strstr (layers[i].name, part))
          bench_layer (kernels, &layers[i], n_threads);
      if (strstr ("norm", part))
        {
          bench_norm (kernels, 256, 64, n_threads);
          bench_norm (kernels, 64, 256, n_threads);
        }
    }
  return 0;
}
