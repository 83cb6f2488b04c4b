/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDataset: two folders of images as batches of crops; a batch is a function of (options, step) alone. */
#include "dataset.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "dataset-folder.h"
#include "dataset-queue.h"
#include "dataset-sampler.h"
#include "dataset-shape.h"

struct _CgDataset
{
  int batch_size;
  int height, width;
  gsize crop_bytes;           /* of one image */
  gssize cache_left;          /* the training folders' */
  CgDatasetFolder *train[2];  /* A, B */
  CgDatasetFolder *sample[2]; /* the test folders, or the same as train */
  float levels[256];          /* v / 127.5 - 1 */

  GMutex sampler_lock; /* over the order of an epoch, which cg_dataset_sampler_pick() keeps */
  CgDatasetSampler sampler;
  CgDatasetQueue *queue;
};

static int
domain_index (char domain)
{
  g_return_val_if_fail (domain == 'A' || domain == 'B', 0);
  return domain == 'B';
}

/* out: [height][width][3], cut from @image at (x, y), mirrored left to right where asked. */
static void
copy_crop (const CgImage *image, int x, int y, gboolean mirror, int height, int width, guint8 *out)
{
  for (int row = 0; row < height; row++, out += (gsize)width * 3)
    {
      const guint8 *from = image->pixels + ((gsize)(y + row) * image->width + x) * 3;

      if (!mirror)
        memcpy (out, from, (gsize)width * 3);
      else
        for (int column = 0; column < width; column++)
          memcpy (out + (gsize)column * 3, from + (gsize)(width - 1 - column) * 3, 3);
    }
}

/* CgDatasetMakeFunc: A's crops come first, then B's. */
static gboolean
make_crop (gpointer data, gint64 step, int item, guint8 *out, GError **error)
{
  CgDataset *dataset = data;
  const CgDatasetSampler *sampler = &dataset->sampler;
  int domain = item / dataset->batch_size, place = item % dataset->batch_size;
  char letter = domain ? 'B' : 'A';
  g_autoptr (CgImage) owned = NULL;
  const CgImage *image;
  int index[2], x, y;

  g_mutex_lock (&dataset->sampler_lock);
  cg_dataset_sampler_pick (&dataset->sampler, step, place, &index[0], &index[1]);
  g_mutex_unlock (&dataset->sampler_lock);
  image = cg_dataset_folder_get_image (dataset->train[domain], index[domain], &owned, error);
  if (!image)
    return FALSE;
  x = cg_dataset_sampler_offset (sampler, letter, step, place, 0, image->width - dataset->width);
  y = cg_dataset_sampler_offset (sampler, letter, step, place, 1, image->height - dataset->height);
  copy_crop (image, x, y, cg_dataset_sampler_mirrors (sampler, letter, step, place), dataset->height, dataset->width,
             out);
  return TRUE;
}

static void
to_floats (const CgDataset *dataset, const guint8 *bytes, gsize n, float *values)
{
  for (gsize i = 0; i < n; i++)
    values[i] = dataset->levels[bytes[i]];
}

gboolean
cg_dataset_get_batch (CgDataset *dataset, gint64 step, float *a, float *b, GError **error)
{
  gsize bytes = dataset->crop_bytes * dataset->batch_size;
  const guint8 *crops;

  g_return_val_if_fail (step >= 1, FALSE);

  crops = cg_dataset_queue_take (dataset->queue, step, error);
  if (crops)
    {
      to_floats (dataset, crops, bytes, a);
      to_floats (dataset, crops + bytes, bytes, b);
    }
  cg_dataset_queue_release (dataset->queue);
  return crops != NULL;
}

gboolean
cg_dataset_get_sample (CgDataset *dataset, char domain, int index, float *values, GError **error)
{
  CgDatasetFolder *folder = dataset->sample[domain_index (domain)];
  g_autofree guint8 *crop = g_try_malloc (dataset->crop_bytes);
  g_autoptr (CgImage) owned = NULL;
  const CgImage *image;

  g_return_val_if_fail (index >= 0, FALSE);

  if (!crop)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for %d x %d pixels"), dataset->width,
                   dataset->height);
      return FALSE;
    }
  image = cg_dataset_folder_get_image (folder, index % cg_dataset_folder_get_size (folder), &owned, error);
  if (!image)
    return FALSE;
  copy_crop (image, (image->width - dataset->width) / 2, (image->height - dataset->height) / 2, FALSE, dataset->height,
             dataset->width, crop);
  to_floats (dataset, crop, dataset->crop_bytes, values);
  return TRUE;
}

static gboolean
check_options (const CgDatasetOptions *options, GError **error)
{
  if (options->batch_size < 1)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("a batch of %d, expected at least 1"), options->batch_size);
  else if (options->max_dataset_size < 0)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("at most %d images, expected 0 (all) or more"),
                 options->max_dataset_size);
  else if (options->crop_size < 1 || options->load_size < 1)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("load size %d and crop size %d, expected at least 1"),
                 options->load_size, options->crop_size);
  else if ((options->preprocess == CG_PREPROCESS_RESIZE_AND_CROP
            || options->preprocess == CG_PREPROCESS_SCALE_WIDTH_AND_CROP)
           && options->load_size < options->crop_size)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 _ ("load size %d, expected at least the crop size, %d"), options->load_size, options->crop_size);
  else
    return TRUE;
  return FALSE;
}

