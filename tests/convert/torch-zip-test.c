/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Archives made by hand: records that overlap, are compressed, lie about their size or are not there. */
#include <glib.h>
#include <math.h>

#include "base/error.h"
#include "checkpoint-fixture.h"
#include "convert/state-dict.h"
#include "convert/torch-zip.h"

static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };

static const PickledTensor weight
    = { "a.weight", "FloatStorage", "0", .n_stored = 6, .n_dims = 2, .shape = { 2, 3 }, .stride = { 3, 1 } };

typedef struct
{
  FileFixture file;
  GByteArray *pickle;
  ZipRecord records[4]; /* data.pkl, data/0, two more */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  file_fixture_set_up (&fixture->file, data);
  fixture->pickle = pickle_dict (1, &weight);
  fixture->records[0] = (ZipRecord){ .name = "x/data.pkl", .bytes = fixture->pickle->data, .n = fixture->pickle->len };
  fixture->records[1] = (ZipRecord){ .name = "x/data/0", .bytes = numbers, .n = sizeof numbers };
  fixture->records[2] = (ZipRecord){ .name = "x/version", .bytes = "3\n", .n = 2 };
  fixture->records[3] = (ZipRecord){ .name = "x/byteorder", .bytes = "little", .n = 6 };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_byte_array_unref (fixture->pickle);
  file_fixture_tear_down (&fixture->file, data);
}

static CgStateDict *
open_records (Fixture *fixture, int n, GError **error)
{
  g_autoptr (GByteArray) bytes = zip_archive (n, fixture->records);

  file_fixture_write (&fixture->file, bytes->data, bytes->len);
  return cg_state_dict_open (fixture->file.path, NULL, error);
}

static void
check_refused (Fixture *fixture, int n, int code, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = open_records (fixture, n, &error);

  g_assert_null (dict);
  g_assert_error (error, CG_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, fixture->file.path));
  if (!strstr (error->message, says))
    g_error ("“%s” does not say “%s”", error->message, says);
}

static void
test_reads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = open_records (fixture, 4, &error);
  float values[6] = { 0 };

  g_assert_no_error (error);
  g_assert_cmpuint (cg_state_dict_get_n_tensors (dict), ==, 1);
  g_assert_true (cg_state_dict_read (dict, cg_state_dict_find (dict, "a.weight"), values, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (values, sizeof values, numbers, sizeof numbers);
}

/* A record lies where the directory's header ends, and nowhere where it is empty. */
static void
test_offset (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) bytes = zip_archive (4, fixture->records);
  g_autoptr (CgTorchZip) zip = cg_torch_zip_open (bytes->data, bytes->len, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (cg_torch_zip_get_offset (zip, "0"), ==, 30 + 10 + fixture->pickle->len + 30 + 8);
  g_assert_cmpuint (cg_torch_zip_get_offset (zip, "1"), ==, G_MAXSIZE);
}

static void
test_compressed (Fixture *fixture, gconstpointer data)
{
  fixture->records[1].method = 8;
  check_refused (fixture, 2, CG_ERROR_UNSUPPORTED, "“x/data/0” compressed or encrypted");
  fixture->records[1].said_size = 0xf0000000;
  check_refused (fixture, 2, CG_ERROR_UNSUPPORTED, "“x/data/0” compressed or encrypted");
}

static void
test_encrypted (Fixture *fixture, gconstpointer data)
{
  fixture->records[1].flags = 1;
  check_refused (fixture, 2, CG_ERROR_UNSUPPORTED, "“x/data/0” compressed or encrypted");
}

static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  fixture->records[1].said_size = 0x40000000;
  check_refused (fixture, 2, CG_ERROR_UNSUPPORTED, "compressed or encrypted");
  fixture->records[1].said_stored = 0x40000000;
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "damaged zip archive");
}

