/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The reader of safetensors files: all that the header says is checked before anyone gets a pointer. */
#include "model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/size.h"
#include "model/dtype.h"
#include "model/safetensors-header.h"

#define PREFIX_BYTES 8 /* the length of the header, little-endian */

/* An entry while offsets are being checked; offsets count from the end of the header. */
typedef struct
{
  CgSafetensorsEntry entry; /* first, so that a pointer to it points to the whole */
  size_t begin, end;
  guint index; /* position in the header: the order of empty tensors at one offset */
} Tensor;

struct _CgSafetensors
{
  char *path;
  char *display_name;
  GMappedFile *mapped;
  size_t data_bytes;
  GPtrArray *tensors; /* Tensor, by offset */
  GHashTable *by_name;
  GHashTable *metadata;
  const char **metadata_keys;
  gboolean foreign; /* may hold F64 and I64 */
};

static void
tensor_free (gpointer data)
{
  Tensor *tensor = data;

  g_free ((char *)tensor->entry.name);
  g_free (tensor);
}

void
cg_safetensors_free (CgSafetensors *file)
{
  if (!file)
    return;
  g_free (file->path);
  g_free (file->display_name);
  g_clear_pointer (&file->mapped, g_mapped_file_unref);
  g_clear_pointer (&file->by_name, g_hash_table_unref);
  g_clear_pointer (&file->tensors, g_ptr_array_unref);
  g_free (file->metadata_keys);
  g_clear_pointer (&file->metadata, g_hash_table_unref);
  g_free (file);
}

static gboolean
map_file (CgSafetensors *file, GError **error)
{
  struct stat status;
  /* O_NONBLOCK: a FIFO must not keep the caller waiting for a writer. */
  const int fd = g_open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

  if (fd < 0 || fstat (fd, &status) < 0)
    {
      const int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("%s: cannot be read: %s"),
                   file->display_name, g_strerror (code));
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  if (!S_ISREG (status.st_mode))
    g_set_error (error, G_FILE_ERROR, S_ISDIR (status.st_mode) ? G_FILE_ERROR_ISDIR : G_FILE_ERROR_INVAL,
                 _ ("%s: is not a regular file"), file->display_name);
  else
    {
      g_autoptr (GError) local = NULL;

      file->mapped = g_mapped_file_new_from_fd (fd, FALSE, &local);
      if (!file->mapped)
        g_set_error (error, local->domain, local->code, _ ("%s: cannot be read: %s"), file->display_name,
                     local->message);
    }
  close (fd);
  return file->mapped != NULL;
}

/* Sets @text and @length to the header and data_bytes to what follows it. */
static gboolean
find_header (CgSafetensors *file, const char **text, size_t *length, GError **error)
{
  const char *contents = g_mapped_file_get_contents (file->mapped);
  const size_t size = g_mapped_file_get_length (file->mapped);
  guint64 announced;

  if (size <= PREFIX_BYTES)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("not a safetensors file: found %zu bytes, expected at least a header of %d and “{”"), size,
                   PREFIX_BYTES);
      return FALSE;
    }
  memcpy (&announced, contents, PREFIX_BYTES);
  announced = GUINT64_FROM_LE (announced);
  if (contents[PREFIX_BYTES] != '{')
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("not a safetensors file: found the byte 0x%02x at its ninth byte, expected “{”"),
                   (guchar)contents[PREFIX_BYTES]);
      return FALSE;
    }
  if (announced > CG_SAFETENSORS_MAX_HEADER)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("found a header of %llu bytes, expected at most %d"),
                   (unsigned long long)announced, CG_SAFETENSORS_MAX_HEADER);
      return FALSE;
    }
  if (announced > size - PREFIX_BYTES)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("truncated: found %zu bytes, expected %llu for the header alone"), size,
                   (unsigned long long)announced + PREFIX_BYTES);
      return FALSE;
    }
  *text = contents + PREFIX_BYTES;
  *length = (size_t)announced;
  file->data_bytes = size - PREFIX_BYTES - *length;
  return TRUE;
}

/* A member of an object that must be an array of integers; the scan has seen that numbers are 0 … 2^53. */
static gboolean
read_integers (JsonObject *object, const char *member, const char *name, guint min, guint max, gint64 *values,
               guint *n_values, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("tensor “%s”: found no list in “%s”, expected one of integers"), name, member);
      return FALSE;
    }

  JsonArray *array = json_node_get_array (node);

  *n_values = json_array_get_length (array);
  if (*n_values < min || *n_values > max)
    {
      g_set_error (error, CG_ERROR, min == max ? CG_ERROR_CORRUPT : CG_ERROR_UNSUPPORTED,
                   min == max ? _ ("tensor “%s”: found %u numbers in “%s”, expected %u")
                              : _ ("tensor “%s”: found %u numbers in “%s”, expected at most %u"),
                   name, *n_values, member, max);
      return FALSE;
    }
  for (guint i = 0; i < *n_values; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) != G_TYPE_INT64)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("tensor “%s”: found %s in “%s”, expected an integer"),
                       name, json_node_type_name (element), member);
          return FALSE;
        }
      values[i] = json_node_get_int (element);
    }
  return TRUE;
}