/* The training folders have to be there; a test folder without a readable image counts as absent. */
static gboolean
open_folders (CgDataset *dataset, const CgDatasetOptions *options, GError **error)
{
  static const char *const train_names[] = { "trainA", "trainB" };
  static const char *const test_names[] = { "testA", "testB" };

  if (!cg_preprocess_is_uncropped (options->preprocess))
    dataset->height = dataset->width = options->crop_size;
  for (int domain = 0; domain < 2; domain++)
    {
      g_autofree char *train = g_build_filename (options->dataroot, train_names[domain], NULL);
      g_autofree char *test = g_build_filename (options->dataroot, test_names[domain], NULL);
      g_autoptr (GError) problem = NULL;

      dataset->train[domain]
          = cg_dataset_folder_open (train, options, &dataset->cache_left, &dataset->height, &dataset->width, error);
      if (!dataset->train[domain])
        return FALSE;
      dataset->sample[domain] = dataset->train[domain];
      if (!g_file_test (test, G_FILE_TEST_IS_DIR))
        continue;
      dataset->sample[domain]
          = cg_dataset_folder_open (test, options, NULL, &dataset->height, &dataset->width, &problem);
      if (!dataset->sample[domain] && !g_error_matches (problem, CG_ERROR, CG_ERROR_FORMAT))
        {
          g_propagate_error (error, g_steal_pointer (&problem));
          return FALSE;
        }
      if (!dataset->sample[domain])
        dataset->sample[domain] = dataset->train[domain];
    }
  return TRUE;
}

/* One warning, however many images it is about. */
static void
warn_of_rounding (const CgDataset *dataset)
{
  int n[2];
  const char *first[2];

  for (int domain = 0; domain < 2; domain++)
    first[domain] = cg_dataset_folder_get_rounded (dataset->train[domain], &n[domain]);
  if (n[0] + n[1] > 0)
    g_warning (_ ("%d images have sides that are no multiples of 4 and are resized to the nearest ones: %s first"),
               n[0] + n[1], first[0] ? first[0] : first[1]);
}

CgDataset *
cg_dataset_open (const CgDatasetOptions *options, GError **error)
{
  g_autoptr (CgDataset) dataset = g_new0 (CgDataset, 1);

  g_mutex_init (&dataset->sampler_lock);
  dataset->cache_left = (gssize)MIN (options->cache_bytes, G_MAXSSIZE / 2);
  if (!check_options (options, error) || !open_folders (dataset, options, error))
    return NULL;
  warn_of_rounding (dataset);
  dataset->batch_size = options->batch_size;
  dataset->crop_bytes = (gsize)dataset->height * dataset->width * 3;
  for (int v = 0; v < 256; v++)
    dataset->levels[v] = (float)v / 127.5f - 1.0f;
  cg_dataset_sampler_init (&dataset->sampler, options->seed, options->serial_batches, options->flip,
                           cg_dataset_folder_get_size (dataset->train[0]),
                           cg_dataset_folder_get_size (dataset->train[1]), options->batch_size);
  dataset->queue = cg_dataset_queue_new (make_crop, dataset, 2 * options->batch_size, dataset->crop_bytes,
                                         options->n_workers, error);
  return dataset->queue ? g_steal_pointer (&dataset) : NULL;
}

void
cg_dataset_free (CgDataset *dataset)
{
  if (!dataset)
    return;
  cg_dataset_queue_free (dataset->queue);
  for (int domain = 0; domain < 2; domain++)
    {
      if (dataset->sample[domain] != dataset->train[domain])
        cg_dataset_folder_free (dataset->sample[domain]);
      cg_dataset_folder_free (dataset->train[domain]);
    }
  cg_dataset_sampler_clear (&dataset->sampler);
  g_mutex_clear (&dataset->sampler_lock);
  g_free (dataset);
}

int
cg_dataset_get_size (const CgDataset *dataset, char domain)
{
  return cg_dataset_folder_get_size (dataset->train[domain_index (domain)]);
}

int
cg_dataset_get_n_samples (const CgDataset *dataset, char domain)
{
  return cg_dataset_folder_get_size (dataset->sample[domain_index (domain)]);
}

int
cg_dataset_get_n_skipped (const CgDataset *dataset)
{
  int n = 0;

  for (int domain = 0; domain < 2; domain++)
    {
      n += cg_dataset_folder_get_n_skipped (dataset->train[domain]);
      if (dataset->sample[domain] != dataset->train[domain])
        n += cg_dataset_folder_get_n_skipped (dataset->sample[domain]);
    }
  return n;
}

int
cg_dataset_get_steps_per_epoch (const CgDataset *dataset)
{
  return dataset->sampler.steps_per_epoch;
}

void
cg_dataset_get_crop_size (const CgDataset *dataset, int *height, int *width)
{
  *height = dataset->height;
  *width = dataset->width;
}

int
cg_dataset_get_train_scale (CgDataset *dataset, char domain)
{
  return cg_dataset_folder_get_median_side (dataset->train[domain_index (domain)]);
}

guint64
cg_dataset_get_missing_cache_bytes (CgDataset *dataset)
{
  gssize left = (gssize)g_atomic_pointer_add (&dataset->cache_left, 0);
  guint64 bytes = cg_dataset_folder_get_uncached_bytes (dataset->train[0])
                  + cg_dataset_folder_get_uncached_bytes (dataset->train[1]);

  return MIN (bytes, (guint64)MAX (left, 0));
}

double
cg_dataset_get_wait_seconds (const CgDataset *dataset)
{
  return cg_dataset_queue_get_wait_seconds (dataset->queue);
}

char *
cg_dataset_checksum (CgDataset *dataset, char domain, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  if (!cg_dataset_folder_add_to_checksum (dataset->train[domain_index (domain)], checksum, error))
    return NULL;
  return g_strdup (g_checksum_get_string (checksum));
}
