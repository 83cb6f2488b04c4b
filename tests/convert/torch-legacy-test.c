/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Legacy checkpoints made by hand: cut off at every byte, on a storage's boundary, and with lists that do not fit. */
#include <glib.h>

#include "base/error.h"
#include "checkpoint-fixture.h"
#include "convert/state-dict.h"

static const PickledTensor tensors[] = {
  { "a.weight", "FloatStorage", "11", .n_stored = 6, .n_dims = 2, .shape = { 2, 3 }, .stride = { 3, 1 } },
  { "a.steps", "LongStorage", "22", .n_stored = 1, .n_dims = 0 },
};

/* The pickle of the list of storages. */
static const char both_keys[] = "\x80\x02]q\0(U\x02"
                                "11q\1U\x02"
                                "22q\2e.";

static GByteArray *
make_file (const char *keys, size_t n_keys)
{
  GByteArray *file = legacy_begin ();
  g_autoptr (GByteArray) pickle = pickle_dict (G_N_ELEMENTS (tensors), tensors);
  static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };

  g_byte_array_append (file, pickle->data, pickle->len);
  g_byte_array_append (file, (const guint8 *)keys, (guint)n_keys);
  append_number (file, 6, 8);
  g_byte_array_append (file, (const guint8 *)numbers, sizeof numbers);
  append_number (file, 1, 8);
  append_number (file, 1000000, 8);
  return file;
}

static void
test_reads (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) file = make_file (both_keys, sizeof both_keys - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;
  float values[6];

  file_fixture_write (fixture, file->data, file->len);
  dict = cg_state_dict_open (fixture->path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (cg_state_dict_get_format (dict), ==, CG_STATE_DICT_LEGACY);
  g_assert_cmpuint (cg_state_dict_get_n_tensors (dict), ==, 2);
  g_assert_true (cg_state_dict_read (dict, cg_state_dict_find (dict, "a.weight"), values, &error));
  g_assert_cmpfloat (values[5], ==, 6);
  g_assert_true (cg_state_dict_read (dict, cg_state_dict_find (dict, "a.steps"), values, &error));
  g_assert_cmpfloat (values[0], ==, 1000000);
  g_assert_no_error (error);
}

static void
check_refused (FileFixture *fixture, GByteArray *file, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;

  file_fixture_write (fixture, file->data, file->len);
  dict = cg_state_dict_open (fixture->path, NULL, &error);
  g_assert_null (dict);
  g_assert_error (error, CG_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  if (!strstr (error->message, says))
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_truncated (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) file = make_file (both_keys, sizeof both_keys - 1);
  const guint n = file->len;

  /* On the boundary between two storages, in the count of the second, in its data. */
  g_byte_array_set_size (file, n - 16);
  check_refused (fixture, file, CG_ERROR_CORRUPT, "truncated: found 1 of 2 storages");
  g_byte_array_set_size (file, n - 17);
  check_refused (fixture, file, CG_ERROR_CORRUPT, "truncated: found 0 of 2 storages");
  for (guint size = n - 1; size > 15; size--)
    {
      g_byte_array_set_size (file, size);
      check_refused (fixture, file, CG_ERROR_CORRUPT, "truncated: ");
    }
  g_byte_array_set_size (file, 14);
  check_refused (fixture, file, CG_ERROR_FORMAT, "a Python pickle, but not one that torch.save wrote");
  g_byte_array_set_size (file, 0);
  check_refused (fixture, file, CG_ERROR_FORMAT, "is empty");
}

static void
test_lists (FileFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    size_t n;
  } lists[] = {
#define LIST(literal) { literal, sizeof (literal) - 1 }
    LIST ("\x80\x02]."),
    LIST ("\x80\x02}."),
    LIST ("\x80\x02]U\x02"
          "11a."),
    LIST ("\x80\x02](U\x02"
          "11U\x02"
          "33e."),
    LIST ("\x80\x02](U\x02"
          "11U\x02"
          "11e."),
    LIST ("\x80\x02](K\x0bK\x16"
          "e."),
  };

  for (size_t i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (GByteArray) file = make_file (lists[i].bytes, lists[i].n);

      check_refused (fixture, file, CG_ERROR_CORRUPT, "list of storages does not fit");
    }
}

/* The list of storages and the storages' own counts are data, so names in them are refused as anywhere. */
static void
test_hostile (FileFixture *fixture, gconstpointer data)
{
  static const char call[] = "\x80\x02"
                             "cos\nsystem\nU\x04true\x85R.";
  g_autoptr (GByteArray) in_list = make_file (call, sizeof call - 1),
                         other_count = make_file (both_keys, sizeof both_keys - 1);
  g_autoptr (GByteArray) instead = legacy_begin (), module = legacy_begin (), version = legacy_begin (),
                         big = legacy_begin ();

  check_refused (fixture, in_list, CG_ERROR_UNSUPPORTED, "“os.system”");
  other_count->data[other_count->len - 9] = 0x10;
  check_refused (fixture, other_count, CG_ERROR_CORRUPT, "found a storage of 1152921504606846977 elements, expected 1");
  g_byte_array_append (instead, (const guint8 *)call, sizeof call - 1);
  check_refused (fixture, instead, CG_ERROR_UNSUPPORTED, "“os.system”");

  APPEND (module, "\x80\x02(U\x06moduleNU\x03"
                  "srcU\x03"
                  "srctQ.");
  check_refused (fixture, module, CG_ERROR_UNSUPPORTED, "a Python module with its source code");
  version->data[19] = 4;
  check_refused (fixture, version, CG_ERROR_VERSION, "version 1257 of the legacy format, expected 1001");
  big->data[big->len - 3] = 0x89;
  check_refused (fixture, big, CG_ERROR_UNSUPPORTED, "big-endian");
}

static void
test_other_files (FileFixture *fixture, gconstpointer data)
{
  static const char tar[512] = { [257] = 'u', 's', 't', 'a', 'r' };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;

  g_byte_array_append (file, (const guint8 *)tar, sizeof tar);
  check_refused (fixture, file, CG_ERROR_FORMAT, "a tar archive");
  g_byte_array_set_size (file, 0);
  APPEND (file, "GIMP or anything");
  check_refused (fixture, file, CG_ERROR_FORMAT, "expected a PyTorch checkpoint or a safetensors file");

  dict = cg_state_dict_open (fixture->folder, NULL, &error);
  g_assert_null (dict);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_clear_error (&error);
  dict = cg_state_dict_open ("/nonexistent/g.pth", NULL, &error);
  g_assert_null (dict);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

#define ADD(path, function) g_test_add (path, FileFixture, NULL, file_fixture_set_up, function, file_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/torch-legacy/reads", test_reads);
  ADD ("/torch-legacy/truncated", test_truncated);
  ADD ("/torch-legacy/lists", test_lists);
  ADD ("/torch-legacy/hostile", test_hostile);
  ADD ("/torch-legacy/other-files", test_other_files);
  return g_test_run ();
}
