/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of a PyTorch archive, found by libzip's reading of the central directory, used where they lie in the mapped file.
 *
 * libzip tells neither where a record lies nor whether two overlap. It reads through our source, which notes the position of every
 * read: after one byte of a stored record, that is where the record begins. */
#include "convert/torch-zip.h"

#include <glib/gi18n.h>
#include <string.h>
#include <zip.h>

#include "base/error.h"

#define MAX_RECORDS 65536
#define CHUNK 65536

typedef struct
{
  const char *name; /* libzip's */
  zip_uint64_t index;
  size_t offset, size;
  guint32 crc;
  gboolean verified;
} Record;

struct _CgTorchZip
{
  const guint8 *bytes;
  size_t length;
  size_t position, last_read; /* of libzip in the file */
  zip_error_t source_error;
  zip_t *archive;
  GArray *records; /* Record, in the directory's order */
  GHashTable *by_name;
  char *folder; /* before all names: "archive/" */
};

gboolean
cg_torch_zip_is (const guint8 *bytes, size_t length)
{
  return length >= 4 && memcmp (bytes, "PK\3\4", 4) == 0;
}

static zip_int64_t
read_source (CgTorchZip *zip, void *data, zip_uint64_t n)
{
  const size_t take = (size_t)MIN (n, zip->length - zip->position);

  memcpy (data, zip->bytes + zip->position, take);
  zip->last_read = zip->position;
  zip->position += take;
  return (zip_int64_t)take;
}

/* A zip_source_callback over the mapped file. */
static zip_int64_t
serve_source (void *user, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
  CgTorchZip *zip = user;
  zip_int64_t position;

  switch (command)
    {
    case ZIP_SOURCE_OPEN:
      zip->position = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return read_source (zip, data, n);
    case ZIP_SOURCE_SEEK:
      position = zip_source_seek_compute_offset (zip->position, zip->length, data, n, &zip->source_error);
      if (position < 0)
        return -1;
      zip->position = (size_t)position;
      return 0;
    case ZIP_SOURCE_TELL:
      return (zip_int64_t)zip->position;
    case ZIP_SOURCE_STAT:
      {
        zip_stat_t *status = ZIP_SOURCE_GET_ARGS (zip_stat_t, data, n, &zip->source_error);

        if (!status)
          return -1;
        zip_stat_init (status);
        status->size = zip->length;
        status->valid |= ZIP_STAT_SIZE;
        return sizeof *status;
      }
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data (&zip->source_error, data, n);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
      return 0;
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap (ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                             ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                             ZIP_SOURCE_SUPPORTS, -1);
    default:
      zip_error_set (&zip->source_error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
    }
}

static gboolean
fail_zip (const char *reason, GError **error)
{
  g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("truncated or damaged zip archive: %s"), reason);
  return FALSE;
}

static gboolean
open_archive (CgTorchZip *zip, GError **error)
{
  zip_error_t local;
  zip_source_t *source;

  zip_error_init (&local);
  source = zip_source_function_create (serve_source, zip, &local);
  if (source)
    {
      zip->archive = zip_open_from_source (source, ZIP_RDONLY, &local);
      if (!zip->archive)
        zip_source_free (source);
    }
  if (!zip->archive)
    fail_zip (zip_error_strerror (&local), error);
  zip_error_fini (&local);
  return zip->archive != NULL;
}

/* Where the record's bytes begin; empty records begin nowhere. */
static gboolean
find_offset (CgTorchZip *zip, Record *record, GError **error)
{
  zip_file_t *file = zip_fopen_index (zip->archive, record->index, ZIP_FL_COMPRESSED);
  guint8 first;
  gboolean ok;

  if (!file)
    return fail_zip (zip_strerror (zip->archive), error);
  ok = record->size == 0 || zip_fread (file, &first, 1) == 1;
  zip_fclose (file);
  if (record->size == 0)
    return TRUE;
  record->offset = zip->last_read;
  if (!ok || record->offset > zip->length || record->size > zip->length - record->offset
      || zip->bytes[record->offset] != first)
    return fail_zip (_ ("a record lies outside the file"), error);
  return TRUE;
}

