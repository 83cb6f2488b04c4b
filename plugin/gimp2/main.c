/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The procedure plug-in-cyclegan-translate of GIMP 2.10: its description, its arguments, and what is done for each way to run it. */
#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

#include "apply.h"
#include "gegl-start.h"
#include "help.h"
#include "window.h"

#define PROCEDURE "plug-in-cyclegan-translate"

/* Arguments, after run mode, image and drawable. */
enum
{
  ARG_MODEL = 3,
  ARG_SIZE_MODE,
  ARG_SIZE,
  ARG_DETAIL,
  ARG_APPLY,
  ARG_STRENGTH,
  ARG_OUTPUT,
  N_ARGS
};

static const GimpParamDef arguments[] = {
  { GIMP_PDB_INT32, "run-mode",
    "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1), RUN-WITH-LAST-VALS (2) }" },
  { GIMP_PDB_IMAGE, "image", "Input image" },
  { GIMP_PDB_DRAWABLE, "drawable", "Input layer" },
  { GIMP_PDB_STRING, "model", "Name of an installed model, or the path of a .safetensors file" },
  { GIMP_PDB_INT32, "size-mode",
    "How large the network sees the picture { AUTOMATIC (0), SIZE (1), EVERY-PIXEL (2) }" },
  { GIMP_PDB_INT32, "size", "Short side in pixels for size mode 1 (16 <= size <= 8192)" },
  { GIMP_PDB_FLOAT, "detail",
    "From the network's own strokes to its colours on the picture's own details (0 <= detail <= 1); without meaning in "
    "size mode 2" },
  { GIMP_PDB_INT32, "apply", "What is taken from the translation { COLOUR-AND-LIGHT (0), COLOUR (1), LIGHT (2) }" },
  { GIMP_PDB_FLOAT, "strength", "How much of the translation is mixed in (0 <= strength <= 1)" },
  { GIMP_PDB_INT32, "output", "Where the result goes { NEW-LAYER (0), REPLACE (1) }" },
};

