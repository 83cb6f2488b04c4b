/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, translating and writing a drawable of GIMP 2.10. Cancel kills this process, so the image is touched last and at once. */
#include "apply.h"

#include <glib/gi18n-lib.h>

#include "mask.h"
#include "source-kind.h"

/* What the bar shows while the network works; the rest is for writing. */
#define NETWORK_SHARE 0.95

static gboolean
is_locked (gint32 item)
{
  for (; item != -1; item = gimp_item_get_parent (item))
    if (gimp_item_get_lock_content (item))
      return TRUE;
  return FALSE;
}

static CgSourceKind
get_kind (gint32 drawable)
{
  gboolean is_layer = gimp_item_is_layer (drawable);

  return (CgSourceKind){ .name = gimp_item_get_name (drawable),
                         .is_layer = is_layer,
                         .is_mask = gimp_item_is_layer_mask (drawable),
                         .is_indexed = gimp_drawable_is_indexed (drawable),
                         .is_group = gimp_item_is_group (drawable),
                         .is_text = gimp_item_is_text_layer (drawable),
                         .is_floating = is_layer && gimp_layer_is_floating_sel (drawable),
                         .is_locked = is_locked (drawable),
                         .has_selection = !gimp_selection_is_empty (gimp_item_get_image (drawable)) };
}

gboolean
cg_apply_check_source (gint32 drawable, GError **error)
{
  g_auto (CgSourceKind) kind = get_kind (drawable);

  return cg_source_kind_check (&kind, error);
}

gboolean
cg_apply_check_output (gint32 drawable, CgOutput output, GError **error)
{
  g_auto (CgSourceKind) kind = get_kind (drawable);

  return cg_source_kind_check_output (&kind, output, error);
}

/* Of the drawable, in the image's colour space: libgimp 2.0 tells the encoding only. */
static GeglBuffer *
with_space (gint32 drawable, GeglBuffer *buffer)
{
  GimpColorProfile *profile = gimp_image_get_color_profile (gimp_item_get_image (drawable));
  const Babl *space = NULL;

  if (profile)
    space = gimp_color_profile_get_space (profile, GIMP_COLOR_RENDERING_INTENT_RELATIVE_COLORIMETRIC, NULL);
  if (space)
    gegl_buffer_set_format (buffer,
                            babl_format_with_space (babl_format_get_encoding (gegl_buffer_get_format (buffer)), space));
  g_clear_object (&profile);
  return buffer;
}

GeglBuffer *
cg_apply_get_buffer (gint32 drawable)
{
  return with_space (drawable, gimp_drawable_get_buffer (drawable));
}

static void
show_progress (double done, gpointer data)
{
  gimp_progress_update (NETWORK_SHARE * done);
}

/* What a preview has computed already is not computed again. */
static CgTranslation *
translate (gint32 drawable, GeglBuffer *source, const CgSettings *settings, const GeglRectangle *area,
           CgTranslation *preview, GError **error)
{
  g_autoptr (CgTranslation) translation = NULL;
  g_autofree char *name = NULL;

  name = gimp_item_get_name (drawable);
  gimp_progress_init_printf (_ ("Translating “%s”"), name);
  if (preview && cg_translation_fits (preview, settings, area))
    translation = cg_translation_ref (preview);
  else
    translation = cg_translation_new (source, area, error);
  if (!translation || !cg_translation_run (translation, settings, show_progress, NULL, error))
    return NULL;
  return g_steal_pointer (&translation);
}

static gboolean
replace (gint32 drawable, GeglBuffer *source, CgTranslation *translation, const GeglRectangle *selection,
         GError **error)
{
  GeglBuffer *shadow = with_space (drawable, gimp_drawable_get_shadow_buffer (drawable));
  gboolean written = cg_translation_write (translation, source, shadow, error);

  g_object_unref (shadow); /* flushes, which what follows needs */
  if (!written)
    return FALSE;
  gimp_drawable_merge_shadow (drawable, TRUE);
  gimp_drawable_update (drawable, selection->x, selection->y, selection->width, selection->height);
  return TRUE;
}

