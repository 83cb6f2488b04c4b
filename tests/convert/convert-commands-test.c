/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* `cyclegan import`, `export` and `info` on checkpoints, as a user meets them: what they print, write and return. */
#include <gio/gio.h>
#include <signal.h>
#include <sys/resource.h>

#include "../model/file-fixture.h"

static char *
get_golden (const char *name)
{
  return g_build_filename (g_getenv ("CG_GOLDEN_DIR"), "checkpoints", name, NULL);
}

/* The largest file that commands may write; 0: any. */
static rlim_t most_bytes;

static void
limit_files (gpointer data)
{
  struct rlimit limit;

  if (most_bytes > 0 && getrlimit (RLIMIT_FSIZE, &limit) == 0)
    {
      limit.rlim_cur = most_bytes;
      setrlimit (RLIMIT_FSIZE, &limit);
    }
}

/* Runs the command with the arguments up to NULL, in English. Returns: its exit status. */
static int
run (char **out, char **err, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "LC_ALL", "C.UTF-8", TRUE);
  g_autoptr (GError) error = NULL;
  const char *argument;
  va_list arguments;
  int status;

  g_ptr_array_add (argv, (char *)g_getenv ("CG_PROGRAM"));
  va_start (arguments, err);
  while ((argument = va_arg (arguments, const char *)))
    g_ptr_array_add (argv, (char *)argument);
  va_end (arguments);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **)argv->pdata, environment, G_SPAWN_DEFAULT, limit_files, NULL, out, err, &status, &error);
  g_assert_no_error (error);
  g_test_message ("%s%s", *out, *err);
  g_assert_true (g_utf8_validate (*out, -1, NULL) && g_utf8_validate (*err, -1, NULL));
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
assert_says (const char *text, const char *says)
{
  if (!strstr (text, says))
    g_error ("“%s” does not say “%s”", text, says);
}

static void
get_contents (const char *path, char **contents, size_t *n)
{
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, contents, n, &error);
  g_assert_no_error (error);
}

/* Checkpoint -> model -> checkpoint -> model: both models are the same bytes. */
static void
test_round_trip (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("resnet-batch-zip.pth");
  g_autofree char *torch = g_build_filename (fixture->folder, "again.pth", NULL);
  g_autofree char *again = g_build_filename (fixture->folder, "again.safetensors", NULL);
  g_autofree char *first = NULL, *second = NULL;
  size_t n_first, n_second;

  {
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint (run (&out, &err, "import", golden, "--out", fixture->path, NULL), ==, 0);
    assert_says (out, "PyTorch, zip format\n");
    assert_says (
        out,
        "found: resnet_1blocks generator, ngf 1, upsampling by transposed convolution, batch norm, 3 to 3 channels\n");
    assert_says (out, "assumed: padding by reflection (--padding reflect)\n");
    g_assert_cmpstr (err, ==, "");
  }
  {
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint (run (&out, &err, "export", fixture->path, "--out", torch, NULL), ==, 0);
    g_assert_cmpstr (err, ==, "");
  }
  {
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint (run (&out, &err, "import", torch, "--out", again, "--padding", "reflect", NULL), ==, 0);
    g_assert_null (strstr (out, "assumed"));
  }
  get_contents (fixture->path, &first, &n_first);
  get_contents (again, &second, &n_second);
  g_assert_cmpmem (first, n_first, second, n_second);
}

static void
test_metadata (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("unet-f16-legacy.pth");
  g_autofree char *exported = g_build_filename (fixture->folder, "half.safetensors", NULL);
  g_autofree char *out = NULL, *err = NULL, *out_2 = NULL, *err_2 = NULL, *out_3 = NULL, *err_3 = NULL;

  g_assert_cmpint (run (&out, &err, "import", golden, "-o", fixture->path, "--dropout", "--metadata", "title=A = B",
                        "--metadata", "ngf=7", NULL),
                   ==, 0);
  g_assert_cmpint (run (&out_2, &err_2, "export", fixture->path, "-o", exported, "--dtype", "bf16", NULL), ==, 0);
  g_assert_cmpint (run (&out_3, &err_3, "info", exported, NULL), ==, 0);
  assert_says (out_3, "A = B\n");
  assert_says (out_3, "unet_32, ngf 1, instance norm, dropout, 3 to 3 channels\n");
  assert_says (out_3, "BF16\n");
}

