/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The safetensors writer: what it writes is what was given, byte for byte the same each time, whole or not at all. */
#include "model/safetensors.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/random.h"
#include "file-fixture.h"

#define N 1000

/* One test asks for more memory than there is; without this, AddressSanitizer ends the program instead of returning
 * NULL. */
const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "allocator_may_return_null=1";
}

static const gint64 shape[] = { 10, 25, 4 };

/* Values that all three formats hold exactly. */
static void
fill (float *values, guint64 seed)
{
  for (guint64 i = 0; i < N; i++)
    values[i] = (float)((int)cg_random_below (seed, CG_RANDOM_TEST, 0, i, 257) - 128) / 64.0f;
}

static void
add (CgSafetensorsWriter *writer, const char *name, CgDtype dtype, const float *values)
{
  g_autoptr (GError) error = NULL;

  cg_safetensors_writer_add (writer, name, dtype, G_N_ELEMENTS (shape), shape, values, &error);
  g_assert_no_error (error);
}

static CgSafetensorsWriter *
make_writer (guint64 seed)
{
  static const gint64 empty[] = { 3, 0 };
  CgSafetensorsWriter *writer = cg_safetensors_writer_new ();
  g_autofree float *values = g_new (float, N);

  fill (values, seed);
  cg_safetensors_writer_set_metadata (writer, "title", "first");
  cg_safetensors_writer_set_metadata (writer, "a", "quote \" back \\ slash / tab \t \xf0\x9f\x98\x80");
  cg_safetensors_writer_set_metadata (writer, "title", "second");
  add (writer, "z", CG_DTYPE_F32, values);
  add (writer, "half \"x\"", CG_DTYPE_F16, values);
  g_assert_true (cg_safetensors_writer_add (writer, "empty", CG_DTYPE_F16, 2, empty, NULL, NULL));
  add (writer, "a", CG_DTYPE_BF16, values);
  g_assert_true (cg_safetensors_writer_add (writer, "scalar", CG_DTYPE_F32, 0, NULL, values, NULL));
  return writer;
}

static void
write_file (CgSafetensorsWriter *writer, const char *path)
{
  g_autoptr (GError) error = NULL;

  cg_safetensors_writer_write (writer, path, &error);
  g_assert_no_error (error);
}

static void
test_round_trip (FileFixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "z", "half \"x\"", "empty", "a", "scalar" };
  static const CgDtype dtypes[] = { CG_DTYPE_F32, CG_DTYPE_F16, CG_DTYPE_F16, CG_DTYPE_BF16, CG_DTYPE_F32 };
  g_autoptr (CgSafetensorsWriter) writer = make_writer (1);
  g_autofree float *expected = g_new (float, N), *values = g_new (float, N);
  g_autoptr (GError) error = NULL;

  fill (expected, 1);
  write_file (writer, fixture->path);

  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);

      g_assert_cmpstr (entry->name, ==, names[i]);
      g_assert_cmpint (entry->dtype, ==, dtypes[i]);
      g_assert_true (cg_safetensors_read (file, entry, values, NULL));
      g_assert_cmpmem (values, entry->n_elements * sizeof (float), expected, entry->n_elements * sizeof (float));
      if (entry->n_dims == 3)
        g_assert_cmpmem (entry->shape, sizeof shape, shape, sizeof shape);
    }
  g_assert_cmpuint (cg_safetensors_find (file, "empty")->n_elements, ==, 0);
  g_assert_cmpint (cg_safetensors_find (file, "scalar")->n_dims, ==, 0);
  g_assert_cmpstr (cg_safetensors_get_metadata (file, "title"), ==, "second");
  g_assert_cmpstr (cg_safetensors_get_metadata (file, "a"), ==, "quote \" back \\ slash / tab \t \xf0\x9f\x98\x80");
}

