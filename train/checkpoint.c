/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks, moments and pools in and out of a checkpoint's files; apart because exact resumption hangs on
 * completeness here. */
#include "checkpoint.h"

#include <glib/gi18n.h>
#include <string.h>

#include "vectors.h"

#define STATE_FORMAT "cyclegan-training-state"
#define STATE_VERSION "1"
/* More than the names of a network's tensors take. */
#define MAX_HEADER_BYTES 65536

const char *const cg_checkpoint_network_names[CG_STEP_N_NETWORKS] = { "G_A", "G_B", "D_A", "D_B" };

/* The same of the averages. */
static const char *const average_names[CG_CHECKPOINT_N_AVERAGES] = { "average_G_A", "average_G_B" };

static char *
file_path (const char *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);

  return g_build_filename (folder, file, NULL);
}

static gboolean
write_network (CgNetwork *network, const char *folder, const char *name, GError **error)
{
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autofree char *path = file_path (folder, name);

  return cg_vector_write (writer, "", network, cg_network_get_weights (network), error)
         && cg_safetensors_writer_write (writer, path, error);
}

/* Of the images that generator @maker makes. */
static int
get_channels (const CgCheckpoint *checkpoint, CgStepNetwork maker)
{
  return cg_network_get_config (checkpoint->networks[maker])->output_nc;
}

static CgImagePool *
get_pool (const CgCheckpoint *checkpoint, CgStepNetwork maker)
{
  return maker == CG_STEP_G_A ? cg_step_get_pool_b (checkpoint->step) : cg_step_get_pool_a (checkpoint->step);
}

/* An empty pool has no tensor. */
static gboolean
write_pool (CgSafetensorsWriter *writer, const char *name, const CgCheckpoint *checkpoint, CgStepNetwork maker,
            GError **error)
{
  const CgImagePool *pool = get_pool (checkpoint, maker);
  const gint64 shape[]
      = { cg_image_pool_get_count (pool), checkpoint->crop_h, checkpoint->crop_w, get_channels (checkpoint, maker) };

  return shape[0] == 0
         || cg_safetensors_writer_add (writer, name, CG_DTYPE_F32, 4, shape, cg_image_pool_get_images (pool), error);
}

static void
set_number (CgSafetensorsWriter *writer, const char *key, gint64 number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, number);

  cg_safetensors_writer_set_metadata (writer, key, text);
}

static gboolean
write_state (const CgCheckpoint *checkpoint, const char *folder, GError **error)
{
  g_autoptr (CgSafetensorsWriter) writer = cg_safetensors_writer_new ();
  g_autofree char *path = file_path (folder, "state");
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];

  cg_safetensors_writer_set_metadata (writer, "format", STATE_FORMAT);
  cg_safetensors_writer_set_metadata (writer, "format_version", STATE_VERSION);
  set_number (writer, "step", checkpoint->n_steps);
  cg_learning_rate_write (&checkpoint->rate, writer);
  cg_best_write (&checkpoint->best, writer);
  cg_safetensors_writer_set_metadata (writer, "wait_seconds",
                                      g_ascii_dtostr (seconds, sizeof seconds, checkpoint->wait_seconds));
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      const CgAdam *adam = cg_step_get_adam (checkpoint->step, (CgStepNetwork)i);
      const char *name = cg_checkpoint_network_names[i];
      g_autofree char *m = g_strconcat (name, ".m.", NULL);
      g_autofree char *v = g_strconcat (name, ".v.", NULL);
      g_autofree char *t = g_strconcat (name, ".t", NULL);

      set_number (writer, t, adam->t);
      if (!cg_vector_write (writer, m, checkpoint->networks[i], adam->m, error)
          || !cg_vector_write (writer, v, checkpoint->networks[i], adam->v, error))
        return FALSE;
    }
  return write_pool (writer, "pool_A", checkpoint, CG_STEP_G_B, error)
         && write_pool (writer, "pool_B", checkpoint, CG_STEP_G_A, error)
         && cg_safetensors_writer_write (writer, path, error);
}

gboolean
cg_checkpoint_write (const CgCheckpoint *checkpoint, const char *path, GError **error)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    if (!write_network (checkpoint->networks[i], path, cg_checkpoint_network_names[i], error))
      return FALSE;
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (checkpoint->averages[i] && !write_network (checkpoint->averages[i], path, average_names[i], error))
      return FALSE;
  return write_state (checkpoint, path, error);
}

guint64
cg_checkpoint_measure_network (CgNetwork *network)
{
  return cg_network_get_n_floats (network) * sizeof (float) + MAX_HEADER_BYTES;
}

GArray *
cg_checkpoint_measure (const CgCheckpoint *checkpoint)
{
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 state = (guint64)checkpoint->pool_size * (guint64)checkpoint->crop_h * (guint64)checkpoint->crop_w
                  * (guint64)(get_channels (checkpoint, CG_STEP_G_A) + get_channels (checkpoint, CG_STEP_G_B));

  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      guint64 bytes = cg_checkpoint_measure_network (checkpoint->networks[i]);

      g_array_append_val (sizes, bytes);
      if (i < CG_CHECKPOINT_N_AVERAGES && checkpoint->averages[i])
        g_array_append_val (sizes, bytes);
      state += 2 * cg_network_get_n_floats (checkpoint->networks[i]);
    }
  state = state * sizeof (float) + CG_STEP_N_NETWORKS * 2 * MAX_HEADER_BYTES;
  g_array_append_val (sizes, state);
  return sizes;
}

