/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The safetensors reader on damage without a plan: files cut at every byte, random bits flipped. */
#include "model/safetensors.h"

#include "base/random.h"
#include "file-fixture.h"

/* Opens whatever lies there and touches all that a caller may touch. */
static gboolean
exercise (const FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (fixture->path, &error);

  g_assert_true ((file == NULL) == (error != NULL));
  if (!file)
    {
      g_assert_true (g_str_has_prefix (error->message, fixture->path));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return FALSE;
    }
  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);
      g_autofree float *values = g_new (float, MAX (entry->n_elements, 1));

      cg_safetensors_read (file, entry, values, NULL);
    }
  return TRUE;
}

static GByteArray *
small_file (void)
{
  return file_fixture_bytes ("{\"__metadata__\":{\"t\":\"x\\u00e9\"},"
                             "\"v\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                             "\"w\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[8,14]}}  ",
                             -1, 14);
}

static void
test_truncated_everywhere (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GByteArray) bytes = small_file ();

  file_fixture_write (fixture, bytes->data, bytes->len);
  g_assert_true (exercise (fixture));
  for (size_t n = 0; n < bytes->len; n++)
    {
      file_fixture_write (fixture, bytes->data, n);
      if (exercise (fixture))
        g_error ("accepted with %zu of %u bytes", n, bytes->len);
    }
}

static void
test_bit_flips (FileFixture *fixture, gconstpointer data)
{
  const guint64 seed = 20;
  g_autoptr (GByteArray) bytes = small_file ();
  guint n_refused = 0;

  g_test_message ("seed %" G_GUINT64_FORMAT, seed);
  for (guint round = 0; round < 4000; round++)
    {
      g_autofree guint8 *damaged = g_memdup2 (bytes->data, bytes->len);

      for (guint flip = 0; flip <= round % 3; flip++)
        {
          const guint64 bit = cg_random_below (seed, CG_RANDOM_TEST, round, flip, 8 * (guint64)bytes->len);

          damaged[bit / 8] ^= (guint8)(1u << bit % 8);
        }
      file_fixture_write (fixture, damaged, bytes->len);
      n_refused += !exercise (fixture);
    }
  /* Most of the file is header, where almost every change matters; flips in names, metadata and data do not. */
  g_assert_cmpuint (n_refused, >, 2000);
  g_assert_cmpuint (n_refused, <, 4000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                                            \
  g_test_add ("/model/safetensors-damage/" name, FileFixture, NULL, file_fixture_set_up, function,                     \
              file_fixture_tear_down)

  ADD ("truncated-everywhere", test_truncated_everywhere);
  ADD ("bit-flips", test_bit_flips);
  return g_test_run ();
}