static void
test_overlap (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) inner = NULL;
  const ZipRecord small = { .name = "x/data/1", .bytes = "abcd", .n = 4 };

  /* The same place twice. */
  fixture->records[2] = fixture->records[1];
  fixture->records[2].name = "x/data/1";
  fixture->records[2].at = 1 + 30 + 10 + fixture->pickle->len;
  check_refused (fixture, 3, CG_ERROR_CORRUPT, "overlaps another");

  /* A record inside another one. */
  inner = zip_archive (1, &small);
  fixture->records[2] = small;
  fixture->records[3] = (ZipRecord){ .name = "x/data/2", .bytes = inner->data, .n = inner->len };
  fixture->records[2].at = 1 + (30 + 10 + fixture->pickle->len) + (30 + 8 + sizeof numbers) + (30 + 8 + 4) + 30 + 8;
  check_refused (fixture, 4, CG_ERROR_CORRUPT, "“x/data/1” overlaps another");
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  fixture->records[2] = fixture->records[1];
  check_refused (fixture, 3, CG_ERROR_CORRUPT, "two records named “x/data/0”");
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  check_refused (fixture, 1, CG_ERROR_CORRUPT, "“data/0” is missing");
  fixture->records[0].name = "x/other.pkl";
  check_refused (fixture, 2, CG_ERROR_FORMAT, "without data.pkl");
  fixture->records[0].name = "x/constants.pkl";
  check_refused (fixture, 2, CG_ERROR_FORMAT, "TorchScript");
}

static void
test_big_endian (Fixture *fixture, gconstpointer data)
{
  fixture->records[3] = (ZipRecord){ .name = "x/byteorder", .bytes = "big", .n = 3 };
  check_refused (fixture, 4, CG_ERROR_UNSUPPORTED, "big-endian");
}

/* PyTorch does not compare checksums; a model that was damaged on its way should not be used for all that. */
static void
test_checksum (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;
  float values[6];

  fixture->records[1].crc_error = 1;
  dict = open_records (fixture, 3, &error);
  g_assert_no_error (error);
  g_assert_false (cg_state_dict_read (dict, cg_state_dict_get_tensor (dict, 0), values, &error));
  g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "checksum of “x/data/0”"));
  g_clear_error (&error);
  g_clear_pointer (&dict, cg_state_dict_free);

  /* PyTorch can be told to compute none. */
  fixture->records[1].crc_error = zip_crc ((const guint8 *)numbers, sizeof numbers);
  dict = open_records (fixture, 3, &error);
  g_assert_no_error (error);
  g_assert_true (cg_state_dict_read (dict, cg_state_dict_get_tensor (dict, 0), values, &error));
  g_assert_cmpmem (values, sizeof values, numbers, sizeof numbers);
}

/* A damaged pickle may still make sense, of the wrong tensor. */
static void
test_checksum_of_pickle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = NULL;

  fixture->records[0].crc_error = 1;
  check_refused (fixture, 3, CG_ERROR_CORRUPT, "checksum of “x/data.pkl”");
  fixture->records[0].crc_error = zip_crc (fixture->pickle->data, fixture->pickle->len);
  dict = open_records (fixture, 3, &error);
  g_assert_no_error (error);
  g_assert_nonnull (dict);
}

static void
use_tensor (Fixture *fixture, const PickledTensor *tensor)
{
  g_byte_array_unref (fixture->pickle);
  fixture->pickle = pickle_dict (1, tensor);
  fixture->records[0].bytes = fixture->pickle->data;
  fixture->records[0].n = fixture->pickle->len;
}

