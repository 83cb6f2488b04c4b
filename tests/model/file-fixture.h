/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A folder of its own for each test that writes files, and safetensors files made by hand, damage included. */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  char *folder;
  char *path; /* of the file under test, in the folder */
} FileFixture;

static inline void
file_fixture_set_up (FileFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("cyclegan-test-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "m.safetensors", NULL);
}

/* Names in the folder, sorted and joined by spaces. (transfer full) */
static inline char *
file_fixture_list (const FileFixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, &error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, (GCompareFunc)g_strcmp0);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **)names->pdata);
}

static inline void
file_fixture_tear_down (FileFixture *fixture, gconstpointer data)
{
  g_autofree char *list = file_fixture_list (fixture);
  g_auto (GStrv) names = g_strsplit (list, " ", -1);

  for (char **name = names; *name; name++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, *name, NULL);

      g_remove (path);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->path);
}

/* Header length, header, @n_data bytes counting up from 0. */
static inline GByteArray *
file_fixture_bytes (const char *header, gssize header_length, size_t n_data)
{
  const guint32 n = (guint32)(header_length < 0 ? strlen (header) : (size_t)header_length);
  GByteArray *bytes = g_byte_array_new ();
  const guint8 prefix[8] = { (guint8)n, (guint8)(n >> 8), (guint8)(n >> 16), (guint8)(n >> 24) };

  g_byte_array_append (bytes, prefix, sizeof prefix);
  g_byte_array_append (bytes, (const guint8 *)header, n);
  for (size_t i = 0; i < n_data; i++)
    {
      const guint8 byte = (guint8)i;

      g_byte_array_append (bytes, &byte, 1);
    }
  return bytes;
}

/* Plainly, for thousands of files: g_file_set_contents() would sync each of them. */
static inline void
file_fixture_write (const FileFixture *fixture, const guint8 *bytes, size_t n)
{
  FILE *file = g_fopen (fixture->path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, n, file), ==, n);
  g_assert_cmpint (fclose (file), ==, 0);
}