static void
test_info (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("run-zip.pth"), *several = get_golden ("two-networks-legacy.pth");
  g_autofree char *out = NULL, *err = NULL, *out_2 = NULL, *err_2 = NULL;

  g_assert_cmpint (run (&out, &err, "info", golden, NULL), ==, 0);
  assert_says (out, "PyTorch, zip format\n");
  assert_says (out, "state_dict\n");
  assert_says (out, "resnet_1blocks generator");
  assert_says (out, "F32\n");
  g_assert_cmpint (run (&out_2, &err_2, "info", several, NULL), ==, 0);
  assert_says (out_2, "G_A\nnetwork           resnet_1blocks generator");
  assert_says (out_2, "G_B\nnetwork           resnet_0blocks generator");
  g_assert_cmpstr (err_2, ==, "");
}

/* One network of two, to be trained on elsewhere or used here. */
static void
test_key (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("two-networks-legacy.pth");
  g_autofree char *torch = g_build_filename (fixture->folder, "one.pth", NULL);
  g_autofree char *out = NULL, *err = NULL, *out_2 = NULL, *err_2 = NULL, *out_3 = NULL, *err_3 = NULL;

  g_assert_cmpint (run (&out, &err, "export", golden, "--out", torch, NULL), ==, 1);
  assert_says (err, "choose one with --key");
  g_assert_cmpint (run (&out_2, &err_2, "export", golden, "--key", "G_B", "--out", torch, NULL), ==, 0);
  g_assert_cmpint (run (&out_3, &err_3, "import", torch, "--out", fixture->path, NULL), ==, 0);
  assert_says (out_3, "found: resnet_0blocks generator");
}

/* Statistics that PyTorch kept once and trackers keep still do not become part of a model, and that is said. */
static void
test_statistics (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("resnet-old-statistics-legacy.pth");
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (&out, &err, "import", golden, "--out", fixture->path, NULL), ==, 0);
  assert_says (out, "assumed: padding by reflection (--padding reflect), instance norm of each image by itself; the "
                    "running statistics are left out\n");
}

/* Failures write nothing, usage errors are told from others. */
static void
test_refuses (FileFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *file, *option, *value, *says;
    int status;
  } cases[] = {
    { "two-networks-legacy.pth", NULL, NULL, "choose one with --key", 1 },
    { "two-networks-legacy.pth", "--key", "G_C", "no tensors under the key “G_C”", 1 },
    { "only-a-tensor-zip.pth", NULL, NULL, "only-a-tensor-zip.pth: holds no dict", 1 },
    { "absent.pth", NULL, NULL, "No such file", 1 },
    { "resnet-zip.pth", "--padding", "replicate", "--padding: found “replicate”, expected reflect", 2 },
    { "resnet-zip.pth", "--upsample-mode", "bilinear", "--upsample-mode: found “bilinear”, expected nearest", 2 },
    { "resnet-zip.pth", "--dtype", "f8", "--dtype: found “f8”", 2 },
    { "resnet-zip.pth", "--dtype", "i64", "--dtype: found “i64”", 2 },
    { "resnet-zip.pth", "--metadata", "title", "--metadata: found “title”, expected KEY=VALUE", 2 },
    { "resnet-zip.pth", "--nonsense", "x", "nonsense", 2 },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *golden = get_golden (cases[i].file), *out = NULL, *err = NULL, *list = NULL;

      g_assert_cmpint (
          run (&out, &err, "import", golden, "--out", fixture->path, cases[i].option, cases[i].value, NULL), ==,
          cases[i].status);
      g_assert_true (g_str_has_prefix (err, "cyclegan: "));
      assert_says (err, cases[i].says);
      list = file_fixture_list (fixture);
      g_assert_cmpstr (list, ==, "");
    }
  {
    g_autofree char *golden = get_golden ("resnet-zip.pth"), *zip = g_build_filename (fixture->folder, "x.zip", NULL);
    g_autofree char *out = NULL, *err = NULL, *out_2 = NULL, *err_2 = NULL;

    g_assert_cmpint (run (&out, &err, "import", golden, NULL), ==, 2);
    assert_says (err, "--out FILE");
    g_assert_cmpint (run (&out_2, &err_2, "export", golden, "--out", zip, NULL), ==, 2);
    assert_says (err_2, "expected a name ending in .pth");
  }
  {
    /* The checkpoint's own name typed once more must not cost it. */
    g_autofree char *golden = get_golden ("resnet-zip.pth"), *copy = g_build_filename (fixture->folder, "c.pth", NULL);
    g_autofree char *out = NULL, *err = NULL, *before = NULL, *after = NULL;
    size_t n_before, n_after;

    get_contents (golden, &before, &n_before);
    g_assert_true (g_file_set_contents (copy, before, (gssize)n_before, NULL));
    g_assert_cmpint (run (&out, &err, "import", copy, "--out", copy, NULL), ==, 2);
    assert_says (err, "c.pth”, expected a name ending in .safetensors");
    get_contents (copy, &after, &n_after);
    g_assert_cmpmem (before, n_before, after, n_after);
  }
  {
    g_autofree char *golden = get_golden ("resnet-zip.pth"), *onnx = g_build_filename (fixture->folder, "x.onnx", NULL);
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint (run (&out, &err, "export", golden, "--out", onnx, "--dtype", "f16", NULL), ==, 2);
    assert_says (err, "ONNX");
  }
}