/* What a tensor says of itself against what its storage has. */
static void
test_claims (Fixture *fixture, gconstpointer data)
{
  const gint64 huge = G_GINT64_CONSTANT (1) << 60;
  PickledTensor tensor = weight;

  tensor.n_stored = huge;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "found 24 bytes in “data/0”, expected 1152921504606846976 F32");

  tensor = weight;
  tensor.shape[0] = huge;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "in a storage of 6 elements");

  /* As PyTorch's expand() makes them, without a byte of data more. */
  tensor.stride[0] = tensor.stride[1] = 0;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "in a storage of 6 elements");

  tensor = weight;
  tensor.stride[0] = huge;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "in a storage of 6 elements");

  tensor = weight;
  tensor.offset = 1;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT,
                 "tensor “a.weight”: damaged: found a tensor of shape [2, 3] in a storage of 6");

  tensor = weight;
  tensor.offset = -1;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "describes a tensor");

  tensor = weight;
  tensor.shape[1] = -3;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "describes a tensor");

  tensor = weight;
  tensor.n_dims = 9;
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "describes a tensor");

  tensor = weight;
  tensor.type = "QInt8Storage";
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_UNSUPPORTED, "“torch.QInt8Storage”");

  tensor = weight;
  tensor.type = "Size";
  use_tensor (fixture, &tensor);
  check_refused (fixture, 2, CG_ERROR_CORRUPT, "describes a storage");
}

static void
test_not_finite (Fixture *fixture, gconstpointer data)
{
  const float bad[6] = { 1, 2, 3, INFINITY, 5, 6 };
  const double large[6] = { 1, 2, 3, 4, 1e300, 6 };
  PickledTensor tensor = weight;
  float values[6];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CgStateDict) dict = NULL;

      fixture->records[1].bytes = i ? (const void *)large : bad;
      fixture->records[1].n = i ? sizeof large : sizeof bad;
      tensor.type = i ? "DoubleStorage" : "FloatStorage";
      use_tensor (fixture, &tensor);
      dict = open_records (fixture, 2, &error);
      g_assert_no_error (error);
      g_assert_false (cg_state_dict_read (dict, cg_state_dict_get_tensor (dict, 0), values, &error));
      g_assert_error (error, CG_ERROR, CG_ERROR_CORRUPT);
      g_assert_nonnull (strstr (error->message, i ? "not finite at element 4" : "not finite at element 3"));
    }
}

/* Every way to cut the file off, and every byte of it changed: refused or read, never anything else. */
static void
test_damage (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = zip_archive (4, fixture->records);

  for (guint n = 0; n < bytes->len; n++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (CgStateDict) dict = NULL;

      file_fixture_write (&fixture->file, bytes->data, n);
      dict = cg_state_dict_open (fixture->file.path, NULL, &error);
      g_assert_null (dict);
      g_assert_nonnull (error);
    }
  for (guint i = 0; i < bytes->len; i++)
    for (int bit = 0; bit < 8; bit += 7)
      {
        g_autoptr (GError) error = NULL;
        g_autoptr (CgStateDict) dict = NULL;
        float values[64];

        bytes->data[i] ^= (guint8)(1 << bit);
        file_fixture_write (&fixture->file, bytes->data, bytes->len);
        dict = cg_state_dict_open (fixture->file.path, NULL, &error);
        g_assert_true ((dict == NULL) == (error != NULL));
        if (dict && cg_state_dict_get_tensor (dict, 0)->n_elements <= G_N_ELEMENTS (values))
          cg_state_dict_read (dict, cg_state_dict_get_tensor (dict, 0), values, NULL);
        bytes->data[i] ^= (guint8)(1 << bit);
      }
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/torch-zip/reads", test_reads);
  ADD ("/torch-zip/offset", test_offset);
  ADD ("/torch-zip/compressed", test_compressed);
  ADD ("/torch-zip/encrypted", test_encrypted);
  ADD ("/torch-zip/sizes", test_sizes);
  ADD ("/torch-zip/overlap", test_overlap);
  ADD ("/torch-zip/names", test_names);
  ADD ("/torch-zip/missing", test_missing);
  ADD ("/torch-zip/big-endian", test_big_endian);
  ADD ("/torch-zip/checksum", test_checksum);
  ADD ("/torch-zip/checksum-of-pickle", test_checksum_of_pickle);
  ADD ("/torch-zip/claims", test_claims);
  ADD ("/torch-zip/not-finite", test_not_finite);
  ADD ("/torch-zip/damage", test_damage);
  return g_test_run ();
}
