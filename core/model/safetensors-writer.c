/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The writer of safetensors files: gathers converted tensors, then writes them beside the target and renames. */
#include "model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"
#include "model/dtype.h"
#include "model/safetensors-header.h"

typedef struct
{
  char *name;
  CgDtype dtype;
  int n_dims;
  gint64 shape[CG_SAFETENSORS_MAX_DIMS];
  size_t bytes;
  guint8 *data;
} Tensor;

struct _CgSafetensorsWriter
{
  GPtrArray *tensors; /* Tensor, as added */
  GHashTable *names;
  GPtrArray *metadata_keys; /* as first set */
  GHashTable *metadata;
};

static void
tensor_free (gpointer data)
{
  Tensor *tensor = data;

  g_free (tensor->name);
  g_free (tensor->data);
  g_free (tensor);
}

CgSafetensorsWriter *
cg_safetensors_writer_new (void)
{
  CgSafetensorsWriter *writer = g_new0 (CgSafetensorsWriter, 1);

  writer->tensors = g_ptr_array_new_with_free_func (tensor_free);
  writer->names = g_hash_table_new (g_str_hash, g_str_equal);
  writer->metadata_keys = g_ptr_array_new ();
  writer->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return writer;
}

void
cg_safetensors_writer_free (CgSafetensorsWriter *writer)
{
  if (!writer)
    return;
  g_hash_table_unref (writer->names);
  g_ptr_array_unref (writer->tensors);
  g_ptr_array_unref (writer->metadata_keys);
  g_hash_table_unref (writer->metadata);
  g_free (writer);
}

void
cg_safetensors_writer_set_metadata (CgSafetensorsWriter *writer, const char *key, const char *value)
{
  g_return_if_fail (key != NULL && value != NULL);

  if (!g_hash_table_contains (writer->metadata, key))
    {
      char *owned = g_strdup (key);

      g_ptr_array_add (writer->metadata_keys, owned);
      g_hash_table_insert (writer->metadata, owned, g_strdup (value));
    }
  else
    g_hash_table_insert (writer->metadata, g_strdup (key), g_strdup (value));
}

static gboolean
encode_values (Tensor *tensor, const float *values, size_t n, GError **error)
{
  tensor->data = g_try_malloc (MAX (tensor->bytes, 1));
  if (!tensor->data)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for the %zu bytes of tensor “%s”"), tensor->bytes,
                   tensor->name);
      return FALSE;
    }

  const size_t bad = cg_dtype_encode (tensor->dtype, values, n, tensor->data);

  if (bad < n)
    {
      if (isfinite (values[bad]))
        g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                     _ ("tensor “%s”: found %g as value %zu, expected one that fits %s"), tensor->name,
                     (double)values[bad], bad, cg_dtype_get_name (tensor->dtype));
      else
        g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED,
                     _ ("tensor “%s”: found %g as value %zu, expected a finite number"), tensor->name,
                     (double)values[bad], bad);
      return FALSE;
    }
  return TRUE;
}

gboolean
cg_safetensors_writer_add (CgSafetensorsWriter *writer, const char *name, CgDtype dtype, int n_dims,
                           const gint64 *shape, const float *values, GError **error)
{
  g_return_val_if_fail (n_dims >= 0 && n_dims <= CG_SAFETENSORS_MAX_DIMS, FALSE);

  size_t bytes = cg_dtype_get_size (dtype);

  if (!g_utf8_validate (name, -1, NULL) || strcmp (name, "__metadata__") == 0
      || g_hash_table_contains (writer->names, name))
    {
      g_autofree char *printable = g_utf8_make_valid (name, -1);

      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("found the tensor name “%s”, expected one in UTF-8 that is not taken"), printable);
      return FALSE;
    }
  for (int i = 0; i < n_dims; i++)
    {
      g_return_val_if_fail (shape[i] >= 0, FALSE);
      if ((guint64)shape[i] > G_MAXSIZE || !cg_size_mul (bytes, (size_t)shape[i], &bytes))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("tensor “%s” has more bytes than can be counted"), name);
          return FALSE;
        }
    }

  Tensor *tensor = g_new0 (Tensor, 1);

  tensor->name = g_strdup (name);
  tensor->dtype = dtype;
  tensor->n_dims = n_dims;
  for (int i = 0; i < n_dims; i++)
    tensor->shape[i] = shape[i];
  tensor->bytes = bytes;
  if (!encode_values (tensor, values, bytes / cg_dtype_get_size (dtype), error))
    {
      tensor_free (tensor);
      return FALSE;
    }
  g_ptr_array_add (writer->tensors, tensor);
  g_hash_table_add (writer->names, tensor->name);
  return TRUE;
}

