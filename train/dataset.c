/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgDataset: two folders of images as batches of crops; a batch is a function of (options, step) alone. */
#include "dataset.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/error.h"
#include "dataset-folder.h"
#include "dataset-sampler.h"

/* Steps prepared ahead of the one being trained: enough to ride out a few large files in a row. */
#define N_AHEAD 4

/* For preprocessed images in memory, half for each domain. */
#define CACHE_BYTES ((gsize)1 << 30)

/* One prepared step: crops of A, then of B, as bytes. */
typedef struct
{
  guint8 *crops; /* [2][batch][h][w][3] */
  GError *error;
} Slot;

struct _CgDataset
{
  CgPreprocess preprocess;
  int load_size, batch_size;
  int height, width;
  gsize crop_bytes;           /* of one image */
  CgDatasetFolder *train[2];  /* A, B */
  CgDatasetFolder *sample[2]; /* the test folders, or the same as train */
  float levels[256];          /* v / 127.5 - 1 */

  CgDatasetSampler sampler; /* the worker's */
  GThread *worker;

  GMutex
      lock; /* over what follows; the worker alone writes slots that are not ready, the caller alone reads ready ones */
  GCond changed;
  gboolean quit;
  gint64 wanted;    /* the step that the caller asks for next; 0 before the first */
  int n_ready;      /* slots ready: steps wanted … wanted + n_ready - 1; step s is in slot s % N_AHEAD */
  guint generation; /* rises when the caller jumps to another step */
  Slot slots[N_AHEAD];
  double waited;
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

static gboolean
make_crop (CgDataset *dataset, int domain, int index, gint64 step, int place, guint8 *out, GError **error)
{
  const CgDatasetSampler *sampler = &dataset->sampler;
  char letter = domain ? 'B' : 'A';
  g_autoptr (CgImage) owned = NULL;
  const CgImage *image = cg_dataset_folder_get_image (dataset->train[domain], index, &owned, error);
  int x, y;

  if (!image)
    return FALSE;
  x = cg_dataset_sampler_offset (sampler, letter, step, place, 0, image->width - dataset->width);
  y = cg_dataset_sampler_offset (sampler, letter, step, place, 1, image->height - dataset->height);
  copy_crop (image, x, y, cg_dataset_sampler_mirrors (sampler, letter, step, place), dataset->height, dataset->width,
             out);
  return TRUE;
}

static gboolean
make_batch (CgDataset *dataset, gint64 step, guint8 *crops, GError **error)
{
  for (int place = 0; place < dataset->batch_size; place++)
    {
      int index[2];

      cg_dataset_sampler_pick (&dataset->sampler, step, place, &index[0], &index[1]);
      for (int domain = 0; domain < 2; domain++)
        {
          gsize at = (gsize)domain * dataset->batch_size + place;

          if (!make_crop (dataset, domain, index[domain], step, place, crops + at * dataset->crop_bytes, error))
            return FALSE;
        }
    }
  return TRUE;
}

static gpointer
work (gpointer data)
{
  CgDataset *dataset = data;

  g_mutex_lock (&dataset->lock);
  while (!dataset->quit)
    {
      gint64 step = dataset->wanted + dataset->n_ready;
      guint generation = dataset->generation;
      Slot *slot = &dataset->slots[step % N_AHEAD];
      GError *error = NULL;

      if (dataset->wanted == 0 || dataset->n_ready == N_AHEAD)
        {
          g_cond_wait (&dataset->changed, &dataset->lock);
          continue;
        }
      g_mutex_unlock (&dataset->lock);
      make_batch (dataset, step, slot->crops, &error);
      g_mutex_lock (&dataset->lock);
      if (generation != dataset->generation)
        {
          g_clear_error (&error);
          continue;
        }
      slot->error = error;
      dataset->n_ready++;
      g_cond_broadcast (&dataset->changed);
    }
  g_mutex_unlock (&dataset->lock);
  return NULL;
}

/* The lock is held. Forgets what is ready and lets the worker go on at @step. */
static void
jump_to (CgDataset *dataset, gint64 step)
{
  for (int i = 0; i < N_AHEAD; i++)
    g_clear_error (&dataset->slots[i].error);
  dataset->wanted = step;
  dataset->n_ready = 0;
  dataset->generation++;
  g_cond_broadcast (&dataset->changed);
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
  gint64 before;
  Slot *slot;
  gboolean ok;

  g_return_val_if_fail (step >= 1, FALSE);

  g_mutex_lock (&dataset->lock);
  if (step != dataset->wanted)
    jump_to (dataset, step);
  before = g_get_monotonic_time ();
  while (dataset->n_ready == 0)
    g_cond_wait (&dataset->changed, &dataset->lock);
  dataset->waited += (double)(g_get_monotonic_time () - before) / G_USEC_PER_SEC;
  slot = &dataset->slots[step % N_AHEAD];
  ok = !slot->error;
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&slot->error));
  g_mutex_unlock (&dataset->lock);

  if (ok)
    {
      to_floats (dataset, slot->crops, bytes, a);
      to_floats (dataset, slot->crops + bytes, bytes, b);
    }
  g_mutex_lock (&dataset->lock);
  dataset->wanted++;
  dataset->n_ready--;
  g_cond_broadcast (&dataset->changed);
  g_mutex_unlock (&dataset->lock);
  return ok;
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
  if (options->input_nc != 3 || options->output_nc != 3)
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("images of %d and %d channels, this version trains with 3 and 3"), options->input_nc,
                 options->output_nc);
  else if (options->batch_size < 1)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("a batch of %d, expected at least 1"), options->batch_size);
  else if (options->max_dataset_size < 0)
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("at most %d images, expected 0 (all) or more"),
                 options->max_dataset_size);
  else if (options->preprocess != CG_PREPROCESS_NONE && (options->crop_size < 1 || options->load_size < 1))
    g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("load size %d and crop size %d, expected at least 1"),
                 options->load_size, options->crop_size);
  else if (options->preprocess == CG_PREPROCESS_RESIZE_AND_CROP && options->load_size < options->crop_size)
    g_set_error (error, CG_ERROR, CG_ERROR_SHAPE, _ ("load size %d, expected at least the crop size, %d"),
                 options->load_size, options->crop_size);
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

  if (options->preprocess != CG_PREPROCESS_NONE)
    dataset->height = dataset->width = options->crop_size;
  for (int domain = 0; domain < 2; domain++)
    {
      g_autofree char *train = g_build_filename (options->dataroot, train_names[domain], NULL);
      g_autofree char *test = g_build_filename (options->dataroot, test_names[domain], NULL);
      g_autoptr (GError) problem = NULL;

      dataset->train[domain]
          = cg_dataset_folder_open (train, options, CACHE_BYTES / 2, &dataset->height, &dataset->width, error);
      if (!dataset->train[domain])
        return FALSE;
      dataset->sample[domain] = dataset->train[domain];
      if (!g_file_test (test, G_FILE_TEST_IS_DIR))
        continue;
      dataset->sample[domain] = cg_dataset_folder_open (test, options, 0, &dataset->height, &dataset->width, &problem);
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

static gboolean
allocate_slots (CgDataset *dataset, GError **error)
{
  gsize bytes;
  gboolean ok = g_size_checked_mul (&bytes, dataset->crop_bytes, 2 * (gsize)dataset->batch_size);

  for (int i = 0; i < N_AHEAD && ok; i++)
    {
      dataset->slots[i].crops = g_try_malloc (bytes);
      ok = dataset->slots[i].crops != NULL;
    }
  if (!ok)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("no memory for batches of %d times %d x %d pixels"),
                 dataset->batch_size, dataset->width, dataset->height);
  return ok;
}