static gboolean
read_dtype (const CgSafetensors *file, JsonObject *object, const char *name, CgDtype *dtype, GError **error)
{
  JsonNode *node = json_object_get_member (object, "dtype");

  if (!node || json_node_get_value_type (node) != G_TYPE_STRING)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("tensor “%s”: found no text in “dtype”, expected F32, F16 or BF16"), name);
      return FALSE;
    }
  for (CgDtype other = CG_DTYPE_F64; file->foreign && other <= CG_DTYPE_I64; other++)
    if (strcmp (json_node_get_string (node), cg_dtype_get_name (other)) == 0)
      {
        *dtype = other;
        return TRUE;
      }
  if (!cg_dtype_from_name (json_node_get_string (node), dtype))
    {
      g_autofree char *found = cg_safetensors_printable (json_node_get_string (node));

      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("tensor “%s”: found dtype %s, expected F32, F16 or BF16"),
                   name, found);
      return FALSE;
    }
  return TRUE;
}

/* Fills @tensor from its header entry; @name is for messages. */
static gboolean
read_tensor (const CgSafetensors *file, JsonNode *node, const char *name, Tensor *tensor, GError **error)
{
  CgSafetensorsEntry *entry = &tensor->entry;
  gint64 offsets[2];
  guint n_dims, n_offsets;
  size_t bytes;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("tensor “%s”: found %s, expected an object"), name,
                   json_node_type_name (node));
      return FALSE;
    }

  JsonObject *object = json_node_get_object (node);

  if (!read_dtype (file, object, name, &entry->dtype, error)
      || !read_integers (object, "shape", name, 0, CG_SAFETENSORS_MAX_DIMS, entry->shape, &n_dims, error)
      || !read_integers (object, "data_offsets", name, 2, 2, offsets, &n_offsets, error))
    return FALSE;

  entry->n_dims = (int)n_dims;
  entry->n_elements = 1;
  bytes = cg_dtype_get_size (entry->dtype);
  for (int i = 0; i < entry->n_dims; i++)
    if ((guint64)entry->shape[i] > G_MAXSIZE || !cg_size_mul (bytes, (size_t)entry->shape[i], &bytes))
      {
        g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                     _ ("tensor “%s”: found a shape of more bytes than can be counted, expected it to fit the file"),
                     name);
        return FALSE;
      }
  entry->n_elements = bytes / cg_dtype_get_size (entry->dtype);

  if (offsets[0] > offsets[1] || (guint64)offsets[1] > file->data_bytes)
    {
      g_set_error (
          error, CG_ERROR, CG_ERROR_CORRUPT,
          _ ("tensor “%s”: found offsets %lld to %lld, expected them in order and within the %zu bytes of data "
             "(truncated file?)"),
          name, (long long)offsets[0], (long long)offsets[1], file->data_bytes);
      return FALSE;
    }
  tensor->begin = (size_t)offsets[0];
  tensor->end = (size_t)offsets[1];
  if (tensor->end - tensor->begin != bytes)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("tensor “%s”: found %zu bytes between its offsets, expected %zu for its shape"), name,
                   tensor->end - tensor->begin, bytes);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_metadata (CgSafetensors *file, JsonNode *node, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("“__metadata__”: found %s, expected an object"),
                   json_node_type_name (node));
      return FALSE;
    }
  json_object_iter_init_ordered (&iter, json_node_get_object (node));
  while (json_object_iter_next_ordered (&iter, &key, &value))
    {
      if (json_node_get_value_type (value) != G_TYPE_STRING)
        {
          g_autofree char *printable = cg_safetensors_printable (key);

          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("metadata key “%s”: found %s, expected a string"),
                       printable, json_node_type_name (value));
          return FALSE;
        }
      g_hash_table_insert (file->metadata, g_strdup (key), g_strdup (json_node_get_string (value)));
    }
  return TRUE;
}

static int
compare_tensors (gconstpointer a, gconstpointer b)
{
  const Tensor *x = *(Tensor *const *)a, *y = *(Tensor *const *)b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end)
    return x->end < y->end ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* Sorted by offset, each tensor begins where the one before ends, the first at 0, and the last ends with the file. */