static void
test_header (FileFixture *fixture, gconstpointer data)
{
  const gint64 two[] = { 2 };
  const float values[] = { 1.0f, -2.0f };
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  size_t length;

  /* Each name is a byte longer, so all eight paddings occur. */
  for (int n = 1; n <= 8; n++)
    {
      g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
      g_autofree char *name = g_strnfill ((gsize)n, 'w');
      g_autofree char *start
          = g_strdup_printf ("{\"__metadata__\":{\"k\":\"v\"},\"%s\":{\"dtype\":\"BF16\",\"shape\":[2],"
                             "\"data_offsets\":[0,4]}}",
                             name);
      const guint8 tail[] = { 0x80, 0x3f, 0x00, 0xc0 };

      g_clear_pointer (&contents, g_free);
      cg_safetensors_writer_add (writer, name, CG_DTYPE_BF16, 1, two, values, &error);
      cg_safetensors_writer_set_metadata (writer, "k", "v");
      write_file (writer, fixture->path);
      g_file_get_contents (fixture->path, &contents, &length, &error);
      g_assert_no_error (error);

      const size_t padded = (strlen (start) + 7) / 8 * 8;

      g_assert_cmpuint (length, ==, 8 + padded + 4);
      g_assert_cmpuint ((guint8)contents[0], ==, padded);
      g_assert_cmpuint ((guint8)contents[1], ==, 0);
      g_assert_cmpmem (contents + 8, strlen (start), start, strlen (start));
      for (size_t i = strlen (start); i < padded; i++)
        g_assert_cmpint (contents[8 + i], ==, ' ');
      g_assert_cmpmem (contents + length - 4, 4, tail, 4);
    }
}

static void
test_deterministic (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) first = make_writer (7), second = make_writer (7);
  g_autofree char *a = NULL, *b = NULL;
  size_t n_a, n_b;

  write_file (first, fixture->path);
  g_assert_true (g_file_get_contents (fixture->path, &a, &n_a, NULL));
  write_file (second, fixture->path);
  g_assert_true (g_file_get_contents (fixture->path, &b, &n_b, NULL));
  g_assert_cmpmem (a, n_a, b, n_b);
}

static void
assert_add_refused (CgSafetensorsWriter *writer, const char *name, CgDtype dtype, float value, int code,
                    const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cg_safetensors_writer_add (writer, name, dtype, 0, NULL, &value, &error));
  g_assert_error (error, CG_ERROR, code);
  g_assert_nonnull (strstr (error->message, says));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_refuses_tensors (FileFixture *fixture, gconstpointer data)
{
  const gint64 huge[] = { G_GINT64_CONSTANT (1) << 40, G_GINT64_CONSTANT (1) << 40 };
  const gint64 large[] = { G_GINT64_CONSTANT (1) << 60 };
  const float value = 65519.996f;
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (cg_safetensors_writer_add (writer, "w", CG_DTYPE_F16, 0, NULL, &value, NULL));
  assert_add_refused (writer, "w", CG_DTYPE_F16, 1.0f, CG_ERROR_FORMAT, "“w”");
  assert_add_refused (writer, "__metadata__", CG_DTYPE_F16, 1.0f, CG_ERROR_FORMAT, "“__metadata__”");
  assert_add_refused (writer, "\xff", CG_DTYPE_F16, 1.0f, CG_ERROR_FORMAT, "UTF-8");
  assert_add_refused (writer, "v", CG_DTYPE_F16, 65520.0f, CG_ERROR_FORMAT, "tensor “v”: found 65520 as value 0");
  assert_add_refused (writer, "v", CG_DTYPE_BF16, -G_MAXFLOAT, CG_ERROR_FORMAT, "fits BF16");
  assert_add_refused (writer, "v", CG_DTYPE_F32, NAN, CG_ERROR_DIVERGED, "found nan");
  assert_add_refused (writer, "v", CG_DTYPE_F16, -INFINITY, CG_ERROR_DIVERGED, "found -inf");

  g_assert_false (cg_safetensors_writer_add (writer, "v", CG_DTYPE_F32, 2, huge, &value, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);
  g_clear_error (&error);
  g_assert_false (cg_safetensors_writer_add (writer, "v", CG_DTYPE_F32, 1, large, &value, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_MEMORY);

  /* What was refused has left nothing behind. */
  write_file (writer, fixture->path);

  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, NULL);

  g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, 1);
}

