/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The hidden operation cyclegan:carry: carries the pixels of cyclegan:network, which arrive at aux, to the picture at input. It is cheap,
 * so it runs whenever a control moves. */
#include <glib/gi18n-lib.h>

#ifdef GEGL_PROPERTIES

/* clang-format off */

/* As in cyclegan:translate, which sets them; enums by number, for a type of that name exists once. */
property_int (size_mode, "Size mode", 0)
    value_range (0, 2)

property_double (detail, "Detail", 0.7)
    value_range (0.0, 1.0)

property_int (apply, "Apply", 0)
    value_range (0, 2)

property_double (strength, "Strength", 1.0)
    value_range (0.0, 1.0)

#else

#define GEGL_OP_COMPOSER
#define GEGL_OP_BUNDLE
#define GEGL_OP_NAME cyclegan_carry
#define GEGL_OP_C_SOURCE cyclegan-carry.c
/* clang-format on */

#include <cyclegan.h>
#include <gegl-op.h>

#include "picture-rows.h"

/* Rows that are in memory at a time where they can be carried one by one. */
#define BAND 256

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
  gegl_operation_set_format (operation, "aux", babl_format ("R'G'B' float"));
  gegl_operation_set_format (operation, "output", format);
}

static GeglRectangle
get_bounding_box (GeglOperation *operation)
{
  const GeglRectangle *bounds = gegl_operation_source_get_bounding_box (operation, "input");

  return bounds ? *bounds : (GeglRectangle){ 0, 0, 0, 0 };
}

/* An infinite plane passes through, and so does everything at strength 0. */
static gboolean
is_translated (GeglOperation *operation)
{
  return GEGL_PROPERTIES (operation)->strength > 0.0 && cg_picture_rows_get_bounds (operation, "input").width > 0;
}

/* The maps between the network's pixels and the picture's are fitted over the whole of both. */
static GeglRectangle
get_cached_region (GeglOperation *operation, const GeglRectangle *roi)
{
  return is_translated (operation) ? cg_picture_rows_get_bounds (operation, "input") : *roi;
}

/* Nothing of aux where it is not looked at: the network does not run then. */
static GeglRectangle
get_required_for_output (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  if (g_str_equal (input_pad, "input"))
    return get_cached_region (operation, roi);
  return is_translated (operation) ? cg_picture_rows_get_bounds (operation, "aux") : (GeglRectangle){ 0, 0, 0, 0 };
}

static GeglRectangle
get_invalidated_by_change (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  GeglRectangle bounds = cg_picture_rows_get_bounds (operation, "input");

  return bounds.width > 0 ? bounds : *roi;
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
  if (has_alpha && !(pixels = cg_picture_rows_new (area.width, 1, 4, error)))
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

static CgTranslateOptions
get_options (const GeglProperties *o)
{
  CgTranslateOptions options;
  int wish = 0;

  cg_translate_options_init (&options);
  options.size_mode = (CgSizeMode)o->size_mode;
  options.detail = o->detail;
  options.apply = (CgApply)o->apply;
  options.strength = o->strength;
  g_object_get (gegl_config (), "threads", &wish, NULL);
  options.n_threads = MAX (1, MIN (wish, cg_parallel_get_default_threads ()));
  return options;
}

/* Rows @first … @first + @n - 1 of the picture, to which the same part of the network's pixels belongs. */
static gboolean
carry_part (const CgTranslateOptions *options, CgPictureRows *rows, GeglBuffer *aux, int first, int n,
            const GeglRectangle *network, GeglBuffer *output, const GeglRectangle *roi, GError **error)
{
  GeglRectangle part = { rows->bounds.x, rows->bounds.y + first, rows->bounds.width, n };
  gsize stride = 3 * (gsize)part.width;
  g_autofree float *rgb = cg_picture_rows_new (part.width, n, 3, error);
  g_autofree float *pixels = rgb ? cg_picture_rows_new (network->width, network->height, 3, error) : NULL;

  if (!pixels)
    return FALSE;
  cg_picture_rows_read (rows, first, n, rgb);
  gegl_buffer_get (aux, network, 1.0, babl_format ("R'G'B' float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  return cg_translate_carry (options, part.width, n, rgb, stride, network->width, network->height, pixels, rgb, stride,
                             error)
         && write_result (rows->input, &part, rgb, output, roi, error);
}

/* At full size every pixel is carried for itself, so bands do; else the maps are fitted over the whole. */
static gboolean
carry (GeglOperation *operation, GeglOperationContext *context, GeglBuffer *input, GeglBuffer *aux,
       const GeglRectangle *roi, GError **error)
{
  CgTranslateOptions options = get_options (GEGL_PROPERTIES (operation));
  GeglRectangle bounds = cg_picture_rows_get_bounds (operation, "input");
  GeglRectangle network = *gegl_buffer_get_extent (aux);
  gboolean full = options.size_mode == CG_SIZE_FULL && network.width == bounds.width && network.height == bounds.height;
  int step = full ? BAND : bounds.height;
  CgPictureRows rows;
  gboolean done = cg_picture_rows_begin (&rows, input, &bounds, error);
  GeglBuffer *output = done ? GEGL_BUFFER (gegl_operation_context_get_target (context, "output")) : NULL;

  for (int first = 0; done && first < bounds.height; first += step)
    {
      int n = MIN (step, bounds.height - first);

      if (full)
        network = (GeglRectangle){ network.x, gegl_buffer_get_y (aux) + first, bounds.width, n };
      done = carry_part (&options, &rows, aux, first, n, &network, output, roi, error);
    }
  cg_picture_rows_end (&rows);
  return done;
}

/* GEGL ignores a FALSE from here, and converting to the pad's format is not exact: what is not translated is handed on as the very
 * buffer that came in. */
static gboolean
process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad, const GeglRectangle *roi,
         gint level)
{
  GObject *input = gegl_operation_context_get_object (context, "input");
  GObject *aux = gegl_operation_context_get_object (context, "aux");
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  if (!input)
    return FALSE;
  if (is_translated (operation))
    {
      gegl_operation_progress (operation, 0.0, (gchar *)"");
      done = aux && gegl_buffer_get_width (GEGL_BUFFER (aux)) > 0
             && carry (operation, context, GEGL_BUFFER (input), GEGL_BUFFER (aux), roi, &error);
      if (error)
        g_warning ("cyclegan:translate: %s", error->message);
      gegl_operation_progress (operation, 1.0, (gchar *)"");
    }
  if (!done)
    gegl_operation_context_take_object (context, "output", g_object_ref (input));
  return TRUE;
}

static void
gegl_op_class_init (GeglOpClass *klass)
{
  GeglOperationClass *operation_class = GEGL_OPERATION_CLASS (klass);

  operation_class->threaded = FALSE;
  operation_class->cache_policy = GEGL_CACHE_POLICY_ALWAYS;
  operation_class->prepare = prepare;
  operation_class->process = process;
  operation_class->get_bounding_box = get_bounding_box;
  operation_class->get_required_for_output = get_required_for_output;
  operation_class->get_invalidated_by_change = get_invalidated_by_change;
  operation_class->get_cached_region = get_cached_region;

  gegl_operation_class_set_keys (operation_class, "name", "cyclegan:carry", "title", "CycleGAN: carry", "categories",
                                 "hidden", "description", "A part of cyclegan:translate", NULL);
}

#endif
