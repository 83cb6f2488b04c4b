/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the pickle of a state dict by hand, the records by libzip. */
#include "convert/torch-writer.h"

#include <glib/gi18n.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"
#include "convert/file-sink.h"
#include "model/dtype.h"

#define FOLDER "archive/"
#define ALIGNMENT 64
#define LOCAL_HEADER 30 /* bytes before a record's name */
#define EXTRA_HEADER 4
#define PADDING_ID 0x4246 /* "FB", as PyTorch pads */
#define CHUNK 65536

/* --- the pickle, protocol 2 --- */

#define APPEND(pickle, literal) g_byte_array_append (pickle, (const guint8 *)(literal), sizeof (literal) - 1)

static void
append_number (GByteArray *pickle, guint64 number, guint n_bytes)
{
  for (guint i = 0; i < n_bytes; i++)
    {
      const guint8 byte = (guint8)(number >> (8 * i));

      g_byte_array_append (pickle, &byte, 1);
    }
}

/* BINUNICODE */
static void
append_text (GByteArray *pickle, const char *text)
{
  APPEND (pickle, "X");
  append_number (pickle, strlen (text), 4);
  g_byte_array_append (pickle, (const guint8 *)text, (guint)strlen (text));
}

/* BININT, or LONG1 beyond 31 bits */
static void
append_integer (GByteArray *pickle, guint64 number)
{
  if (number <= G_MAXINT32)
    APPEND (pickle, "J");
  else
    APPEND (pickle, "\x8a\x08");
  append_number (pickle, number, number <= G_MAXINT32 ? 4 : 8);
}

/* The shape, then the strides of a dense tensor, both tuples. */
static void
append_shape (GByteArray *pickle, int n_dims, const gint64 *shape)
{
  APPEND (pickle, "(");
  for (int i = 0; i < n_dims; i++)
    append_integer (pickle, (guint64)shape[i]);
  APPEND (pickle, "t(");
  for (int i = 0; i < n_dims; i++)
    {
      guint64 stride = 1;

      for (int j = i + 1; j < n_dims; j++)
        stride *= (guint64)shape[j];
      append_integer (pickle, stride);
    }
  APPEND (pickle, "t");
}

/* name: _rebuild_tensor_v2 (storage, 0, shape, strides, False, OrderedDict ()); the memo's 0 is OrderedDict. */
static void
append_tensor (GByteArray *pickle, const char *name, const char *type, guint storage, size_t n, int n_dims,
               const gint64 *shape)
{
  g_autofree char *key = g_strdup_printf ("%u", storage);

  append_text (pickle, name);
  APPEND (pickle, "ctorch._utils\n_rebuild_tensor_v2\n((");
  append_text (pickle, "storage");
  APPEND (pickle, "ctorch\n");
  g_byte_array_append (pickle, (const guint8 *)type, (guint)strlen (type));
  APPEND (pickle, "\n");
  append_text (pickle, key);
  append_text (pickle, "cpu");
  append_integer (pickle, n);
  APPEND (pickle, "tQ");
  append_integer (pickle, 0);
  append_shape (pickle, n_dims, shape);
  APPEND (pickle, "\x89h\0)RtR");
}

static const char *
get_storage_type (CgDtype dtype)
{
  switch (dtype)
    {
    case CG_DTYPE_F16:
      return "HalfStorage";
    case CG_DTYPE_BF16:
      return "BFloat16Storage";
    case CG_DTYPE_F32:
    default:
      return "FloatStorage";
    }
}

/* --- the archive --- */

typedef struct
{
  zip_t *archive;
  guint64 position; /* of the next local header */
} Writer;

/* Adds a stored record, at a multiple of ALIGNMENT if @aligned. Takes @data, of malloc(), in any case. */
static gboolean
add_record (Writer *writer, const char *name, void *data, size_t n, gboolean aligned)
{
  static const guint8 zeros[ALIGNMENT];
  zip_source_t *source = zip_source_buffer (writer->archive, data, n, 1);
  zip_int64_t index;
  guint64 begin;
  guint padding;

  if (!source)
    {
      free (data);
      return FALSE;
    }
  index = zip_file_add (writer->archive, name, source, ZIP_FL_ENC_UTF_8);
  if (index < 0)
    {
      zip_source_free (source);
      return FALSE;
    }
  begin = writer->position + LOCAL_HEADER + strlen (name);
  if (aligned)
    {
      begin += EXTRA_HEADER;
      padding = (guint)((ALIGNMENT - begin % ALIGNMENT) % ALIGNMENT);
      begin += padding;
      if (zip_file_extra_field_set (writer->archive, (zip_uint64_t)index, PADDING_ID, ZIP_EXTRA_FIELD_NEW, zeros,
                                    (zip_uint16_t)padding, ZIP_FL_LOCAL)
          < 0)
        return FALSE;
    }
  writer->position = begin + n;
  return zip_set_file_compression (writer->archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0
         && zip_file_set_dostime (writer->archive, (zip_uint64_t)index, 0, 0x21, 0) == 0;
}

static gboolean
add_copy (Writer *writer, const char *name, const void *bytes, size_t n, gboolean aligned)
{
  void *copy = malloc (MAX (n, 1));

  if (!copy)
    return FALSE;
  memcpy (copy, bytes, n);
  return add_record (writer, name, copy, n, aligned);
}

/* Parameters with their storages, in the order of the state dict. */
typedef struct
{
  CgNetwork *network;
  CgDtype dtype;
  Writer writer;
  GByteArray *pickle;
  guint n_storages;
} Job;

/* The record of the next storage. */
static gboolean
add_storage (Job *job, void *data, size_t n)
{
  g_autofree char *name = g_strdup_printf (FOLDER "data/%u", job->n_storages++);

  return add_record (&job->writer, name, data, n, TRUE);
}

static gboolean
add_parameter (Job *job, guint i, GError **error)
{
  const CgParameter *parameter = cg_network_get_parameter (job->network, i);
  const size_t n = parameter->n_floats, bytes = n * cg_dtype_get_size (job->dtype);
  g_autofree float *values = g_try_new (float, n);
  guint8 *encoded = values ? malloc (bytes) : NULL;
  size_t bad;

  if (!encoded)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %zu bytes of weights"), bytes);
      return FALSE;
    }
  cg_network_read_parameter (job->network, i, cg_network_get_weights (job->network), values);
  bad = cg_dtype_encode (job->dtype, values, n, encoded);
  if (bad < n)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("tensor “%s”: found %g, expected a number that fits %s"),
                   parameter->name, (double)values[bad], get_storage_type (job->dtype));
      free (encoded);
      return FALSE;
    }
  append_tensor (job->pickle, parameter->name, get_storage_type (job->dtype), job->n_storages, n, parameter->n_dims,
                 parameter->shape);
  if (!add_storage (job, encoded, bytes))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_strerror (job->writer.archive));
      return FALSE;
    }
  return TRUE;
}

