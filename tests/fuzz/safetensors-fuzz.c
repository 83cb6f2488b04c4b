/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A libFuzzer target: any bytes as a model file, through everything that a reader of models does before it computes. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/model.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_all (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgSafetensors) file = cg_safetensors_open (path, &error);
  g_autoptr (CgModel) model = NULL;

  g_assert ((file == NULL) == (error != NULL));
  if (!file)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return;
    }
  for (guint i = 0; i < cg_safetensors_get_n_entries (file); i++)
    {
      const CgSafetensorsEntry *entry = cg_safetensors_get_entry (file, i);
      g_autofree float *values = g_new (float, MAX (entry->n_elements, 1));

      g_assert (cg_safetensors_find (file, entry->name) == entry);
      cg_safetensors_read (file, entry, values, NULL);
    }
  for (const char *const *key = cg_safetensors_get_metadata_keys (file); *key; key++)
    g_assert (g_utf8_validate (cg_safetensors_get_metadata (file, *key), -1, NULL));

  model = cg_model_load (path, &error);
  g_assert ((model == NULL) == (error != NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *path = NULL;
  const int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  if (fd < 0 || write (fd, data, size) != (ssize_t)size)
    abort ();
  path = g_strdup_printf ("/proc/self/fd/%d", fd);
  read_all (path);
  close (fd);
  return 0;
}
