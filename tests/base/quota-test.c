/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* CPU quotas read from folders that imitate the kernel's. */
#include <glib.h>
#include <glib/gstdio.h>

#include "base/quota.h"

static char *mount;

static void
put (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (mount, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
remove_tree (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);

  if (dir != NULL)
    {
      const char *name;

      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          remove_tree (child);
        }
      g_dir_close (dir);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
begin (void)
{
  mount = g_dir_make_tmp ("cg-quota-XXXXXX", NULL);
  g_assert_nonnull (mount);
}

static void
end (void)
{
  remove_tree (mount);
  g_clear_pointer (&mount, g_free);
}

static void
test_version_2 (void)
{
  begin ();
  g_assert_cmpint (cg_quota_get_processors ("0::/a/b\n", mount), ==, 0);

  put ("a/b/cpu.max", "max 100000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a/b\n", mount), ==, 0);

  /* Rounded up, at least 1. */
  put ("a/b/cpu.max", "250000 100000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a/b\n", mount), ==, 3);
  put ("a/b/cpu.max", "1000 100000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a/b\n", mount), ==, 1);

  /* The tightest of the group and those above counts. */
  put ("a/b/cpu.max", "800000 100000\n");
  put ("a/cpu.max", "200000 50000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a/b\n", mount), ==, 4);
  g_assert_cmpint (cg_quota_get_processors ("0::/elsewhere\n", mount), ==, 0);

  /* A container sees its group as the mount itself, whatever its path outside. */
  put ("cpu.max", "200000 100000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/system.slice/outside.scope\n", mount), ==, 2);
  g_assert_cmpint (cg_quota_get_processors ("0::/../../outside\n", mount), ==, 2);
  g_assert_cmpint (cg_quota_get_processors ("0::/\n", mount), ==, 2);
  end ();
}

static void
test_version_1 (void)
{
  static const char membership[]
      = "5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n0::/docker/x\n";

  begin ();
  put ("cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
  put ("cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  g_assert_cmpint (cg_quota_get_processors (membership, mount), ==, 0);

  put ("cpu,cpuacct/docker/x/cpu.cfs_quota_us", "350000\n");
  g_assert_cmpint (cg_quota_get_processors (membership, mount), ==, 4);

  /* Hybrid systems mount version 2 beside it. */
  put ("unified/docker/x/cpu.max", "150000 100000\n");
  g_assert_cmpint (cg_quota_get_processors (membership, mount), ==, 2);
  end ();
}

static void
test_damaged (void)
{
  begin ();
  put ("a/cpu.max", "");
  g_assert_cmpint (cg_quota_get_processors ("0::/a\n", mount), ==, 0);
  put ("a/cpu.max", "100000\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a\n", mount), ==, 0);
  put ("a/cpu.max", "100000 0\n");
  g_assert_cmpint (cg_quota_get_processors ("0::/a\n", mount), ==, 0);
  g_assert_cmpint (cg_quota_get_processors ("", mount), ==, 0);
  g_assert_cmpint (cg_quota_get_processors ("nonsense\n:\n::\n", mount), ==, 0);
  end ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/quota/version-2", test_version_2);
  g_test_add_func ("/base/quota/version-1", test_version_1);
  g_test_add_func ("/base/quota/damaged", test_damaged);
  return g_test_run ();
}
