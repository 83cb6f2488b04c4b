/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Small image files of every kind that the tests need, written without GEGL, in a folder that goes away. */
#pragma once

#include "image-io.h"

/* A new folder under the temporary one; fixture_folder_free() removes it with all it holds. */
char *fixture_folder_new (void);
void fixture_folder_free (char *folder);

/* The path of a file in a folder; the caller frees it. */
char *fixture_path (const char *folder, const char *name);

/* PNG colour types: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. rows: packed as the PNG stores
 * them, 16-bit samples high byte first. palette: RGB triples. orientation: 0 writes no EXIF chunk. */
typedef struct
{
  guint32 width, height;
  int bit_depth, colour_type;
  const guint8 *palette;
  int palette_size;
  const guint8 *opacities; /* of the first palette entries */
  int n_opacities;
  int orientation;
  gboolean interlaced; /* 8 and 16 bits only */
} FixturePng;

void fixture_write_png (const char *path, const FixturePng *png, const guint8 *rows);

/* RGB pixels, or another number of components. */
typedef struct
{
  int width, height, n_components; /* 1 grey, 3 RGB, 4 CMYK; 2 and 5 to 10 nothing that is known */
  gboolean adobe;                  /* the marker; CMYK samples are stored as given either way */
  gboolean ycck;                   /* 4 components are stored as YCCK, which needs the marker */
  gboolean progressive;
  int orientation; /* 0 writes no EXIF marker */
  const guint8 *profile;
  unsigned profile_length;
} FixtureJpeg;

void fixture_write_jpeg (const char *path, const FixtureJpeg *jpeg, const guint8 *pixels);

/* An RGB PNG whose pixel (x, y) is fixture_value (tag, x, y, c). */
void fixture_write_pattern (const char *path, int tag, int width, int height);
guint8 fixture_value (int tag, int x, int y, int c);

/* Cuts a file to its first n bytes. */
void fixture_truncate (const char *path, gsize n);

/* Loads what has to be an image of that size, which cg_image_probe() has to tell too. */
CgImage *fixture_load (const char *path, int width, int height);
