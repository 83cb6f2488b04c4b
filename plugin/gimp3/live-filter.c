/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending the operation to a drawable of GIMP 3, by the names of its properties; what GIMP would swallow is refused before. */
#include "live-filter.h"

#include <glib/gi18n-lib.h>

static const char *const size_modes[] = { [CG_SIZE_AUTO] = "auto", [CG_SIZE_SIZE] = "size", [CG_SIZE_FULL] = "full" };
static const char *const applies[]
    = { [CG_APPLY_ALL] = "all", [CG_APPLY_COLOUR] = "colour", [CG_APPLY_LIGHT] = "light" };

gboolean
cg_live_filter_check_drawable (GimpDrawable *drawable, GError **error)
{
  g_autofree char *name = gimp_item_get_name (GIMP_ITEM (drawable));

  /* It would see the selection's rectangle only, whose light and colours are not the picture's. */
  if (!gimp_selection_is_empty (gimp_item_get_image (GIMP_ITEM (drawable))))
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("“%s”: a live filter needs the whole layer. Select nothing, or choose a new layer."), name);
  else if (gimp_item_get_lock_content (GIMP_ITEM (drawable)))
    g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                 _ ("The pixels of “%s” are locked. Unlock them, or choose a new layer."), name);
  else
    return TRUE;
  return FALSE;
}

gboolean
cg_live_filter_check_model (const char *name, GError **error)
{
  g_autoptr (CgModel) model = NULL;

  if (strchr (name, G_DIR_SEPARATOR))
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("%s: a live filter needs an installed model, for the image file holds its name only"), name);
      return FALSE;
    }
  model = cg_model_load (name, error);
  return model != NULL;
}

gboolean
cg_live_filter_append (GimpDrawable *drawable, const CgSettings *settings, GError **error)
{
  g_autoptr (CgModel) model = cg_model_load (settings->model, error);
  g_autofree char *title = NULL;
  GimpDrawableFilter *filter;

  if (!model)
    return FALSE;
  /* Translators: the name of a live filter; %s is the title of a model. */
  title = g_strdup_printf (_ ("Neural translation: %s"), cg_model_get_title (model));
  filter = gimp_drawable_filter_new (drawable, CG_LIVE_OPERATION, title);
  if (!filter)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_UNSUPPORTED,
                   _ ("GIMP does not find the operation %s. Is it installed where GEGL looks for operations?"),
                   CG_LIVE_OPERATION);
      return FALSE;
    }
  g_object_set (gimp_drawable_filter_get_config (filter), "model", settings->model, "size-mode",
                size_modes[settings->size_mode], "size", settings->size, "detail", settings->detail, "apply",
                applies[settings->apply], "strength", settings->strength, NULL);
  gimp_drawable_append_filter (drawable, filter);
  return TRUE;
}
