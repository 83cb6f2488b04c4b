/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What statistics that are not taken from every pixel cost, in levels of 255, against the exact result: MODEL and pictures as binary PPM. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "infer/resize-axis.h"
#include "infer/sample-grid.h"
#include "model/model.h"
#include "nets/stream.h"

#define N_THREADS cg_parallel_get_default_threads ()

/* -1 … 1, [h][w][3]. */
typedef struct
{
  int w, h;
  float *in, *out, *exact;
} Picture;

static gboolean
read_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  const Picture *picture = data;

  for (int y = 0; y < rows->h; y++)
    memcpy (cg_tensor_at (rows, 0, y, 0), picture->in + (size_t)(first + y) * (size_t)picture->w * 3,
            (size_t)picture->w * 3 * sizeof (float));
  return TRUE;
}

static gboolean
write_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  const Picture *picture = data;

  for (int y = 0; y < rows->h; y++)
    memcpy (picture->out + (size_t)(first + y) * (size_t)picture->w * 3, cg_tensor_at (rows, 0, y, 0),
            (size_t)picture->w * 3 * sizeof (float));
  return TRUE;
}

static void
run (CgNetwork *network, CgStreamMode mode, CgNorms *norms, Picture *picture)
{
  const CgStreamCalls calls = { read_rows, write_rows, NULL, picture };
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgStream) stream
      = cg_stream_new (network, 1, picture->h, picture->w, mode, norms, N_THREADS, arena, 0, NULL);

  g_assert_true (stream && cg_arena_commit (arena, NULL) && cg_stream_run (stream, &calls, NULL));
}

/* Returns: how many pieces there were. */
static int
measure_samples (CgNetwork *network, CgNorms *norms, const Picture *picture, const CgSampleShape *shape)
{
  const CgStreamCalls calls = { NULL, NULL, NULL, NULL };
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgStream) stream = NULL;
  const CgTensor *input;
  CgSampleGrid grid;
  int n;

  cg_sample_grid_init (&grid, picture->w, picture->h, 4, shape);
  if (grid.n == 0)
    return 0;
  stream
      = cg_stream_new (network, grid.n, grid.height, grid.width, CG_STREAM_SAMPLES, norms, N_THREADS, arena, 0, NULL);
  g_assert_true (stream && cg_arena_commit (arena, NULL));
  input = cg_stream_get_input (stream);
  for (int y = 0; y < picture->h; y++)
    cg_sample_grid_take_row (&grid, y, picture->in + (size_t)y * (size_t)picture->w * 3, 3, input);
  cg_stream_set_areas (stream, grid.areas);
  g_assert_true (cg_stream_run (stream, &calls, NULL));
  n = grid.n;
  cg_sample_grid_clear (&grid);
  return n;
}

/* Statistics of the picture reduced by @factor. */
static void
measure_reduced (CgNetwork *network, CgNorms *norms, const Picture *picture, int factor)
{
  Picture small = { picture->w / factor / 4 * 4, picture->h / factor / 4 * 4, NULL, NULL, NULL };
  size_t floats = (size_t)small.w * (size_t)small.h * 3;
  g_autofree float *scratch = g_new (float, picture->w * 3);
  CgResizeAxis across, down;

  small.in = g_new (float, floats);
  small.out = g_new (float, floats);
  g_assert_true (cg_resize_axis_init (&across, picture->w, small.w, NULL)
                 && cg_resize_axis_init (&down, picture->h, small.h, NULL));
  for (int y = 0; y < small.h; y++)
    cg_resize_row (&across, &down, 3, picture->in, 0, (size_t)picture->w * 3, false, y, scratch,
                   small.in + (size_t)y * (size_t)small.w * 3);
  cg_resize_axis_clear (&across);
  cg_resize_axis_clear (&down);
  run (network, CG_STREAM_EXACT, norms, &small);
  g_free (small.in);
  g_free (small.out);
}

