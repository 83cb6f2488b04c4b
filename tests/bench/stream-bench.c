/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Processor seconds and memory of a network run whole, exact by rows, by rows with settled norms, and as a translation, in turn.
 * WIDTH HEIGHT NGF BLOCKS RESIZE? RUNS, where RUNS are letters: w whole, W 1024 x 1024 whole, e exact, s settled, t translation,
 * d how far exact and settled are from whole. */
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "infer/translate.h"
#include "nets/pass.h"
#include "nets/stream.h"

static double
get_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Any pixels will do. */
static gboolean
read_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  for (int y = 0; y < rows->h; y++)
    for (int i = 0; i < rows->w * rows->c; i++)
      cg_tensor_at (rows, 0, y, 0)[i] = (float)(((first + y) * 7 + i * 13) % 255) / 127.5f - 1.0f;
  return TRUE;
}

/* Into a picture of the rows' size, where there is one. */
static gboolean
write_rows (int first, const CgTensor *rows, gpointer data, GError **error)
{
  float *picture = data;
  size_t row = (size_t)rows->w * (size_t)rows->c;

  for (int y = 0; picture && y < rows->h; y++)
    memcpy (picture + (size_t)(first + y) * row, cg_tensor_at (rows, 0, y, 0), row * sizeof (float));
  return TRUE;
}

static void
print (const char *name, double start, double pixels, size_t bytes)
{
  printf ("%-8s %8.3f s per megapixel, %6zu MiB planned\n", name, (get_seconds () - start) / pixels * 1e6, bytes >> 20);
  fflush (stdout);
}

static void
run_whole (CgNetwork *network, int w, int h, float *picture)
{
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgPass) pass
      = cg_pass_new (network, 1, h, w, CG_PASS_INFERENCE, 1, arena, 0, cg_pass_get_span (network), NULL);
  double start;

  g_assert_true (pass && cg_arena_commit (arena, NULL));
  read_rows (0, cg_pass_get_input (pass), NULL, NULL);
  start = get_seconds ();
  cg_pass_forward (pass, NULL, NULL);
  print ("whole", start, (double)w * h, cg_arena_measure (arena));
  write_rows (0, cg_pass_get_output (pass), picture, NULL);
}

static void
run_stream (CgNetwork *network, int w, int h, CgStreamMode mode, CgNorms *norms, const char *name, float *picture)
{
  const CgStreamCalls calls = { read_rows, write_rows, NULL, picture };
  g_autoptr (CgArena) arena = cg_arena_new ();
  g_autoptr (CgStream) stream = cg_stream_new (network, 1, h, w, mode, norms, 1, arena, 0, NULL);
  double start;

  g_assert_true (stream && cg_arena_commit (arena, NULL));
  start = get_seconds ();
  cg_stream_run (stream, &calls, NULL);
  print (name, start, (double)w * h, cg_arena_measure (arena));
}

static void
print_distance (const char *name, const float *a, const float *b, size_t n)
{
  float most = 0.0f;
  double sum = 0.0;

  for (size_t e = 0; e < n; e++)
    {
      most = MAX (most, fabsf (a[e] - b[e]));
      sum += fabs ((double)a[e] - b[e]);
    }
  printf ("%s: at most %.1e, mean %.1e (values from -1 to 1)\n", name, most, sum / (double)n);
}

/* Settled with the statistics that exact found, so that these two differ in nothing but the order of the work. */
static void
run_differences (CgNetwork *network, int w, int h, CgNorms *norms)
{
  size_t n = (size_t)w * (size_t)h * 3;
  g_autofree float *whole = g_new (float, n);
  g_autofree float *exact = g_new (float, n);
  g_autofree float *settled = g_new (float, n);

  run_whole (network, w, h, whole);
  run_stream (network, w, h, CG_STREAM_EXACT, norms, "exact", exact);
  run_stream (network, w, h, CG_STREAM_SETTLED, norms, "settled", settled);
  print_distance ("exact from whole", exact, whole, n);
  print_distance ("settled from exact", settled, exact, n);
}

static gboolean
read_picture (int first, int n, float *rows, gpointer data, GError **error)
{
  int w = *(int *)data;

  for (int y = 0; y < n; y++)
    for (int i = 0; i < w * 3; i++)
      rows[(size_t)y * (size_t)w * 3 + (size_t)i] = (float)(((first + y) * 7 + i * 13) % 255) / 255.0f;
  return TRUE;
}

static gboolean
write_picture (int first, int n, const float *rows, gpointer data, GError **error)
{
  return TRUE;
}

static double
get_rss_mib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024.0;
}

/* Everything, with a memory limit of 1024 MiB. */
static void
run_translation (CgNetwork *network, int w, int h)
{
  g_autofree char *path = g_strdup_printf ("%s/stream-bench-%d.safetensors", g_get_tmp_dir (), (int)getpid ());
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = NULL;
  CgTranslateOptions options;
  double start, before;

  if (cg_model_save (network, CG_DTYPE_F32, NULL, path, &error))
    model = cg_model_load (path, &error);
  g_remove (path);
  g_assert_no_error (error);
  cg_translate_options_init (&options);
  options.size_mode = CG_SIZE_FULL;
  options.n_threads = 1;
  options.memory_limit = (guint64)1024 << 20;
  start = get_seconds ();
  before = get_rss_mib ();
  if (!cg_translate_rows (model, &options, w, h, read_picture, write_picture, &w, NULL, NULL, NULL, &error))
    printf ("%s\n", error->message);
  print ("translate", start, (double)w * h, 0);
  printf ("peak RSS %.0f MiB, before %.0f MiB\n", get_rss_mib (), before);
}

int
main (int argc, char **argv)
{
  int w = argc > 1 ? atoi (argv[1]) : 512, h = argc > 2 ? atoi (argv[2]) : 512;
  const CgNetworkConfig config
      = { .kind = CG_NET_RESNET,
          .input_nc = 3,
          .output_nc = 3,
          .nf = argc > 3 ? atoi (argv[3]) : 64,
          .n_blocks = argc > 4 ? atoi (argv[4]) : 9,
          .norm = CG_NORM_INSTANCE,
          .upsample = argc > 5 && atoi (argv[5]) ? CG_UPSAMPLE_RESIZE : CG_UPSAMPLE_TRANSPOSE };
  const char *which = argc > 6 ? argv[6] : "wes";
  CgNetwork *network = cg_network_new (&config, NULL);
  CgNorms *norms;

  g_assert_nonnull (network);
  cg_network_init (network, CG_INIT_NORMAL, 0.02, 1);
  norms = cg_norms_new (network);
  /* Somebody else's work on the machine falls on all of them alike; the first meets cold memory. */
  run_stream (network, 64, 64, CG_STREAM_EXACT, norms, "warm-up", NULL);
  for (; *which; which++)
    if (*which == 'w')
      run_whole (network, w, h, NULL);
    else if (*which == 'W')
      run_whole (network, 1024, 1024, NULL);
    else if (*which == 'd')
      run_differences (network, w, h, norms);
    else if (*which == 't')
      run_translation (network, w, h);
    else
      run_stream (network, w, h, *which == 'e' ? CG_STREAM_EXACT : CG_STREAM_SETTLED, norms,
                  *which == 'e' ? "exact" : "settled", NULL);
  cg_norms_free (norms);
  cg_network_free (network);
  return 0;
}
