/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reads the CPU quota of control groups, both versions; apart so that it can be tested on folders that imitate them. */
#include "base/quota.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* Adds the limit of one group to @tightest (processors; INFINITY for none). A file that is absent is no limit. */
typedef void (*ReadLimit) (const char *group, double *tightest);

static void
tighten (double quota, double period, double *tightest)
{
  if (quota > 0.0 && period > 0.0)
    *tightest = MIN (*tightest, quota / period);
}

/* "max 100000" or "150000 100000" */
static void
read_limit_v2 (const char *group, double *tightest)
{
  g_autofree char *path = g_build_filename (group, "cpu.max", NULL);
  g_autofree char *text = NULL;
  char *rest = NULL;
  double quota;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;

  quota = g_ascii_strtod (text, &rest);
  if (rest != text)
    tighten (quota, g_ascii_strtod (rest, NULL), tightest);
}

/* Two files of one number each; a quota of -1 is none. */
static void
read_limit_v1 (const char *group, double *tightest)
{
  g_autofree char *quota_path = g_build_filename (group, "cpu.cfs_quota_us", NULL);
  g_autofree char *period_path = g_build_filename (group, "cpu.cfs_period_us", NULL);
  g_autofree char *quota = NULL;
  g_autofree char *period = NULL;

  if (g_file_get_contents (quota_path, &quota, NULL, NULL) && g_file_get_contents (period_path, &period, NULL, NULL))
    tighten (g_ascii_strtod (quota, NULL), g_ascii_strtod (period, NULL), tightest);
}

/* From the process's own group up to the mount itself. Inside a container the path may be the one outside, which does
 * not exist here, while the mount is the container's own group: so what is missing is passed over, not an end. */
static void
climb (const char *mount, const char *path, ReadLimit read_limit, double *tightest)
{
  g_autofree char *current = g_strdup (path);

  if (strstr (current, "..") != NULL)
    current[0] = '\0';

  for (;;)
    {
      g_autofree char *group = g_build_filename (mount, current, NULL);
      char *slash;

      read_limit (group, tightest);

      slash = strrchr (current, '/');
      if (current[0] == '\0')
        break;
      if (slash != NULL)
        *slash = '\0';
      else
        current[0] = '\0';
    }
}

int
cg_quota_get_processors (const char *membership, const char *mount)
{
  g_auto (GStrv) lines = g_strsplit (membership, "\n", -1);
  double tightest = INFINITY;

  for (char **line = lines; *line != NULL; line++)
    {
      /* "hierarchy:controllers:path"; version 2 is "0::path" */
      g_auto (GStrv) fields = g_strsplit (*line, ":", 3);

      if (g_strv_length (fields) != 3)
        continue;

      if (fields[1][0] == '\0')
        {
          g_autofree char *unified = g_build_filename (mount, "unified", NULL);

          climb (mount, fields[2], read_limit_v2, &tightest);
          climb (unified, fields[2], read_limit_v2, &tightest);
        }
      else
        {
          g_auto (GStrv) controllers = g_strsplit (fields[1], ",", -1);

          if (g_strv_contains ((const char *const *)controllers, "cpu"))
            {
              g_autofree char *joint = g_build_filename (mount, fields[1], NULL);

              climb (joint, fields[2], read_limit_v1, &tightest);
            }
        }
    }

  return isfinite (tightest) ? (int)MIN (MAX (ceil (tightest), 1.0), (double)G_MAXINT) : 0;
}
