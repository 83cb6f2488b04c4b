/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a camera and a cataloguing program wrote about a photo is still true of its translation, but for what tells of the pixels. */
#define _GNU_SOURCE
#include "photo-metadata.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer side, in pixels, as cameras make them. */
#define THUMBNAIL_SIDE 160

GExiv2Metadata *
cg_photo_metadata_read (const char *path)
{
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();

  if (!gexiv2_metadata_open_path (metadata, path, NULL))
    return NULL;
  if (!gexiv2_metadata_has_exif (metadata) && !gexiv2_metadata_has_xmp (metadata)
      && !gexiv2_metadata_has_iptc (metadata))
    return NULL;
  return g_steal_pointer (&metadata);
}

/* How the pixels of the photo's own file were laid out; in a TIFF these very tags lay out the file. */
static void
remove_layout (GExiv2Metadata *metadata)
{
  static const char *const names[]
      = { "NewSubfileType",  "SubfileType",  "ImageWidth",      "ImageLength",
          "BitsPerSample",   "Compression",  "FillOrder",       "PhotometricInterpretation",
          "StripOffsets",    "RowsPerStrip", "StripByteCounts", "SamplesPerPixel",
          "TileWidth",       "TileLength",   "TileOffsets",     "TileByteCounts",
          "Predictor",       "SampleFormat", "ExtraSamples",    "PlanarConfiguration",
          "ColorMap",        "SubIFDs",      "JPEGTables",      "InterColorProfile",
          "YCbCrSubSampling" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *tag = g_strconcat ("Exif.Image.", names[i], NULL);

      gexiv2_metadata_try_clear_tag (metadata, tag, NULL);
    }
  gexiv2_metadata_try_clear_tag (metadata, "Exif.Photo.CompressedBitsPerPixel", NULL);
  gexiv2_metadata_try_clear_tag (metadata, "Exif.Photo.ComponentsConfiguration", NULL);
}

/* Returns: (transfer full) (nullable): a small JPEG. */
static GBytes *
make_thumbnail (GeglBuffer *picture)
{
  int width = gegl_buffer_get_width (picture), height = gegl_buffer_get_height (picture);
  double scale = MIN (1.0, (double)THUMBNAIL_SIDE / MAX (width, height));
  GeglRectangle box = { 0, 0, MAX (1, (int)(width * scale)), MAX (1, (int)(height * scale)) };
  const Babl *format = babl_format ("R'G'B' u8");
  g_autofree guint8 *pixels = g_malloc ((gsize)box.width * (gsize)box.height * 3);
  g_autofree guint8 *jpeg = NULL;
  g_autoptr (GeglBuffer) small = gegl_buffer_new (&box, format);
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", small, NULL);
  int fd = memfd_create ("thumbnail", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  GeglNode *saver = gegl_node_new_child (graph, "operation", "gegl:jpg-save", "path", path, "quality", 85, NULL);
  struct stat status;
  GBytes *bytes = NULL;

  if (fd < 0)
    return NULL;
  gegl_buffer_get (picture, &box, scale, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_CLAMP);
  gegl_buffer_set (small, NULL, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
  gegl_node_link (source, saver);
  gegl_node_process (saver);
  if (fstat (fd, &status) == 0 && status.st_size > 0)
    {
      jpeg = g_malloc ((gsize)status.st_size);
      if (pread (fd, jpeg, (size_t)status.st_size, 0) == status.st_size)
        bytes = g_bytes_new_take (g_steal_pointer (&jpeg), (gsize)status.st_size);
    }
  close (fd);
  return bytes;
}

static void
renew_thumbnail (GExiv2Metadata *metadata, GeglBuffer *picture)
{
  g_autofree guint8 *before = NULL;
  g_autoptr (GBytes) jpeg = NULL;
  int length = 0;
  gboolean has_one = gexiv2_metadata_get_exif_thumbnail (metadata, &before, &length) && length > 0;

  gexiv2_metadata_try_erase_exif_thumbnail (metadata, NULL);
  gexiv2_metadata_try_clear_tag (metadata, "Xmp.xmp.Thumbnails", NULL);
  jpeg = has_one ? make_thumbnail (picture) : NULL;
  if (jpeg)
    gexiv2_metadata_try_set_exif_thumbnail_from_buffer (metadata, g_bytes_get_data (jpeg, NULL),
                                                        (int)g_bytes_get_size (jpeg), NULL);
}

/* Only where the photo told something: what it did not say, its translation does not say either. */
static void
renew_number (GExiv2Metadata *metadata, const char *tag, int value)
{
  if (gexiv2_metadata_try_has_tag (metadata, tag, NULL))
    gexiv2_metadata_try_set_tag_long (metadata, tag, value, NULL);
}

gboolean
cg_photo_metadata_write (GExiv2Metadata *metadata, GeglBuffer *result, const char *path, GError **error)
{
  /* Exif 2.32, tag 0xA001: 1 is sRGB, 65535 anything else. */
  gboolean srgb = babl_format_get_space (gegl_buffer_get_format (result)) == babl_space ("sRGB");
  int width = gegl_buffer_get_width (result), height = gegl_buffer_get_height (result);

  remove_layout (metadata);
  renew_thumbnail (metadata, result);
  renew_number (metadata, "Exif.Image.Orientation", 1);
  renew_number (metadata, "Xmp.tiff.Orientation", 1);
  renew_number (metadata, "Exif.Photo.PixelXDimension", width);
  renew_number (metadata, "Exif.Photo.PixelYDimension", height);
  renew_number (metadata, "Xmp.exif.PixelXDimension", width);
  renew_number (metadata, "Xmp.exif.PixelYDimension", height);
  renew_number (metadata, "Xmp.tiff.ImageWidth", width);
  renew_number (metadata, "Xmp.tiff.ImageLength", height);
  renew_number (metadata, "Exif.Photo.ColorSpace", srgb ? 1 : 65535);
  if (srgb)
    gexiv2_metadata_try_clear_tag (metadata, "Exif.Iop.InteroperabilityIndex", NULL);
  return gexiv2_metadata_save_file (metadata, path, error);
}
