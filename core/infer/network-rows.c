/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reflection and range: everything between a picture's row and a network's. */
#include "infer/network-rows.h"

#include <string.h>

#include "base/parallel.h"
#include "infer/reflect.h"
#include "infer/resize-axis.h"

void
cg_network_rows_init (CgNetworkRows *rows, const CgNetworkConfig *config, const CgWorkingSize *size, int n_threads)
{
  *rows = (CgNetworkRows){
    .size = *size, .input_nc = config->input_nc, .output_nc = config->output_nc, .n_threads = n_threads
  };
}

gboolean
cg_network_rows_load (CgNetworkRows *rows, int first, int n, GError **error)
{
  int begin = rows->size.height, end = 0;

  if (rows->in)
    return TRUE;
  g_assert (n <= CG_NETWORK_BAND);
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
cg_network_rows_prepare (const CgNetworkRows *rows, int y, float *row)
{
  const CgWorkingSize *size = &rows->size;
  size_t n = (size_t)size->width, nc = (size_t)rows->input_nc;
  const float *pixels = rows->in;
  float *to = row + (size_t)size->margin * nc;

  y = cg_reflect_index ((long long)y - size->margin, size->height);
  pixels = pixels ? pixels + (size_t)y * n * 3 : rows->band + (size_t)(y - rows->band_first) * n * 3;
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

  cg_network_rows_prepare (reading->rows, reading->first + y, cg_tensor_at (reading->tensor, 0, y, 0));
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
