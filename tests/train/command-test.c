/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The command from outside: exit statuses, Ctrl-C, and kill -9 at random moments, after which a resumed run must end
 * with the weights of one that nobody touched. CG_TEST_KILLS sets how often it is killed. */
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "commands.h"
#include "program.h"
#include "tiny-run.h"

#define KILLS 3
/* Steps that a process may take before it is killed; with as many again for what it does until the signal arrives. */
#define MAX_ADVANCE 6
#define MAX_RETRIES 20

#define N_STEPS 20
#define STEPS "20"

static void
assert_usage_error (char **argv, const char *told)
{
  g_autofree char *messages = NULL;

  g_assert_cmpint (program_finish (program_start (argv), NULL, &messages), ==, CG_EXIT_USAGE);
  g_assert_true (g_str_has_prefix (messages, "cyclegan: "));
  if (!strstr (messages, told))
    g_error ("“%s” does not tell “%s”", messages, told);
}

static char **
words (const char *line)
{
  return g_strsplit (line, " ", -1);
}

static void
test_statuses (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = g_build_filename (fixture->folder, "run", NULL);
  g_autofree char *untouched = g_build_filename (fixture->folder, "untouched", NULL);
  g_autofree char *output = NULL;
  g_autofree char *messages = NULL;

  assert_usage_error (words ("train"), "--out");
  assert_usage_error (words ("train --out x"), "--dataroot");
  assert_usage_error (words ("train --gan-mode none"), "minimax, vanilla, lsgan, hinge, wgan");
  assert_usage_error (words ("train --lr fast"), "--lr");
  assert_usage_error (words ("train --no-such"), "--no-such");
  assert_usage_error (words ("train stray"), "stray");
  assert_usage_error (words ("trane"), "trane");
  assert_usage_error (tiny_run_argv (fixture->dataset, out, "--n-layers-d", "5", NULL), "");

  g_assert_cmpint (program_finish (program_start (words ("train --help")), &output, NULL), ==, CG_EXIT_OK);
  g_assert_nonnull (strstr (output, "--lambda-identity"));
  g_assert_nonnull (strstr (output, "default: 0.0002"));
  g_assert_nonnull (strstr (output, "minimax|vanilla|lsgan|hinge|wgan"));
  g_clear_pointer (&output, g_free);

  g_assert_cmpint (program_finish (program_start (words ("train --print-config --ngf 7")), &output, NULL), ==,
                   CG_EXIT_OK);
  g_assert_nonnull (strstr (output, "\"ngf\" : 7"));
  g_assert_nonnull (strstr (output, "\"n_blocks\" : 9"));

  g_clear_pointer (&output, g_free);
  g_assert_cmpint (program_finish (program_start (tiny_run_argv (fixture->dataset, untouched, "--print-config",
                                                                 "--preset", "small", NULL)),
                                   &output, &messages),
                   ==, CG_EXIT_OK);
  g_assert_nonnull (strstr (output, "\"seconds_per_step\" : "));
  g_assert_nonnull (strstr (output, "\"steps_per_epoch\" : 5"));
  g_assert_nonnull (strstr (output, "\"preprocess\" : \"zoom_and_crop\""));
  g_assert_nonnull (strstr (messages, "for 20 steps"));
  g_assert_false (g_file_test (untouched, G_FILE_TEST_EXISTS));
  g_clear_pointer (&messages, g_free);

  g_assert_cmpint (program_finish (program_start (tiny_run_argv ("/nonexistent", out, NULL)), NULL, &messages), ==,
                   CG_EXIT_FAILED);
  g_assert_nonnull (strstr (messages, "/nonexistent"));
}

