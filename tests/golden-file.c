/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Reading of golden files; apart from the tests so that each of them holds comparisons only. */
#include "golden-file.h"

#include <math.h>
#include <string.h>

CgSafetensors *
golden_open (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file_name = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *path = NULL;
  CgSafetensors *file;

  g_assert_nonnull (g_getenv ("CG_GOLDEN_DIR"));
  path = g_build_filename (g_getenv ("CG_GOLDEN_DIR"), file_name, NULL);
  file = cg_safetensors_open (path, &error);
  g_assert_no_error (error);
  return file;
}

static const char *
get_text (const CgSafetensors *file, const char *format, va_list arguments)
{
  g_autofree char *key = g_strdup_vprintf (format, arguments);
  const char *text = cg_safetensors_get_metadata (file, key);

  if (!text)
    g_error ("%s has no metadata %s", cg_safetensors_get_path (file), key);
  return text;
}

const char *
golden_get_text (const CgSafetensors *file, const char *format, ...)
{
  va_list arguments;
  const char *text;

  va_start (arguments, format);
  text = get_text (file, format, arguments);
  va_end (arguments);
  return text;
}

double
golden_get_number (const CgSafetensors *file, const char *format, ...)
{
  va_list arguments;
  const char *text;
  char *end;
  double number;

  va_start (arguments, format);
  text = get_text (file, format, arguments);
  va_end (arguments);
  number = g_ascii_strtod (text, &end);
  g_assert_true (end > text && *end == '\0');
  return number;
}

char **
golden_get_words (const CgSafetensors *file, const char *format, ...)
{
  va_list arguments;
  char **words;

  va_start (arguments, format);
  words = g_strsplit (get_text (file, format, arguments), " ", -1);
  va_end (arguments);
  return words;
}

static float *
get_floats (const CgSafetensors *file, const CgSafetensorsEntry **entry, const char *name)
{
  g_autoptr (GError) error = NULL;
  float *values;

  *entry = cg_safetensors_find (file, name);
  if (!*entry)
    g_error ("%s has no tensor %s", cg_safetensors_get_path (file), name);
  values = g_new (float, (*entry)->n_elements);
  cg_safetensors_read (file, *entry, values, &error);
  g_assert_no_error (error);
  return values;
}

float *
golden_get_floats (const CgSafetensors *file, const gint64 **shape, size_t *n_elements, const char *format, ...)
{
  g_autofree char *name = NULL;
  const CgSafetensorsEntry *entry;
  va_list arguments;
  float *values;

  va_start (arguments, format);
  name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  values = get_floats (file, &entry, name);
  if (shape)
    *shape = entry->shape;
  if (n_elements)
    *n_elements = entry->n_elements;
  return values;
}

float *
golden_get_image (const CgSafetensors *file, int size[4], const char *format, ...)
{
  g_autofree char *name = NULL;
  g_autofree float *planes = NULL;
  const CgSafetensorsEntry *entry;
  va_list arguments;
  size_t n, c, h, w;
  float *image;

  va_start (arguments, format);
  name = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  planes = get_floats (file, &entry, name);
  g_assert_cmpint (entry->n_dims, ==, 4);
  n = (size_t)entry->shape[0], c = (size_t)entry->shape[1];
  h = (size_t)entry->shape[2], w = (size_t)entry->shape[3];

  image = g_new (float, entry->n_elements);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < c; k++)
      for (size_t pixel = 0; pixel < h * w; pixel++)
        image[(i * h * w + pixel) * c + k] = planes[(i * c + k) * h * w + pixel];
  if (size)
    {
      size[0] = (int)n, size[1] = (int)h;
      size[2] = (int)w, size[3] = (int)c;
    }
  return image;
}

/* The index of @word in a NULL-terminated list. */
static int
get_index (const char *word, const char *const *words)
{
  for (int i = 0; words[i]; i++)
    if (strcmp (word, words[i]) == 0)
      return i;
  g_error ("unknown word in a golden file: %s", word);
}

