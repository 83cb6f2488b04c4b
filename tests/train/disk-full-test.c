/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Disks without room, before the first step and in mid-run, played by the limit of file sizes, which needs no privileges. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "commands.h"
#include "disk-room.h"
#include "program.h"
#include "run.h"
#include "tiny-run.h"

/* Less than a configuration takes, and less than any network. */
#define TOO_LITTLE 1024

static void
test_room (TinyFixture *fixture, gconstpointer data)
{
  static const guint64 little[] = { 1, 4096, 0 }, absurd[] = { 1, G_GUINT64_CONSTANT (1) << 62 };
  g_autofree char *nowhere = tiny_fixture_path (fixture, "nowhere");
  g_autofree char *trace = tiny_fixture_path (fixture, ".step-room-0");
  g_autoptr (GError) error = NULL;

  cg_disk_room_check (fixture->folder, ".step-", little, G_N_ELEMENTS (little), 0, &error);
  g_assert_no_error (error);
  g_assert_false (cg_disk_room_check (fixture->folder, ".step-", absurd, G_N_ELEMENTS (absurd), 0, &error));
  g_assert_cmpint (error->domain, ==, G_FILE_ERROR);
  g_assert_nonnull (strstr (error->message, fixture->folder));
  g_assert_nonnull (strstr (error->message, "EiB"));
  g_assert_false (g_file_test (trace, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  cg_disk_room_check (fixture->folder, ".step-", little, G_N_ELEMENTS (little), 4096, &error);
  g_assert_no_error (error);
  g_assert_false (
      cg_disk_room_check (fixture->folder, ".step-", little, G_N_ELEMENTS (little), G_MAXUINT64 - 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_assert_nonnull (strstr (error->message, "--save-epoch-freq"));
  g_assert_false (g_file_test (trace, G_FILE_TEST_EXISTS));
  g_clear_error (&error);
  g_assert_false (cg_disk_room_check (nowhere, ".step-", little, G_N_ELEMENTS (little), 0, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void
limit_files (GSubprocess *process, rlim_t bytes)
{
  struct rlimit limit;
  pid_t pid = (pid_t)g_ascii_strtoll (g_subprocess_get_identifier (process), NULL, 10);

  g_assert_cmpint (prlimit (pid, RLIMIT_FSIZE, NULL, &limit), ==, 0);
  limit.rlim_cur = bytes;
  g_assert_cmpint (prlimit (pid, RLIMIT_FSIZE, &limit, NULL), ==, 0);
}

/* Nothing that looks like a run is left, so that the next attempt is not refused. */
static void
test_before (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_autofree char *config = g_build_filename (out, "config.json", NULL);
  g_autofree char *messages = NULL;
  struct rlimit limit, full;
  GSubprocess *process;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &full), ==, 0);
  limit = full;
  limit.rlim_cur = TOO_LITTLE;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  process = program_start (tiny_run_argv (fixture->dataset, out, "--max-steps", "2", NULL));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &full), ==, 0);
  g_assert_cmpint (program_finish (process, NULL, &messages), ==, CG_EXIT_FAILED);
  g_assert_nonnull (strstr (messages, out));
  g_assert_nonnull (strstr (messages, "Make room"));
  g_assert_null (strstr (messages, "step 1"));
  g_assert_false (g_file_test (config, G_FILE_TEST_EXISTS));
  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--max-steps", "1", NULL), CG_RUN_COMPLETE);
}

/* What would fill the disk only after years is told as well; without checkpoints that are kept for good it fits. */
static void
test_kept (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_autofree char *config = g_build_filename (out, "config.json", NULL);
  g_autofree char *messages = NULL;
  char **argv = tiny_run_argv (fixture->dataset, out, "--n-epochs=2147483647", "--save-epoch-freq=1", NULL);

  g_assert_cmpint (program_finish (program_start (argv), NULL, &messages), ==, CG_EXIT_FAILED);
  g_assert_nonnull (strstr (messages, out));
  g_assert_nonnull (strstr (messages, "--save-epoch-freq"));
  g_assert_false (g_file_test (config, G_FILE_TEST_EXISTS));
  tiny_run_assert (
      tiny_run_argv (fixture->dataset, out, "--n-epochs=2147483647", "--save-epoch-freq=1", "--max-steps=1", NULL),
      CG_RUN_COMPLETE);
}

/* The checkpoint that fits no more ends the run; the newest of those before is whole, and with room again the run goes on as
 * if nothing had been. */
static void
test_within (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = tiny_fixture_path (fixture, "whole");
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_autofree char *models = g_build_filename (out, "G_B.safetensors", NULL);
  g_autofree char *messages = NULL;
  g_autofree char *end = NULL;
  const char *left;
  gint64 step;
  GSubprocess *process = program_start (tiny_run_argv (fixture->dataset, out, "--n-epochs", "100000", "--save-freq",
                                                       "4", "--print-freq", "1000000", "--save-epoch-freq", "0", NULL));

  g_assert_true (program_wait_for (process, models));
  limit_files (process, TOO_LITTLE);
  g_assert_cmpint (program_finish (process, NULL, &messages), ==, CG_EXIT_FAILED);
  g_assert_true (g_str_has_prefix (messages, "cyclegan: "));
  g_assert_nonnull (strstr (messages, "--resume"));
  g_assert_nonnull (strstr (messages, g_strerror (EFBIG)));
  left = strstr (messages, "checkpoints/step-");
  g_assert_nonnull (left);
  step = g_ascii_strtoll (left + strlen ("checkpoints/step-"), NULL, 10) + 3;
  g_assert_cmpint (step, >=, 4 + 3);

  end = g_strdup_printf ("%d", (int)step);
  tiny_run_assert (tiny_run_argv (fixture->dataset, whole, "--n-epochs", "100000", "--save-epoch-freq", "0",
                                  "--max-steps", end, NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert (tiny_run_argv (fixture->dataset, out, "--n-epochs", "100000", "--max-steps", end, "--resume", NULL),
                   CG_RUN_COMPLETE);
  tiny_run_assert_equal (whole, out, step);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* The limit shall be an error here, too. */
  signal (SIGXFSZ, SIG_IGN);
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/disk-full/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("room", test_room);
  ADD ("before", test_before);
  ADD ("kept", test_kept);
  ADD ("within", test_within);
  return g_test_run ();
}
