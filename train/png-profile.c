/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of a PNG file (ISO/IEC 15948, clauses 5.3 and 11.3.3.3), copied but for those that tell of colours. */
#include "png-profile.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"

/* The signature and the IHDR chunk. */
#define HEAD 33

static guint32
read_be32 (const guint8 *at)
{
  return (guint32)at[0] << 24 | (guint32)at[1] << 16 | (guint32)at[2] << 8 | at[3];
}

static void
append_be32 (GByteArray *to, guint32 value)
{
  const guint8 bytes[4] = { (guint8)(value >> 24), (guint8)(value >> 16), (guint8)(value >> 8), (guint8)value };

  g_byte_array_append (to, bytes, 4);
}

/* A name, method 0, the deflated profile. */
static gboolean
append_profile (GByteArray *to, const void *profile, gsize length, GError **error)
{
  static const guint8 name[] = "ICC profile\0";
  uLongf packed_length = compressBound (length);
  g_autofree guint8 *packed = g_malloc (packed_length);
  guint start = to->len + 4;

  if (compress2 (packed, &packed_length, profile, length, 9) != Z_OK)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("the colour profile cannot be packed"));
      return FALSE;
    }
  append_be32 (to, (guint32)(sizeof name + packed_length));
  g_byte_array_append (to, (const guint8 *)"iCCP", 4);
  g_byte_array_append (to, name, sizeof name);
  g_byte_array_append (to, packed, (guint)packed_length);
  append_be32 (to, (guint32)crc32 (0, to->data + start, to->len - start));
  return TRUE;
}

static gboolean
tells_colours (const guint8 *type)
{
  return memcmp (type, "iCCP", 4) == 0 || memcmp (type, "sRGB", 4) == 0 || memcmp (type, "gAMA", 4) == 0
         || memcmp (type, "cHRM", 4) == 0;
}

static gboolean
write_all (int fd, const guint8 *data, gsize length, off_t at)
{
  while (length > 0)
    {
      ssize_t n = pwrite (fd, data, length, at);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          length -= (gsize)n;
          at += n;
        }
    }
  return TRUE;
}

/* Where the pixels begin: everything from there on is copied as it is. 0: not a PNG as savers write them. */
static gsize
find_pixels (const guint8 *file, gsize length, GByteArray *kept)
{
  gsize at = HEAD;

  while (at + 12 <= length && memcmp (file + at + 4, "IDAT", 4) != 0)
    {
      gsize chunk = (gsize)read_be32 (file + at) + 12;

      if (chunk > length - at)
        return 0;
      if (!tells_colours (file + at + 4))
        g_byte_array_append (kept, file + at, (guint)chunk);
      at += chunk;
    }
  return at + 12 <= length ? at : 0;
}

gboolean
cg_png_set_profile (int fd, const void *profile, gsize length, GError **error)
{
  g_autoptr (GByteArray) front = g_byte_array_new ();
  g_autoptr (GByteArray) kept = g_byte_array_new ();
  g_autofree guint8 *file = NULL;
  struct stat status;
  gsize size, pixels;

  if (fstat (fd, &status) != 0 || status.st_size < HEAD)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("the file was incomplete"));
      return FALSE;
    }
  size = (gsize)status.st_size;
  file = g_try_malloc (size);
  if (!file || pread (fd, file, size, 0) != status.st_size || (pixels = find_pixels (file, size, kept)) == 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("the file was incomplete"));
      return FALSE;
    }
  g_byte_array_append (front, file, HEAD);
  if (!append_profile (front, profile, length, error))
    return FALSE;
  g_byte_array_append (front, kept->data, kept->len);
  if (write_all (fd, front->data, front->len, 0) && write_all (fd, file + pixels, size - pixels, (off_t)front->len)
      && ftruncate (fd, (off_t)(front->len + size - pixels)) == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s", g_strerror (errno));
  return FALSE;
}