CgDataset *
cg_dataset_open (const CgDatasetOptions *options, GError **error)
{
  g_autoptr (CgDataset) dataset = g_new0 (CgDataset, 1);

  g_mutex_init (&dataset->lock);
  g_cond_init (&dataset->changed);
  if (!check_options (options, error) || !open_folders (dataset, options, error))
    return NULL;
  dataset->preprocess = options->preprocess;
  dataset->load_size = options->load_size;
  dataset->batch_size = options->batch_size;
  dataset->crop_bytes = (gsize)dataset->height * dataset->width * 3;
  for (int v = 0; v < 256; v++)
    dataset->levels[v] = (float)v / 127.5f - 1.0f;
  if (!allocate_slots (dataset, error))
    return NULL;
  cg_dataset_sampler_init (&dataset->sampler, options->seed, options->serial_batches, options->flip,
                           cg_dataset_folder_get_size (dataset->train[0]),
                           cg_dataset_folder_get_size (dataset->train[1]), options->batch_size);
  dataset->worker = g_thread_try_new ("dataset", work, dataset, error);
  return dataset->worker ? g_steal_pointer (&dataset) : NULL;
}

void
cg_dataset_free (CgDataset *dataset)
{
  if (!dataset)
    return;
  if (dataset->worker)
    {
      g_mutex_lock (&dataset->lock);
      dataset->quit = TRUE;
      g_cond_broadcast (&dataset->changed);
      g_mutex_unlock (&dataset->lock);
      g_thread_join (dataset->worker);
    }
  for (int i = 0; i < N_AHEAD; i++)
    {
      g_free (dataset->slots[i].crops);
      g_clear_error (&dataset->slots[i].error);
    }
  for (int domain = 0; domain < 2; domain++)
    {
      if (dataset->sample[domain] != dataset->train[domain])
        cg_dataset_folder_free (dataset->sample[domain]);
      cg_dataset_folder_free (dataset->train[domain]);
    }
  cg_dataset_sampler_clear (&dataset->sampler);
  g_mutex_clear (&dataset->lock);
  g_cond_clear (&dataset->changed);
  g_free (dataset);
}

int
cg_dataset_get_size (const CgDataset *dataset, char domain)
{
  return cg_dataset_folder_get_size (dataset->train[domain_index (domain)]);
}

int
cg_dataset_get_n_unreadable (const CgDataset *dataset)
{
  int n = 0;

  for (int domain = 0; domain < 2; domain++)
    {
      n += cg_dataset_folder_get_n_unreadable (dataset->train[domain]);
      if (dataset->sample[domain] != dataset->train[domain])
        n += cg_dataset_folder_get_n_unreadable (dataset->sample[domain]);
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

/* Every way of preprocessing gives all images of both domains one short side, which then is the median. */
int
cg_dataset_get_train_scale (CgDataset *dataset, char domain)
{
  if (dataset->preprocess == CG_PREPROCESS_RESIZE_AND_CROP)
    return dataset->load_size;
  if (dataset->preprocess == CG_PREPROCESS_ZOOM_AND_CROP)
    return MAX (dataset->load_size, dataset->height);
  return MIN (dataset->height, dataset->width);
}

double
cg_dataset_get_wait_seconds (const CgDataset *dataset)
{
  return dataset->waited;
}

char *
cg_dataset_checksum (CgDataset *dataset, char domain, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  if (!cg_dataset_folder_add_to_checksum (dataset->train[domain_index (domain)], checksum, error))
    return NULL;
  return g_strdup (g_checksum_get_string (checksum));
}
