/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, translating and writing drawables of GIMP 3. Cancel kills this process, so the image is touched last and at once. */
#include "apply.h"

#include <glib/gi18n-lib.h>

#include "live-filter.h"
#include "mask.h"
#include "source-kind.h"

/* What the bar shows while the network works; the rest is for writing. */
#define NETWORK_SHARE 0.95

/* A result that waits for the others: a finished layer, or for a drawable to be replaced its shadow. */
typedef struct
{
  GimpDrawable *drawable;
  GimpLayer *layer;
  GeglRectangle selection;
} Result;

typedef struct
{
  guint i, n;
} Progress;

static gboolean
is_locked (GimpItem *item)
{
  for (; item; item = gimp_item_get_parent (item))
    if (gimp_item_get_lock_content (item))
      return TRUE;
  return FALSE;
}

static CgSourceKind
get_kind (GimpDrawable *drawable)
{
  GimpItem *item = GIMP_ITEM (drawable);

  return (CgSourceKind){ .name = gimp_item_get_name (item),
                         .is_layer = GIMP_IS_LAYER (drawable),
                         .is_mask = GIMP_IS_LAYER_MASK (drawable),
                         .is_indexed = gimp_drawable_is_indexed (drawable),
                         .is_group = gimp_item_is_group (item),
                         .is_text = gimp_item_is_text_layer (item),
                         .is_floating = GIMP_IS_LAYER (drawable) && gimp_layer_is_floating_sel (GIMP_LAYER (drawable)),
                         .is_locked = is_locked (item),
                         .has_selection = !gimp_selection_is_empty (gimp_item_get_image (item)) };
}

gboolean
cg_apply_check_source (GimpDrawable *drawable, GError **error)
{
  g_auto (CgSourceKind) kind = get_kind (drawable);

  return cg_source_kind_check (&kind, error);
}

gboolean
cg_apply_check_output (GimpDrawable *drawable, CgOutput output, GError **error)
{
  g_auto (CgSourceKind) kind = get_kind (drawable);

  return cg_source_kind_check_output (&kind, output, error);
}

static void
show_progress (double done, gpointer data)
{
  const Progress *progress = data;

  gimp_progress_update (NETWORK_SHARE * (progress->i + done) / progress->n);
}

/* What a preview of the first drawable has computed already is not computed again. */
static CgTranslation *
translate (GeglBuffer *source, const CgSettings *settings, const GeglRectangle *area, CgTranslation *preview,
           Progress *progress, GError **error)
{
  g_autoptr (CgTranslation) translation = NULL;

  if (progress->i == 0 && preview && cg_translation_fits (preview, settings, area))
    translation = cg_translation_ref (preview);
  else
    translation = cg_translation_new (source, area, error);
  if (!translation || !cg_translation_run (translation, settings, show_progress, progress, error))
    return NULL;
  return g_steal_pointer (&translation);
}

/* The source's own mask hides the same of its translation; the selection hides what is outside of it. */
static void
add_mask (GimpLayer *source, GimpLayer *layer, gboolean selected)
{
  GimpLayerMask *old = gimp_layer_get_mask (source);
  GimpLayerMask *mask;

  if (!old && !selected)
    return;
  mask = gimp_layer_create_mask (layer, selected ? GIMP_ADD_MASK_SELECTION : GIMP_ADD_MASK_WHITE);
  if (old)
    {
      g_autoptr (GeglBuffer) from = gimp_drawable_get_buffer (GIMP_DRAWABLE (old));
      g_autoptr (GeglBuffer) to = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));

      cg_mask_multiply (to, from);
    }
  gimp_layer_add_mask (layer, mask);
}

static GimpLayer *
new_layer (GimpImage *image, GimpDrawable *drawable, const char *title)
{
  g_autofree char *source_name = gimp_item_get_name (GIMP_ITEM (drawable));
  g_autofree char *name = g_strdup_printf ("%s – %s", source_name, title);
  GimpLayer *layer
      = gimp_layer_new (image, name, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable),
                        gimp_drawable_type (drawable), 100.0, GIMP_LAYER_MODE_NORMAL);
  int x, y;

  if (layer && gimp_drawable_get_offsets (drawable, &x, &y))
    gimp_layer_set_offsets (layer, x, y);
  return layer;
}

/* All that takes time: afterwards the result only has to be shown. */
static gboolean
prepare (GimpImage *image, Result *result, const CgSettings *settings, CgTranslation *preview, Progress *progress,
         GError **error)
{
  GimpDrawable *drawable = result->drawable;
  GeglRectangle *selection = &result->selection, area;
  g_autoptr (GeglBuffer) source = gimp_drawable_get_buffer (drawable);
  g_autoptr (CgTranslation) translation = NULL;
  GeglBuffer *target;
  gboolean written;

  if (!gimp_drawable_mask_intersect (drawable, &selection->x, &selection->y, &selection->width, &selection->height))
    {
      g_autofree char *name = gimp_item_get_name (GIMP_ITEM (drawable));

      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("Nothing of “%s” is selected."), name);
      return FALSE;
    }
  area = cg_settings_get_area (settings, gimp_drawable_get_width (drawable), gimp_drawable_get_height (drawable),
                               selection);
  translation = translate (source, settings, &area, preview, progress, error);
  if (!translation)
    return FALSE;
  if (settings->output == CG_OUTPUT_NEW_LAYER)
    {
      result->layer = new_layer (image, drawable, cg_translation_get_title (translation));
      if (!result->layer)
        {
          g_autofree char *name = gimp_item_get_name (GIMP_ITEM (drawable));

          g_set_error (error, CG_ERROR, CG_ERROR_MEMORY, _ ("No new layer could be made for “%s”."), name);
          return FALSE;
        }
    }
  target = result->layer ? gimp_drawable_get_buffer (GIMP_DRAWABLE (result->layer))
                         : gimp_drawable_get_shadow_buffer (drawable);
  written = cg_translation_write (translation, source, target, error);
  g_object_unref (target); /* flushes, which what follows needs */
  if (written && result->layer)
    add_mask (GIMP_LAYER (drawable), result->layer, !gimp_selection_is_empty (image));
  return written;
}

