/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compresses in memory; apart because libjpeg reports errors by jumping. */
#include "report-picture.h"

#include <cyclegan-train.h>
#include <glib/gi18n.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "resize.h"

#define QUALITY 88

typedef struct
{
  struct jpeg_error_mgr base;
  jmp_buf leave;
} ErrorManager;

static void
on_error (j_common_ptr info)
{
  longjmp (((ErrorManager *)info->err)->leave, 1);
}

/* FALSE: libjpeg has no memory, for nothing else can go wrong with pixels. *@data is to be freed with free() even then. */
static gboolean
compress (const CgImage *image, unsigned char **data, unsigned long *length)
{
  struct jpeg_compress_struct info = { 0 };
  ErrorManager manager;

  info.err = jpeg_std_error (&manager.base);
  manager.base.error_exit = on_error;
  if (setjmp (manager.leave))
    {
      jpeg_destroy_compress (&info);
      return FALSE;
    }
  jpeg_create_compress (&info);
  jpeg_mem_dest (&info, data, length);
  info.image_width = (JDIMENSION)image->width;
  info.image_height = (JDIMENSION)image->height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults (&info);
  jpeg_set_quality (&info, QUALITY, TRUE);
  /* Colours at full resolution: these pictures are small and looked at closely. */
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress (&info, TRUE);
  while (info.next_scanline < info.image_height)
    {
      JSAMPROW row = image->pixels + (gsize)info.next_scanline * (gsize)image->width * 3;

      jpeg_write_scanlines (&info, &row, 1);
    }
  jpeg_finish_compress (&info);
  jpeg_destroy_compress (&info);
  return TRUE;
}

char *
cg_report_picture_to_uri (const CgImage *image, int max_side, GError **error)
{
  int longest = MAX (image->width, image->height);
  g_autoptr (CgImage) scaled = NULL;
  g_autofree char *text = NULL;
  unsigned char *data = NULL;
  unsigned long length = 0;
  char *uri = NULL;

  if (longest > max_side)
    {
      scaled = cg_image_resize (image, MAX (1, image->width * max_side / longest),
                                MAX (1, image->height * max_side / longest), error);
      if (!scaled)
        return NULL;
      image = scaled;
    }
  if (compress (image, &data, &length))
    {
      text = g_base64_encode (data, length);
      uri = g_strconcat ("data:image/jpeg;base64,", text, NULL);
    }
  else
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for a picture of %d x %d pixels"), image->width,
                 image->height);
  free (data);
  return uri;
}
