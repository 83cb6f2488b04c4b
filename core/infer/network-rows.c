/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Scaling, reflection and range: everything between a picture's row and a network's. */
#include "infer/network-rows.h"

#include <string.h>

#include "base/parallel.h"
#include "infer/reflect.h"

gboolean
cg_network_rows_init (CgNetworkRows *rows, const CgNetworkConfig *config, const CgWorkingSize *size, int width,
                      int height, int n_threads, GError **error)
{
  *rows = (CgNetworkRows){ .width = width,
                           .height = height,
                           .size = *size,
                           .scaled = size->width != width || size->height != height,
                           .input_nc = config->input_nc,
                           .output_nc = config->output_nc,
                           .n_threads = n_threads,
                           /* A row before and after the filter's horizontal half, of the picture or of the network. */
                           .scratch_floats = 6 * (size_t)MAX (width, size->width) };
  return !rows->scaled
         || (cg_resize_axis_init (&rows->across, width, size->width, error)
             && cg_resize_axis_init (&rows->down, height, size->height, error));
}

void
cg_network_rows_clear (CgNetworkRows *rows)
{
  cg_resize_axis_clear (&rows->across);
  cg_resize_axis_clear (&rows->down);
}

gboolean
cg_network_rows_load (CgNetworkRows *rows, int first, int n, GError **error)
{
  int begin = rows->height, end = 0;

  if (rows->in)
    return TRUE;
  g_assert (!rows->scaled && n <= CG_NETWORK_BAND);
  for (int y = first; y < first + n; y++)
    {
      int row = cg_reflect_index ((long long)y - rows->size.margin, rows->size.height);

      begin = MIN (begin, row);
      end = MAX (end, row + 1);
    }
  rows->band_first = begin;
  return rows->read (begin, end - begin, rows->band, rows->read_data, error);
}

void
cg_network_rows_prepare (const CgNetworkRows *rows, int y, int worker, float *row)
{
  const CgWorkingSize *size = &rows->size;
  size_t n = (size_t)size->width, nc = (size_t)rows->input_nc;
  float *scratch = rows->scratch + (size_t)worker * rows->scratch_floats;
  float *pixels = scratch + 3 * (size_t)MAX (rows->width, size->width);
  float *to = row + (size_t)size->margin * nc;

  y = cg_reflect_index ((long long)y - size->margin, size->height);
  if (rows->scaled)
    cg_resize_row (&rows->across, &rows->down, 3, rows->in, rows->in_stride, true, y, scratch, pixels);
  else if (rows->in)
    memcpy (pixels, rows->in + (size_t)y * rows->in_stride, n * 3 * sizeof (float));
  else
    memcpy (pixels, rows->band + (size_t)(y - rows->band_first) * n * 3, n * 3 * sizeof (float));

  if (nc == 3)
    for (size_t i = 0; i < 3 * n; i++)
      to[i] = 2.0f * cg_clean_sample (pixels[i]) - 1.0f;
  else
    for (size_t i = 0; i < n; i++)
      /* Luma of ITU-R BT.601-7, item 2.5.1, which is what networks for grey images are trained with. */
      to[i] = 2.0f
                  * (0.299f * cg_clean_sample (pixels[3 * i]) + 0.587f * cg_clean_sample (pixels[3 * i + 1])
                     + 0.114f * cg_clean_sample (pixels[3 * i + 2]))
              - 1.0f;

  for (int x = 0; x < size->padded_width; x++)
    {
      if (x == size->margin)
        x += size->width;
      if (x < size->padded_width)
        memcpy (row + (size_t)x * nc, to + (size_t)cg_reflect_index ((long long)x - size->margin, size->width) * nc,
                nc * sizeof (float));
    }
}

typedef struct
{
  const CgNetworkRows *rows;
  const CgTensor *tensor;
  int first, skipped;
} Reading;

static void
read_row (size_t item, int worker, void *data)
{
  const Reading *reading = data;

  int y = reading->skipped + (int)item;

  cg_network_rows_prepare (reading->rows, reading->first + y, worker, cg_tensor_at (reading->tensor, 0, y, 0));
}

gboolean
cg_network_rows_read (CgNetworkRows *rows, int first, const CgTensor *tensor, GError **error)
{
  Reading reading = { .rows = rows, .tensor = tensor, .first = first };

  for (int y = 0; y < tensor->h; y += CG_NETWORK_BAND)
    {
      int n = MIN (CG_NETWORK_BAND, tensor->h - y);

      reading.skipped = y;
      if (!cg_network_rows_load (rows, first + y, n, error))
        return FALSE;
      cg_parallel_for (rows->n_threads, (size_t)n, read_row, &reading);
    }
  return TRUE;
}

/* A network whose weights are finite can still overflow; better no picture than a black one. */
gboolean
cg_network_rows_take (const CgNetworkRows *rows, const float *row, float *to)
{
  size_t spread = rows->output_nc == 3 ? 1 : 3;
  gboolean finite = TRUE;

  row += (size_t)rows->size.margin * (size_t)rows->output_nc;
  for (size_t i = 0; i < 3 * (size_t)rows->size.width; i++)
    {
      float v = row[i / spread];

      finite &= v >= -1.5f && v <= 1.5f; /* tanh, with room for rounding */
      to[i] = 0.5f * v + 0.5f;
    }
  return finite;
}
