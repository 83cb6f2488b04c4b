/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flat vectors in and out of safetensors files; apart because checkpoints hold three of them per network. */
#include "vectors.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

static float *
try_values (size_t n_floats, GError **error)
{
  float *values = g_try_new (float, n_floats);

  if (!values)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("Not enough memory for a tensor of %zu values"), n_floats);
  return values;
}

gboolean
cg_vector_write (CgSafetensorsWriter *writer, const char *prefix, const CgNetwork *network, const float *vector,
                 GError **error)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      g_autofree char *name = g_strconcat (prefix, parameter->name, NULL);
      g_autofree float *values = try_values (parameter->n_floats, error);

      if (!values)
        return FALSE;
      cg_network_read_parameter (network, i, vector, values);
      for (size_t e = 0; e < parameter->n_floats; e++)
        if (!isfinite (values[e]))
          {
            g_set_error (error, CG_ERROR, CG_ERROR_DIVERGED, _ ("%s holds %f"), name, values[e]);
            return FALSE;
          }
      if (!cg_safetensors_writer_add (writer, name, CG_DTYPE_F32, parameter->n_dims, parameter->shape, values, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
has_shape (const CgSafetensorsEntry *entry, const CgParameter *parameter)
{
  return entry->n_dims == parameter->n_dims
         && memcmp (entry->shape, parameter->shape, (size_t)entry->n_dims * sizeof entry->shape[0]) == 0;
}

gboolean
cg_vector_read (const CgSafetensors *file, const char *prefix, const CgNetwork *network, float *vector, GError **error)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      g_autofree char *name = g_strconcat (prefix, parameter->name, NULL);
      const CgSafetensorsEntry *entry = cg_safetensors_find (file, name);
      g_autofree float *values = NULL;

      if (!entry || !has_shape (entry, parameter))
        {
          g_set_error (error, CG_ERROR, CG_ERROR_FORMAT,
                       entry ? _ ("%s: the tensor “%s” has another shape than the network's parameter")
                             : _ ("%s: the tensor “%s” is missing"),
                       cg_safetensors_get_path (file), name);
          return FALSE;
        }
      values = try_values (parameter->n_floats, error);
      if (!values || !cg_safetensors_read (file, entry, values, error))
        return FALSE;
      cg_network_write_parameter (network, i, vector, values);
    }
  return TRUE;
}
