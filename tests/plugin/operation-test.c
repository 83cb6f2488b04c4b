/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* cyclegan:translate inside a GEGL graph of this process: what it hands on untouched, and what it does to what it touches. */
#include <glib/gstdio.h>
#include <gegl-plugin.h>
#include <math.h>
#include <string.h>

#include "picture.h"
#include "tiny-model.h"

static char *folder;
static char *model_path;

/* Stands behind the operation and keeps the very buffer that it hands on; a sink would be given GEGL's cache of it. */
typedef struct
{
  GeglOperationFilter parent;
} Probe;

typedef struct
{
  GeglOperationFilterClass parent_class;
} ProbeClass;

static GeglBuffer *arrived;

GType probe_get_type (void);
G_DEFINE_TYPE (Probe, probe, GEGL_TYPE_OPERATION_FILTER)

static gboolean
probe_process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad,
               const GeglRectangle *result, gint level)
{
  GObject *input = gegl_operation_context_get_object (context, "input");

  g_set_object (&arrived, GEGL_BUFFER (input));
  gegl_operation_context_take_object (context, "output", g_object_ref (input));
  return TRUE;
}

static void
probe_class_init (ProbeClass *klass)
{
  GEGL_OPERATION_CLASS (klass)->process = probe_process;
  gegl_operation_class_set_keys (GEGL_OPERATION_CLASS (klass), "name", "cyclegan-test:probe", NULL);
}

static void
probe_init (Probe *probe)
{
}

/* Returns: (transfer full) (nullable): what comes out of the operation for @source. */
static GeglBuffer *
render (GeglNode *graph, GeglNode *source, GeglNode **translate, const char *first_property, ...)
{
  GeglNode *node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", model_path, NULL);
  GeglNode *probe = gegl_node_new_child (graph, "operation", "cyclegan-test:probe", NULL);
  GeglRectangle bounds;
  va_list properties;

  va_start (properties, first_property);
  gegl_node_set_valist (node, first_property, properties);
  va_end (properties);
  gegl_node_link_many (source, node, probe, NULL);
  bounds = gegl_node_get_bounding_box (probe);
  gegl_node_blit (probe, 1.0, &bounds, babl_format ("RGBA float"), NULL, GEGL_AUTO_ROWSTRIDE, GEGL_BLIT_DEFAULT);
  if (translate)
    *translate = node;
  return g_steal_pointer (&arrived);
}

static void
test_description (void)
{
  g_assert_true (gegl_has_operation ("cyclegan:translate"));
  g_assert_nonnull (gegl_operation_get_key ("cyclegan:translate", "op-version"));
  g_assert_null (gegl_operation_get_key ("cyclegan:translate", "gimp:menu-path"));
}

/* Strength 0 gives the very buffer, whatever its format. */
static void
test_strength_zero (void)
{
  const char *formats[] = { "R'G'B'A u8", "RGBA half", "Y' u16", "RaGaBaA float" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GeglNode) graph = gegl_node_new ();
      g_autoptr (GeglBuffer) input = cg_picture_new (30, 20, babl_format (formats[i]));
      GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
      g_autoptr (GeglBuffer) output = render (graph, source, NULL, "strength", 0.0, NULL);

      g_assert_true (output == input);
    }
}

static void
test_failure (void)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (30, 20, babl_format ("RGBA float"));
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  g_autoptr (GeglBuffer) output = NULL;
  g_autoptr (GeglBuffer) limited = NULL;

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *nowhere*");
  output = render (graph, source, NULL, "model", "/nowhere/at-all.safetensors", NULL);
  g_test_assert_expected_messages ();
  g_assert_true (output == input);

  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *MiB*");
  limited = render (graph, source, NULL, "size-mode", 1, "size", 2000, "memory-limit", 1, NULL);
  g_test_assert_expected_messages ();
  g_assert_true (limited == input);
}

