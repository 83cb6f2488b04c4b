/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Checkpoints made by hand, so that every field of them can be wrong: pickles, zip archives, legacy files. */
#pragma once

#include "../model/file-fixture.h"

/* Appends the bytes of a string literal without its NUL. */
#define APPEND(bytes, literal) g_byte_array_append (bytes, (const guint8 *)(literal), sizeof (literal) - 1)

static inline void
append_number (GByteArray *bytes, guint64 number, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
    {
      const guint8 byte = i < 8 ? (guint8)(number >> (8 * i)) : 0;

      g_byte_array_append (bytes, &byte, 1);
    }
}

static inline void
append_text (GByteArray *bytes, const char *text)
{
  g_byte_array_append (bytes, (const guint8 *)text, (guint)strlen (text));
}

/* --- pickles --- */

/* LONG1 of eight bytes, for any number. */
static inline void
pickle_integer (GByteArray *pickle, gint64 number)
{
  APPEND (pickle, "\x8a\x08");
  append_number (pickle, (guint64)number, 8);
}

static inline void
pickle_string (GByteArray *pickle, const char *text)
{
  APPEND (pickle, "X");
  append_number (pickle, strlen (text), 4);
  append_text (pickle, text);
}

static inline void
pickle_numbers (GByteArray *pickle, int n, const gint64 *numbers)
{
  APPEND (pickle, "(");
  for (int i = 0; i < n; i++)
    pickle_integer (pickle, numbers[i]);
  APPEND (pickle, "t");
}

/* A tensor as a state dict holds it. */
typedef struct
{
  const char *name, *type, *key; /* type: "FloatStorage" */
  gint64 n_stored, offset;
  int n_dims;
  gint64 shape[9], stride[9];
} PickledTensor;

/* The call of _rebuild_tensor_v2, without its name in the dict. */
static inline void
pickle_tensor (GByteArray *pickle, const PickledTensor *tensor)
{
  APPEND (pickle, "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n");
  append_text (pickle, tensor->type);
  APPEND (pickle, "\n");
  pickle_string (pickle, tensor->key);
  APPEND (pickle, "U\x03"
                  "cpu");
  pickle_integer (pickle, tensor->n_stored);
  APPEND (pickle, "tQ");
  pickle_integer (pickle, tensor->offset);
  pickle_numbers (pickle, tensor->n_dims, tensor->shape);
  pickle_numbers (pickle, tensor->n_dims, tensor->stride);
  APPEND (pickle, "\x89}tR");
}

/* A whole state dict. (transfer full) */
static inline GByteArray *
pickle_dict (int n, const PickledTensor *tensors)
{
  GByteArray *pickle = g_byte_array_new ();

  APPEND (pickle, "\x80\x02}(");
  for (int i = 0; i < n; i++)
    {
      pickle_string (pickle, tensors[i].name);
      pickle_tensor (pickle, &tensors[i]);
    }
  APPEND (pickle, "u.");
  return pickle;
}

/* --- legacy files --- */

/* All that stands before the object. (transfer full) */
static inline GByteArray *
legacy_begin (void)
{
  GByteArray *file = g_byte_array_new ();

  APPEND (file, "\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.");
  APPEND (file, "\x80\x02}U\x0dlittle_endian\x88s.");
  return file;
}

/* --- zip archives --- */

/* One record; what is not 0 replaces the truth in the directory. @at: where the local header is said to be, plus 1. */
typedef struct
{
  const char *name;
  const void *bytes;
  size_t n;
  guint method, flags, crc_error;
  guint64 said_size, said_stored, at;
} ZipRecord;

static inline guint32
zip_crc (const guint8 *bytes, size_t n)
{
  guint32 crc = ~0u;

  for (size_t i = 0; i < n; i++)
    {
      crc ^= bytes[i];
      for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
  return ~crc;
}

/* From the version on to the lengths of name and extra field: what both headers have in common. */
static inline void
zip_header (GByteArray *file, const ZipRecord *record, gboolean said)
{
  append_number (file, 20, 2);
  append_number (file, record->flags, 2);
  append_number (file, record->method, 2);
  append_number (file, 0x00210000, 4);
  append_number (file, zip_crc (record->bytes, record->n) ^ record->crc_error, 4);
  append_number (file, said && record->said_stored ? record->said_stored : record->n, 4);
  append_number (file, said && record->said_size ? record->said_size : record->n, 4);
  append_number (file, strlen (record->name), 2);
  append_number (file, 0, 2);
}

/* (transfer full) */
static inline GByteArray *
zip_archive (int n, const ZipRecord *records)
{
  GByteArray *file = g_byte_array_new ();
  g_autofree guint *offsets = g_new (guint, MAX (n, 1));
  guint directory;

  for (int i = 0; i < n; i++)
    {
      offsets[i] = file->len;
      APPEND (file, "PK\3\4");
      zip_header (file, &records[i], FALSE);
      append_text (file, records[i].name);
      g_byte_array_append (file, records[i].bytes, (guint)records[i].n);
    }
  directory = file->len;
  for (int i = 0; i < n; i++)
    {
      APPEND (file, "PK\1\2\x14\0");
      zip_header (file, &records[i], TRUE);
      append_number (file, 0, 10);
      append_number (file, records[i].at ? records[i].at - 1 : offsets[i], 4);
      append_text (file, records[i].name);
    }
  {
    const guint length = file->len - directory;

    APPEND (file, "PK\5\6\0\0\0\0");
    append_number (file, (guint64)n, 2);
    append_number (file, (guint64)n, 2);
    append_number (file, length, 4);
    append_number (file, directory, 4);
    append_number (file, 0, 2);
  }
  return file;
}