/* The source's own mask hides the same of its translation; the selection hides what is outside of it. */
static gboolean
add_mask (gint32 drawable, gint32 layer, gboolean selected, GError **error)
{
  gint32 old = gimp_layer_get_mask (drawable);
  gint32 mask;

  if (old == -1 && !selected)
    return TRUE;
  mask = gimp_layer_create_mask (layer, selected ? GIMP_ADD_MASK_SELECTION : GIMP_ADD_MASK_WHITE);
  if (old != -1)
    {
      g_autoptr (GeglBuffer) from = gimp_drawable_get_buffer (old);
      g_autoptr (GeglBuffer) to = gimp_drawable_get_buffer (mask);

      cg_mask_multiply (to, from);
    }
  if (gimp_layer_add_mask (layer, mask))
    return TRUE;
  g_set_error_literal (error, CG_ERROR, CG_ERROR_UNSUPPORTED, gimp_get_pdb_error ());
  return FALSE;
}

static gint32
new_layer (gint32 drawable, const char *title, GError **error)
{
  g_autofree char *source_name = gimp_item_get_name (drawable);
  g_autofree char *name = g_strdup_printf ("%s – %s", source_name, title);
  int x, y;
  gint32 layer
      = gimp_layer_new (gimp_item_get_image (drawable), name, gimp_drawable_width (drawable),
                        gimp_drawable_height (drawable), gimp_drawable_type (drawable), 100.0, GIMP_LAYER_MODE_NORMAL);

  if (layer == -1)
    g_set_error_literal (error, CG_ERROR, CG_ERROR_MEMORY, gimp_get_pdb_error ());
  else if (gimp_drawable_offsets (drawable, &x, &y))
    gimp_layer_set_offsets (layer, x, y);
  return layer;
}

/* Finished before the image has it: inserting is the one thing that changes the image. */
static gint32
add_layer (gint32 drawable, GeglBuffer *source, CgTranslation *translation, GError **error)
{
  gint32 image = gimp_item_get_image (drawable);
  gboolean selected = !gimp_selection_is_empty (image);
  gint32 layer = new_layer (drawable, cg_translation_get_title (translation), error);
  GeglBuffer *target;
  gboolean written;

  if (layer == -1)
    return -1;
  target = cg_apply_get_buffer (layer);
  written = cg_translation_write (translation, source, target, error);
  g_object_unref (target); /* flushes */
  if (!written || !add_mask (drawable, layer, selected, error))
    {
      gimp_item_delete (layer);
      return -1;
    }
  gimp_image_undo_group_start (image);
  gimp_image_insert_layer (image, layer, gimp_item_get_parent (drawable),
                           gimp_image_get_item_position (image, drawable));
  gimp_image_set_active_layer (image, drawable);
  gimp_image_undo_group_end (image);
  return layer;
}

/* What stands at the same place in @copy, which was made from the image of @item. */
static gint32
find_twin (gint32 item, gint32 copy)
{
  gint32 parent = gimp_item_get_parent (item);
  int position = gimp_image_get_item_position (gimp_item_get_image (item), item);
  int n, *children;
  gint32 twin;

  if (parent != -1)
    {
      parent = find_twin (parent, copy);
      children = parent == -1 ? NULL : gimp_item_get_children (parent, &n);
    }
  else
    children = gimp_image_get_layers (copy, &n);
  twin = children && position < n ? children[position] : -1;
  g_free (children);
  return twin;
}

gint32
cg_apply_copy_as_rgb (gint32 drawable)
{
  gint32 copy = gimp_image_duplicate (gimp_item_get_image (drawable));

  gimp_image_convert_rgb (copy);
  gimp_image_clean_all (copy);
  gimp_display_new (copy);
  return find_twin (drawable, copy);
}

gboolean
cg_apply (gint32 drawable, const CgSettings *settings, CgTranslation *preview, gint32 *result, GError **error)
{
  int width = gimp_drawable_width (drawable), height = gimp_drawable_height (drawable);
  GeglRectangle selection, area;
  g_autoptr (GeglBuffer) source = NULL;
  g_autoptr (CgTranslation) translation = NULL;

  if (!gimp_drawable_mask_intersect (drawable, &selection.x, &selection.y, &selection.width, &selection.height))
    {
      g_autofree char *name = gimp_item_get_name (drawable);

      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("Nothing of “%s” is selected."), name);
      return FALSE;
    }
  area = cg_settings_get_area (settings, width, height, &selection);
  source = cg_apply_get_buffer (drawable);
  translation = translate (drawable, source, settings, &area, preview, error);
  if (!translation)
    return FALSE;

  *result = drawable;
  if (settings->output == CG_OUTPUT_NEW_LAYER)
    *result = add_layer (drawable, source, translation, error);
  else if (!replace (drawable, source, translation, &selection, error))
    *result = -1;
  gimp_progress_end ();
  return *result != -1;
}
