/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The safetensors reader on well-made files and on every kind of damage it names. */
#include "model/safetensors.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "file-fixture.h"

#define F32_2(name, begin, end) "\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" begin "," end "]}"

/* A header, the bytes of data behind it, and what the refusal must say: kind, found, expected. */
typedef struct
{
  const char *name;
  const char *header;
  size_t n_data;
  int code;
  const char *says[2];
} Refusal;

static const Refusal refusals[] = {
  { "depth", "{\"a\":{\"b\":[[[1]]]}}", 0, CG_ERROR_CORRUPT, { "nesting deeper", "4 levels" } },
  { "comment-block", "{/* c */}", 0, CG_ERROR_CORRUPT, { "“/” at byte 1", "expected a string" } },
  { "comment-line", "{ // c\n}", 0, CG_ERROR_CORRUPT, { "“/” at byte 2", "expected a string" } },
  { "comment-hash", "{}#", 0, CG_ERROR_CORRUPT, { "“#” at byte 2", "expected only spaces" } },
  { "duplicate-key",
    "{" F32_2 ("a", "0", "8") "," F32_2 ("a", "0", "8") "}",
    8,
    CG_ERROR_CORRUPT,
    { "“a” a second time", "expected it once" } },
  { "duplicate-key-escaped",
    "{" F32_2 ("a", "0", "8") "," F32_2 ("\\u0061", "8", "16") "}",
    16,
    CG_ERROR_CORRUPT,
    { "“a” a second time", "expected it once" } },
  { "duplicate-metadata-key",
    "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}",
    0,
    CG_ERROR_CORRUPT,
    { "“k” a second time", "expected it once" } },
  { "integer-over-2-53",
    "{" F32_2 ("a", "0", "9007199254740993") "}",
    8,
    CG_ERROR_CORRUPT,
    { "integer over 2^53", "expected a size" } },
  { "integer-over-2-64",
    "{" F32_2 ("a", "0", "36893488147419103240") "}",
    8,
    CG_ERROR_CORRUPT,
    { "integer over 2^53", "expected a size" } },
  { "negative", "{" F32_2 ("a", "-8", "0") "}", 8, CG_ERROR_CORRUPT, { "“-”", "expected a value" } },
  { "fraction", "{" F32_2 ("a", "0", "8.0") "}", 8, CG_ERROR_CORRUPT, { "“.”", "expected an integer" } },
  { "exponent", "{" F32_2 ("a", "0", "8e0") "}", 8, CG_ERROR_CORRUPT, { "“e”", "expected an integer" } },
  { "leading-zero", "{" F32_2 ("a", "0", "010") "}", 8, CG_ERROR_CORRUPT, { "“1”", "without leading zeros" } },
  { "hexadecimal", "{" F32_2 ("a", "0", "0x8") "}", 8, CG_ERROR_CORRUPT, { "“x”", "“,” or “]”" } },
  { "not-utf8", "{\"\xff\":1}", 0, CG_ERROR_CORRUPT, { "byte 0xff at byte 2", "expected UTF-8" } },
  { "not-utf8-overlong", "{\"\xc0\x80\":1}", 0, CG_ERROR_CORRUPT, { "byte 0xc0 at byte 2", "expected UTF-8" } },
  { "escaped-nul", "{\"a\\u0000b\":1}", 0, CG_ERROR_CORRUPT, { "\\u0000", "expected a character" } },
  { "lone-surrogate", "{\"\\ud83d\":1}", 0, CG_ERROR_CORRUPT, { "\\ud83d", "expected a character" } },
  { "bad-pair", "{\"\\ud83d\\u0041\":1}", 0, CG_ERROR_CORRUPT, { "\\ud83d", "expected a character" } },
  { "half-pair", "{\"\\ud83d\\n\":1}", 0, CG_ERROR_CORRUPT, { "“n”", "second half of a surrogate pair" } },
  { "bad-escape", "{\"\\x41\":1}", 0, CG_ERROR_CORRUPT, { "“x”", "expected an escape" } },
  { "bad-hex", "{\"\\u00g0\":1}", 0, CG_ERROR_CORRUPT, { "“g”", "expected a hexadecimal digit" } },
  { "raw-newline", "{\"a\nb\":1}", 0, CG_ERROR_CORRUPT, { "byte 0x0a", "expected the end of a string" } },
  { "array", "[]", 0, CG_ERROR_FORMAT, { "not a safetensors file", "expected “{”" } },
  { "text", "\"a\"", 0, CG_ERROR_FORMAT, { "not a safetensors file", "expected “{”" } },
  { "space-before", " {}", 0, CG_ERROR_FORMAT, { "not a safetensors file", "expected “{”" } },
  { "trailing-newline", "{}\n", 0, CG_ERROR_CORRUPT, { "byte 0x0a at byte 2", "only spaces" } },
  { "trailing-object", "{} {}", 0, CG_ERROR_CORRUPT, { "“{” at byte 3", "only spaces" } },
  { "trailing-comma", "{\"a\":1,}", 0, CG_ERROR_CORRUPT, { "“}” at byte 7", "expected a string" } },
  { "trailing-comma-array", "{\"a\":[1,]}", 0, CG_ERROR_CORRUPT, { "“]” at byte 8", "expected a value" } },
  { "no-colon", "{\"a\" 1}", 0, CG_ERROR_CORRUPT, { "“1” at byte 5", "expected “:”" } },
  { "no-comma", "{\"a\":1 \"b\":2}", 0, CG_ERROR_CORRUPT, { "“\"” at byte 7", "expected “,” or “}”" } },
  { "single-quotes", "{'a':1}", 0, CG_ERROR_CORRUPT, { "“'” at byte 1", "expected a string" } },
  { "open-object", "{\"a\":{", 0, CG_ERROR_CORRUPT, { "the end", "expected a string" } },
  { "open-string", "{\"a", 0, CG_ERROR_CORRUPT, { "the end", "expected the end of a string" } },
  { "open-escape", "{\"a\\", 0, CG_ERROR_CORRUPT, { "the end", "expected an escape" } },
  { "half-literal", "{\"a\":tru", 0, CG_ERROR_CORRUPT, { "“t”", "expected a value" } },
  { "f64",
    "{\"w\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
    8,
    CG_ERROR_UNSUPPORTED,
    { "tensor “w”: found dtype F64", "expected F32, F16 or BF16" } },
  { "i64",
    "{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
    8,
    CG_ERROR_UNSUPPORTED,
    { "tensor “w”: found dtype I64", "expected F32, F16 or BF16" } },
  { "dtype-number",
    "{\"w\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,8]}}",
    8,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found no text in “dtype”", "expected F32, F16 or BF16" } },
  { "dtype-null",
    "{\"w\":{\"dtype\":null,\"shape\":[1],\"data_offsets\":[0,8]}}",
    8,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found no text in “dtype”", "expected F32, F16 or BF16" } },
  { "no-dtype",
    "{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found no text in “dtype”", "expected F32, F16 or BF16" } },
  { "no-shape",
    "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found no list in “shape”", "expected one of integers" } },
  { "no-offsets",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found no list in “data_offsets”", "expected one of integers" } },
  { "three-offsets",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found 3 numbers in “data_offsets”", "expected 2" } },
  { "nine-dims",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_UNSUPPORTED,
    { "tensor “w”: found 9 numbers in “shape”", "expected at most 8" } },
  { "shape-text",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found String in “shape”", "expected an integer" } },
  { "shape-null",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[null],\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found NULL in “shape”", "expected an integer" } },
  { "shape-nested",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[[1]],\"data_offsets\":[0,4]}}",
    4,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found JsonArray in “shape”", "expected an integer" } },
  { "tensor-not-object", "{\"w\":[1]}", 0, CG_ERROR_CORRUPT, { "tensor “w”: found JsonArray", "expected an object" } },
  { "offsets-beyond",
    "{" F32_2 ("w", "0", "8") "}",
    7,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found offsets 0 to 8", "expected them in order and within the 7 bytes" } },
  { "offsets-reversed",
    "{" F32_2 ("w", "8", "0") "}",
    8,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found offsets 8 to 0", "expected them in order" } },
  { "overlap",
    "{" F32_2 ("v", "0", "8") "," F32_2 ("w", "4", "12") "}",
    12,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found it at offset 4", "expected 8 (it overlaps another)" } },
  { "same-place",
    "{" F32_2 ("v", "0", "8") "," F32_2 ("w", "0", "8") "}",
    8,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found it at offset 0", "expected 8 (it overlaps another)" } },
  { "hole",
    "{" F32_2 ("v", "0", "8") "," F32_2 ("w", "12", "20") "}",
    20,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found it at offset 12", "expected 8 (a hole before it)" } },
  { "hole-first",
    "{" F32_2 ("w", "4", "12") "}",
    12,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found it at offset 4", "expected 0 (a hole before it)" } },
  { "size",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,20]}}",
    20,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found 20 bytes", "expected 24 for its shape" } },
  { "shape-overflow",
    "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
    0,
    CG_ERROR_CORRUPT,
    { "tensor “w”: found a shape of more bytes than can be counted", "expected it to fit" } },
  { "data-after", "{" F32_2 ("w", "0", "8") "}", 9, CG_ERROR_CORRUPT, { "found 9 bytes of data", "expected 8" } },
  { "data-without-tensor", "{}", 1, CG_ERROR_CORRUPT, { "found 1 bytes of data", "expected 0" } },
  { "metadata-number",
    "{\"__metadata__\":{\"k\":1}}",
    0,
    CG_ERROR_CORRUPT,
    { "metadata key “k”: found Integer", "expected a string" } },
  { "metadata-null",
    "{\"__metadata__\":{\"k\":null}}",
    0,
    CG_ERROR_CORRUPT,
    { "metadata key “k”: found NULL", "expected a string" } },
  { "metadata-object",
    "{\"__metadata__\":{\"k\":{}}}",
    0,
    CG_ERROR_CORRUPT,
    { "metadata key “k”: found JsonObject", "expected a string" } },
  { "metadata-list",
    "{\"__metadata__\":[\"k\"]}",
    0,
    CG_ERROR_CORRUPT,
    { "“__metadata__”: found JsonArray", "expected an object" } },
  { "control-characters",
    "{\"\\u001b[31m\":1}",
    0,
    CG_ERROR_CORRUPT,
    { "tensor “\xef\xbf\xbd[31m”: found Integer", "expected an object" } },
};

static void
assert_refused (const FileFixture *fixture, GQuark domain, int code, const char *const *says, gsize n_says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_null (file);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_error (error, domain, code);
  g_assert_true (g_str_has_prefix (error->message, fixture->path));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (gsize i = 0; i < n_says; i++)
    if (!strstr (error->message, says[i]))
      g_error ("“%s” does not say “%s”", error->message, says[i]);
}

static void
test_refusal (FileFixture *fixture, gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr (GByteArray) bytes = file_fixture_bytes (refusal->header, -1, refusal->n_data);

  file_fixture_write (fixture, bytes->data, bytes->len);
  assert_refused (fixture, CG_ERROR, refusal->code, refusal->says, G_N_ELEMENTS (refusal->says));
}

static void
test_nul_in_header (FileFixture *fixture, gconstpointer data)
{
  static const char *const says[] = { "byte 0x00 at byte 2", "expected UTF-8" };
  g_autoptr (GByteArray) bytes = file_fixture_bytes ("{}\0", 3, 0);

  file_fixture_write (fixture, bytes->data, bytes->len);
  assert_refused (fixture, CG_ERROR, CG_ERROR_CORRUPT, says, 2);
}

/* A sparse file, so that the length of the header is true; then one that only claims it. */
static void
test_huge_header (FileFixture *fixture, gconstpointer data)
{
  static const char *const says[] = { "found a header of 100000001 bytes", "expected at most 100000000" };
  static const char *const truncated[] = { "truncated: found 9 bytes", "expected 100000008 for the header alone" };
  guint8 bytes[9] = { 0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, '{' };

  file_fixture_write (fixture, bytes, sizeof bytes);
  assert_refused (fixture, CG_ERROR, CG_ERROR_UNSUPPORTED, says, 2);
  g_assert_cmpint (truncate (fixture->path, 100000009), ==, 0);
  assert_refused (fixture, CG_ERROR, CG_ERROR_UNSUPPORTED, says, 2);
  bytes[0] = 0;
  file_fixture_write (fixture, bytes, sizeof bytes);
  assert_refused (fixture, CG_ERROR, CG_ERROR_CORRUPT, truncated, 2);
}

static void
test_too_many_values (FileFixture *fixture, gconstpointer data)
{
  static const char *const says[] = { "more than 1048576 values" };
  g_autoptr (GString) header = g_string_new ("{\"a\":[0");
  g_autoptr (GByteArray) bytes = NULL;

  for (int i = 0; i < 1 << 20; i++)
    g_string_append (header, ",0");
  g_string_append (header, "]}");
  bytes = file_fixture_bytes (header->str, (gssize)header->len, 0);
  file_fixture_write (fixture, bytes->data, bytes->len);
  assert_refused (fixture, CG_ERROR, CG_ERROR_UNSUPPORTED, says, 1);
}

static void
test_no_such_file (FileFixture *fixture, gconstpointer data)
{
  assert_refused (fixture, G_FILE_ERROR, G_FILE_ERROR_NOENT, NULL, 0);
}

static void
test_special_files (FileFixture *fixture, gconstpointer data)
{
  static const char *const says[] = { "is not a regular file" };

  g_assert_cmpint (mkfifo (fixture->path, 0600), ==, 0);
  assert_refused (fixture, G_FILE_ERROR, G_FILE_ERROR_INVAL, says, 1);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  assert_refused (fixture, G_FILE_ERROR, G_FILE_ERROR_ISDIR, says, 1);
}

static void
test_accepts (FileFixture *fixture, gconstpointer data)
{
  /* Out of order, padded, white space, an unknown member, escapes, empty tensors between and at the end, a scalar. */
  static const char header[] = "{ \"b\\ud83d\\ude00\\/\" : {\"shape\":[2,1], \"dtype\":\"F16\",\"data_offsets\":[4,8], "
                               "\"note\":[null,[true]]},\n"
                               "\t\"none\":{\"dtype\":\"BF16\",\"shape\":[0,3],\"data_offsets\":[4,4]},"
                               "\"scalar\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                               "\"also none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]},"
                               "\"__metadata__\":{\"z\":\"\",\"title\":\"Na\xc3\xaf\\u0076e \\\"x\\\"\\n\"} }    ";
  static const char *const order[] = { "scalar", "none", "b\xf0\x9f\x98\x80/", "also none" };
  g_autoptr (GByteArray) bytes = file_fixture_bytes (header, -1, 8);
  g_autoptr (GError) error = NULL;
  float values[2] = { 0 };

  file_fixture_write (fixture, bytes->data, bytes->len);

  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (cg_safetensors_get_path (file), ==, fixture->path);
  g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, 4);
  for (guint i = 0; i < 4; i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);

      g_assert_cmpstr (entry->name, ==, order[i]);
      g_assert_true (cg_safetensors_find (file, order[i]) == entry);
      g_assert_true (cg_safetensors_read (file, entry, values, &error));
    }

  const CgSafetensorsEntry *scalar = cg_safetensors_find (file, "scalar");
  const CgSafetensorsEntry *halves = cg_safetensors_get_entry (file, 2);

  g_assert_cmpint (scalar->n_dims, ==, 0);
  g_assert_cmpuint (scalar->n_elements, ==, 1);
  g_assert_cmpint (halves->n_dims, ==, 2);
  g_assert_cmpint (halves->shape[0], ==, 2);
  g_assert_cmpint (halves->shape[1], ==, 1);
  g_assert_cmpuint (cg_safetensors_find (file, "none")->n_elements, ==, 0);
  g_assert_null (cg_safetensors_find (file, "b"));

  /* Little-endian bytes 0 1 2 3 as binary32, 4 5 and 6 7 as binary16. */
  cg_safetensors_read (file, scalar, values, NULL);
  g_assert_cmpfloat (values[0], ==, 0x1.040200p-121f);
  cg_safetensors_read (file, halves, values, NULL);
  g_assert_cmpfloat (values[0], ==, ldexpf (0x504, -24));
  g_assert_cmpfloat (values[1], ==, ldexpf (0x706, -24));

  g_assert_cmpstr (cg_safetensors_get_metadata (file, "title"), ==, "Na\xc3\xafve \"x\"\n");
  g_assert_cmpstr (cg_safetensors_get_metadata (file, "z"), ==, "");
  g_assert_null (cg_safetensors_get_metadata (file, "none"));
  g_assert_cmpstr (cg_safetensors_get_metadata_keys (file)[0], ==, "title");
  g_assert_cmpstr (cg_safetensors_get_metadata_keys (file)[1], ==, "z");
  g_assert_null (cg_safetensors_get_metadata_keys (file)[2]);
}

static void
test_empty (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = file_fixture_bytes ("{}", -1, 0);
  g_autoptr (GError) error = NULL;

  file_fixture_write (fixture, bytes->data, bytes->len);

  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, 0);
  g_assert_null (cg_safetensors_get_metadata_keys (file)[0]);
}

/* A file that Python wrote (tests/golden/safetensors/generate.py). */
static void
test_from_python (void)
{
  static const struct
  {
    const char *name;
    CgDtype dtype;
    int n_dims;
    size_t n_elements;
    float values[6];
  } expected[] = {
    { "weight", CG_DTYPE_F32, 2, 6, { 1.0f, -2.5f, 0x1p-148f, G_MAXFLOAT, -0.0f, 0.1f } },
    { "scalar", CG_DTYPE_F32, 0, 1, { 42.0f } },
    { "half", CG_DTYPE_F16, 1, 4, { 1.0f, -65504.0f, 0x1p-24f, 0x1.554p-2f } },
    { "nothing", CG_DTYPE_F16, 2, 0, { 0 } },
    { "brain", CG_DTYPE_BF16, 3, 2, { 1.0f, -0x1.fep127f } },
  };
  g_autofree char *path = g_build_filename (g_getenv ("CG_GOLDEN_DIR"), "safetensors", "by-python.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (cg_safetensors_get_n_entries (file), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_find (file, expected[i].name);
      float values[6];

      g_assert_nonnull (entry);
      g_assert_cmpint (entry->dtype, ==, expected[i].dtype);
      g_assert_cmpint (entry->n_dims, ==, expected[i].n_dims);
      g_assert_cmpuint (entry->n_elements, ==, expected[i].n_elements);
      g_assert_true (cg_safetensors_read (file, entry, values, NULL));
      g_assert_cmpmem (values, entry->n_elements * sizeof (float), expected[i].values,
                       entry->n_elements * sizeof (float));
    }
  g_assert_cmpstr (cg_safetensors_get_metadata (file, "author"), ==, "Zo\xc3\xab \xf0\x9f\x8e\xa8");
  g_assert_cmpstr (cg_safetensors_get_metadata (file, "format"), ==, "pt");
}

static void
test_non_finite (FileFixture *fixture, gconstpointer data)
{
  static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                               "\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[8,12]},"
                               "\"c\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[12,16]}}";
  static const guint8 values[16] = { 0, 0, 0, 0, 0, 0, 0xc0, 0x7f, 0, 0, 0, 0xfc, 0, 0, 0x80, 0x7f };
  static const char *const says[]
      = { "tensor “a”: found nan as value 1", "tensor “b”: found -inf as value 1", "tensor “c”: found inf as value 1" };
  g_autoptr (GByteArray) bytes = file_fixture_bytes (header, -1, 0);
  g_autoptr (GError) error = NULL;

  g_byte_array_append (bytes, values, sizeof values);
  file_fixture_write (fixture, bytes->data, bytes->len);

  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) refusal = NULL;
      float read[2];

      g_assert_false (cg_safetensors_read (file, cg_safetensors_get_entry (file, i), read, &refusal));
      g_assert_error (refusal, CG_ERROR, CG_ERROR_CORRUPT);
      g_assert_nonnull (strstr (refusal->message, says[i]));
      g_assert_nonnull (strstr (refusal->message, "expected a finite number"));
      g_assert_true (g_str_has_prefix (refusal->message, fixture->path));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function, data)                                                                                      \
  g_test_add (name, FileFixture, data, file_fixture_set_up, function, file_fixture_tear_down)

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *name = g_strconcat ("/model/safetensors/refuses/", refusals[i].name, NULL);

      ADD (name, test_refusal, &refusals[i]);
    }
  ADD ("/model/safetensors/refuses/nul-in-header", test_nul_in_header, NULL);
  ADD ("/model/safetensors/refuses/huge-header", test_huge_header, NULL);
  ADD ("/model/safetensors/refuses/too-many-values", test_too_many_values, NULL);
  ADD ("/model/safetensors/refuses/no-such-file", test_no_such_file, NULL);
  ADD ("/model/safetensors/refuses/special-files", test_special_files, NULL);
  ADD ("/model/safetensors/refuses/non-finite", test_non_finite, NULL);
  ADD ("/model/safetensors/accepts", test_accepts, NULL);
  ADD ("/model/safetensors/empty", test_empty, NULL);
  g_test_add_func ("/model/safetensors/from-python", test_from_python);
  return g_test_run ();
}
