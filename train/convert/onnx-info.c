/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks the outermost fields of a protobuf message (a number of field and kind, then a number or a length and bytes) and steps
 * over the graph. */
#include "convert/onnx-info.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/error.h"

#define MAX_METADATA 256u

/* Fields of ModelProto, OperatorSetIdProto and StringStringEntryProto in onnx.proto. */
enum
{
  MODEL_IR_VERSION = 1,
  MODEL_PRODUCER_NAME = 2,
  MODEL_PRODUCER_VERSION = 3,
  MODEL_GRAPH = 7,
  MODEL_OPSET_IMPORT = 8,
  MODEL_METADATA = 14,
  OPSET_DOMAIN = 1,
  OPSET_VERSION = 2,
  ENTRY_KEY = 1,
  ENTRY_VALUE = 2
};

/* How a field is stored. */
enum
{
  WIRE_VARINT = 0,
  WIRE_FIXED64 = 1,
  WIRE_BYTES = 2,
  WIRE_FIXED32 = 5
};

typedef struct
{
  const guint8 *at, *end;
} Reader;

/* @number: of a varint; @bytes: of WIRE_BYTES */
typedef struct
{
  guint64 field;
  int wire;
  guint64 number;
  Reader bytes;
} Field;

static gboolean
read_varint (Reader *reader, guint64 *number)
{
  *number = 0;
  for (int shift = 0; shift < 64 && reader->at < reader->end; shift += 7)
    {
      const guint8 byte = *reader->at++;

      *number |= (guint64)(byte & 0x7f) << shift;
      if (!(byte & 0x80))
        return TRUE;
    }
  return FALSE;
}

/* The next field; FALSE at the end and where the bytes are no message (then at < end still, or bytes are missing). */
static gboolean
read_field (Reader *reader, Field *field)
{
  guint64 tag, n = 0;

  if (!read_varint (reader, &tag))
    return FALSE;
  field->field = tag >> 3;
  field->wire = (int)(tag & 7);
  switch (field->wire)
    {
    case WIRE_VARINT:
      return read_varint (reader, &field->number);
    case WIRE_BYTES:
      if (!read_varint (reader, &n))
        return FALSE;
      break;
    case WIRE_FIXED64:
      n = 8;
      break;
    case WIRE_FIXED32:
      n = 4;
      break;
    default:
      return FALSE;
    }
  if (n > (guint64)(reader->end - reader->at))
    return FALSE;
  field->bytes = (Reader){ reader->at, reader->at + n };
  reader->at += n;
  return TRUE;
}

static char *
copy_text (const Reader *bytes)
{
  return g_utf8_make_valid ((const char *)bytes->at, (gssize)MIN (bytes->end - bytes->at, 1 << 16));
}

static void
read_opset (CgOnnxInfo *info, Reader reader)
{
  gboolean standard = TRUE;
  guint64 version = 0;
  Field field;

  while (reader.at < reader.end && read_field (&reader, &field))
    {
      if (field.field == OPSET_DOMAIN && field.wire == WIRE_BYTES)
        standard = field.bytes.at == field.bytes.end;
      else if (field.field == OPSET_VERSION && field.wire == WIRE_VARINT)
        version = field.number;
    }
  if (standard)
    info->opset = (gint64)version;
}

static void
read_entry (CgOnnxInfo *info, Reader reader)
{
  g_autofree char *key = NULL, *value = NULL;
  Field field;

  while (reader.at < reader.end && read_field (&reader, &field))
    if (field.wire == WIRE_BYTES && field.field == ENTRY_KEY && !key)
      key = copy_text (&field.bytes);
    else if (field.wire == WIRE_BYTES && field.field == ENTRY_VALUE && !value)
      value = copy_text (&field.bytes);
  if (key && value && info->metadata->len < 2 * MAX_METADATA)
    {
      g_ptr_array_add (info->metadata, g_steal_pointer (&key));
      g_ptr_array_add (info->metadata, g_steal_pointer (&value));
    }
}

/* Whether it is a model to its end. */
static gboolean
read_model (CgOnnxInfo *info, Reader reader)
{
  gboolean has_graph = FALSE;
  Field field;

  while (reader.at < reader.end)
    {
      if (!read_field (&reader, &field))
        return FALSE;
      if (field.field == MODEL_IR_VERSION && field.wire == WIRE_VARINT)
        info->ir_version = (gint64)field.number;
      if (field.wire != WIRE_BYTES)
        continue;
      if (field.field == MODEL_PRODUCER_NAME && !info->producer)
        info->producer = copy_text (&field.bytes);
      else if (field.field == MODEL_PRODUCER_VERSION && !info->producer_version)
        info->producer_version = copy_text (&field.bytes);
      else if (field.field == MODEL_OPSET_IMPORT)
        read_opset (info, field.bytes);
      else if (field.field == MODEL_METADATA)
        read_entry (info, field.bytes);
      has_graph |= field.field == MODEL_GRAPH;
    }
  return has_graph && info->ir_version > 0;
}

CgOnnxInfo *
cg_onnx_info_read (const char *path, GError **error)
{
  g_autofree char *display_name = g_filename_display_name (path);
  g_autoptr (GMappedFile) mapped = g_mapped_file_new (path, FALSE, error);
  g_autoptr (CgOnnxInfo) info = NULL;
  Reader reader;

  if (!mapped)
    {
      g_prefix_error (error, "%s: ", display_name);
      return NULL;
    }
  info = g_new0 (CgOnnxInfo, 1);
  info->metadata = g_ptr_array_new_with_free_func (g_free);
  info->file_bytes = g_mapped_file_get_length (mapped);
  reader.at = (const guint8 *)g_mapped_file_get_contents (mapped);
  reader.end = reader.at ? reader.at + info->file_bytes : NULL;
  if (!read_model (info, reader))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: found no ONNX model, or one that is cut off"),
                   display_name);
      return NULL;
    }
  return g_steal_pointer (&info);
}

void
cg_onnx_info_free (CgOnnxInfo *info)
{
  if (!info)
    return;
  g_free (info->producer);
  g_free (info->producer_version);
  g_ptr_array_unref (info->metadata);
  g_free (info);
}