static void
show (GimpImage *image, const Result *result)
{
  const GeglRectangle *selection = &result->selection;

  if (result->layer)
    {
      gimp_image_insert_layer (image, result->layer, GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (result->drawable))),
                               gimp_image_get_item_position (image, GIMP_ITEM (result->drawable)));
      return;
    }
  gimp_drawable_merge_shadow (result->drawable, TRUE);
  gimp_drawable_update (result->drawable, selection->x, selection->y, selection->width, selection->height);
}

/* What was selected before stays so. */
static void
show_all (GimpImage *image, const Result *results, guint n)
{
  GList *selected = gimp_image_list_selected_layers (image);

  gimp_image_undo_group_start (image);
  for (guint i = 0; i < n; i++)
    show (image, &results[i]);
  gimp_image_take_selected_layers (image, selected);
  gimp_image_undo_group_end (image);
}

/* What stands at the same place in @copy, which was made from the image of @item. */
static GimpItem *
find_twin (GimpItem *item, GimpImage *copy)
{
  GimpItem *parent = gimp_item_get_parent (item);
  int position = gimp_image_get_item_position (gimp_item_get_image (item), item);
  g_autofree GimpItem **children = NULL;

  if (parent)
    {
      parent = find_twin (parent, copy);
      children = parent ? gimp_item_get_children (parent) : NULL;
    }
  else
    children = (GimpItem **)gimp_image_get_layers (copy);
  for (int i = 0; children && children[i]; i++)
    if (i == position)
      return children[i];
  return NULL;
}

GimpDrawable **
cg_apply_copy_as_rgb (GimpImage *image, GimpDrawable **drawables, GimpImage **copy)
{
  GPtrArray *twins = g_ptr_array_new ();

  *copy = gimp_image_duplicate (image);
  gimp_image_convert_rgb (*copy);
  gimp_image_clean_all (*copy);
  gimp_display_new (*copy);
  for (; *drawables; drawables++)
    {
      GimpItem *twin = find_twin (GIMP_ITEM (*drawables), *copy);

      if (twin)
        g_ptr_array_add (twins, twin);
    }
  g_ptr_array_add (twins, NULL);
  return (GimpDrawable **)g_ptr_array_free (twins, FALSE);
}

/* GIMP itself computes, now and later. */
static GimpLayer **
append_live_filters (GimpImage *image, GimpDrawable **drawables, const CgSettings *settings, gboolean asked,
                     GError **error)
{
  g_autoptr (GPtrArray) layers = g_ptr_array_new ();
  gboolean done = cg_live_filter_check_model (settings->model, error)
                  && cg_live_filter_check_time (drawables + (asked ? 1 : 0), settings, error);

  gimp_image_undo_group_start (image);
  for (; done && *drawables; drawables++)
    {
      done = cg_live_filter_append (*drawables, settings, error);
      g_ptr_array_add (layers, *drawables);
    }
  gimp_image_undo_group_end (image);
  g_ptr_array_add (layers, NULL);
  return done ? (GimpLayer **)g_ptr_array_free (g_steal_pointer (&layers), FALSE) : NULL;
}

GimpLayer **
cg_apply (GimpImage *image, GimpDrawable **drawables, const CgSettings *settings, gboolean asked,
          CgTranslation *preview, GError **error)
{
  Progress progress = { 0, 0 };
  g_autofree Result *results = NULL;
  g_autofree GimpLayer **layers = NULL;
  gboolean done = TRUE;

  for (; drawables[progress.n]; progress.n++)
    if (!cg_apply_check_source (drawables[progress.n], error)
        || !cg_apply_check_output (drawables[progress.n], settings->output, error))
      return NULL;
  if (settings->output == CG_OUTPUT_LIVE)
    return append_live_filters (image, drawables, settings, asked, error);
  results = g_new0 (Result, progress.n);
  layers = g_new0 (GimpLayer *, progress.n + 1);

  gimp_progress_init (_ ("Translating"));
  for (; done && progress.i < progress.n; progress.i++)
    {
      results[progress.i].drawable = drawables[progress.i];
      done = prepare (image, &results[progress.i], settings, preview, &progress, error);
    }
  if (done)
    show_all (image, results, progress.n);
  for (guint i = 0; i < progress.n; i++)
    {
      if (!done && results[i].layer)
        gimp_item_delete (GIMP_ITEM (results[i].layer));
      layers[i] = results[i].layer ? results[i].layer : GIMP_LAYER (drawables[i]);
    }
  gimp_progress_end ();
  return done ? g_steal_pointer (&layers) : NULL;
}