/* A disk that is full, played by the limit of file sizes: an error, the old file as it was, and nothing beside it. */
static void
test_no_room (FileFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "m.safetensors", "m.pth" };
  g_autofree char *golden = get_golden ("resnet-zip.pth");

  for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL), *left = NULL, *list = NULL;
      g_autofree char *out = NULL, *err = NULL;

      g_assert_true (g_file_set_contents (path, "old", -1, NULL));
      most_bytes = 1000;
      g_assert_cmpint (run (&out, &err, "export", golden, "--out", path, NULL), ==, 1);
      most_bytes = 0;
      assert_says (err, "cannot be written: ");
      g_assert_true (g_file_get_contents (path, &left, NULL, NULL));
      g_assert_cmpstr (left, ==, "old");
      list = file_fixture_list (fixture);
      g_assert_cmpstr (list, ==, names[i]);
      g_assert_cmpint (g_remove (path), ==, 0);
    }
}

/* Wherever a signal meets it, there is a whole model or none, and nothing beside it. */
static void
test_interrupted (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *golden = get_golden ("unet-batch-f16-zip.pth"), *whole = NULL;
  g_autofree char *out = NULL, *err = NULL;
  size_t n_whole;

  g_assert_cmpint (run (&out, &err, "import", golden, "--out", fixture->path, NULL), ==, 0);
  get_contents (fixture->path, &whole, &n_whole);
  for (int i = 0; i < 24; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSubprocess) process = NULL;
      g_autofree char *list = NULL, *found = NULL;
      size_t n_found;

      g_remove (fixture->path);
      process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, g_getenv ("CG_PROGRAM"), "import", golden,
                                  "--out", fixture->path, NULL);
      g_assert_no_error (error);
      g_usleep ((gulong)i * 1000);
      g_subprocess_send_signal (process, SIGTERM);
      g_subprocess_wait (process, NULL, &error);
      g_assert_no_error (error);
      list = file_fixture_list (fixture);
      if (strcmp (list, "") == 0)
        continue;
      g_assert_cmpstr (list, ==, "m.safetensors");
      get_contents (fixture->path, &found, &n_found);
      g_assert_cmpmem (found, n_found, whole, n_whole);
    }
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/convert-commands/round-trip", test_round_trip);
  ADD ("/convert-commands/metadata", test_metadata);
  ADD ("/convert-commands/info", test_info);
  ADD ("/convert-commands/key", test_key);
  ADD ("/convert-commands/statistics", test_statistics);
  ADD ("/convert-commands/refuses", test_refuses);
  ADD ("/convert-commands/no-room", test_no_room);
  ADD ("/convert-commands/interrupted", test_interrupted);
  return g_test_run ();
}