static gboolean
read_network (CgNetwork *network, const char *folder, const char *name, GError **error)
{
  g_autofree char *path = file_path (folder, name);
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, error);

  if (!file || !cg_vector_read (file, "", network, cg_network_get_weights (network), error))
    return FALSE;
  cg_network_touch (network);
  return TRUE;
}

static gboolean
read_pool (const CgSafetensors *file, const char *name, const CgCheckpoint *checkpoint, CgStepNetwork maker,
           GError **error)
{
  CgImagePool *pool = get_pool (checkpoint, maker);
  int h = checkpoint->crop_h, w = checkpoint->crop_w, size = checkpoint->pool_size;
  const CgSafetensorsEntry *entry = cg_safetensors_find (file, name);
  g_autofree float *images = NULL;

  if (!entry)
    {
      cg_image_pool_restore (pool, NULL, 0);
      return TRUE;
    }
  if (entry->n_dims != 4 || entry->shape[0] > size || entry->shape[1] != h || entry->shape[2] != w
      || entry->shape[3] != get_channels (checkpoint, maker))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                   _ ("%s: the tensor “%s” is no pool of at most %d images of %d x %d"), cg_safetensors_get_path (file),
                   name, size, w, h);
      return FALSE;
    }
  images = g_try_new (float, entry->n_elements);
  if (!images)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for a tensor of %zu values"),
                   entry->n_elements);
      return FALSE;
    }
  if (!cg_safetensors_read (file, entry, images, error))
    return FALSE;
  cg_image_pool_restore (pool, images, (int)entry->shape[0]);
  return TRUE;
}

static gboolean
read_number (const CgSafetensors *file, const char *key, gint64 *number, GError **error)
{
  const char *text = cg_safetensors_get_metadata (file, key);

  if (text && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, number, NULL))
    return TRUE;
  g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: “%s” is “%s” and not a number"),
               cg_safetensors_get_path (file), key, text ? text : "");
  return FALSE;
}

static gboolean
check_format (const CgSafetensors *file, GError **error)
{
  const char *format = cg_safetensors_get_metadata (file, "format");
  const char *version = cg_safetensors_get_metadata (file, "format_version");

  if (g_strcmp0 (format, STATE_FORMAT) != 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: the format is “%s”, expected “%s”"),
                   cg_safetensors_get_path (file), format ? format : "", STATE_FORMAT);
      return FALSE;
    }
  if (g_strcmp0 (version, STATE_VERSION) != 0)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_VERSION, _ ("%s: the version of the format is “%s”, expected “%s”"),
                   cg_safetensors_get_path (file), version ? version : "", STATE_VERSION);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_state (CgCheckpoint *checkpoint, const char *folder, GError **error)
{
  g_autofree char *path = file_path (folder, "state");
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, error);
  const char *seconds;

  if (!file || !check_format (file, error) || !read_number (file, "step", &checkpoint->n_steps, error))
    return FALSE;
  if (checkpoint->needs_rate && !cg_learning_rate_read (&checkpoint->rate, file, error))
    return FALSE;
  if (!cg_best_read (&checkpoint->best, file, error))
    return FALSE;
  seconds = cg_safetensors_get_metadata (file, "wait_seconds");
  checkpoint->wait_seconds = seconds ? g_ascii_strtod (seconds, NULL) : 0.0;
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    {
      CgAdam *adam = cg_step_get_adam (checkpoint->step, (CgStepNetwork)i);
      const char *name = cg_checkpoint_network_names[i];
      g_autofree char *m = g_strconcat (name, ".m.", NULL);
      g_autofree char *v = g_strconcat (name, ".v.", NULL);
      g_autofree char *t = g_strconcat (name, ".t", NULL);

      if (!read_number (file, t, &adam->t, error) || !cg_vector_read (file, m, checkpoint->networks[i], adam->m, error)
          || !cg_vector_read (file, v, checkpoint->networks[i], adam->v, error))
        return FALSE;
    }
  return read_pool (file, "pool_A", checkpoint, CG_STEP_G_B, error)
         && read_pool (file, "pool_B", checkpoint, CG_STEP_G_A, error);
}

gboolean
cg_checkpoint_read (CgCheckpoint *checkpoint, const char *path, GError **error)
{
  for (int i = 0; i < CG_STEP_N_NETWORKS; i++)
    if (!read_network (checkpoint->networks[i], path, cg_checkpoint_network_names[i], error))
      return FALSE;
  for (int i = 0; i < CG_CHECKPOINT_N_AVERAGES; i++)
    if (checkpoint->averages[i] && !read_network (checkpoint->averages[i], path, average_names[i], error))
      return FALSE;
  return read_state (checkpoint, path, error);
}