/* A colour has no borders: nothing to translate, and nothing that would take forever. */
static void
test_infinite_plane (void)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  GeglColor *color = gegl_color_new ("rgb(0.25, 0.5, 0.75)");
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:color", "value", color, NULL);
  GeglNode *node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", model_path, NULL);
  float plain[4 * 3 * 4], translated[4 * 3 * 4];

  gegl_node_link (source, node);
  gegl_node_blit (source, 1.0, GEGL_RECTANGLE (-5, 7, 4, 3), babl_format ("RGBA float"), plain, 0, GEGL_BLIT_DEFAULT);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (-5, 7, 4, 3), babl_format ("RGBA float"), translated, 0,
                  GEGL_BLIT_DEFAULT);
  g_assert_cmpmem (translated, sizeof translated, plain, sizeof plain);
  g_assert_cmpfloat_with_epsilon (plain[1], 0.5f, 1e-3f);
  g_object_unref (color);
}

static void
test_empty (void)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = gegl_buffer_new (GEGL_RECTANGLE (0, 0, 0, 0), babl_format ("RGBA float"));
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  g_autoptr (GeglBuffer) output = render (graph, source, NULL, NULL);
  g_autoptr (GeglBuffer) picture = cg_picture_new (30, 20, babl_format ("RGBA float"));
  GeglNode *whole = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", picture, NULL);
  GeglNode *crop = gegl_node_new_child (graph, "operation", "gegl:crop", "x", 5.0, "width", 0.0, "height", 0.0, NULL);
  g_autoptr (GeglBuffer) cropped = NULL;

  g_assert_true (!output || gegl_buffer_get_width (output) == 0);
  gegl_node_link (whole, crop);
  cropped = render (graph, crop, NULL, NULL);
  g_assert_true (!cropped || gegl_buffer_get_width (cropped) == 0);
}

/* Colours as cg_translate() makes them, alpha bit by bit the input's, and the pad in the space of the input. */
static void
test_spaces (void)
{
  const char *spaces[] = { "sRGB", "Adobish", "Rec2020" };
  g_autoptr (CgModel) model = cg_model_load (model_path, NULL);
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  for (guint i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      const Babl *space = babl_space (spaces[i]);
      g_autoptr (GeglNode) graph = gegl_node_new ();
      g_autoptr (GeglBuffer) input = cg_picture_new (51, 40, babl_format_with_space ("RGB float", space));
      GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
      g_autoptr (GeglBuffer) output = render (graph, source, NULL, NULL);
      g_autofree float *expected = cg_picture_translate (input, model, &options);
      g_autofree float *pixels = cg_picture_get (output, babl_format ("R'G'B' float"));

      g_assert_true (gegl_buffer_get_format (output) == babl_format_with_space ("R'G'B' float", space));
      /* Two changes of space in float, one of them in single-precision tables. */
      g_assert_cmpfloat (cg_picture_compare (pixels, expected, 51 * 40 * 3), <, 1e-3f);
    }
}

/* Every way of carrying the network's pixels back is the core's. */
static void
test_detail_and_apply (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  g_autoptr (CgModel) model = cg_model_load (model_path, NULL);
  g_autoptr (GeglBuffer) input = cg_picture_new (71, 60, format);
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  for (options.apply = CG_APPLY_ALL; options.apply <= CG_APPLY_LIGHT; options.apply++)
    for (options.detail = 0.0; options.detail <= 1.0; options.detail += 0.5)
      {
        g_autoptr (GeglNode) graph = gegl_node_new ();
        GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
        g_autoptr (GeglBuffer) output
            = render (graph, source, NULL, "detail", options.detail, "apply", (int)options.apply, NULL);
        g_autofree float *expected = cg_picture_translate (input, model, &options);
        g_autofree float *pixels = cg_picture_get (output, format);

        g_assert_cmpfloat (cg_picture_compare (pixels, expected, 71 * 60 * 3), <, 1e-4f);
      }
}