static void
interrupt (TinyFixture *fixture, int number)
{
  g_autofree char *out = g_build_filename (fixture->folder, "run", NULL);
  g_autofree char *sample = g_build_filename (out, "samples", "step-00000002.png", NULL);
  g_autofree char *checkpoints = g_build_filename (out, "checkpoints", NULL);
  g_autofree char *messages = NULL;
  g_autoptr (GDir) dir = NULL;
  GSubprocess *process
      = program_start (tiny_run_argv (fixture->dataset, out, "--n-epochs", "100000", "--sample-freq", "2", NULL));

  g_assert_true (program_wait_for (process, sample));
  g_subprocess_send_signal (process, number);
  g_assert_cmpint (program_finish (process, NULL, &messages), ==, CG_EXIT_INTERRUPTED);
  g_assert_nonnull (strstr (messages, "--resume"));
  dir = g_dir_open (checkpoints, 0, NULL);
  g_assert_nonnull (dir);
  g_assert_true (g_str_has_prefix (g_dir_read_name (dir), "step-"));
  g_assert_null (g_dir_read_name (dir));
}

static void
test_interrupt (TinyFixture *fixture, gconstpointer data)
{
  interrupt (fixture, SIGINT);
}

static void
test_terminate (TinyFixture *fixture, gconstpointer data)
{
  interrupt (fixture, SIGTERM);
}

/* A terminal that closes. */
static void
test_hang_up (TinyFixture *fixture, gconstpointer data)
{
  signal (SIGHUP, SIG_DFL);
  interrupt (fixture, SIGHUP);
}

/* The same where the signal is ignored from the start, as under nohup: the run goes on to its end. GSubprocess would undo
 * that, a shell does not. */