/* Behind every running_var, where batch norm keeps it. */
static gboolean
add_counter (Job *job, guint i, GError **error)
{
  const char *name = cg_network_get_parameter (job->network, i)->name, *dot = strrchr (name, '.');
  g_autofree char *counter = NULL;
  gint64 *zero;

  if (strcmp (dot, ".running_var") != 0)
    return TRUE;
  counter = g_strdup_printf ("%.*s.num_batches_tracked", (int)(dot - name), name);
  append_tensor (job->pickle, counter, "LongStorage", job->n_storages, 1, 0, NULL);
  zero = calloc (1, sizeof *zero);
  if (zero && add_storage (job, zero, sizeof *zero))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_strerror (job->writer.archive));
  return FALSE;
}

static gboolean
add_all (Job *job, GError **error)
{
  const guint n = cg_network_get_n_parameters (job->network);

  APPEND (job->pickle, "\x80\x02"
                       "ccollections\nOrderedDict\nq\0)R(");
  for (guint i = 0; i < n; i++)
    if (!add_parameter (job, i, error) || !add_counter (job, i, error))
      return FALSE;
  APPEND (job->pickle, "u.");
  if (add_copy (&job->writer, FOLDER "data.pkl", job->pickle->data, job->pickle->len, FALSE)
      && add_copy (&job->writer, FOLDER "byteorder", "little", 6, FALSE)
      && add_copy (&job->writer, FOLDER "version", "3\n", 2, FALSE))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_strerror (job->writer.archive));
  return FALSE;
}

/* Copies the finished archive into the file. */
static gboolean
write_archive (zip_source_t *source, const char *path, GError **error)
{
  g_autoptr (CgFileSink) sink = cg_file_sink_new (path, error);
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  zip_int64_t n = 1;

  if (!sink)
    return FALSE;
  if (zip_source_open (source) < 0)
    n = -1;
  while (n > 0)
    {
      n = zip_source_read (source, chunk, CHUNK);
      if (n > 0)
        cg_file_sink_write (sink, chunk, (size_t)n);
    }
  zip_source_close (source);
  if (n < 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_error_strerror (zip_source_error (source)));
      return FALSE;
    }
  return cg_file_sink_commit (sink, error);
}

/* A network's archive in @source, which grows in memory. */
static gboolean
fill_archive (zip_source_t *source, CgNetwork *network, CgDtype dtype, GError **error)
{
  Job job = { .network = network, .dtype = dtype };
  zip_error_t local;
  gboolean ok;

  zip_error_init (&local);
  job.writer.archive = zip_open_from_source (source, ZIP_TRUNCATE, &local);
  if (!job.writer.archive)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_error_strerror (&local));
      zip_error_fini (&local);
      return FALSE;
    }
  zip_source_keep (source);
  job.pickle = g_byte_array_new ();
  ok = add_all (&job, error);
  if (ok && zip_close (job.writer.archive) < 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_strerror (job.writer.archive));
      ok = FALSE;
    }
  if (!ok)
    zip_discard (job.writer.archive);
  g_byte_array_unref (job.pickle);
  return ok;
}

gboolean
cg_torch_writer_save (CgNetwork *network, CgDtype dtype, const char *path, GError **error)
{
  zip_error_t local;
  zip_source_t *source;
  gboolean ok;

  zip_error_init (&local);
  source = zip_source_buffer_create (NULL, 0, 0, &local);
  if (!source)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, "%s", zip_error_strerror (&local));
      zip_error_fini (&local);
      return FALSE;
    }
  ok = fill_archive (source, network, dtype, error);
  if (!ok)
    {
      g_autofree char *display_name = g_filename_display_name (path);

      g_prefix_error (error, "%s: ", display_name);
    }
  ok = ok && write_archive (source, path, error);
  zip_source_free (source);
  return ok;
}
