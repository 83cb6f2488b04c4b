/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The hidden operation cyclegan:carry: carries the pixels of cyclegan:network, which arrive at aux, to the picture at input. It is cheap,
 * so it runs whenever a control moves. */
#include <glib/gi18n-lib.h>

#ifdef GEGL_PROPERTIES

/* clang-format off */

/* As in cyclegan:translate, which sets them; enums by number, for a type of that name exists once. */
property_int (size_mode, "Size mode", 0)
    value_range (0, 2)

property_double (detail, "Detail", 0.85)
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

#include "host-threads.h"
#include "picture-rows.h"

/**
 * Run: one picture on its way out.
 * @aux: the network's pixels, @network of them
 * @roi: what is asked for
 * @pixels: (nullable): a row of it, where there is alpha
 */
typedef struct
{
  GeglOperation *operation;
  CgPictureRows rows;
  GeglBuffer *aux, *output;
  GeglRectangle network, roi;
  const Babl *format;
  float *pixels;
} Run;

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

static CgTranslateOptions
get_options (const GeglProperties *o)
{
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  options.size_mode = (CgSizeMode)o->size_mode;
  options.detail = o->detail;
  options.apply = (CgApply)o->apply;
  options.strength = o->strength;
  options.n_threads = cg_host_get_threads ();
  return options;
}

static void
forward_progress (double done, gpointer data)
{
  const Run *run = data;

  /* Beginning and end are told also where this does not come to pass. */
  if (done > 0.0 && done < 1.0)
    gegl_operation_progress (run->operation, done, (gchar *)"");
}

static gboolean
read_rows (int first, int n, float *rgb, gpointer data, GError **error)
{
  Run *run = data;

  cg_picture_rows_read (&run->rows, first, n, rgb);
  return TRUE;
}

static gboolean
read_network_rows (int first, int n, float *pixels, gpointer data, GError **error)
{
  const Run *run = data;
  const GeglRectangle part = { run->network.x, run->network.y + first, run->network.width, n };

  gegl_buffer_get (run->aux, &part, 1.0, babl_format ("R'G'B' float"), pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  return TRUE;
}

/* Alpha and the colours under alpha 0 come from the input; the space of the pad is babl's business. */
static gboolean
write_rows (int first, int n, const float *rgb, gpointer data, GError **error)
{
  const Run *run = data;
  const GeglRectangle *bounds = &run->rows.bounds;
  const GeglRectangle rows = { bounds->x, bounds->y + first, bounds->width, n };
  GeglRectangle area;

  if (!gegl_rectangle_intersect (&area, &run->roi, &rows))
    return TRUE;
  for (int y = area.y; y < area.y + area.height; y++)
    {
      GeglRectangle line = { area.x, y, area.width, 1 };
      const float *row = rgb + 3 * ((gsize)(y - rows.y) * (gsize)rows.width + (gsize)(area.x - rows.x));

      if (run->pixels)
        {
          gegl_buffer_get (run->rows.input, &line, 1.0, run->format, run->pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
          for (int x = 0; x < area.width; x++)
            if (run->pixels[4 * x + 3] > 0.0f)
              memcpy (run->pixels + 4 * x, row + 3 * x, 3 * sizeof (float));
        }
      gegl_buffer_set (run->output, &line, 0, run->format, run->pixels ? run->pixels : row, GEGL_AUTO_ROWSTRIDE);
    }
  return TRUE;
}

static gboolean
carry (GeglOperation *operation, GeglOperationContext *context, GeglBuffer *input, GeglBuffer *aux,
       const GeglRectangle *roi, GError **error)
{
  CgTranslateOptions options = get_options (GEGL_PROPERTIES (operation));
  GeglRectangle bounds = cg_picture_rows_get_bounds (operation, "input");
  Run run = { .operation = operation, .aux = aux, .network = *gegl_buffer_get_extent (aux), .roi = *roi };
  gboolean has_alpha, done = cg_picture_rows_begin (&run.rows, input, &bounds, error);

  if (done)
    {
      run.output = GEGL_BUFFER (gegl_operation_context_get_target (context, "output"));
      has_alpha = babl_format_has_alpha (gegl_buffer_get_format (run.output));
      run.format = babl_format (has_alpha ? "R'G'B'A float" : "R'G'B' float");
      run.pixels = has_alpha ? cg_picture_rows_new (bounds.width, 1, 4, error) : NULL;
      done = (run.pixels || !has_alpha)
             && cg_translate_carry_rows (&options, bounds.width, bounds.height, read_rows, run.network.width,
                                         run.network.height, read_network_rows, write_rows, &run, forward_progress,
                                         &run, NULL, error);
      g_free (run.pixels);
    }
  cg_picture_rows_end (&run.rows);
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