CgNetwork *
golden_make_network (const char *description)
{
  static const char *const kinds[] = { "resnet", "unet", "n_layers", "pixel", NULL };
  static const char *const norms[] = { "instance", "batch", "none", NULL };
  static const char *const upsamples[] = { "transpose", "resize", NULL };
  g_auto (GStrv) pairs = g_strsplit (description, " ", -1);
  g_autoptr (GError) error = NULL;
  CgNetworkConfig config = { 0 };
  const struct
  {
    const char *key;
    int *number;
  } numbers[]
      = { { "input_nc", &config.input_nc }, { "output_nc", &config.output_nc }, { "nf", &config.nf },
          { "n_blocks", &config.n_blocks }, { "n_layers", &config.n_layers },   { "n_downs", &config.n_downs } };
  CgNetwork *network;

  for (int i = 0; pairs[i]; i++)
    {
      g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);

      g_assert_nonnull (pair[1]);
      if (strcmp (pair[0], "kind") == 0)
        config.kind = (CgNetKind)get_index (pair[1], kinds);
      else if (strcmp (pair[0], "norm") == 0)
        config.norm = (CgNormKind)get_index (pair[1], norms);
      else if (strcmp (pair[0], "upsample") == 0)
        config.upsample = (CgUpsampleKind)get_index (pair[1], upsamples);
      else
        {
          size_t n = 0;

          while (n < G_N_ELEMENTS (numbers) && strcmp (pair[0], numbers[n].key) != 0)
            n++;
          g_assert_cmpuint (n, <, G_N_ELEMENTS (numbers));
          *numbers[n].number = atoi (pair[1]);
        }
    }
  network = cg_network_new (&config, &error);
  g_assert_no_error (error);
  return network;
}

gboolean
golden_selects (GoldenSelection selection, const CgParameter *parameter)
{
  return !((selection & GOLDEN_WITHOUT_REMOVED) && parameter->norm_removes)
         && !((selection & GOLDEN_WITHOUT_BUFFERS) && parameter->is_buffer);
}

void
golden_read_vector (const CgSafetensors *file, const char *prefix, const CgNetwork *network, GoldenSelection selection,
                    float *vector)
{
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      g_autofree char *name = g_strdup_printf ("%s/%s", prefix, parameter->name);
      g_autofree float *values = NULL;
      const CgSafetensorsEntry *entry;

      if (!golden_selects (selection, parameter))
        continue;
      values = get_floats (file, &entry, name);
      g_assert_cmpint (entry->n_dims, ==, parameter->n_dims);
      for (int d = 0; d < entry->n_dims; d++)
        g_assert_cmpint (entry->shape[d], ==, parameter->shape[d]);
      cg_network_write_parameter (network, i, vector, values);
    }
}

double
golden_get_distance (const float *a, const float *b, size_t n)
{
  double largest = 0.0;

  for (size_t i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      largest = MAX (largest, fabs ((double)a[i] - b[i]));
    }
  return largest;
}

double
golden_get_largest (const float *a, size_t n)
{
  double largest = 0.0;

  for (size_t i = 0; i < n; i++)
    largest = MAX (largest, fabs ((double)a[i]));
  return largest;
}

void
golden_assert_gradients (const CgSafetensors *file, const char *prefix, CgNetwork *network, double tolerance)
{
  size_t n_floats = cg_network_get_n_floats (network);
  g_autofree float *truth = g_new0 (float, n_floats);
  const float *gradients = cg_network_get_gradients (network);
  double largest;

  golden_read_vector (file, prefix, network, GOLDEN_WITHOUT_REMOVED | GOLDEN_WITHOUT_BUFFERS, truth);
  largest = golden_get_largest (truth, n_floats);
  g_assert_cmpfloat (largest, >, 0.0);
  for (guint i = 0; i < cg_network_get_n_parameters (network); i++)
    {
      const CgParameter *parameter = cg_network_get_parameter (network, i);
      const float *g = gradients + parameter->offset;
      double distance = golden_get_distance (g, truth + parameter->offset, parameter->n_floats);

      if (parameter->norm_removes || parameter->is_buffer)
        g_assert_cmpfloat (golden_get_largest (g, parameter->n_floats), ==, 0.0);
      else if (distance > tolerance * largest)
        g_error ("%s/%s: gradient off by %g, the network's largest is %g", prefix, parameter->name, distance, largest);
    }
}
