/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A stroke of a brush below the live filter: dabs on a small layer, each followed by the picture anew. Arguments: model side dabs. */
#include <gegl.h>
#include <stdio.h>
#include <stdlib.h>

#define DAB 24

static double
render (GeglNode *node, int side, float *pixels)
{
  gint64 start = g_get_monotonic_time ();

  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, side, side), babl_format ("R'G'B'A float"), pixels, 0,
                  GEGL_BLIT_DEFAULT);
  return (double)(g_get_monotonic_time () - start) / 1e3;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

int
main (int argc, char **argv)
{
  int side = argc > 2 ? atoi (argv[2]) : 256, n = argc > 3 ? atoi (argv[3]) : 50;
  g_autofree float *pixels = g_new (float, 4 * side * side);
  g_autofree double *times = g_new (double, n);
  float dab[4 * DAB * DAB];
  const Babl *format;
  GeglNode *graph, *source, *node;
  GeglBuffer *layer;
  double first, sum = 0.0;

  if (argc < 2)
    return 2;
  gegl_init (NULL, NULL);
  format = babl_format ("R'G'B'A float");
  layer = gegl_buffer_new (GEGL_RECTANGLE (0, 0, side, side), format);
  for (int i = 0; i < 4 * side * side; i++)
    pixels[i] = i % 4 == 3 ? 1.0f : 0.5f + 0.4f * (float)((i * 2654435761u >> 12) % 256) / 256.0f;
  gegl_buffer_set (layer, NULL, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
  graph = gegl_node_new ();
  source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", layer, NULL);
  node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", argv[1], NULL);
  gegl_node_link (source, node);
  first = render (node, side, pixels);
  for (int i = 0; i < n; i++)
    {
      int at = (side - DAB) * i / n;

      for (int p = 0; p < 4 * DAB * DAB; p++)
        dab[p] = p % 4 == 3 ? 1.0f : 0.1f * (float)(p % 4);
      gegl_buffer_set (layer, GEGL_RECTANGLE (at, side / 3, DAB, DAB), 0, format, dab, GEGL_AUTO_ROWSTRIDE);
      times[i] = render (node, side, pixels);
      sum += times[i];
    }
  qsort (times, (size_t)n, sizeof (double), compare_doubles);
  printf ("%d x %d, %d dabs: first picture %.0f ms, then %.0f ms in all, median %.1f ms, worst %.1f ms\n", side, side,
          n, first, sum, times[n / 2], times[n - 1]);
  gegl_node_set (node, "strength", 0.9, NULL);
  printf ("strength changed: %.1f ms\n", render (node, side, pixels));
  g_object_unref (graph);
  g_object_unref (layer);
  gegl_exit ();
  return 0;
}
