/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A libFuzzer target: any bytes as a checkpoint file of any format, through everything that import does before it writes. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/architecture.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_all (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgStateDict) dict = cg_state_dict_open (path, NULL, &error);
  g_autoptr (CgNetwork) network = NULL;

  g_assert ((dict == NULL) == (error != NULL));
  if (!dict)
    {
      g_assert (g_utf8_validate (error->message, -1, NULL));
      return;
    }
  for (guint i = 0; i < cg_state_dict_get_n_tensors (dict); i++)
    {
      const CgStateTensor *tensor = cg_state_dict_get_tensor (dict, i);
      g_autofree float *values = NULL;

      g_assert (cg_state_dict_find (dict, tensor->name) == tensor);
      g_assert (tensor->n_elements <= cg_state_dict_get_file_bytes (dict));
      values = g_new (float, tensor->n_elements + 1);
      cg_state_dict_read (dict, tensor, values, NULL);
    }
  network = cg_architecture_load (dict, NULL, &error);
  g_assert ((network == NULL) == (error != NULL));
  if (error)
    g_assert (g_utf8_validate (error->message, -1, NULL));
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
