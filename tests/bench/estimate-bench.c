/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What the dialog says a translation will take, beside what it took, computed as the plug-in does. A process measures one picture, for its
 * peak of memory is never lower again. MODEL WIDTH HEIGHT [SHORT SIDE, or 0 for every pixel]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model-cost.h"
#include "translation.h"

/* Of /proc/self/status, in bytes; 0 where there is none. */
static double
get_memory (const char *key)
{
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL) || !(line = strstr (status, key)))
    return 0.0;
  return 1024.0 * atof (line + strlen (key));
}

static GeglBuffer *
new_picture (int width, int height)
{
  const Babl *format = babl_format ("R'G'B' u8");
  GeglBuffer *picture = gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), format);
  g_autofree guchar *row = g_new (guchar, 3 * (gsize)width);

  for (int y = 0; y < height; y++)
    {
      for (int i = 0; i < 3 * width; i++)
        row[i] = (guchar)((i * 7 + y * 5) % 256);
      gegl_buffer_set (picture, GEGL_RECTANGLE (0, y, width, 1), 0, format, row, GEGL_AUTO_ROWSTRIDE);
    }
  return picture;
}

int
main (int argc, char **argv)
{
  g_auto (CgSettings) settings;
  g_autoptr (GError) error = NULL;
  g_autoptr (GeglBuffer) picture = NULL;
  g_autoptr (GeglBuffer) target = NULL;
  g_autoptr (CgModelCost) cost = NULL;
  g_autoptr (CgTranslation) translation = NULL;
  CgEstimate estimate;
  double seconds, shared;
  gint64 begin;

  if (argc < 4)
    return EXIT_FAILURE;
  gegl_init (NULL, NULL);
  cg_settings_init (&settings);
  g_free (settings.model);
  settings.model = g_strdup (argv[1]);
  if (argc > 4)
    {
      settings.size = atoi (argv[4]);
      settings.size_mode = settings.size ? CG_SIZE_SIZE : CG_SIZE_FULL;
    }
  picture = new_picture (atoi (argv[2]), atoi (argv[3]));
  target = gegl_buffer_new (gegl_buffer_get_extent (picture), babl_format ("R'G'B' u8"));
  cost = cg_model_cost_new (settings.model, &error);
  if (cost)
    cg_model_cost_estimate (cost, &settings, atoi (argv[2]), atoi (argv[3]), &estimate, &error);
  g_assert_no_error (error);
  begin = g_get_monotonic_time ();
  translation = cg_translation_new (picture, gegl_buffer_get_extent (picture), &error);
  g_assert_no_error (error);
  cg_translation_run (translation, &settings, NULL, NULL, &error);
  g_assert_no_error (error);
  cg_translation_write (translation, picture, target, &error);
  g_assert_no_error (error);
  seconds = (double)(g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  shared = get_memory ("RssFile:");
  printf ("%s x %s as %d x %d: %.2f s said, %.2f s taken (%+.0f %%); %.0f MiB said, %.0f MiB taken (%+.0f %%)\n",
          argv[2], argv[3], estimate.width, estimate.height, estimate.network_seconds + estimate.finish_seconds,
          seconds, 100.0 * ((estimate.network_seconds + estimate.finish_seconds) / seconds - 1.0),
          (double)estimate.bytes / 1048576.0, (get_memory ("VmHWM:") - shared) / 1048576.0,
          100.0 * ((double)estimate.bytes / (get_memory ("VmHWM:") - shared) - 1.0));
  printf ("  of these the network %.2f s said, %.2f s taken\n", estimate.network_seconds,
          cg_translation_get_seconds (translation));
  g_clear_object (&picture);
  g_clear_object (&target);
  gegl_exit ();
  return EXIT_SUCCESS;
}
