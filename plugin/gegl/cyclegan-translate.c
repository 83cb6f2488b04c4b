/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The GEGL operation cyclegan:translate: GEGL's buffers in and out around cg_translate(), and nothing of networks. */
#include <glib/gi18n-lib.h>

#ifdef GEGL_PROPERTIES

/* GEGL's own small language, which the formatter takes for C. */
/* clang-format off */

enum_start (cyclegan_size_mode)
  enum_value (CYCLEGAN_SIZE_AUTO, "auto", N_ ("The model's own scale"))
  enum_value (CYCLEGAN_SIZE_SIZE, "size", N_ ("Short side as given"))
  enum_value (CYCLEGAN_SIZE_FULL, "full", N_ ("Every pixel"))
enum_end (CycleganSizeMode)

enum_start (cyclegan_apply)
  enum_value (CYCLEGAN_APPLY_ALL, "all", N_ ("Everything"))
  enum_value (CYCLEGAN_APPLY_COLOUR, "colour", N_ ("Colour"))
  enum_value (CYCLEGAN_APPLY_LIGHT, "light", N_ ("Light"))
enum_end (CycleganApply)

property_string (model, _ ("Model"), "")
    description (_ ("Name of an installed model, or the path of a .safetensors file"))

property_enum (size_mode, _ ("Size mode"), CycleganSizeMode, cyclegan_size_mode, CYCLEGAN_SIZE_AUTO)
    description (_ ("How large the network sees the picture; large means fine strokes, small means bold ones"))

property_int (size, _ ("Size"), 512)
    description (_ ("Short side of the picture that the network sees, for the size mode of that name"))
    value_range (16, 8192)
    ui_range (128, 2048)
    ui_meta ("unit", "pixel-distance")
    ui_meta ("sensitive", "size-mode {size}")

property_double (detail, _ ("Detail"), 0.7)
    description (_ ("From the network's own strokes, enlarged, to its colours on the picture's own details; without meaning where the "
                    "network sees every pixel"))
    value_range (0.0, 1.0)
    ui_range (0.0, 1.0)
    ui_meta ("sensitive", "! size-mode {full}")

property_enum (apply, _ ("Apply"), CycleganApply, cyclegan_apply, CYCLEGAN_APPLY_ALL)
    description (_ ("What is taken from the translation; the rest stays the picture's"))

property_double (strength, _ ("Strength"), 1.0)
    description (_ ("How much of the translation is mixed into the picture; 0 leaves it exactly as it is"))
    value_range (0.0, 1.0)
    ui_range (0.0, 1.0)

property_int (memory_limit, _ ("Memory limit"), 0)
    description (_ ("In MiB, 0 for a quarter of the machine's memory. It never changes the result: too little is an error that "
                    "says how much is needed"))
    value_range (0, 1048576)
    ui_range (0, 16384)

#else

#define GEGL_OP_FILTER
#define GEGL_OP_NAME cyclegan_translate
#define GEGL_OP_C_SOURCE cyclegan-translate.c
/* clang-format on */

#include <cyclegan.h>
#include <gegl-op.h>

#include "model-slot.h"

/* Pads stay in the space of the input; grey and CMYK have no R'G'B' of their own, so theirs is sRGB. */
static void
prepare (GeglOperation *operation)
{
  const Babl *source = gegl_operation_get_source_format (operation, "input");
  const Babl *space = source ? babl_format_get_space (source) : NULL;
  const Babl *format;

  if (source)
    {
      BablModelFlag flags = babl_get_model_flags (source);

      if (!(flags & BABL_MODEL_FLAG_RGB) || babl_space_is_gray (space) || babl_space_is_cmyk (space))
        space = NULL;
    }
  format = babl_format_with_space (source && !babl_format_has_alpha (source) ? "R'G'B' float" : "R'G'B'A float", space);
  gegl_operation_set_format (operation, "input", format);
  gegl_operation_set_format (operation, "output", format);
}

/* Instance norm looks at every pixel: each result needs the whole picture, and each change changes all of it. */
static GeglRectangle
get_whole (GeglOperation *operation, const GeglRectangle *roi)
{
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, "input");

  return bounds && !gegl_rectangle_is_infinite_plane (bounds) ? *bounds : *roi;
}

