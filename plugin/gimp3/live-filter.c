/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appending the operation to a drawable of GIMP 3, by the names of its properties; what GIMP would swallow is refused before. */
#include "live-filter.h"

#include <glib/gi18n-lib.h>

#include "model-cost.h"

static const char *const size_modes[] = { [CG_SIZE_AUTO] = "auto", [CG_SIZE_SIZE] = "size", [CG_SIZE_FULL] = "full" };
static const char *const applies[]
    = { [CG_APPLY_ALL] = "all", [CG_APPLY_COLOUR] = "colour", [CG_APPLY_LIGHT] = "light" };

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
cg_live_filter_check_time (GimpDrawable **drawables, const CgSettings *settings, GError **error)
{
  g_autoptr (CgModelCost) cost = *drawables ? cg_model_cost_new (settings->model, error) : NULL;

  if (*drawables && !cost)
    return FALSE;
  for (; *drawables; drawables++)
    {
      CgEstimate estimate;
      double seconds;

      if (!cg_model_cost_estimate (cost, settings, gimp_drawable_get_width (*drawables),
                                   gimp_drawable_get_height (*drawables), &estimate, error))
        return FALSE;
      seconds = estimate.network_seconds + estimate.finish_seconds;
      if (seconds > CG_MODEL_COST_LIVE_SECONDS)
        {
          g_autofree char *name = gimp_item_get_name (GIMP_ITEM (*drawables));

          g_set_error (
              error, CG_ERROR, CG_ERROR_UNSUPPORTED,
              _ ("“%s”: a live filter would take %.1f seconds at every stroke of a brush, expected at most %g. "
                 "Choose a coarser stroke size or a new layer."),
              name, seconds, CG_MODEL_COST_LIVE_SECONDS);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
cg_live_filter_append (GimpDrawable *drawable, const CgSettings *settings, GError **error)
{
  g_autoptr (CgModel) model = cg_model_load (settings->model, error);
  g_autofree char *version = model ? cg_model_version_get (cg_model_get_path (model), error) : NULL;
  g_autofree char *title = NULL;
  GimpDrawableFilter *filter;

  if (!version)
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
  g_object_set (gimp_drawable_filter_get_config (filter), "model", settings->model, "sha256", version, "size-mode",
                size_modes[settings->size_mode], "size", settings->size, "detail", settings->detail, "apply",
                applies[settings->apply], "strength", settings->strength, NULL);
  gimp_drawable_append_filter (drawable, filter);
  return TRUE;
}