/* At full size the picture goes through by rows, with less memory than whole, and alpha leaves its colours alone. */
static void
test_full (void)
{
  const char *formats[] = { "R'G'B' float", "R'G'B'A float" };
  g_autoptr (CgModel) model = cg_model_load (model_path, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_autoptr (GeglNode) graph = gegl_node_new ();
      g_autoptr (GeglBuffer) input = cg_picture_new (700, 600, babl_format (formats[i]));
      GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
      g_autofree float *expected = cg_picture_get (input, babl_format ("R'G'B' float"));
      g_autofree float *rgba = cg_picture_get (input, babl_format ("R'G'B'A float"));
      g_autofree float *alpha = g_new (float, 700 * 600);
      g_autofree float *pixels = NULL;
      g_autoptr (GeglBuffer) output = NULL;
      g_autoptr (GError) error = NULL;
      CgTranslateOptions options;
      guint64 bytes;

      for (int p = 0; p < 700 * 600; p++)
        alpha[p] = rgba[4 * p + 3];
      cg_translate_options_init (&options);
      options.size_mode = CG_SIZE_FULL;
      options.apply = CG_APPLY_COLOUR;
      g_assert_true (cg_translate_estimate (model, &options, 700, 600, NULL, NULL, &bytes, NULL));
      g_assert_true (cg_fill_hidden_pixels (expected, 2100, alpha, 700, 700, 600));
      cg_translate (model, &options, 700, 600, expected, 2100, expected, 2100, NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      output = render (graph, source, NULL, "size-mode", 2, "apply", 1, "memory-limit", (int)(bytes >> 20) - 2, NULL);
      pixels = cg_picture_get (output, babl_format ("R'G'B' float"));
      for (int p = 0; p < 700 * 600; p++)
        if (alpha[p] > 0.0f)
          g_assert_cmpfloat (cg_picture_compare (pixels + 3 * p, expected + 3 * p, 3), <, 1e-5f);
    }
}

static void
test_alpha (void)
{
  const char *spaces[] = { "sRGB", "Adobish" };

  for (guint i = 0; i < G_N_ELEMENTS (spaces); i++)
    {
      const Babl *space = babl_space (spaces[i]);
      const Babl *format = babl_format_with_space ("R'G'B'A float", space);
      g_autoptr (GeglNode) graph = gegl_node_new ();
      g_autoptr (GeglBuffer) input = cg_picture_new (50, 41, format);
      GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
      g_autoptr (GeglBuffer) output = render (graph, source, NULL, NULL);
      g_autofree float *before = cg_picture_get (input, format);
      g_autofree float *after = cg_picture_get (output, format);
      int changed = 0;

      g_assert_true (gegl_buffer_get_format (output) == format);
      for (int p = 0; p < 50 * 41; p++)
        {
          g_assert_true (after[4 * p + 3] == before[4 * p + 3]);
          if (before[4 * p + 3] > 0.0f)
            changed += fabsf (after[4 * p] - before[4 * p]) > 0.02f;
          else
            g_assert_cmpfloat (cg_picture_compare (after + 4 * p, before + 4 * p, 3), <, 1e-3f);
        }
      g_assert_cmpint (changed, >, 1000);
    }
}

/* Two pictures that differ only under alpha 0 look the same to the network. */
static void
test_hidden_colours (void)
{
  const Babl *format = babl_format ("R'G'B'A float");
  g_autoptr (GeglBuffer) input = cg_picture_new (40, 40, format);
  g_autofree float *pixels = cg_picture_get (input, format);
  float *results[2];

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (GeglNode) graph = gegl_node_new ();
      GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
      g_autoptr (GeglBuffer) output = render (graph, source, NULL, NULL);

      results[i] = cg_picture_get (output, format);
      for (int p = 0; p < 1600; p++)
        if (pixels[4 * p + 3] <= 0.0f)
          pixels[4 * p] = pixels[4 * p + 2] = 1.0f;
      gegl_buffer_set (input, NULL, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
    }
  for (int p = 0; p < 1600; p++)
    if (pixels[4 * p + 3] > 0.0f)
      g_assert_cmpmem (results[0] + 4 * p, 4 * sizeof (float), results[1] + 4 * p, 4 * sizeof (float));
  g_free (results[0]);
  g_free (results[1]);
}

/* A part is a part of the whole, not a smaller picture. */
static void
test_part (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (60, 50, format);
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  GeglNode *node;
  g_autoptr (GeglBuffer) output = render (graph, source, &node, NULL);
  g_autofree float *whole = cg_picture_get (output, format);
  float part[10 * 8 * 3];

  gegl_node_set (node, "strength", 0.5, NULL);
  gegl_node_set (node, "strength", 1.0, NULL);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (20, 30, 10, 8), format, part, 0, GEGL_BLIT_DEFAULT);
  for (int y = 0; y < 8; y++)
    g_assert_cmpmem (part + y * 30, 30 * sizeof (float), whole + ((30 + y) * 60 + 20) * 3, 30 * sizeof (float));
}