static GeglRectangle
get_required_for_output (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  return get_whole (operation, roi);
}

static GeglRectangle
get_invalidated_by_change (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  return get_whole (operation, roi);
}

static GeglRectangle
get_cached_region (GeglOperation *operation, const GeglRectangle *roi)
{
  return get_whole (operation, roi);
}

/* Picture-sized, so not by g_malloc(), which would take the host application down. */
static float *
try_new_floats (int width, int height, int channels, GError **error)
{
  gsize n;
  float *memory = NULL;

  if (g_size_checked_mul (&n, (gsize)width, (gsize)height)
      && g_size_checked_mul (&n, n, (gsize)channels * sizeof (float)))
    memory = g_try_malloc (n);
  if (!memory)
    g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No memory for a picture of %d x %d pixels"), width, height);
  return memory;
}

/* The picture as the network shall see it: sRGB, something neutral where nothing is visible. FALSE without an error: it is nowhere
 * visible. */
static gboolean
read_picture (GeglBuffer *input, const GeglRectangle *bounds, float *rgb, GError **error)
{
  gsize width = (gsize)bounds->width;
  g_autofree float *alpha = NULL;
  g_autofree float *pixels = NULL;

  if (!babl_format_has_alpha (gegl_buffer_get_format (input)))
    {
      gegl_buffer_get (input, bounds, 1.0, babl_format ("R'G'B' float"), rgb, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      return TRUE;
    }
  alpha = try_new_floats (bounds->width, bounds->height, 1, error);
  pixels = alpha ? try_new_floats (bounds->width, 1, 4, error) : NULL;
  if (!pixels)
    return FALSE;
  for (int y = 0; y < bounds->height; y++)
    {
      gegl_buffer_get (input, GEGL_RECTANGLE (bounds->x, bounds->y + y, bounds->width, 1), 1.0,
                       babl_format ("R'G'B'A float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (gsize x = 0; x < width; x++)
        {
          memcpy (rgb + 3 * ((gsize)y * width + x), pixels + 4 * x, 3 * sizeof (float));
          alpha[(gsize)y * width + x] = pixels[4 * x + 3];
        }
    }
  return cg_fill_hidden_pixels (rgb, 3 * width, alpha, width, bounds->width, bounds->height);
}

/* Alpha and the colours under alpha 0 come from the input; the space of the pad is babl's business. */
static gboolean
write_result (GeglBuffer *input, const GeglRectangle *bounds, const float *rgb, GeglBuffer *output,
              const GeglRectangle *roi, GError **error)
{
  gboolean has_alpha = babl_format_has_alpha (gegl_buffer_get_format (output));
  const Babl *format = babl_format (has_alpha ? "R'G'B'A float" : "R'G'B' float");
  g_autofree float *pixels = NULL;
  GeglRectangle area;

  if (!gegl_rectangle_intersect (&area, roi, bounds))
    return TRUE;
  if (has_alpha && !(pixels = try_new_floats (area.width, 1, 4, error)))
    return FALSE;
  for (int y = area.y; y < area.y + area.height; y++)
    {
      GeglRectangle line = { area.x, y, area.width, 1 };
      const float *row = rgb + 3 * ((gsize)(y - bounds->y) * (gsize)bounds->width + (gsize)(area.x - bounds->x));

      if (has_alpha)
        {
          gegl_buffer_get (input, &line, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
          for (int x = 0; x < area.width; x++)
            if (pixels[4 * x + 3] > 0.0f)
              memcpy (pixels + 4 * x, row + 3 * x, 3 * sizeof (float));
        }
      gegl_buffer_set (output, &line, 0, format, has_alpha ? pixels : row, GEGL_AUTO_ROWSTRIDE);
    }
  return TRUE;
}

/* The end is told by process(), once the pixels are back. */
static void
forward_progress (double done, gpointer operation)
{
  if (done > 0.0 && done < 1.0)
    gegl_operation_progress (operation, done, (gchar *)"");
}

static CgTranslateOptions
get_options (const GeglProperties *o)
{
  const CgSizeMode modes[] = {
    [CYCLEGAN_SIZE_AUTO] = CG_SIZE_AUTO, [CYCLEGAN_SIZE_SIZE] = CG_SIZE_SIZE, [CYCLEGAN_SIZE_FULL] = CG_SIZE_FULL
  };
  const CgApply parts[] = { [CYCLEGAN_APPLY_ALL] = CG_APPLY_ALL,
                            [CYCLEGAN_APPLY_COLOUR] = CG_APPLY_COLOUR,
                            [CYCLEGAN_APPLY_LIGHT] = CG_APPLY_LIGHT };
  CgTranslateOptions options;
  int wish = 0;

  cg_translate_options_init (&options);
  options.size_mode = modes[o->size_mode];
  options.size = o->size;
  options.detail = o->detail;
  options.apply = parts[o->apply];
  options.strength = o->strength;
  options.memory_limit = (guint64)o->memory_limit * 1024 * 1024;
  g_object_get (gegl_config (), "threads", &wish, NULL);
  options.n_threads = MAX (1, MIN (wish, cg_parallel_get_default_threads ()));
  return options;
}

/* FALSE without an error: there is nothing to translate. */
static gboolean
translate (GeglOperation *operation, GeglOperationContext *context, GeglBuffer *input, const GeglRectangle *bounds,
           const GeglRectangle *roi, GError **error)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  CgTranslateOptions options = get_options (o);
  gsize stride = 3 * (gsize)bounds->width;
  g_autofree float *rgb = NULL;
  CgModel *model;

  if (!o->user_data)
    o->user_data = g_new0 (CgModelSlot, 1);
  model = cg_model_slot_get (o->user_data, o->model, error);
  if (!model)
    return FALSE;
  rgb = try_new_floats (bounds->width, bounds->height, 3, error);
  if (!rgb)
    return FALSE;
  return read_picture (input, bounds, rgb, error)
         && cg_translate (model, &options, bounds->width, bounds->height, rgb, stride, rgb, stride, forward_progress,
                          operation, NULL, error)
         && write_result (input, bounds, rgb, gegl_operation_context_get_target (context, "output"), roi, error);
}

/* GEGL ignores a FALSE from here, and converting to the pad's format is not exact: what is not translated is handed on as the very
 * buffer that came in. */
static gboolean
process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad, const GeglRectangle *roi,
         gint level)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  GObject *input = gegl_operation_context_get_object (context, "input");
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, "input");
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  if (!input)
    return FALSE;
  if (o->strength > 0.0 && bounds && bounds->width > 0 && bounds->height > 0
      && !gegl_rectangle_is_infinite_plane (bounds))
    {
      gegl_operation_progress (operation, 0.0, (gchar *)"");
      done = translate (operation, context, GEGL_BUFFER (input), bounds, roi, &error);
      if (error)
        g_warning ("cyclegan:translate: %s", error->message);
      gegl_operation_progress (operation, 1.0, (gchar *)"");
    }
  if (!done)
    gegl_operation_context_take_object (context, "output", g_object_ref (input));
  return TRUE;
}

static void
finalize (GObject *object)
{
  GeglProperties *o = GEGL_PROPERTIES (object);

  if (o->user_data)
    cg_model_slot_clear (o->user_data);
  g_clear_pointer (&o->user_data, g_free);
  G_OBJECT_CLASS (gegl_op_parent_class)->finalize (object);
}

static void
gegl_op_class_init (GeglOpClass *klass)
{
  GeglOperationClass *operation_class = GEGL_OPERATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  operation_class->threaded = FALSE;
  operation_class->cache_policy = GEGL_CACHE_POLICY_ALWAYS;
  operation_class->prepare = prepare;
  operation_class->process = process;
  operation_class->get_required_for_output = get_required_for_output;
  operation_class->get_invalidated_by_change = get_invalidated_by_change;
  operation_class->get_cached_region = get_cached_region;

  gegl_operation_class_set_keys (operation_class, "name", "cyclegan:translate", "title", _ ("Translate with CycleGAN"),
                                 "categories", "artistic", "description",
                                 _ ("Repaint the picture in the manner that a model has learned from a "
                                    "collection of images"),
                                 /* Raised when a property changes its meaning: GIMP keeps it with a live filter. */
                                 "op-version", "1:0", NULL);
}

#endif
