/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The procedure plug-in-cyclegan-translate of GIMP 3: its description, its arguments, and what is done for each way to run it. */
#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

#include "apply.h"
#include "gegl-start.h"
#include "help.h"
#include "window.h"

#define PROCEDURE "plug-in-cyclegan-translate"

#define CG_TYPE_PLUG_IN (cg_plug_in_get_type ())
G_DECLARE_FINAL_TYPE (CgPlugIn, cg_plug_in, CG, PLUG_IN, GimpPlugIn)

struct _CgPlugIn
{
  GimpPlugIn parent_instance;
};

G_DEFINE_TYPE (CgPlugIn, cg_plug_in, GIMP_TYPE_PLUG_IN)

static const char *const size_modes[] = { [CG_SIZE_AUTO] = "auto", [CG_SIZE_SIZE] = "size", [CG_SIZE_FULL] = "full" };
static const char *const outputs[]
    = { [CG_OUTPUT_NEW_LAYER] = "new-layer", [CG_OUTPUT_REPLACE] = "replace", [CG_OUTPUT_LIVE] = "live-filter" };
static const char *const applies[]
    = { [CG_APPLY_ALL] = "all", [CG_APPLY_COLOUR] = "colour", [CG_APPLY_LIGHT] = "light" };

static void
read_config (CgSettings *settings, GimpProcedureConfig *config)
{
  g_autofree char *model = NULL;

  g_object_get (config, "model", &model, "size", &settings->size, "detail", &settings->detail, "strength",
                &settings->strength, NULL);
  g_free (settings->model);
  settings->model = g_strdup (model ? model : "");
  settings->size_mode = (CgSizeMode)gimp_procedure_config_get_choice_id (config, "size-mode");
  settings->apply = (CgApply)gimp_procedure_config_get_choice_id (config, "apply");
  settings->output = (CgOutput)gimp_procedure_config_get_choice_id (config, "output");
}

static void
write_config (const CgSettings *settings, GimpProcedureConfig *config)
{
  g_object_set (config, "model", settings->model, "size", settings->size, "detail", settings->detail, "strength",
                settings->strength, "size-mode", size_modes[settings->size_mode], "apply", applies[settings->apply],
                "output", outputs[settings->output], NULL);
}

static GimpPDBStatusType
translate (GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, GimpProcedureConfig *config,
           GimpLayer ***layers, GError **error)
{
  GimpPDBStatusType status = GIMP_PDB_EXECUTION_ERROR;
  CgTranslation *preview = NULL;
  g_autofree GimpDrawable **copies = NULL;
  CgWindowAnswer answer = CG_WINDOW_OK;
  CgSettings settings;

  if (!drawables[0])
    {
      g_set_error_literal (error, CG_ERROR, CG_ERROR_UNSUPPORTED, _ ("No layer is selected."));
      return GIMP_PDB_CALLING_ERROR;
    }
  if (run_mode == GIMP_RUN_INTERACTIVE && GIMP_IS_LAYER (drawables[0]) && gimp_drawable_is_indexed (drawables[0]))
    {
      if (!cg_window_offer_copy ())
        return GIMP_PDB_CANCEL;
      drawables = copies = cg_apply_copy_as_rgb (image, drawables, &image);
    }
  if (!drawables[0] || !cg_apply_check_source (drawables[0], error))
    return GIMP_PDB_EXECUTION_ERROR;
  cg_settings_init (&settings);
  read_config (&settings, config);
  if (run_mode == GIMP_RUN_INTERACTIVE)
    while ((answer = cg_window_run (drawables[0], &settings, &preview)) == CG_WINDOW_COPY)
      {
        GimpDrawable **twins = cg_apply_copy_as_rgb (image, drawables, &image);

        g_clear_pointer (&preview, cg_translation_unref);
        g_free (copies);
        drawables = copies = twins;
      }
  if (answer == CG_WINDOW_CANCEL)
    status = GIMP_PDB_CANCEL;
  else
    {
      if (run_mode == GIMP_RUN_INTERACTIVE)
        write_config (&settings, config);
      if (cg_settings_check (&settings, CG_OUTPUT_LIVE, error)
          && (*layers = cg_apply (image, drawables, &settings, run_mode == GIMP_RUN_INTERACTIVE, preview, error)))
        status = GIMP_PDB_SUCCESS;
    }
  g_clear_pointer (&preview, cg_translation_unref);
  cg_settings_clear (&settings);
  return status;
}

static GimpValueArray *
run (GimpProcedure *procedure, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables,
     GimpProcedureConfig *config, gpointer data)
{
  GimpLayer **layers = NULL;
  GError *error = NULL;
  GimpPDBStatusType status;
  GimpValueArray *values;

  cg_gegl_start ();
  status = translate (run_mode, image, drawables, config, &layers, &error);
  values = gimp_procedure_new_return_values (procedure, status, error);
  if (status == GIMP_PDB_SUCCESS)
    {
      g_value_take_boxed (gimp_value_array_index (values, 1), layers);
      if (run_mode != GIMP_RUN_NONINTERACTIVE)
        gimp_displays_flush ();
    }
  return values;
}

