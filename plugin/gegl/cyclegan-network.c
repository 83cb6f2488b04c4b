/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The hidden operation cyclegan:network: its output is the network's own pixels for the whole picture, at the network's own size, which
 * GEGL's node cache keeps until the picture or a property of this node changes. */
#include <glib/gi18n-lib.h>

#ifdef GEGL_PROPERTIES

/* clang-format off */

/* As in cyclegan:translate, which sets them; enums by number, for a type of that name exists once. */
property_string (model, "Model", "")

property_string (sha256, "SHA-256", "")

property_int (size_mode, "Size mode", 0)
    value_range (0, 2)

property_int (size, "Size", 512)
    value_range (16, 8192)

property_int (statistics, "Statistics", 0)
    value_range (0, 2)

property_int (memory_limit, "Memory limit", 0)
    value_range (0, 1048576)

#else

#define GEGL_OP_FILTER
#define GEGL_OP_BUNDLE
#define GEGL_OP_NAME cyclegan_network
#define GEGL_OP_C_SOURCE cyclegan-network.c
/* clang-format on */

#include <cyclegan.h>
#include <gegl-op.h>

#include "host-threads.h"
#include "model-slot.h"
#include "picture-rows.h"

/**
 * State:
 * @used_inode, @used_modified: the model file that made the pixels in GEGL's cache; 0 before there are any
 */
typedef struct
{
  CgModelSlot slot;
  guint64 used_inode;
  gint64 used_modified;
} State;

/* One picture on its way through the network. */
typedef struct
{
  GeglOperation *operation;
  CgPictureRows rows;
  GeglBuffer *output;
  int width; /* of the network's pixels */
} Run;

static State *
get_state (GeglOperation *operation)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);

  if (!o->user_data)
    o->user_data = g_new0 (State, 1);
  return o->user_data;
}

/* Detail, apply and strength are left at what needs most memory. */
static CgTranslateOptions
get_options (const GeglProperties *o)
{
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  options.size_mode = (CgSizeMode)o->size_mode;
  options.size = o->size;
  options.apply = CG_APPLY_COLOUR;
  options.statistics = (CgStatistics)o->statistics;
  options.memory_limit = (guint64)o->memory_limit * 1024 * 1024;
  options.n_threads = cg_host_get_threads ();
  return options;
}

/* Returns: (transfer none): the model, and how large it sees the picture. */
static CgModel *
find_size (GeglOperation *operation, const GeglRectangle *bounds, int *width, int *height, GError **error)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  CgTranslateOptions options = get_options (o);
  CgModel *model = cg_model_slot_get (&get_state (operation)->slot, o->model, o->sha256, error);

  if (!model || !cg_translate_estimate (model, &options, bounds->width, bounds->height, width, height, NULL, error))
    return NULL;
  return model;
}

/* What cannot be computed has a size as well, for process() to be called and to tell the reason. */
static GeglRectangle
get_bounding_box (GeglOperation *operation)
{
  GeglRectangle bounds = cg_picture_rows_get_bounds (operation, "input");
  GeglRectangle box = { 0, 0, 1, 1 };

  if (bounds.width == 0)
    return bounds;
  find_size (operation, &bounds, &box.width, &box.height, NULL);
  return box;
}

/* A training run may have published a better file under the same name: pixels of the old one are out of date. */
static void
prepare (GeglOperation *operation)
{
  GeglProperties *o = GEGL_PROPERTIES (operation);
  State *state = get_state (operation);

  gegl_operation_set_format (operation, "input", gegl_operation_get_source_format (operation, "input"));
  gegl_operation_set_format (operation, "output", babl_format ("R'G'B' float"));
  if (state->used_inode && cg_model_slot_get (&state->slot, o->model, o->sha256, NULL)
      && (state->slot.inode != state->used_inode || state->slot.modified != state->used_modified))
    {
      state->used_inode = 0;
      gegl_operation_invalidate (operation, NULL, TRUE);
    }
}

/* Instance norm looks at every pixel: each result needs the whole picture, and each change changes all of it. */
static GeglRectangle
get_required_for_output (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  return cg_picture_rows_get_bounds (operation, "input");
}

static GeglRectangle
get_invalidated_by_change (GeglOperation *operation, const gchar *input_pad, const GeglRectangle *roi)
{
  return gegl_rectangle_infinite_plane ();
}

static GeglRectangle
get_cached_region (GeglOperation *operation, const GeglRectangle *roi)
{
  return get_bounding_box (operation);
}

static void
forward_progress (double done, gpointer data)
{
  const Run *run = data;

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
write_rows (int first, int n, const float *pixels, gpointer data, GError **error)
{
  const Run *run = data;

  gegl_buffer_set (run->output, GEGL_RECTANGLE (0, first, run->width, n), 0, babl_format ("R'G'B' float"), pixels,
                   GEGL_AUTO_ROWSTRIDE);
  return TRUE;
}

/* FALSE without an error: there is nothing to translate. */
static gboolean
translate (GeglOperation *operation, GeglOperationContext *context, GeglBuffer *input, GError **error)
{
  State *state = get_state (operation);
  CgTranslateOptions options = get_options (GEGL_PROPERTIES (operation));
  GeglRectangle bounds = cg_picture_rows_get_bounds (operation, "input");
  Run run = { .operation = operation };
  CgModel *model;
  int height;
  gboolean done;

  if (bounds.width == 0)
    return FALSE;
  model = find_size (operation, &bounds, &run.width, &height, error);
  if (!model)
    return FALSE;
  done = cg_picture_rows_begin (&run.rows, input, &bounds, error);
  if (done)
    {
      run.output = GEGL_BUFFER (gegl_operation_context_get_target (context, "output"));
      done = cg_translate_network_rows (model, &options, bounds.width, bounds.height, read_rows, write_rows, &run,
                                        forward_progress, &run, NULL, error);
    }
  cg_picture_rows_end (&run.rows);
  if (!done)
    return FALSE;
  state->used_inode = state->slot.inode;
  state->used_modified = state->slot.modified;
  return TRUE;
}

/* GEGL ignores a FALSE from here. A buffer of no size, which is not kept in the cache, tells cyclegan:carry that there are no pixels. */
static gboolean
process (GeglOperation *operation, GeglOperationContext *context, const gchar *output_pad, const GeglRectangle *roi,
         gint level)
{
  GObject *input = gegl_operation_context_get_object (context, "input");
  g_autoptr (GError) error = NULL;

  if (input && translate (operation, context, GEGL_BUFFER (input), &error))
    return TRUE;
  if (error)
    g_warning ("cyclegan:translate: %s", error->message);
  gegl_operation_context_take_object (
      context, "output", G_OBJECT (gegl_buffer_new (GEGL_RECTANGLE (0, 0, 0, 0), babl_format ("R'G'B' float"))));
  return TRUE;
}

static void
finalize (GObject *object)
{
  GeglProperties *o = GEGL_PROPERTIES (object);

  if (o->user_data)
    cg_model_slot_clear (&((State *)o->user_data)->slot);
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
  operation_class->get_bounding_box = get_bounding_box;
  operation_class->get_required_for_output = get_required_for_output;
  operation_class->get_invalidated_by_change = get_invalidated_by_change;
  operation_class->get_cached_region = get_cached_region;

  gegl_operation_class_set_keys (operation_class, "name", "cyclegan:network", "title", "CycleGAN: network",
                                 "categories", "hidden", "description", "A part of cyclegan:translate", NULL);
}

#endif