static void
test_ignored_hang_up (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *out = tiny_fixture_path (fixture, "run");
  g_autofree char *first = g_build_filename (out, "samples", "step-00000001.png", NULL);
  g_autofree char *last = g_build_filename (out, "samples", "step-00000020.png", NULL);
  g_auto (GStrv) argv = tiny_run_argv (fixture->dataset, out, "--max-steps", STEPS, "--sample-freq", "1", NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_strv_builder_add_many (builder, "sh", "-c", "trap '' HUP; exec \"$0\" \"$@\"", g_getenv ("CG_PROGRAM"), NULL);
  g_strv_builder_addv (builder, (const char **)argv);
  all = g_strv_builder_end (builder);
  process = g_subprocess_newv ((const char *const *)all, G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
  g_assert_no_error (error);
  g_assert_true (program_wait_for (process, first));
  g_subprocess_send_signal (process, SIGHUP);
  g_assert_cmpint (program_finish (process, NULL, NULL), ==, CG_EXIT_OK);
  g_assert_true (g_file_test (last, G_FILE_TEST_EXISTS));
}

/* An interrupted run goes on as if nothing had been. */
static void
test_interrupt_and_resume (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = g_build_filename (fixture->folder, "whole", NULL);
  g_autofree char *parts = g_build_filename (fixture->folder, "parts", NULL);
  g_autofree char *sample = g_build_filename (parts, "samples", "step-00000002.png", NULL);
  GSubprocess *process;
  int status;

  g_assert_cmpint (
      program_finish (program_start (tiny_run_argv (fixture->dataset, whole, "--max-steps", STEPS, NULL)), NULL, NULL),
      ==, CG_EXIT_OK);
  process = program_start (tiny_run_argv (fixture->dataset, parts, "--max-steps", STEPS, "--sample-freq", "2", NULL));
  g_assert_true (program_wait_for (process, sample));
  g_subprocess_send_signal (process, SIGINT);
  status = program_finish (process, NULL, NULL);
  g_assert_true (status == CG_EXIT_INTERRUPTED || status == CG_EXIT_OK);
  g_assert_cmpint (
      program_finish (program_start (tiny_run_argv (fixture->dataset, parts, "--resume", NULL)), NULL, NULL), ==,
      CG_EXIT_OK);
  tiny_run_assert_equal (whole, parts, N_STEPS);
}

/* The newest complete checkpoint, 0 for none; and whether there is an incomplete one. */
static gint64
look_at_checkpoints (const char *out, gboolean *half)
{
  g_autofree char *path = g_build_filename (out, "checkpoints", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  gint64 newest = 0;
  const char *name;

  *half = FALSE;
  while (dir && (name = g_dir_read_name (dir)))
    if (g_str_has_prefix (name, "step-"))
      newest = MAX (newest, g_ascii_strtoll (name + strlen ("step-"), NULL, 10));
    else
      *half = TRUE;
  return newest;
}

static int
get_n_kills (void)
{
  const char *text = g_getenv ("CG_TEST_KILLS");

  return text ? (int)g_ascii_strtoll (text, NULL, 10) : KILLS;
}

/* Lets the process go on to a random checkpoint and a little further, or (@within) until it is writing one, and kills
 * it. Returns: whether it was killed within a checkpoint. */
static gboolean
kill_once (GSubprocess *process, const char *out, gboolean within)
{
  gboolean half;
  gint64 first = look_at_checkpoints (out, &half);
  gint64 target = first + g_test_rand_int_range (0, MAX_ADVANCE);

  while (g_subprocess_get_identifier (process) && (look_at_checkpoints (out, &half) < target || (within && !half)))
    g_usleep (20);
  if (!within)
    /* Without a step to wait for, the start itself is interrupted. */
    g_usleep ((gulong)g_test_rand_int_range (0, target == first ? 300000 : 20000));
  g_subprocess_send_signal (process, SIGKILL);
  g_assert_cmpint (program_finish (process, NULL, NULL), ==, -1);
  look_at_checkpoints (out, &half);
  return half;
}

static void
test_kill (TinyFixture *fixture, gconstpointer data)
{
  g_autofree char *whole = g_build_filename (fixture->folder, "whole", NULL);
  g_autofree char *parts = g_build_filename (fixture->folder, "parts", NULL);
  g_autofree char *config = g_build_filename (parts, "config.json", NULL);
  int n_kills = get_n_kills (), killed = 0, halves = 0;
  int n_steps = 2 * MAX_ADVANCE * (n_kills + 1) + MAX_RETRIES;
  g_autofree char *text = g_strdup_printf ("%d", n_steps);
  g_autoptr (GArray) steps = NULL;

  g_assert_cmpint (program_finish (program_start (tiny_run_argv (fixture->dataset, whole, "--max-steps", text,
                                                                 "--n-epochs", "1000", "--save-freq", "1000", NULL)),
                                   NULL, NULL),
                   ==, CG_EXIT_OK);
  /* Whether a kill falls within a checkpoint is up to the scheduler, so more are tried until one does. */
  while (killed < n_kills || (halves == 0 && killed < n_kills + MAX_RETRIES))
    {
      gboolean resume = g_file_test (config, G_FILE_TEST_EXISTS);
      GSubprocess *process
          = program_start (tiny_run_argv (fixture->dataset, parts, "--max-steps", text, "--n-epochs", "1000",
                                          "--save-freq", "1", resume ? "--resume" : NULL, NULL));

      halves += kill_once (process, parts, killed % 2 == 0);
      killed++;
    }
  g_test_message ("%d kills, %d of them within a checkpoint", killed, halves);
  g_assert_cmpint (halves, >, 0);
  g_assert_cmpint (program_finish (program_start (tiny_run_argv (fixture->dataset, parts, "--n-epochs", "1000",
                                                                 "--resume", "--save-freq", "1000", NULL)),
                                   NULL, NULL),
                   ==, CG_EXIT_OK);
  tiny_run_assert_equal (whole, parts, n_steps);

  steps = tiny_run_get_metric_steps (parts);
  g_assert_cmpuint (steps->len, ==, n_steps);
  for (guint i = 0; i < steps->len; i++)
    g_assert_cmpint (g_array_index (steps, gint64, i), ==, i + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                                            \
  g_test_add ("/train/command/" name, TinyFixture, NULL, tiny_fixture_set_up, function, tiny_fixture_tear_down)
  ADD ("statuses", test_statuses);
  ADD ("interrupt", test_interrupt);
  ADD ("terminate", test_terminate);
  ADD ("hang-up", test_hang_up);
  ADD ("ignored-hang-up", test_ignored_hang_up);
  ADD ("interrupt-and-resume", test_interrupt_and_resume);
  ADD ("kill", test_kill);
  return g_test_run ();
}