static gboolean
add_record (CgTorchZip *zip, zip_uint64_t index, GError **error)
{
  const zip_uint64_t known = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD
                             | ZIP_STAT_ENCRYPTION_METHOD | ZIP_STAT_CRC;
  Record record = { .index = index };
  zip_stat_t status;

  if (zip_stat_index (zip->archive, index, 0, &status) < 0 || (status.valid & known) != known)
    return fail_zip (zip_strerror (zip->archive), error);
  if (status.comp_method != ZIP_CM_STORE || status.comp_size != status.size || status.encryption_method != ZIP_EM_NONE)
    {
      g_autofree char *printable = cg_pickle_printable (status.name, -1);

      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("refused: found “%s” compressed or encrypted, expected stored records as PyTorch writes them"),
                   printable);
      return FALSE;
    }
  record.name = status.name;
  record.size = (size_t)status.size;
  record.crc = status.crc;
  if (!find_offset (zip, &record, error))
    return FALSE;
  g_array_append_val (zip->records, record);
  return TRUE;
}

static int
compare_offsets (gconstpointer a, gconstpointer b)
{
  const Record *x = *(Record *const *)a, *y = *(Record *const *)b;

  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Names are unique and records do not overlap. */
static gboolean
check_records (CgTorchZip *zip, GError **error)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  size_t end = 0;

  for (guint i = 0; i < zip->records->len; i++)
    {
      Record *record = &g_array_index (zip->records, Record, i);
      gboolean unique = g_hash_table_insert (zip->by_name, (char *)record->name, record);

      if (!unique)
        {
          g_autofree char *printable = cg_pickle_printable (record->name, -1);

          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("refused: found two records named “%s”"), printable);
          return FALSE;
        }
      if (record->size)
        g_ptr_array_add (sorted, record);
    }
  g_ptr_array_sort (sorted, compare_offsets);
  for (guint i = 0; i < sorted->len; i++)
    {
      const Record *record = g_ptr_array_index (sorted, i);

      if (record->offset < end)
        {
          g_autofree char *printable = cg_pickle_printable (record->name, -1);

          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("refused: the record “%s” overlaps another"), printable);
          return FALSE;
        }
      end = record->offset + record->size;
    }
  return TRUE;
}

static Record *
find_record (const CgTorchZip *zip, const char *name)
{
  g_autofree char *full = g_strconcat (zip->folder, name, NULL);

  return g_hash_table_lookup (zip->by_name, full);
}

/* PyTorch's own archives all lie in one folder, that of the first record. */
static gboolean
find_folder (CgTorchZip *zip, GError **error)
{
  const char *name = zip->records->len ? g_array_index (zip->records, Record, 0).name : "";
  const char *slash = strchr (name, '/');

  zip->folder = slash ? g_strndup (name, (size_t)(slash - name) + 1) : g_strdup ("");
  if (find_record (zip, "constants.pkl"))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("is a TorchScript program, expected a state dict"));
      return FALSE;
    }
  if (!find_record (zip, "data.pkl"))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("is a zip archive without data.pkl, expected one that torch.save wrote"));
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_byte_order (const CgTorchZip *zip, GError **error)
{
  const Record *record = find_record (zip, "byteorder");

  if (!record || (record->size == 6 && memcmp (zip->bytes + record->offset, "little", 6) == 0))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
               _ ("was written on a big-endian machine, expected a little-endian one"));
  return FALSE;
}

CgTorchZip *
cg_torch_zip_open (const guint8 *bytes, size_t length, GError **error)
{
  g_autoptr (CgTorchZip) zip = g_new0 (CgTorchZip, 1);
  zip_int64_t n;

  zip->bytes = bytes;
  zip->length = length;
  zip->records = g_array_new (FALSE, FALSE, sizeof (Record));
  zip->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  zip_error_init (&zip->source_error);

  if (!open_archive (zip, error))
    return NULL;
  n = zip_get_num_entries (zip->archive, 0);
  if (n > MAX_RECORDS)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("found %lld records, expected at most %d"), (long long)n,
                   MAX_RECORDS);
      return NULL;
    }
  for (zip_int64_t i = 0; i < n; i++)
    if (!add_record (zip, (zip_uint64_t)i, error))
      return NULL;
  if (!check_records (zip, error) || !find_folder (zip, error) || !check_byte_order (zip, error))
    return NULL;
  return g_steal_pointer (&zip);
}

