/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CgSettings: defaults, ranges, and a text form that survives versions which know more or fewer of them. */
#include "settings.h"

#include <glib/gi18n-lib.h>

/* More than what pixels at the border of a selection see of their surroundings. */
#define SURROUNDINGS 256

void
cg_settings_init (CgSettings *settings)
{
  CgTranslateOptions options;

  cg_translate_options_init (&options);
  *settings = (CgSettings){ .model = g_strdup (""),
                            .size_mode = options.size_mode,
                            .size = options.size,
                            .detail = options.detail,
                            .apply = options.apply,
                            .strength = options.strength,
                            .output = CG_OUTPUT_NEW_LAYER };
}

void
cg_settings_clear (CgSettings *settings)
{
  g_clear_pointer (&settings->model, g_free);
}

void
cg_settings_copy (CgSettings *to, const CgSettings *from)
{
  char *old = to->model;

  *to = *from;
  to->model = g_strdup (from->model);
  g_free (old);
}

static gboolean
in_range (const char *name, double value, double min, double max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  /* Translators: a parameter's name, then numbers. */
  g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("%s: found %g, expected %g to %g"), name, value, min, max);
  return FALSE;
}

gboolean
cg_settings_check (const CgSettings *settings, CgOutput last_output, GError **error)
{
  if (!settings->model || !*settings->model)
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_FORMAT,
                           _ ("model: found nothing, expected the name of an installed model or the path of a file"));
      return FALSE;
    }
  return in_range ("size-mode", settings->size_mode, CG_SIZE_AUTO, CG_SIZE_FULL, error)
         && in_range ("size", settings->size, CG_SETTINGS_MIN_SIZE, CG_SETTINGS_MAX_SIZE, error)
         && in_range ("detail", settings->detail, 0.0, 1.0, error)
         && in_range ("apply", settings->apply, CG_APPLY_ALL, CG_APPLY_LIGHT, error)
         && in_range ("strength", settings->strength, 0.0, 1.0, error)
         && in_range ("output", settings->output, CG_OUTPUT_NEW_LAYER, last_output, error);
}

gboolean
cg_settings_same_network (const CgSettings *a, const CgSettings *b)
{
  return g_str_equal (a->model, b->model) && a->size_mode == b->size_mode
         && (a->size_mode != CG_SIZE_SIZE || a->size == b->size);
}

void
cg_settings_get_options (const CgSettings *settings, CgTranslateOptions *options)
{
  int wish = 0;

  cg_translate_options_init (options);
  options->size_mode = settings->size_mode;
  options->size = settings->size;
  options->detail = settings->detail;
  options->apply = settings->apply;
  options->strength = settings->strength;
  g_object_get (gegl_config (), "threads", &wish, NULL);
  options->n_threads = MAX (1, MIN (wish, cg_parallel_get_default_threads ()));
}

GeglRectangle
cg_settings_get_area (const CgSettings *settings, int width, int height, const GeglRectangle *selection)
{
  GeglRectangle all = { 0, 0, width, height }, area;

  if (settings->size_mode != CG_SIZE_FULL)
    return all;
  area = (GeglRectangle){ selection->x - SURROUNDINGS, selection->y - SURROUNDINGS, selection->width + 2 * SURROUNDINGS,
                          selection->height + 2 * SURROUNDINGS };
  gegl_rectangle_intersect (&area, &area, &all);
  return area;
}

char *
cg_settings_to_text (const CgSettings *settings)
{
  GVariantDict dict;
  g_autoptr (GVariant) all = NULL;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, "model", g_variant_new_bytestring (settings->model));
  g_variant_dict_insert (&dict, "size-mode", "i", (int)settings->size_mode);
  g_variant_dict_insert (&dict, "size", "i", settings->size);
  g_variant_dict_insert (&dict, "detail", "d", settings->detail);
  g_variant_dict_insert (&dict, "apply", "i", (int)settings->apply);
  g_variant_dict_insert (&dict, "strength", "d", settings->strength);
  g_variant_dict_insert (&dict, "output", "i", (int)settings->output);
  all = g_variant_ref_sink (g_variant_dict_end (&dict));
  return g_variant_print (all, TRUE);
}

void
cg_settings_from_text (CgSettings *settings, const char *text)
{
  g_autoptr (GVariant) all = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  g_autoptr (GVariantDict) dict = all ? g_variant_dict_new (all) : NULL;
  const char *model;
  double fraction;
  int value;

  if (!dict)
    return;
  if (g_variant_dict_lookup (dict, "model", "^&ay", &model))
    {
      g_free (settings->model);
      settings->model = g_strdup (model);
    }
  if (g_variant_dict_lookup (dict, "size-mode", "i", &value) && value >= CG_SIZE_AUTO && value <= CG_SIZE_FULL)
    settings->size_mode = (CgSizeMode)value;
  if (g_variant_dict_lookup (dict, "size", "i", &value) && value >= CG_SETTINGS_MIN_SIZE
      && value <= CG_SETTINGS_MAX_SIZE)
    settings->size = value;
  if (g_variant_dict_lookup (dict, "detail", "d", &fraction) && fraction >= 0.0 && fraction <= 1.0)
    settings->detail = fraction;
  if (g_variant_dict_lookup (dict, "apply", "i", &value) && value >= CG_APPLY_ALL && value <= CG_APPLY_LIGHT)
    settings->apply = (CgApply)value;
  if (g_variant_dict_lookup (dict, "strength", "d", &fraction) && fraction >= 0.0 && fraction <= 1.0)
    settings->strength = fraction;
  if (g_variant_dict_lookup (dict, "output", "i", &value) && value >= CG_OUTPUT_NEW_LAYER && value <= CG_OUTPUT_LIVE)
    settings->output = (CgOutput)value;
}
