/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Runs of a second: a small generated dataset, options for tiny networks, and the comparison of what two runs left behind. */
#pragma once

#include "train-options.h"

/* A folder for one test, with a dataset of tiny_dataset_new() in it; for g_test_add(). */
typedef struct
{
  char *folder, *dataset;
} TinyFixture;

void tiny_fixture_set_up (TinyFixture *fixture, gconstpointer data);
void tiny_fixture_tear_down (TinyFixture *fixture, gconstpointer data);
char *tiny_fixture_path (const TinyFixture *fixture, const char *name);

/* trainA and trainB with a few PNGs of patterns, below @folder. Returns: its path; the caller frees it. */
char *tiny_dataset_new (const char *folder);

/* The command line of a tiny run: argv[0], the options that make it tiny and keep it on one thread, which suits machines
 * that do more than this test, then the given ones up to NULL. (transfer full) */
char **tiny_run_argv (const char *dataset, const char *out, ...) G_GNUC_NULL_TERMINATED;

/* What @argv says. (transfer full) */
CgTrainOptions *tiny_run_options (char **argv, guint64 *given);

/* Asserts that cg_run() with @argv, which it frees, ends as @outcome. */
void tiny_run_assert (char **argv, int outcome);

/* Asserts that cg_run() with @argv, which it frees, fails. (transfer full) */
GError *tiny_run_fail (char **argv);

/* Asserts that the newest checkpoints of two runs are of the same step and hold the same bits, and that their models do. */
void tiny_run_assert_equal (const char *out_a, const char *out_b, gint64 step);

/* All steps in metrics.jsonl, in order: gint64. (transfer full) */
GArray *tiny_run_get_metric_steps (const char *out);
