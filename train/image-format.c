/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which image format a file's first bytes announce, and whether all of it is there where GEGL's loader would not
 * notice. */
#include "image-format.h"

#include <string.h>
#include <zlib.h>

static const guint8 png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

typedef struct
{
  CgImageFormat format;
  const char *magic;
  gsize length;
} Magic;

static const Magic magics[] = {
  { CG_IMAGE_FORMAT_JPEG, "\xff\xd8\xff", 3 },    { CG_IMAGE_FORMAT_PNG, (const char *)png_signature, 8 },
  { CG_IMAGE_FORMAT_TIFF, "II*\0", 4 },           { CG_IMAGE_FORMAT_TIFF, "MM\0*", 4 },
  { CG_IMAGE_FORMAT_TIFF, "II+\0", 4 },           { CG_IMAGE_FORMAT_TIFF, "MM\0+", 4 },
  { CG_IMAGE_FORMAT_GIF, "GIF87a", 6 },           { CG_IMAGE_FORMAT_GIF, "GIF89a", 6 },
  { CG_IMAGE_FORMAT_EXR, "\x76\x2f\x31\x01", 4 }, { CG_IMAGE_FORMAT_HDR, "#?RADIANCE\n", 11 },
  { CG_IMAGE_FORMAT_HDR, "#?RGBE\n", 7 },
};

CgImageFormat
cg_image_format_recognise (const guint8 *head, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (magics); i++)
    if (length >= magics[i].length && memcmp (head, magics[i].magic, magics[i].length) == 0)
      return magics[i].format;

  if (length >= 12 && memcmp (head, "RIFF", 4) == 0 && memcmp (head + 8, "WEBP", 4) == 0)
    return CG_IMAGE_FORMAT_WEBP;
  /* The binary grey and colour maps; GEGL's loader does not know the bitmaps, and whether a text one is whole
   * cannot be seen. */
  if (length >= 3 && head[0] == 'P' && (head[1] == '5' || head[1] == '6') && g_ascii_isspace (head[2]))
    return CG_IMAGE_FORMAT_PNM;
  return CG_IMAGE_FORMAT_UNKNOWN;
}

const char *
cg_image_format_get_loader (CgImageFormat format)
{
  switch (format)
    {
    case CG_IMAGE_FORMAT_PNG:
      return "gegl:png-load";
    case CG_IMAGE_FORMAT_TIFF:
      return "gegl:tiff-load";
    case CG_IMAGE_FORMAT_WEBP:
      return "gegl:webp-load";
    case CG_IMAGE_FORMAT_GIF:
      return "gegl:gif-load";
    case CG_IMAGE_FORMAT_PNM:
      return "gegl:ppm-load";
    case CG_IMAGE_FORMAT_EXR:
      return "gegl:exr-load";
    case CG_IMAGE_FORMAT_HDR:
      return "gegl:rgbe-load";
    case CG_IMAGE_FORMAT_JPEG:
    case CG_IMAGE_FORMAT_UNKNOWN:
      break;
    }
  return NULL;
}

static guint32
read_be32 (const guint8 *bytes)
{
  return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

gboolean
cg_png_get_size (const guint8 *head, gsize length, guint32 *width, guint32 *height)
{
  if (length < 24 || memcmp (head, png_signature, 8) != 0 || memcmp (head + 12, "IHDR", 4) != 0)
    return FALSE;
  *width = read_be32 (head + 16);
  *height = read_be32 (head + 20);
  return TRUE;
}

/* A chunk is length, type, data, CRC-32 of type and data (PNG specification, section 5.3). */
static gboolean
png_is_whole (const guint8 *data, gsize length)
{
  guint32 width, height;
  gboolean have_pixels = FALSE;

  if (!cg_png_get_size (data, length, &width, &height))
    return FALSE;

  for (gsize at = 8; length - at >= 12;)
    {
      guint32 size = read_be32 (data + at);

      if (size > length - at - 12)
        return FALSE;
      if (crc32 (0, data + at + 4, size + 4) != read_be32 (data + at + 8 + size))
        return FALSE;
      if (memcmp (data + at + 4, "IDAT", 4) == 0)
        have_pixels = TRUE;
      else if (memcmp (data + at + 4, "IEND", 4) == 0)
        return have_pixels;
      at += 12 + (gsize)size;
    }
  return FALSE;
}

/* A chain of sub-blocks, each a length byte and that many bytes, ended by an empty one: GIF89a specification,
 * section 15. */
static gboolean
skip_sub_blocks (const guint8 *data, gsize length, gsize *at)
{
  while (*at < length && data[*at] != 0)
    *at += (gsize)data[*at] + 1;
  *at += 1;
  return *at <= length;
}

static gsize
colour_table_size (guint8 flags)
{
  return flags & 0x80 ? (gsize)3 << ((flags & 7) + 1) : 0;
}

/* Extensions, then the first image, which is all that is shown. */
static gboolean
gif_is_whole (const guint8 *data, gsize length)
{
  gsize at = length >= 13 ? 13 + colour_table_size (data[10]) : length;

  while (at + 10 <= length)
    {
      gboolean is_image = data[at] == 0x2c;

      if (!is_image && data[at] != 0x21)
        return FALSE;
      at += is_image ? 11 + colour_table_size (data[at + 9]) : 2;
      if (!skip_sub_blocks (data, length, &at))
        return FALSE;
      if (is_image)
        return TRUE;
    }
  return FALSE;
}

/* Reads the next number of a PNM header, over white space and comments; 0 where there is none. */
static guint64
read_pnm_number (const guint8 *data, gsize length, gsize *at)
{
  guint64 number = 0;

  while (*at < length && (g_ascii_isspace (data[*at]) || data[*at] == '#'))
    if (data[(*at)++] == '#')
      while (*at < length && data[*at] != '\n')
        ++*at;
  for (; *at < length && g_ascii_isdigit (data[*at]) && number < G_MAXUINT32; ++*at)
    number = number * 10 + (guint64)(data[*at] - '0');
  return number;
}

/* Magic, width, height and largest value, one white space, then the samples: netpbm's ppm(5) and pgm(5). */
static gboolean
pnm_is_whole (const guint8 *data, gsize length)
{
  gsize at = 2;
  guint64 width = read_pnm_number (data, length, &at);
  guint64 height = read_pnm_number (data, length, &at);
  guint64 largest = read_pnm_number (data, length, &at);
  guint64 sample = (data[1] == '6' ? 3 : 1) * (largest > 255 ? 2 : 1);

  return width > 0 && height > 0 && largest > 0 && at < length && (length - at - 1) / sample / width >= height;
}

/* RIFF, a length that counts from behind itself, the form WEBP. */
static gboolean
webp_is_whole (const guint8 *data, gsize length)
{
  guint32 size = (guint32)data[7] << 24 | (guint32)data[6] << 16 | (guint32)data[5] << 8 | data[4];

  return length - 8 >= size;
}

gboolean
cg_image_format_is_whole (CgImageFormat format, const guint8 *data, gsize length)
{
  switch (format)
    {
    case CG_IMAGE_FORMAT_PNG:
      return png_is_whole (data, length);
    case CG_IMAGE_FORMAT_GIF:
      return gif_is_whole (data, length);
    case CG_IMAGE_FORMAT_PNM:
      return pnm_is_whole (data, length);
    case CG_IMAGE_FORMAT_WEBP:
      return webp_is_whole (data, length);
    default:
      return TRUE;
    }
}