static void
compare (const char *name, const Picture *picture)
{
  size_t n = (size_t)picture->w * (size_t)picture->h * 3, histogram[1024] = { 0 }, below = 0;
  double sum = 0.0, most = 0.0;
  int p99 = 0;

  for (size_t i = 0; i < n; i++)
    {
      double levels = 127.5 * fabs ((double)picture->out[i] - picture->exact[i]);

      sum += levels;
      most = fmax (most, levels);
      histogram[(int)(levels * 4.0)]++;
    }
  while (below < n / 100 * 99)
    below += histogram[p99++];
  printf ("  %-28s mean %6.3f  p99 %6.2f  worst %6.2f\n", name, sum / (double)n, p99 / 4.0, most);
  fflush (stdout);
}

static gboolean
load (const char *path, Picture *picture)
{
  FILE *file = fopen (path, "rb");
  g_autofree guint8 *bytes = NULL;
  int w, h;
  size_t n;

  if (!file || fscanf (file, "P6 %d %d 255", &w, &h) != 2 || fgetc (file) == EOF)
    return FALSE;
  bytes = g_malloc ((size_t)w * (size_t)h * 3);
  if (fread (bytes, 3, (size_t)w * (size_t)h, file) != (size_t)w * (size_t)h)
    return FALSE;
  fclose (file);
  picture->w = w / 4 * 4;
  picture->h = h / 4 * 4;
  n = (size_t)picture->w * (size_t)picture->h * 3;
  picture->in = g_new (float, n);
  picture->out = g_new (float, n);
  picture->exact = g_new (float, n);
  for (int y = 0; y < picture->h; y++)
    for (int i = 0; i < picture->w * 3; i++)
      picture->in[(size_t)y * (size_t)picture->w * 3 + (size_t)i]
          = (float)bytes[(size_t)y * (size_t)w * 3 + (size_t)i] / 127.5f - 1.0f;
  return TRUE;
}

int
main (int argc, char **argv)
{
  /* SHAPES: piece:margin:megapixels, separated by commas; REDUCED: factors */
  const char *shapes = g_getenv ("SHAPES") ? g_getenv ("SHAPES") : "0:0:0";
  const char *factors = g_getenv ("REDUCED") ? g_getenv ("REDUCED") : "2,4";
  g_auto (GStrv) shape_list = g_strsplit (shapes, ",", -1), factor_list = g_strsplit (factors, ",", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = argc > 2 ? cg_model_load (argv[1], &error) : NULL;

  if (!model)
    {
      printf ("usage: statistics-bench MODEL PICTURE.ppm…; %s\n", error ? error->message : "needs pictures");
      return 0;
    }
  for (int i = 2; i < argc; i++)
    {
      CgNetwork *network = cg_model_get_network (model);
      CgNorms *norms = cg_norms_new (network);
      Picture picture;

      if (!load (argv[i], &picture))
        {
          printf ("%s: not a binary PPM of 8 bits\n", argv[i]);
          continue;
        }
      printf ("%s, %d x %d\n", argv[i], picture.w, picture.h);
      run (network, CG_STREAM_EXACT, norms, &picture);
      memcpy (picture.exact, picture.out, (size_t)picture.w * (size_t)picture.h * 3 * sizeof (float));
      for (char **text = shape_list; *text; text++)
        {
          g_auto (GStrv) parts = g_strsplit (*text, ":", 3);
          CgSampleShape shape = { 0 };
          g_autofree char *name = NULL;
          int n;

          if (g_strv_length (parts) == 3)
            shape = (CgSampleShape){ atoi (parts[0]), atoi (parts[1]), 1e6 * g_ascii_strtod (parts[2], NULL) };
          n = measure_samples (network, norms, &picture, shape.piece > 0 ? &shape : NULL);
          if (n == 0)
            continue;
          name = g_strdup_printf ("%d pieces %s", n, shape.piece > 0 ? *text : "");
          run (network, CG_STREAM_SETTLED, norms, &picture);
          compare (name, &picture);
        }
      for (char **text = factor_list; *text; text++)
        if (atoi (*text) > 1)
          {
            g_autofree char *name = g_strdup_printf ("reduced by %s", *text);

            measure_reduced (network, norms, &picture, atoi (*text));
            run (network, CG_STREAM_SETTLED, norms, &picture);
            compare (name, &picture);
          }
      cg_norms_free (norms);
      g_free (picture.in);
      g_free (picture.out);
      g_free (picture.exact);
    }
  return 0;
}