static void
note_progress (GeglNode *node, double done, GArray *reports)
{
  g_array_append_val (reports, done);
}

/* One render: first 0, last 1, and every step forward. Returns: how often something was told. */
static guint
render_progress (GeglNode *node, GArray *reports)
{
  float pixels[3];

  g_array_set_size (reports, 0);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, 1, 1), babl_format ("R'G'B' float"), pixels, 0, GEGL_BLIT_DEFAULT);
  g_assert_cmpuint (reports->len, >=, 2);
  g_assert_true (g_array_index (reports, double, 0) == 0.0);
  g_assert_true (g_array_index (reports, double, reports->len - 1) == 1.0);
  for (guint i = 1; i < reports->len; i++)
    g_assert_true (g_array_index (reports, double, i) >= g_array_index (reports, double, i - 1));
  g_assert_true (g_array_index (reports, double, 1) > 0.0);
  return reports->len;
}

static void
test_progress (void)
{
  g_autoptr (GArray) reports = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (60, 50, babl_format ("R'G'B'A float"));
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  GeglNode *node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", model_path, NULL);

  gegl_node_link (source, node);
  g_signal_connect (node, "progress", G_CALLBACK (note_progress), reports);
  for (int size_mode = 0; size_mode < 3; size_mode++)
    {
      gegl_node_set (node, "size-mode", size_mode, "strength", 1.0, NULL);
      g_assert_cmpuint (render_progress (node, reports), >, 8);
      /* Only the carrying. */
      gegl_node_set (node, "strength", 0.5, NULL);
      render_progress (node, reports);
    }
  gegl_node_set (node, "size-mode", 1, "size", 2000, "memory-limit", 1, NULL);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *MiB*");
  render_progress (node, reports);
  g_test_assert_expected_messages ();
  gegl_node_set (node, "model", "/nowhere/at-all.safetensors", NULL);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *nowhere*");
  render_progress (node, reports);
  g_test_assert_expected_messages ();
}

/* A file that was replaced by a better one is noticed by the next render. */
static void
test_reload (void)
{
  const Babl *format = babl_format ("R'G'B' float");
  g_autofree char *path = g_build_filename (folder, "changing.safetensors", NULL);
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (32, 32, format);
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  GeglNode *node = gegl_node_new_child (graph, "operation", "cyclegan:translate", "model", path, NULL);
  float first[32 * 32 * 3], again[32 * 32 * 3], second[32 * 32 * 3];

  gegl_node_link (source, node);
  cg_tiny_model_save (path, 3, 3, 32, 1);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, 32, 32), format, first, 0, GEGL_BLIT_DEFAULT);
  gegl_node_set (node, "strength", 0.9, NULL);
  gegl_node_set (node, "strength", 1.0, NULL);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, 32, 32), format, again, 0, GEGL_BLIT_DEFAULT);
  g_assert_cmpmem (again, sizeof again, first, sizeof first);
  cg_tiny_model_save (path, 3, 3, 32, 2);
  gegl_node_set (node, "strength", 0.9, NULL);
  gegl_node_set (node, "strength", 1.0, NULL);
  gegl_node_blit (node, 1.0, GEGL_RECTANGLE (0, 0, 32, 32), format, second, 0, GEGL_BLIT_DEFAULT);
  g_assert_cmpfloat (cg_picture_compare (second, first, 32 * 32 * 3), >, 0.02f);
}