static gboolean
check_layout (CgSafetensors *file, const guint8 *data, GError **error)
{
  size_t at = 0;

  g_ptr_array_sort (file->tensors, compare_tensors);
  for (guint i = 0; i < file->tensors->len; i++)
    {
      Tensor *tensor = g_ptr_array_index (file->tensors, i);

      if (tensor->begin != at)
        {
          g_autofree char *name = cg_safetensors_printable (tensor->entry.name);

          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                       tensor->begin < at
                           ? _ ("tensor “%s”: found it at offset %zu, expected %zu (it overlaps another)")
                           : _ ("tensor “%s”: found it at offset %zu, expected %zu (a hole before it)"),
                       name, tensor->begin, at);
          return FALSE;
        }
      tensor->entry.data = data + tensor->begin;
      at = tensor->end;
    }
  if (at != file->data_bytes)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("found %zu bytes of data, expected %zu as the header says"),
                   file->data_bytes, at);
      return FALSE;
    }
  return TRUE;
}

static gboolean
parse_header (CgSafetensors *file, const char *text, size_t length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) local = NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  if (!json_parser_load_from_data (parser, text, (gssize)length, &local))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged header: %s"), local->message);
      return FALSE;
    }
  json_object_iter_init_ordered (&iter, json_node_get_object (json_parser_get_root (parser)));
  while (json_object_iter_next_ordered (&iter, &key, &node))
    {
      if (strcmp (key, "__metadata__") == 0)
        {
          if (!read_metadata (file, node, error))
            return FALSE;
          continue;
        }

      g_autofree char *printable = cg_safetensors_printable (key);
      Tensor *tensor = g_new0 (Tensor, 1);

      tensor->entry.name = g_strdup (key);
      tensor->index = file->tensors->len;
      g_ptr_array_add (file->tensors, tensor);
      g_hash_table_insert (file->by_name, (char *)tensor->entry.name, tensor);
      if (!read_tensor (file, node, printable, tensor, error))
        return FALSE;
    }
  return TRUE;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static CgSafetensors *
open_file (const char *path, gboolean foreign, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_autoptr (CgSafetensors) file = g_new0 (CgSafetensors, 1);
  g_autoptr (GError) local = NULL;
  const char *text;
  size_t length;
  guint n_keys;

  file->foreign = foreign;
  file->path = g_strdup (path);
  file->display_name = g_filename_display_name (path);
  file->tensors = g_ptr_array_new_with_free_func (tensor_free);
  file->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  file->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (!map_file (file, error))
    return NULL;
  if (!find_header (file, &text, &length, &local) || !cg_safetensors_header_scan (text, length, &local)
      || !parse_header (file, text, length, &local) || !check_layout (file, (const guint8 *)text + length, &local))
    {
      g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", file->display_name);
      return NULL;
    }
  file->metadata_keys = (const char **)g_hash_table_get_keys_as_array (file->metadata, &n_keys);
  qsort (file->metadata_keys, n_keys, sizeof *file->metadata_keys, compare_keys);
  return g_steal_pointer (&file);
}

CgSafetensors *
cg_safetensors_open (const char *path, GError **error)
{
  return open_file (path, FALSE, error);
}

CgSafetensors *
cg_safetensors_open_foreign (const char *path, GError **error)
{
  return open_file (path, TRUE, error);
}

const char *
cg_safetensors_get_path (const CgSafetensors *file)
{
  return file->path;
}

guint
cg_safetensors_get_n_entries (const CgSafetensors *file)
{
  return file->tensors->len;
}

const CgSafetensorsEntry *
cg_safetensors_get_entry (const CgSafetensors *file, guint i)
{
  g_return_val_if_fail (i < file->tensors->len, NULL);
  return &((const Tensor *)g_ptr_array_index (file->tensors, i))->entry;
}

const CgSafetensorsEntry *
cg_safetensors_find (const CgSafetensors *file, const char *name)
{
  const Tensor *tensor = g_hash_table_lookup (file->by_name, name);

  return tensor ? &tensor->entry : NULL;
}

const char *
cg_safetensors_get_metadata (const CgSafetensors *file, const char *key)
{
  return g_hash_table_lookup (file->metadata, key);
}

const char *const *
cg_safetensors_get_metadata_keys (const CgSafetensors *file)
{
  return file->metadata_keys;
}

gboolean
cg_safetensors_read (const CgSafetensors *file, const CgSafetensorsEntry *entry, float *values, GError **error)
{
  const size_t bad = cg_dtype_decode (entry->dtype, entry->data, entry->n_elements, values);

  if (bad < entry->n_elements)
    {
      g_autofree char *name = cg_safetensors_printable (entry->name);

      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                   _ ("%s: tensor “%s”: found %g as value %zu, expected a finite number"), file->display_name, name,
                   (double)values[bad], bad);
      return FALSE;
    }
  return TRUE;
}