static void
add_arguments (GimpProcedure *procedure)
{
  GimpChoice *choice;
  CgTranslateOptions defaults;

  cg_translate_options_init (&defaults);
  gimp_procedure_add_string_argument (procedure, "model", _ ("Model"),
                                      _ ("Name of an installed model, or the path of a .safetensors file"), "",
                                      G_PARAM_READWRITE);
  choice = gimp_choice_new_with_values ("auto", CG_SIZE_AUTO, _ ("Automatic"), NULL, "size", CG_SIZE_SIZE,
                                        _ ("Short side as given"), NULL, "full", CG_SIZE_FULL,
                                        _ ("Every pixel (finest, slow)"), NULL, NULL);
  gimp_procedure_add_choice_argument (
      procedure, "size-mode", _ ("Stroke size"),
      _ ("How large the network sees the picture: small means bold strokes, large means "
         "fine ones"),
      choice, "auto", G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "size", _ ("Size"), _ ("Short side in pixels for the size mode “size”"),
                                   16, 8192, defaults.size, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "detail", _ ("Detail"),
                                      _ ("From the network's own strokes, enlarged, to its colours on the picture's "
                                         "own details; without meaning for the size mode “full”"),
                                      0.0, 1.0, defaults.detail, G_PARAM_READWRITE);
  choice = gimp_choice_new_with_values ("all", CG_APPLY_ALL, _ ("Colour and light"), NULL, "colour", CG_APPLY_COLOUR,
                                        _ ("Colour only"), NULL, "light", CG_APPLY_LIGHT,
                                        _ ("Light and structure only"), NULL, NULL);
  gimp_procedure_add_choice_argument (procedure, "apply", _ ("Apply"),
                                      _ ("What is taken from the translation; the rest stays the picture's"), choice,
                                      "all", G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "strength", _ ("Strength"),
                                      _ ("How much of the translation is mixed in"), 0.0, 1.0, 1.0, G_PARAM_READWRITE);
  choice = gimp_choice_new_with_values ("new-layer", CG_OUTPUT_NEW_LAYER, _ ("New layer above"), NULL, "replace",
                                        CG_OUTPUT_REPLACE, _ ("Replace this layer"), NULL, "live-filter",
                                        CG_OUTPUT_LIVE, _ ("Live filter on this layer"), NULL, NULL);
  gimp_procedure_add_choice_argument (procedure, "output", _ ("Output"), _ ("Where the result goes"), choice,
                                      "new-layer", G_PARAM_READWRITE);
  gimp_procedure_add_core_object_array_return_value (procedure, "layers", _ ("Layers"), _ ("The layers with a result"),
                                                     GIMP_TYPE_LAYER, G_PARAM_READWRITE);
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in, const char *name)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN, run, NULL, NULL);

  gimp_procedure_set_image_types (procedure, "*");
  gimp_procedure_set_sensitivity_mask (procedure,
                                       GIMP_PROCEDURE_SENSITIVE_DRAWABLE | GIMP_PROCEDURE_SENSITIVE_DRAWABLES);
  gimp_procedure_set_menu_label (procedure, _ ("_Neural Translation (CycleGAN)…"));
  gimp_procedure_add_menu_path (procedure, "<Image>/Filters/Artistic");
  gimp_procedure_set_documentation (
      procedure, _ ("Repaint a picture in the manner that a neural network has learned"),
      "Translates layers with a CycleGAN generator, which has learned from two unpaired collections of pictures how "
      "those "
      "of the one would look in the other. The network reads the whole layer; a selection says where the result shows. "
      "With the size mode “full” it reads the selection and its surroundings only.",
      name);
  gimp_procedure_set_attribution (procedure, "gimp-cyclegan's authors", "gimp-cyclegan's authors", "2026");
  add_arguments (procedure);
  return procedure;
}

static GList *
query_procedures (GimpPlugIn *plug_in)
{
  g_autofree char *guide = cg_help_get_folder ();

  if (guide)
    {
      g_autoptr (GFile) folder = g_file_new_for_path (guide);

      gimp_plug_in_set_help_domain (plug_in, "gimp-cyclegan", folder);
    }
  return g_list_append (NULL, g_strdup (PROCEDURE));
}

/* libgimp looks for catalogues below the plug-in's own folder only; the library has bound the domain for itself. */
static gboolean
set_i18n (GimpPlugIn *plug_in, const char *procedure, char **domain, char **catalogue_dir)
{
  return FALSE;
}

static void
cg_plug_in_class_init (CgPlugInClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  plug_in_class->query_procedures = query_procedures;
  plug_in_class->create_procedure = create_procedure;
  plug_in_class->set_i18n = set_i18n;
}

static void
cg_plug_in_init (CgPlugIn *plug_in)
{
}

GIMP_MAIN (CG_TYPE_PLUG_IN)