/* Another version of the model gives no picture at all rather than another one. */
static void
test_version (void)
{
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (30, 20, babl_format ("RGBA float"));
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);
  g_autofree char *version = cg_model_version_get (model_path, NULL);
  g_autoptr (GeglBuffer) translated = render (graph, source, NULL, "sha256", version, NULL);
  g_autoptr (GeglBuffer) expected = render (graph, source, NULL, NULL);
  g_autoptr (GeglBuffer) refused = NULL;
  g_autofree float *pixels = cg_picture_get (translated, babl_format ("R'G'B' float"));
  g_autofree float *expected_pixels = cg_picture_get (expected, babl_format ("R'G'B' float"));

  g_assert_true (translated != input);
  g_assert_cmpfloat (cg_picture_compare (pixels, expected_pixels, 30 * 20 * 3), ==, 0.0f);
  version[0] = version[0] == '0' ? '1' : '0';
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "cyclegan:translate: *tiny.safetensors: found a model of SHA-256*");
  refused = render (graph, source, NULL, "sha256", version, NULL);
  g_test_assert_expected_messages ();
  g_assert_true (refused == input);
}

/* Writes what is in the model of @from to @to. */
static void
save_as (const char *from, const char *to, CgDtype dtype)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CgModel) model = cg_model_load (from, &error);

  g_assert_no_error (error);
  cg_model_save (cg_model_get_network (model), dtype, NULL, to, &error);
  g_assert_no_error (error);
}

/* A model in half the bytes is loaded as it is, and its numbers mean what they mean in 32 bits. */
static void
test_half_precision (void)
{
  static const CgDtype dtypes[] = { CG_DTYPE_F16, CG_DTYPE_BF16 };
  g_autofree char *half = g_build_filename (folder, "half.safetensors", NULL);
  g_autofree char *single = g_build_filename (folder, "single.safetensors", NULL);
  g_autoptr (GeglNode) graph = gegl_node_new ();
  g_autoptr (GeglBuffer) input = cg_picture_new (30, 20, babl_format ("RGBA float"));
  GeglNode *source = gegl_node_new_child (graph, "operation", "gegl:buffer-source", "buffer", input, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (dtypes); i++)
    {
      g_autoptr (GeglBuffer) from_half = NULL, from_single = NULL;
      g_autofree float *pixels = NULL, *expected = NULL;

      save_as (model_path, half, dtypes[i]);
      save_as (half, single, CG_DTYPE_F32);
      from_half = render (graph, source, NULL, "model", half, NULL);
      from_single = render (graph, source, NULL, "model", single, NULL);
      g_assert_true (from_half != input);
      pixels = cg_picture_get (from_half, babl_format ("R'G'B' float"));
      expected = cg_picture_get (from_single, babl_format ("R'G'B' float"));
      g_assert_cmpfloat (cg_picture_compare (pixels, expected, 30 * 20 * 3), ==, 0.0f);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  gegl_init (NULL, NULL);
  g_type_ensure (probe_get_type ());
  folder = cg_picture_make_folder ();
  model_path = g_build_filename (folder, "tiny.safetensors", NULL);
  cg_tiny_model_save (model_path, 3, 3, 32, 3);

  g_test_add_func ("/operation/description", test_description);
  g_test_add_func ("/operation/strength-zero", test_strength_zero);
  g_test_add_func ("/operation/failure", test_failure);
  g_test_add_func ("/operation/infinite-plane", test_infinite_plane);
  g_test_add_func ("/operation/empty", test_empty);
  g_test_add_func ("/operation/spaces", test_spaces);
  g_test_add_func ("/operation/detail-and-apply", test_detail_and_apply);
  g_test_add_func ("/operation/full", test_full);
  g_test_add_func ("/operation/alpha", test_alpha);
  g_test_add_func ("/operation/hidden-colours", test_hidden_colours);
  g_test_add_func ("/operation/part", test_part);
  g_test_add_func ("/operation/progress", test_progress);
  g_test_add_func ("/operation/reload", test_reload);
  g_test_add_func ("/operation/version", test_version);
  g_test_add_func ("/operation/half-precision", test_half_precision);
  status = g_test_run ();

  g_free (model_path);
  cg_picture_remove_folder (folder);
  gegl_exit ();
  return status;
}