void
cg_torch_zip_free (CgTorchZip *zip)
{
  if (!zip)
    return;
  if (zip->archive)
    zip_discard (zip->archive);
  zip_error_fini (&zip->source_error);
  g_hash_table_unref (zip->by_name);
  g_array_unref (zip->records);
  g_free (zip->folder);
  g_free (zip);
}

static Record *
find_storage (const CgTorchZip *zip, const char *storage)
{
  g_autofree char *name = g_strconcat ("data/", storage, NULL);

  return find_record (zip, name);
}

/* Gives every storage its bytes. */
static gboolean
find_data (const CgTorchZip *zip, GHashTable *storages, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, storages);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      CgTorchStorage *storage = value;
      const Record *record = find_storage (zip, storage->key);
      g_autofree char *printable = cg_pickle_printable (storage->key, -1);

      if (!record)
        {
          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: the record “data/%s” is missing"), printable);
          return FALSE;
        }
      if (storage->n_elements > record->size / cg_scalar_get_size (storage->scalar))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT,
                       _ ("damaged: found %zu bytes in “data/%s”, expected %llu %s elements"), record->size, printable,
                       (unsigned long long)storage->n_elements, cg_scalar_get_name (storage->scalar));
          return FALSE;
        }
      storage->data = zip->bytes + record->offset;
      storage->bytes = record->size;
    }
  return TRUE;
}

/* libzip compares the checksum when it has read to the end. */
static gboolean
read_through (CgTorchZip *zip, const Record *record)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  zip_file_t *file = zip_fopen_index (zip->archive, record->index, 0);
  size_t at = 0;
  zip_int64_t n = file ? 1 : -1;

  while (n > 0)
    {
      n = zip_fread (file, chunk, CHUNK);
      if (n > 0 && ((size_t)n > record->size - at || memcmp (zip->bytes + record->offset + at, chunk, (size_t)n) != 0))
        n = -1;
      if (n > 0)
        at += (size_t)n;
    }
  if (file)
    zip_fclose (file);
  return n == 0 && at == record->size;
}

/* Compares the checksum of a record, once. */
static gboolean
verify (CgTorchZip *zip, Record *record, GError **error)
{
  /* torch.serialization.set_crc32_options(False) writes 0. */
  if (record->crc != 0 && !record->verified && !read_through (zip, record))
    {
      g_autofree char *printable = cg_pickle_printable (record->name, -1);

      g_set_error (error, CG_ERROR, CG_ERROR_CORRUPT, _ ("damaged: the checksum of “%s” is wrong"), printable);
      return FALSE;
    }
  record->verified = TRUE;
  return TRUE;
}

CgPickle *
cg_torch_zip_read (CgTorchZip *zip, GHashTable **storages, GError **error)
{
  Record *record = find_record (zip, "data.pkl");
  guint n_globals;
  const CgPickleGlobal *globals = cg_torch_pickle_get_globals (&n_globals);
  g_autoptr (GHashTable) found = NULL;
  g_autoptr (CgPickle) pickle = NULL;
  size_t used;

  if (!verify (zip, record, error))
    return NULL;
  pickle = cg_pickle_parse (zip->bytes + record->offset, record->size, globals, n_globals, &used, error);
  if (!pickle)
    return NULL;
  found = cg_torch_pickle_find_storages (pickle, error);
  if (!found || !find_data (zip, found, error))
    return NULL;
  *storages = g_steal_pointer (&found);
  return g_steal_pointer (&pickle);
}

gboolean
cg_torch_zip_verify (CgTorchZip *zip, const char *storage, GError **error)
{
  Record *record = find_storage (zip, storage);

  g_return_val_if_fail (record, FALSE);
  return verify (zip, record, error);
}

size_t
cg_torch_zip_get_offset (const CgTorchZip *zip, const char *storage)
{
  const Record *record = find_storage (zip, storage);

  return record ? record->offset : G_MAXSIZE;
}