/* Writing @writer must fail with @code and leave the folder and the file's bytes as they are. */
static void
assert_write_fails (const FileFixture *fixture, CgSafetensorsWriter *writer, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL, *list_before = file_fixture_list (fixture);
  size_t n_before, n_after;

  g_assert_true (g_file_get_contents (fixture->path, &before, &n_before, NULL));
  g_assert_false (cg_safetensors_writer_write (writer, fixture->path, &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  g_assert_true (g_file_get_contents (fixture->path, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);

  g_autofree char *list_after = file_fixture_list (fixture);

  g_assert_cmpstr (list_before, ==, list_after);
}

static void
test_bad_metadata (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) writer = make_writer (2);

  write_file (writer, fixture->path);
  cg_safetensors_writer_set_metadata (writer, "title", "caf\xe9");
  assert_write_fails (fixture, writer, CG_ERROR, CG_ERROR_FORMAT);
}

/* A limit on file sizes stands for a full disk: the same write() fails, after part of the file is there. */
static void
test_full_disk (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) old = make_writer (3), new = make_writer (4);
  struct rlimit limit, small;

  write_file (old, fixture->path);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  small = limit;
  small.rlim_cur = 3000;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  assert_write_fails (fixture, new, G_FILE_ERROR, G_FILE_ERROR_FAILED);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);

  write_file (new, fixture->path);

  g_autofree char *list = file_fixture_list (fixture);

  g_assert_cmpstr (list, ==, "m.safetensors");
}

static void
test_target_is_folder (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) writer = make_writer (5);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  g_assert_false (cg_safetensors_writer_write (writer, fixture->path, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);

  g_autofree char *list = file_fixture_list (fixture);

  g_assert_cmpstr (list, ==, "m.safetensors");
}

/* Root may write anywhere, so the folder that cannot be written to is one that is not there, and one of /proc. */
static void
test_unwritable_folder (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) writer = make_writer (6);
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = g_build_filename (fixture->folder, "no", "m.safetensors", NULL);

  g_assert_false (cg_safetensors_writer_write (writer, missing, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (g_str_has_prefix (error->message, missing));
  g_clear_error (&error);
  g_assert_false (cg_safetensors_writer_write (writer, "/proc/self/m.safetensors", &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == G_FILE_ERROR);

  if (geteuid () != 0)
    {
      write_file (writer, fixture->path);
      g_assert_cmpint (g_chmod (fixture->folder, 0500), ==, 0);
      assert_write_fails (fixture, writer, G_FILE_ERROR, G_FILE_ERROR_ACCES);
      g_assert_cmpint (g_chmod (fixture->folder, 0700), ==, 0);
    }
}

/* As any program's files: what umask leaves of rw-rw-rw-, not the 0600 of temporary files. And a name of 255 bytes
 * works. */
static void
test_mode_and_long_name (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (CgSafetensorsWriter) writer = make_writer (8);
  g_autofree char *name = g_strnfill (255, 'n'), *path = g_build_filename (fixture->folder, name, NULL);
  const mode_t mask = umask (027);
  struct stat status;

  write_file (writer, path);
  umask (mask);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0640);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                                            \
  g_test_add ("/model/safetensors-writer/" name, FileFixture, NULL, file_fixture_set_up, function,                     \
              file_fixture_tear_down)

  ADD ("round-trip", test_round_trip);
  ADD ("header", test_header);
  ADD ("deterministic", test_deterministic);
  ADD ("refuses-tensors", test_refuses_tensors);
  ADD ("bad-metadata", test_bad_metadata);
  ADD ("full-disk", test_full_disk);
  ADD ("target-is-folder", test_target_is_folder);
  ADD ("unwritable-folder", test_unwritable_folder);
  ADD ("mode-and-long-name", test_mode_and_long_name);
  return g_test_run ();
}