static gboolean
add_metadata (const CgSafetensorsWriter *writer, JsonObject *header, GError **error)
{
  JsonObject *metadata = json_object_new ();

  json_object_set_object_member (header, "__metadata__", metadata);
  for (guint i = 0; i < writer->metadata_keys->len; i++)
    {
      const char *key = g_ptr_array_index (writer->metadata_keys, i);
      const char *value = g_hash_table_lookup (writer->metadata, key);

      if (!g_utf8_validate (key, -1, NULL) || !g_utf8_validate (value, -1, NULL))
        {
          g_autofree char *printable = g_utf8_make_valid (key, -1);

          g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                       _ ("metadata key “%s”: found bytes that are no text, expected UTF-8"), printable);
          return FALSE;
        }
      json_object_set_string_member (metadata, key, value);
    }
  return TRUE;
}

/* The length (8 bytes, little-endian) and the JSON text, padded with spaces so that the data begin at a multiple of
 * 8. */
static GString *
build_header (const CgSafetensorsWriter *writer, GError **error)
{
  g_autoptr (JsonObject) header = json_object_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;
  size_t text_length, offset = 0;

  if (writer->metadata_keys->len && !add_metadata (writer, header, error))
    return NULL;
  for (guint i = 0; i < writer->tensors->len; i++)
    {
      const Tensor *tensor = g_ptr_array_index (writer->tensors, i);
      JsonObject *object = json_object_new ();
      JsonArray *shape = json_array_new (), *offsets = json_array_new ();

      for (int d = 0; d < tensor->n_dims; d++)
        json_array_add_int_element (shape, tensor->shape[d]);
      json_array_add_int_element (offsets, (gint64)offset);
      offset += tensor->bytes;
      json_array_add_int_element (offsets, (gint64)offset);
      json_object_set_string_member (object, "dtype", cg_dtype_get_name (tensor->dtype));
      json_object_set_array_member (object, "shape", shape);
      json_object_set_array_member (object, "data_offsets", offsets);
      json_object_set_object_member (header, tensor->name, object);
    }
  json_node_set_object (root, header);
  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, &text_length);

  const guint64 length = GUINT64_TO_LE ((guint64)cg_size_align (text_length, 8));
  GString *bytes = g_string_new_len ((const char *)&length, sizeof length);

  g_string_append_len (bytes, text, (gssize)text_length);
  while (bytes->len % 8)
    g_string_append_c (bytes, ' ');
  return bytes;
}

static gboolean
write_all (int fd, const void *data, size_t n)
{
  const guint8 *p = data;

  while (n > 0)
    {
      const ssize_t written = write (fd, p, MIN (n, (size_t)1 << 30));

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return FALSE;
      p += written;
      n -= (size_t)written;
    }
  return TRUE;
}

static gboolean
write_contents (const CgSafetensorsWriter *writer, int fd, const GString *header)
{
  if (!write_all (fd, header->str, header->len))
    return FALSE;
  for (guint i = 0; i < writer->tensors->len; i++)
    {
      const Tensor *tensor = g_ptr_array_index (writer->tensors, i);

      if (!write_all (fd, tensor->data, tensor->bytes))
        return FALSE;
    }
  return g_fsync (fd) == 0;
}

/* Makes the new name last through a power cut. The file itself is complete by now, and some file systems cannot sync a
 * folder, so there is nothing to report. */
static void
sync_folder (const char *folder)
{
  const int fd = g_open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

  if (fd < 0)
    return;
  g_fsync (fd);
  close (fd);
}

gboolean
cg_safetensors_writer_write (CgSafetensorsWriter *writer, const char *path, GError **error)
{
  g_autofree char *display_name = g_filename_display_name (path);
  g_autofree char *folder = g_path_get_dirname (path);
  /* Not made from the file's own name, which may already be as long as names can be. */
  g_autofree char *temporary = g_build_filename (folder, ".cyclegan-XXXXXX", NULL);
  g_autoptr (GError) local = NULL;
  GString *header = build_header (writer, &local);
  int code = 0;

  if (!header)
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", display_name);
      return FALSE;
    }

  const int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0666);

  if (fd < 0)
    code = errno;
  else
    {
      if (!write_contents (writer, fd, header))
        code = errno;
      if (close (fd) < 0 && !code)
        code = errno;
      if (!code && g_rename (temporary, path) < 0)
        code = errno;
      if (code)
        g_unlink (temporary);
      else
        sync_folder (folder);
    }
  g_string_free (header, TRUE);
  if (code)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("%s: cannot be written: %s"), display_name,
                 g_strerror (code));
  return code == 0;
}