/* No array: GIMP 2.10 takes the message of a failed procedure for its length. */
static const GimpParamDef results[] = {
  { GIMP_PDB_LAYER, "layer", "The layer with the result" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (arguments) == N_ARGS);

static void
query (void)
{
  g_autofree char *guide = cg_help_get_folder ();
  g_autofree char *guide_uri = guide ? g_filename_to_uri (guide, NULL, NULL) : NULL;

  gimp_plugin_domain_register (GETTEXT_PACKAGE, cg_get_locale_dir ());
  if (guide_uri)
    gimp_plugin_help_register ("gimp-cyclegan", guide_uri);
  gimp_install_procedure (
      PROCEDURE, N_ ("Repaint a picture in the manner that a neural network has learned"),
      "Translates a layer with a CycleGAN generator, which has learned from two unpaired collections of pictures how "
      "those of the one would look in the other. The network reads the whole layer; a selection says where the result "
      "shows. With size-mode 2 it reads the selection and its surroundings only.",
      "gimp-cyclegan's authors", "gimp-cyclegan's authors", "2026", N_ ("_Neural Translation (CycleGAN)…"), "*",
      GIMP_PLUGIN, G_N_ELEMENTS (arguments), G_N_ELEMENTS (results), arguments, results);
  gimp_plugin_menu_register (PROCEDURE, "<Image>/Filters/Artistic");
}

static void
read_arguments (CgSettings *settings, const GimpParam *params)
{
  g_free (settings->model);
  settings->model = g_strdup (params[ARG_MODEL].data.d_string ? params[ARG_MODEL].data.d_string : "");
  settings->size_mode = (CgSizeMode)params[ARG_SIZE_MODE].data.d_int32;
  settings->size = params[ARG_SIZE].data.d_int32;
  settings->detail = params[ARG_DETAIL].data.d_float;
  settings->apply = (CgApply)params[ARG_APPLY].data.d_int32;
  settings->strength = params[ARG_STRENGTH].data.d_float;
  settings->output = (CgOutput)params[ARG_OUTPUT].data.d_int32;
}

/* The values of the last time outlive a session, which what gimp_set_data() keeps does not. */
static char *
get_last_values_path (void)
{
  return g_build_filename (gimp_directory (), "cyclegan-last-values", NULL);
}

static void
read_last_values (CgSettings *settings)
{
  g_autofree char *path = get_last_values_path ();
  g_autofree char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    cg_settings_from_text (settings, text);
}

/* Next time they are not remembered if this fails, which is no reason to spoil the result. */
static void
keep_last_values (const CgSettings *settings)
{
  g_autofree char *path = get_last_values_path ();
  g_autofree char *text = cg_settings_to_text (settings);

  g_file_set_contents (path, text, -1, NULL);
}

static GimpPDBStatusType
translate (GimpRunMode run_mode, int n_params, const GimpParam *params, gint32 *layer, GError **error)
{
  gint32 drawable = params[2].data.d_drawable;
  GimpPDBStatusType status = GIMP_PDB_EXECUTION_ERROR;
  CgTranslation *preview = NULL;
  CgSettings settings;

  if (run_mode == GIMP_RUN_NONINTERACTIVE && n_params != N_ARGS)
    {
      g_set_error (error, CG_ERROR, CG_ERROR_FORMAT, _ ("Found %d arguments, expected %d"), n_params, N_ARGS);
      return GIMP_PDB_CALLING_ERROR;
    }
  if (run_mode == GIMP_RUN_INTERACTIVE && gimp_item_is_layer (drawable) && gimp_drawable_is_indexed (drawable))
    {
      if (!cg_window_offer_copy ())
        return GIMP_PDB_CANCEL;
      drawable = cg_apply_copy_as_rgb (drawable);
    }
  if (!cg_apply_check_source (drawable, error))
    return GIMP_PDB_EXECUTION_ERROR;
  cg_settings_init (&settings);
  if (run_mode == GIMP_RUN_NONINTERACTIVE)
    read_arguments (&settings, params);
  else
    read_last_values (&settings);
  if (run_mode != GIMP_RUN_NONINTERACTIVE && settings.output > CG_OUTPUT_REPLACE)
    settings.output = CG_OUTPUT_NEW_LAYER;
  if (run_mode == GIMP_RUN_INTERACTIVE && !cg_window_run (&drawable, &settings, &preview))
    status = GIMP_PDB_CANCEL;
  else if (cg_settings_check (&settings, CG_OUTPUT_REPLACE, error)
           && cg_apply_check_output (drawable, settings.output, error)
           && cg_apply (drawable, &settings, preview, layer, error))
    status = GIMP_PDB_SUCCESS;
  if (run_mode == GIMP_RUN_INTERACTIVE && status == GIMP_PDB_SUCCESS)
    keep_last_values (&settings);
  g_clear_pointer (&preview, cg_translation_unref);
  cg_settings_clear (&settings);
  return status;
}

static void
run (const char *name, int n_params, const GimpParam *params, int *n_values, GimpParam **values)
{
  static GimpParam returned[2];
  GimpRunMode run_mode = (GimpRunMode)params[0].data.d_int32;
  g_autoptr (GError) error = NULL;

  cg_gegl_start ();

  *values = returned;
  *n_values = 2;
  returned[0].type = GIMP_PDB_STATUS;
  returned[1].type = GIMP_PDB_LAYER;
  returned[0].data.d_status = translate (run_mode, n_params, params, &returned[1].data.d_layer, &error);
  if (returned[0].data.d_status == GIMP_PDB_SUCCESS)
    {
      if (run_mode != GIMP_RUN_NONINTERACTIVE)
        gimp_displays_flush ();
    }
  else if (error)
    {
      returned[1].type = GIMP_PDB_STRING;
      returned[1].data.d_string = g_strdup (error->message);
    }
  else
    *n_values = 1;
}

const GimpPlugInInfo PLUG_IN_INFO = { NULL, NULL, query, run };

MAIN ()
