/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The CPU time that control groups grant this process: containers limit it without hiding processors. */
#pragma once

/**
 * cg_quota_get_processors:
 * @membership: the contents of /proc/self/cgroup
 * @mount: where control groups are mounted, "/sys/fs/cgroup" outside tests
 *
 * Reads cpu.max (version 2, also where it is mounted at @mount/unified) and cpu.cfs_quota_us (version 1) of the
 * process's group and of every group above it; the tightest counts.
 *
 * Returns: quota / period rounded up, at least 1; 0 when nothing limits the process or nothing can be read.
 */
int cg_quota_get_processors (const char *membership, const char *mount);
